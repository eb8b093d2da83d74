// Code generated from openapi.yaml by TestModels with -write-models. DO NOT EDIT.

package client

import (
	"encoding/json"
	"time"
)

// Batch: The body of a batch.
type Batch struct {
	// In the order in which those about one entity are decided.
	Commands []BatchCommand `json:"commands"`
}

// BatchCommand: A command, as it would be sent alone.
type BatchCommand struct {
	// POST or DELETE.
	Method string `json:"method"`
	// The path of its own operation.
	Path string `json:"path"`
	// The body of its own operation.
	Body any `json:"body,omitempty"`
	// Its `Idempotency-Key`.
	IdempotencyKey string `json:"idempotency_key,omitempty"`
	// Its `Admission-Pass`.
	AdmissionPass string `json:"admission_pass,omitempty"`
}

// BatchAnswers: The answers to a batch.
type BatchAnswers struct {
	// In the order of the commands.
	Answers []BatchAnswer `json:"answers"`
}

// BatchAnswer: The answer to one command.
type BatchAnswer struct {
	// The status that it would have alone.
	Status int64 `json:"status"`
	// The resource or the problem.
	Body json.RawMessage `json:"body"`
}

// Product: Interchangeable units of something.
type Product struct {
	// Yours, or a UUIDv7.
	ID string `json:"id"`
	// What people read.
	Name string `json:"name"`
	// How many units there are.
	Stock int64 `json:"stock"`
	// How many can still be had.
	Remaining int64 `json:"remaining"`
	// How many are on hold.
	Held int64 `json:"held"`
	// How many are confirmed.
	Sold int64 `json:"sold"`
	// Of one unit, in minor units.
	Price int64 `json:"price"`
	// How many one holder may have; 0 is no limit.
	LimitPerHolder int64 `json:"limit_per_holder"`
	// How long a hold lasts.
	HoldSeconds int64 `json:"hold_seconds"`
	// The waiting room that guards it, if one does.
	WaitingRoom string `json:"waiting_room,omitempty"`
	// The first moment of its sale, if it has one.
	OpensAt time.Time `json:"opens_at,omitzero"`
	// The first moment after its sale, if it has one.
	ClosesAt time.Time `json:"closes_at,omitzero"`
	// Only if it was called off.
	Status string `json:"status,omitempty"`
	// As in openapi.yaml.
	Cancelled *Cancelled `json:"cancelled,omitempty"`
	// As in openapi.yaml.
	Cancellation *Cancellation `json:"cancellation,omitempty"`
	// For `If-Match`, in quotes, in place of the `ETag`: it changes with edits alone.
	EditTag string `json:"edit_tag"`
	// Of the last change, from 0; also the `ETag`.
	Revision int64 `json:"revision"`
	// Of the last change in the log.
	Position int64 `json:"position"`
	// As in openapi.yaml.
	AsOf *AsOf `json:"as_of,omitempty"`
}

// NewProduct: The body that creates a product.
type NewProduct struct {
	// Your choice: 1 to 64 of A-Z a-z 0-9 _ and -.
	ID string `json:"id,omitempty"`
	// 1 to 200 characters.
	Name string `json:"name"`
	// How many units there are.
	Stock int64 `json:"stock"`
	// Of one unit, in minor units.
	Price int64 `json:"price,omitempty"`
	// The waiting room that is to guard it; empty is none.
	WaitingRoom string `json:"waiting_room,omitempty"`
	// How many one holder may have; 0 is no limit.
	LimitPerHolder int64 `json:"limit_per_holder,omitempty"`
	// How long a hold lasts, up to 30 days.
	HoldSeconds int64 `json:"hold_seconds,omitempty"`
	// The first moment of the sale; it may lie in the past. Left out: it is open at once.
	OpensAt time.Time `json:"opens_at,omitzero"`
	// The first moment after the sale, after `opens_at`. Left out: it does not close.
	ClosesAt time.Time `json:"closes_at,omitzero"`
	// As in openapi.yaml.
	Cancellation *NewCancellation `json:"cancellation,omitempty"`
}

// ProductEdit: The body that edits a product.
type ProductEdit struct {
	// 1 to 200 characters.
	Name *string `json:"name,omitempty"`
	// The new number of units, not below `held` + `sold`.
	Stock *int64 `json:"stock,omitempty"`
	// Of one unit, in minor units.
	Price *int64 `json:"price,omitempty"`
	// The waiting room that is to guard it; empty is none.
	WaitingRoom *string `json:"waiting_room,omitempty"`
	// How many one holder may have; 0 is no limit.
	LimitPerHolder *int64 `json:"limit_per_holder,omitempty"`
	// The first moment of the sale; `null` takes it away.
	OpensAt Nullable[time.Time] `json:"opens_at,omitzero"`
	// The first moment after the sale; `null` takes it away.
	ClosesAt Nullable[time.Time] `json:"closes_at,omitzero"`
	// As in openapi.yaml.
	Cancellation *NewCancellation `json:"cancellation,omitempty"`
}

// Reservation: Units of a product for a holder.
type Reservation struct {
	// The server's choice.
	ID string `json:"id"`
	// Whose units.
	ProductID string `json:"product_id"`
	// For whom.
	Holder string `json:"holder"`
	// How many units.
	Quantity int64 `json:"quantity"`
	// As in openapi.yaml.
	Status string `json:"status"`
	// The deadline, if it has one: of a hold, and of one that expired.
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	// How many units of the product were left.
	Remaining int64 `json:"remaining"`
	// How much of what was paid was not refunded when it was given back.
	Kept int64 `json:"kept,omitempty"`
	// As in openapi.yaml.
	Outcome Outcome `json:"outcome,omitempty"`
	// As in openapi.yaml.
	RefundID *RefundID `json:"refund_id,omitempty"`
	// Of the product; also the `ETag`.
	Revision int64 `json:"revision"`
	// In the log.
	Position int64 `json:"position"`
	// As in openapi.yaml.
	Reference *Reference `json:"reference,omitempty"`
	// As in openapi.yaml.
	Metadata *Metadata `json:"metadata,omitempty"`
	// As in openapi.yaml.
	Contact *Contact `json:"contact,omitempty"`
	// As in openapi.yaml.
	AsOf *AsOf `json:"as_of,omitempty"`
}

// NewReservation: The body that reserves.
type NewReservation struct {
	// For whom; see *Holders* above. With a token it may be left out, and only a service or an admin may name
	// somebody else.
	Holder string `json:"holder,omitempty"`
	// How many units.
	Quantity int64 `json:"quantity,omitempty"`
	// Hold it for a while instead of taking it at once. Left out: `false`; with the token of a holder or auditor
	// `true` for what has a price.
	Hold *bool `json:"hold,omitempty"`
	// As in openapi.yaml.
	Reference *Reference `json:"reference,omitempty"`
	// As in openapi.yaml.
	Metadata *Metadata `json:"metadata,omitempty"`
	// As in openapi.yaml.
	Contact *Contact `json:"contact,omitempty"`
}

// Reference: The shop's own number of the order: printable characters. Shown to the holder, to auditors,
// services and admins, and in no public list. It stays in the log for ever, so it is no place for how to reach a
// person.
type Reference string

// Metadata: What the shop wants to keep with the order: up to 16 names and strings, of 1024 bytes together. As
// public and as permanent as the reference.
type Metadata map[string]string

// OrderEdit: The body that changes order data. What is left out stays; `null` takes it away; `metadata` replaces
// all of it.
type OrderEdit struct {
	// The shop's own number of the order.
	Reference Nullable[string] `json:"reference,omitzero"`
	// What else it keeps with the order.
	Metadata map[string]string `json:"metadata,omitempty"`
}

// Contact: How to reach the holder, at least one of the three. It is kept outside the log, sealed under a key of
// the holder's own, and shown to the holder, to auditors, services and admins. It stands in no answer to a
// command. An entry's contact belongs to who entered; in open mode, to the first team.
type Contact struct {
	// A person's name.
	Name string `json:"name,omitempty"`
	// An address with an @.
	Email string `json:"email,omitempty"`
	// A telephone number.
	Phone string `json:"phone,omitempty"`
}

// Forgotten: What became of the wish to be forgotten.
type Forgotten struct {
	// Who.
	Holder string `json:"holder"`
	// There was a key, and it is destroyed. False if there was none, on a server that shares its log with no other.
	Forgotten bool `json:"forgotten"`
	// Nodes that are still to do it, if there are any.
	Pending []string `json:"pending,omitempty"`
}

// NewAPIKey: The body that makes a key.
type NewAPIKey struct {
	// Whose it is; several keys may share a name.
	Name string `json:"name"`
	// As in openapi.yaml.
	Role string `json:"role"`
	// When it ends by itself; never, if left out.
	ExpiresAt time.Time `json:"expires_at,omitzero"`
}

// APIKey: What is known about a key. The key itself is shown when it is made and never again.
type APIKey struct {
	// A UUIDv7.
	ID string `json:"id"`
	// Whose it is.
	Name string `json:"name"`
	// As in openapi.yaml.
	Role string `json:"role"`
	// As in openapi.yaml.
	CreatedAt time.Time `json:"created_at"`
	// As in openapi.yaml.
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	// As in openapi.yaml.
	EndedAt time.Time `json:"ended_at,omitzero"`
	// Of the last change, from 0; also the `ETag`.
	Revision int64 `json:"revision"`
	// Of the last change in the log.
	Position int64 `json:"position"`
	// As in openapi.yaml.
	AsOf *AsOf `json:"as_of,omitempty"`
}

// APIKeyMade: A key, with the text that a program sends.
type APIKeyMade struct {
	// A UUIDv7.
	ID string `json:"id"`
	// Whose it is.
	Name string `json:"name"`
	// As in openapi.yaml.
	Role string `json:"role"`
	// What the program sends; shown now, and never again.
	Key string `json:"key"`
	// As in openapi.yaml.
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	// As in openapi.yaml.
	Revision int64 `json:"revision"`
	// As in openapi.yaml.
	Position int64 `json:"position"`
}

// Team: Who enters tournaments.
type Team struct {
	// Yours, or a UUIDv7.
	ID string `json:"id"`
	// What people read.
	Name string `json:"name"`
	// Of the last change, from 0; also the `ETag`.
	Revision int64 `json:"revision"`
	// Of the last change in the log.
	Position int64 `json:"position"`
	// As in openapi.yaml.
	AsOf *AsOf `json:"as_of,omitempty"`
}

// NewTeam: The body that makes a team.
type NewTeam struct {
	// Your choice: 1 to 64 of A-Z a-z 0-9 _ and -.
	ID string `json:"id,omitempty"`
	// 1 to 200 characters.
	Name string `json:"name"`
	// Whose it is. With a token it may be left out, and only a service or an admin may name somebody else.
	Holder string `json:"holder,omitempty"`
}

// Tournament: Slots that teams sign up for, first come, first served.
type Tournament struct {
	// Yours, or a UUIDv7.
	ID string `json:"id"`
	// What people read.
	Name string `json:"name"`
	// How many slots there are.
	TeamLimit int64 `json:"team_limit"`
	// How many teams have one.
	Entered int64 `json:"entered"`
	// How many slots are free.
	Remaining int64 `json:"remaining"`
	// How many teams wait for one.
	Waitlisted int64 `json:"waitlisted"`
	// The last moment at which a team can enter.
	RegisterDeadline time.Time `json:"register_deadline"`
	// `cancelled`: it was called off. Closed by the organiser, or because the deadline has passed. A full
	// tournament is open: a withdrawal makes room.
	Status string `json:"status"`
	// Whether teams may wait for a slot.
	Waitlist bool `json:"waitlist"`
	// As in openapi.yaml.
	WaitlistRule WaitlistRule `json:"waitlist_rule"`
	// The waiting room that guards it, if one does.
	WaitingRoom string `json:"waiting_room,omitempty"`
	// The first moment at which a team can enter, if it has one.
	OpensAt time.Time `json:"opens_at,omitzero"`
	// As in openapi.yaml.
	Cancelled *Cancelled `json:"cancelled,omitempty"`
	// For `If-Match`, in quotes, in place of the `ETag`: it changes with edits alone.
	EditTag string `json:"edit_tag"`
	// Of the last change, from 0; also the `ETag`.
	Revision int64 `json:"revision"`
	// Of the last change in the log.
	Position int64 `json:"position"`
	// As in openapi.yaml.
	AsOf *AsOf `json:"as_of,omitempty"`
}

// WaitlistRule: Who comes in when the first of the waitlist is a group that needs more slots than are free:
// nobody (`strict`), or the first behind it that fits (`fill`).
type WaitlistRule string

// The values of WaitlistRule.
const (
	WaitlistRuleStrict WaitlistRule = "strict"
	WaitlistRuleFill   WaitlistRule = "fill"
)

// NewTournament: The body that opens a tournament.
type NewTournament struct {
	// Your choice: 1 to 64 of A-Z a-z 0-9 _ and -.
	ID string `json:"id,omitempty"`
	// 1 to 200 characters.
	Name string `json:"name"`
	// How many slots there are.
	TeamLimit int64 `json:"team_limit"`
	// The waiting room that is to guard it; empty is none.
	WaitingRoom string `json:"waiting_room,omitempty"`
	// The last moment at which a team can enter, in the years 1970 to 9999.
	RegisterDeadline time.Time `json:"register_deadline"`
	// The first moment at which a team can enter; it may lie in the past. Left out: at once.
	OpensAt time.Time `json:"opens_at,omitzero"`
	// The organiser's switch.
	Status string `json:"status,omitempty"`
	// Whether teams may wait for a slot.
	Waitlist bool `json:"waitlist,omitempty"`
	// As in openapi.yaml.
	WaitlistRule WaitlistRule `json:"waitlist_rule,omitempty"`
}

// TournamentEdit: The body that edits a tournament.
type TournamentEdit struct {
	// 1 to 200 characters.
	Name *string `json:"name,omitempty"`
	// The new number of slots, not below `entered`.
	TeamLimit *int64 `json:"team_limit,omitempty"`
	// The waiting room that is to guard it; empty is none.
	WaitingRoom *string `json:"waiting_room,omitempty"`
	// The last moment at which a team can enter.
	RegisterDeadline time.Time `json:"register_deadline,omitzero"`
	// The organiser's switch.
	Status *string `json:"status,omitempty"`
	// The first moment at which a team can enter; `null` takes it away.
	OpensAt Nullable[time.Time] `json:"opens_at,omitzero"`
}

// NewEntry: The body that enters a team or a group. One of the two.
type NewEntry struct {
	// The team.
	TeamID string `json:"team_id,omitempty"`
	// Who enters them, and whose pass it takes; with a token, its `sub`, without one and without this, the (first)
	// team.
	Holder string `json:"holder,omitempty"`
	// The teams of a group, each once. All of them come in, or none.
	TeamIDs []string `json:"team_ids,omitempty"`
	// As in openapi.yaml.
	Reference *Reference `json:"reference,omitempty"`
	// As in openapi.yaml.
	Metadata *Metadata `json:"metadata,omitempty"`
	// As in openapi.yaml.
	Contact *Contact `json:"contact,omitempty"`
}

// Entered: What became of an entry or a withdrawal, and the tournament after it.
type Entered struct {
	// Of one team.
	TeamID string `json:"team_id,omitempty"`
	// Of a group, in order.
	TeamIDs []string `json:"team_ids,omitempty"`
	// Of which tournament.
	TournamentID string `json:"tournament_id"`
	// As in openapi.yaml.
	Status EntryStatus `json:"status"`
	// On the waitlist, if it waits; of a group, that of its first team.
	Place int64 `json:"place,omitempty"`
	// After a withdrawal: the teams that came in by it, in order.
	Promoted []string `json:"promoted,omitempty"`
	// How many teams have a slot.
	Entered int64 `json:"entered"`
	// How many slots are free.
	Remaining int64 `json:"remaining"`
	// How many teams wait.
	Waitlisted int64 `json:"waitlisted"`
	// As in openapi.yaml.
	Reference *Reference `json:"reference,omitempty"`
	// As in openapi.yaml.
	Metadata *Metadata `json:"metadata,omitempty"`
	// Of the tournament; also the `ETag`.
	Revision int64 `json:"revision"`
	// In the log.
	Position int64 `json:"position"`
}

// Entry: A team's part in a tournament.
type Entry struct {
	// The team.
	TeamID string `json:"team_id"`
	// Its name.
	Name string `json:"name"`
	// Of which tournament.
	TournamentID string `json:"tournament_id"`
	// As in openapi.yaml.
	Status EntryStatus `json:"status"`
	// On the waitlist, from 1, if it waits.
	Place int64 `json:"place,omitempty"`
	// The same number for teams that wait together.
	Group int64 `json:"group,omitempty"`
	// When it came to where it is.
	Since time.Time `json:"since"`
	// Of one entry that of the tournament, also the `ETag`; in a list that of the event that put the team there.
	Revision int64 `json:"revision"`
	// The same in the log.
	Position int64 `json:"position"`
	// As in openapi.yaml.
	Reference *Reference `json:"reference,omitempty"`
	// As in openapi.yaml.
	Metadata *Metadata `json:"metadata,omitempty"`
	// As in openapi.yaml.
	Contact *Contact `json:"contact,omitempty"`
	// As in openapi.yaml.
	AsOf *AsOf `json:"as_of,omitempty"`
}

// EntryStatus: `entered`: has a slot. `waitlisted`: waits for one. `withdrawn`: neither. `cancelled`: the
// tournament was called off.
type EntryStatus string

// The values of EntryStatus.
const (
	EntryStatusEntered    EntryStatus = "entered"
	EntryStatusWaitlisted EntryStatus = "waitlisted"
	EntryStatusWithdrawn  EntryStatus = "withdrawn"
	EntryStatusCancelled  EntryStatus = "cancelled"
)

// NewPlan: The body that stores a seating plan.
type NewPlan struct {
	// Your choice: 1 to 64 of A-Z a-z 0-9 _ and -.
	ID string `json:"id,omitempty"`
	// Of the hall: 1 to 200 characters.
	Name string `json:"name"`
	// The parts of the hall.
	Zones []PlanZone `json:"zones"`
	// Of seats and places; each has one price list.
	Categories []PlanCategory `json:"categories"`
	// As in openapi.yaml.
	Size PlanSize `json:"size"`
	// As in openapi.yaml.
	FocalPoint *PlanPoint `json:"focal_point,omitempty"`
}

// Plan: A seating plan: what it was given with. With `format=pretix` it has neither `id` nor the members after
// `categories` but `size`.
type Plan struct {
	// Yours, or a UUIDv7.
	ID string `json:"id,omitempty"`
	// Of the hall: 1 to 200 characters.
	Name string `json:"name"`
	// The parts of the hall.
	Zones []PlanZone `json:"zones"`
	// Of seats and places; each has one price list.
	Categories []PlanCategory `json:"categories"`
	// As in openapi.yaml.
	Size PlanSize `json:"size"`
	// As in openapi.yaml.
	FocalPoint *PlanPoint `json:"focal_point,omitempty"`
	// How many numbered seats it has.
	Seats int64 `json:"seats,omitempty"`
	// How many places its areas for sale have together.
	Places int64 `json:"places,omitempty"`
	// Also the `ETag`.
	Revision int64 `json:"revision,omitempty"`
	// Of its seal in the log.
	Position int64 `json:"position,omitempty"`
	// As in openapi.yaml.
	AsOf *AsOf `json:"as_of,omitempty"`
}

// PlanSummary: What lists show of a seating plan.
type PlanSummary struct {
	// Yours, or a UUIDv7.
	ID string `json:"id"`
	// Of the hall.
	Name string `json:"name"`
	// How many numbered seats it has.
	Seats int64 `json:"seats"`
	// How many places its areas for sale have together.
	Places int64 `json:"places"`
	// Also the `ETag`.
	Revision int64 `json:"revision"`
	// Of its seal in the log.
	Position int64 `json:"position"`
	// As in openapi.yaml.
	AsOf *AsOf `json:"as_of,omitempty"`
}

// PlanPoint: A place; y grows downwards. Left out, it is 0,0; the `focal_point`, which everybody came to see, is
// then the middle of the top edge.
type PlanPoint struct {
	// To the right.
	X float64 `json:"x"`
	// Downwards.
	Y float64 `json:"y"`
}

// PlanSize: Of the drawing, or of a rectangle in it.
type PlanSize struct {
	// As in openapi.yaml.
	Width int64 `json:"width"`
	// As in openapi.yaml.
	Height int64 `json:"height"`
}

// PlanCategory: A category of seats and places.
type PlanCategory struct {
	// Prices are of it.
	Name string `json:"name"`
	// `#rrggbb`; any other is drawn grey.
	Color string `json:"color,omitempty"`
}

// PlanZone: A part of the hall.
type PlanZone struct {
	// What people read, and what its seats are named by if it has no `zone_id`.
	Name string `json:"name,omitempty"`
	// What its seats are named by.
	ZoneID string `json:"zone_id,omitempty"`
	// As in openapi.yaml.
	Uuid string `json:"uuid,omitempty"`
	// As in openapi.yaml.
	Position *PlanPoint `json:"position,omitempty"`
	// As in openapi.yaml.
	Rows []PlanRow `json:"rows"`
	// As in openapi.yaml.
	Areas []PlanArea `json:"areas,omitempty"`
}

// PlanRow: A row, or a part of the row with that number.
type PlanRow struct {
	// As in openapi.yaml.
	RowNumber string `json:"row_number"`
	// As in openapi.yaml.
	RowLabel Nullable[string] `json:"row_label,omitzero"`
	// As in openapi.yaml.
	SeatLabel Nullable[string] `json:"seat_label,omitzero"`
	// As in openapi.yaml.
	Uuid string `json:"uuid,omitempty"`
	// It is ignored.
	RowGuid string `json:"row_guid,omitempty"`
	// `start`, `end` or `both`.
	RowNumberPosition Nullable[string] `json:"row_number_position,omitzero"`
	// As in openapi.yaml.
	Position *PlanPoint `json:"position,omitempty"`
	// Those next to each other here are neighbours.
	Seats []PlanSeat `json:"seats"`
}

// PlanSeat: A seat.
type PlanSeat struct {
	// Once in the plan.
	SeatGuid string `json:"seat_guid"`
	// As in openapi.yaml.
	SeatNumber string `json:"seat_number"`
	// As in openapi.yaml.
	Uuid string `json:"uuid,omitempty"`
	// As in openapi.yaml.
	StartDirection Nullable[string] `json:"start_direction,omitzero"`
	// As in openapi.yaml.
	Radius *int64 `json:"radius,omitempty"`
	// As in openapi.yaml.
	Position *PlanPoint `json:"position,omitempty"`
	// One of the plan's.
	Category string `json:"category"`
	// A place for a wheelchair.
	Accessible *bool `json:"accessible,omitempty"`
	// The `seat_guid` of the seat whose companion sits here.
	CompanionOf string `json:"companion_of,omitempty"`
	// It sees a part of the stage only.
	RestrictedView *bool `json:"restricted_view,omitempty"`
}

// PlanArea: A shape that is drawn and, with a `capacity` and a `category`, standing room for sale.
type PlanArea struct {
	// What it is named by, once in the plan.
	ID string `json:"id,omitempty"`
	// How many places it has.
	Capacity int64 `json:"capacity,omitempty"`
	// One of the plan's.
	Category string `json:"category,omitempty"`
	// As in openapi.yaml.
	Color string `json:"color,omitempty"`
	// As in openapi.yaml.
	BorderColor string `json:"border_color,omitempty"`
	// As in openapi.yaml.
	Rotation float64 `json:"rotation,omitempty"`
	// As in openapi.yaml.
	Position *PlanPoint `json:"position,omitempty"`
	// As in openapi.yaml.
	Uuid string `json:"uuid,omitempty"`
	// As in openapi.yaml.
	Shape string `json:"shape,omitempty"`
	// As in openapi.yaml.
	Polygon *PlanPolygon `json:"polygon,omitempty"`
	// As in openapi.yaml.
	Rectangle *PlanSize `json:"rectangle,omitempty"`
	// As in openapi.yaml.
	Ellipse *PlanEllipse `json:"ellipse,omitempty"`
	// As in openapi.yaml.
	Circle *PlanCircle `json:"circle,omitempty"`
	// As in openapi.yaml.
	Text *PlanText `json:"text,omitempty"`
}

// PlanPolygon: A polygon.
type PlanPolygon struct {
	// Its corners.
	Points []PlanPoint `json:"points"`
}

// PlanEllipse: An ellipse.
type PlanEllipse struct {
	// As in openapi.yaml.
	Radius PlanPoint `json:"radius"`
}

// PlanCircle: A circle.
type PlanCircle struct {
	// As in openapi.yaml.
	Radius int64 `json:"radius"`
}

// PlanText: A text that is drawn.
type PlanText struct {
	// As in openapi.yaml.
	Text string `json:"text"`
	// As in openapi.yaml.
	Color string `json:"color,omitempty"`
	// As in openapi.yaml.
	Size *int64 `json:"size,omitempty"`
	// As in openapi.yaml.
	Position *PlanPoint `json:"position,omitempty"`
}

// Performance: A performance with numbered seats; always `capacity` = `remaining` + `held` + `booked` +
// `blocked`.
type Performance struct {
	// Yours, or a UUIDv7.
	ID string `json:"id"`
	// What is given.
	Title string `json:"title"`
	// Where.
	Venue string `json:"venue"`
	// When.
	StartsAt time.Time `json:"starts_at"`
	// How long a booking may stay unpaid.
	HoldSeconds int64 `json:"hold_seconds"`
	// How many seats one holder may have; 0 is no limit.
	LimitPerHolder int64 `json:"limit_per_holder"`
	// The room that guards the sale, if one does.
	WaitingRoom string `json:"waiting_room,omitempty"`
	// How many seats there are.
	Capacity int64 `json:"capacity"`
	// How many can be had.
	Remaining int64 `json:"remaining"`
	// How many are on hold.
	Held int64 `json:"held"`
	// How many are booked.
	Booked int64 `json:"booked"`
	// How many are off sale.
	Blocked int64 `json:"blocked"`
	// In canonical order.
	Sections []Section `json:"sections"`
	// Those of its plan that have places without numbers, in the plan's order; the counts beside it are of seats
	// alone.
	Areas []Area `json:"areas,omitempty"`
	// The seating plan, if one defines the seats.
	Plan string `json:"plan,omitempty"`
	// In minor units, by category of the plan: a number, or a list of `{"type", "amount", "restricted"?}`, of which
	// seats are listed at the first.
	Prices map[string]json.RawMessage `json:"prices,omitempty"`
	// The first moment of its sale, if it has one.
	OpensAt time.Time `json:"opens_at,omitzero"`
	// The first moment after its sale, if it has one.
	ClosesAt time.Time `json:"closes_at,omitzero"`
	// As in openapi.yaml.
	Cancellation *Cancellation `json:"cancellation,omitempty"`
	// Only if it was called off.
	Status string `json:"status,omitempty"`
	// As in openapi.yaml.
	Cancelled *Cancelled `json:"cancelled,omitempty"`
	// For `If-Match`, in quotes: it changes with edits alone.
	EditTag string `json:"edit_tag"`
	// It changes with the performance and with every seat of it; also the `ETag`.
	Revision int64 `json:"revision"`
	// Of the last change in the log, of a seat too.
	Position int64 `json:"position"`
	// As in openapi.yaml.
	AsOf *AsOf `json:"as_of,omitempty"`
}

// Area: Places without numbers; always `capacity` = `remaining` + `held` + `booked` + `blocked`.
type Area struct {
	// Its id in the plan.
	Area string `json:"area"`
	// How many places there are.
	Capacity int64 `json:"capacity"`
	// How many can be had.
	Remaining int64 `json:"remaining"`
	// How many are on hold.
	Held int64 `json:"held"`
	// How many are booked.
	Booked int64 `json:"booked"`
	// How many are kept for labels; left out if none are.
	Blocked int64 `json:"blocked,omitempty"`
}

// Section: Rows of seats: at one price, or a zone of a plan, which has neither `seats_per_row` nor `price`.
type Section struct {
	// The first part of its seats' names.
	ID string `json:"id"`
	// What people read.
	Name string `json:"name"`
	// How many rows; row 1 is in front.
	Rows int64 `json:"rows"`
	// How many seats in each.
	SeatsPerRow int64 `json:"seats_per_row,omitempty"`
	// Of one seat, in minor units.
	Price int64 `json:"price,omitempty"`
	// How many seats there are.
	Capacity int64 `json:"capacity"`
	// How many can be had.
	Remaining int64 `json:"remaining"`
	// How many are on hold.
	Held int64 `json:"held"`
	// How many are booked.
	Booked int64 `json:"booked"`
	// How many are off sale.
	Blocked int64 `json:"blocked"`
}

// NewPerformance: The body that creates a performance.
type NewPerformance struct {
	// Your choice: 1 to 64 of A-Z a-z 0-9 _ and -.
	ID string `json:"id,omitempty"`
	// 1 to 200 characters.
	Title string `json:"title"`
	// 1 to 200 characters.
	Venue string `json:"venue"`
	// When it begins.
	StartsAt time.Time `json:"starts_at"`
	// How long a booking may stay unpaid, up to 30 days.
	HoldSeconds int64 `json:"hold_seconds,omitempty"`
	// How many seats one holder may have; 0 is no limit.
	LimitPerHolder int64 `json:"limit_per_holder,omitempty"`
	// The room that guards the sale.
	WaitingRoom string `json:"waiting_room,omitempty"`
	// Up to 100,000 seats together. This, or a plan.
	Sections []NewSection `json:"sections,omitempty"`
	// The seating plan that has the seats, in place of sections.
	Plan string `json:"plan,omitempty"`
	// In minor units, by category of the plan: a number, or a list of `{"type", "amount", "restricted"?}`, of which
	// seats are listed at the first. Each category in use needs one.
	Prices map[string]any `json:"prices,omitempty"`
	// The first moment of the sale; it may lie in the past. Left out or `null`: it is open at once.
	OpensAt Nullable[time.Time] `json:"opens_at,omitzero"`
	// The first moment after the sale, after `opens_at`. Left out: `starts_at`, wherever that is moved; `null`: it
	// does not close.
	ClosesAt Nullable[time.Time] `json:"closes_at,omitzero"`
	// As in openapi.yaml.
	Cancellation *NewCancellation `json:"cancellation,omitempty"`
}

// Cancellation: The rule for giving back what is paid. On a performance or a product: the one that it states,
// for what is held from now on; a product without it: in full, without end. On a booking: the one that it was
// held on; without it, it can be given back without end.
type Cancellation struct {
	// The first moment at which it can be given back no more; of a performance without it, and at the latest, when
	// the show starts.
	Until time.Time `json:"until,omitzero"`
	// How much of each price is refunded, rounded up; the rest is kept.
	RefundPercent int64 `json:"refund_percent"`
}

// NewCancellation: The rule for giving back what is paid. `null`, and left out of a new performance or product:
// in full, until the show starts or without end.
type NewCancellation struct {
	// The first moment at which it can be given back no more; it counts until a show starts at most.
	Until time.Time `json:"until"`
	// How much of each price is refunded, rounded up; the rest is kept.
	RefundPercent int64 `json:"refund_percent"`
}

// PerformanceEdit: The body that edits a performance.
type PerformanceEdit struct {
	// 1 to 200 characters.
	Title *string `json:"title,omitempty"`
	// 1 to 200 characters.
	Venue *string `json:"venue,omitempty"`
	// When it begins.
	StartsAt time.Time `json:"starts_at,omitzero"`
	// How long a booking may stay unpaid that is made from now on.
	HoldSeconds *int64 `json:"hold_seconds,omitempty"`
	// How many seats one holder may have; 0 is no limit.
	LimitPerHolder *int64 `json:"limit_per_holder,omitempty"`
	// The first moment of the sale; `null` takes it away.
	OpensAt Nullable[time.Time] `json:"opens_at,omitzero"`
	// The first moment after the sale; `null` takes it away, and the time of `starts_at` closes it there, wherever
	// that is moved.
	ClosesAt Nullable[time.Time] `json:"closes_at,omitzero"`
	// In minor units; the others stay. By section a number; by category of a plan a number, or a list of `{"type",
	// "amount", "restricted"?}`, of which seats are listed at the first.
	Prices map[string]any `json:"prices,omitempty"`
	// As in openapi.yaml.
	Cancellation *NewCancellation `json:"cancellation,omitempty"`
	// How many places areas of the plan are to have, by their ids, at most as many as the plan says; the others
	// stay.
	Areas map[string]int64 `json:"areas,omitempty"`
}

// PriceType: A price of a category, for those who are of the type.
type PriceType struct {
	// Such as adult.
	Type string `json:"type"`
	// In minor units.
	Amount int64 `json:"amount"`
	// Sold by a service or an admin only.
	Restricted *bool `json:"restricted,omitempty"`
}

// NewSection: A section of a new performance.
type NewSection struct {
	// The first part of its seats' names.
	ID string `json:"id"`
	// What people read; else the id.
	Name string `json:"name,omitempty"`
	// How many rows.
	Rows int64 `json:"rows"`
	// How many seats in each.
	SeatsPerRow int64 `json:"seats_per_row"`
	// Of one seat, in minor units.
	Price int64 `json:"price"`
}

// SeatStatus: Where a seat stands.
type SeatStatus string

// The values of SeatStatus.
const (
	SeatStatusFree    SeatStatus = "free"
	SeatStatusHeld    SeatStatus = "held"
	SeatStatusBooked  SeatStatus = "booked"
	SeatStatusBlocked SeatStatus = "blocked"
)

// ListedSeat: as in openapi.yaml.
type ListedSeat struct {
	// Its name.
	Seat string `json:"seat"`
	// As in openapi.yaml.
	Status SeatStatus `json:"status"`
	// In minor units.
	Price int64 `json:"price"`
}

// SeatChange: A seat that changed.
type SeatChange struct {
	// Place in the log.
	Position int64 `json:"position"`
	// When it was written, the time that `?at=` goes by.
	Recorded time.Time `json:"recorded"`
	// Its name: section, row and number.
	Seat string `json:"seat"`
	// As in openapi.yaml.
	Was SeatStatus `json:"was"`
	// As in openapi.yaml.
	Status SeatStatus `json:"status"`
}

// Seat: A seat. One that nobody ever touched has no revision and no position.
type Seat struct {
	// Of which performance.
	PerformanceID string `json:"performance_id"`
	// Its name.
	Seat string `json:"seat"`
	// As in openapi.yaml.
	Status SeatStatus `json:"status"`
	// In minor units.
	Price int64 `json:"price"`
	// Of the last change, from 0; also the `ETag`.
	Revision int64 `json:"revision,omitempty"`
	// Of the last change in the log.
	Position int64 `json:"position,omitempty"`
}

// NewBooking: The body that books: `seats`, `areas` or both, or `best_available`.
type NewBooking struct {
	// For whom; see *Holders* above. With a token it may be left out, and only a service or an admin may name
	// somebody else.
	Holder string `json:"holder,omitempty"`
	// By name, or by name and price type. A plain seat gets the first type of its category that is not restricted.
	Seats []any `json:"seats,omitempty"`
	// Places of areas of the plan, by their ids: a number, at the first type that is not restricted, or a list by
	// price type. With the seats at most 50.
	Areas map[string]any `json:"areas,omitempty"`
	// As in openapi.yaml.
	BestAvailable *BestAvailable `json:"best_available,omitempty"`
	// As in openapi.yaml.
	Label *BlockLabel `json:"label,omitempty"`
	// As in openapi.yaml.
	Reference *Reference `json:"reference,omitempty"`
	// As in openapi.yaml.
	Metadata *Metadata `json:"metadata,omitempty"`
	// As in openapi.yaml.
	Contact *Contact `json:"contact,omitempty"`
}

// BlockLabel: What blocked seats and places are kept for: 1 to 64 printable characters. In a booking: its seats
// may be among `seats`, and of `areas` its places are taken first; only a service or an admin may name one.
type BlockLabel string

// NewBlock: The body that blocks: `seats` or `rows`, `areas`, or both.
type NewBlock struct {
	// By name.
	Seats []string `json:"seats,omitempty"`
	// Whole rows, by section and number, as in A-12.
	Rows []string `json:"rows,omitempty"`
	// How many places of which areas the label is to keep, by the ids of the areas.
	Areas map[string]int64 `json:"areas,omitempty"`
	// As in openapi.yaml.
	Label BlockLabel `json:"label"`
}

// Block: The seats and places of a request that blocks or unblocks.
type Block struct {
	// Whose seats.
	PerformanceID string `json:"performance_id"`
	// As in openapi.yaml.
	Label BlockLabel `json:"label"`
	// By name, in canonical order.
	Seats []string `json:"seats"`
	// How many places of which areas: those that the label is to keep, or those that are on sale again.
	Areas map[string]int64 `json:"areas"`
	// Of the log behind the change.
	Position int64 `json:"position"`
}

// ListedBlocks: What is blocked, by label.
type ListedBlocks []ListedBlock

// ListedBlock: What is blocked under a label.
type ListedBlock struct {
	// Empty for seats that are on sale to nobody.
	Label string `json:"label"`
	// By name, in canonical order.
	Seats []string `json:"seats"`
	// How many places of which areas are blocked now.
	Areas map[string]int64 `json:"areas"`
}

// TypedSeat: A seat at one of the price types of its category. Restricted ones need `service` or `admin` (403
// `forbidden`).
type TypedSeat struct {
	// Its name.
	Seat string `json:"seat"`
	// Such as student.
	PriceType string `json:"price_type,omitempty"`
}

// TypedPlaces: Places of an area at one of the price types of its category, each type once. Restricted ones need
// `service` or `admin` (403 `forbidden`).
type TypedPlaces struct {
	// Such as student; left out, the first that is not restricted.
	PriceType string `json:"price_type,omitempty"`
	// How many places.
	Quantity int64 `json:"quantity"`
}

// BookingLine: What is paid for one seat, or for the places of one area at one price.
type BookingLine struct {
	// Its name, if it is a seat.
	Seat string `json:"seat,omitempty"`
	// Its id, if it is places of an area.
	Area string `json:"area,omitempty"`
	// Of its category, if that has several.
	PriceType string `json:"price_type,omitempty"`
	// As in openapi.yaml.
	Quantity int64 `json:"quantity"`
	// Of one, as it was held, in minor units.
	Price int64 `json:"price"`
	// The numbers of the places of the area in this booking, which they keep.
	Places []int64 `json:"places,omitempty"`
}

// BestAvailable: The best seats left. In a plan: together in one row without a gap if it can, then no single
// seat left alone, then near the focal point.
type BestAvailable struct {
	// Only of this section.
	Section string `json:"section,omitempty"`
	// Only of this zone of the plan, which is a section of the performance.
	Zone string `json:"zone,omitempty"`
	// Only of this category of the plan.
	Category string `json:"category,omitempty"`
	// One of them is to be a place for a wheelchair; a companion's seat comes only with the place it belongs to.
	// Otherwise no such seats are chosen. Needs a plan.
	Accessible bool `json:"accessible,omitempty"`
	// How many.
	Quantity int64 `json:"quantity"`
	// How many of which price type, as in {"adult": 2, "student": 1}: together `quantity`. Only categories that
	// have all of them will do. Restricted ones need `service` or `admin` (403 `forbidden`).
	PriceTypes map[string]int64 `json:"price_types,omitempty"`
}

// Booking: Seats and places of a performance for a holder.
type Booking struct {
	// The server's choice.
	ID string `json:"id"`
	// Whose seats.
	PerformanceID string `json:"performance_id"`
	// For whom.
	Holder string `json:"holder"`
	// By name, in canonical order, but those that were given back one by one.
	Seats []string `json:"seats"`
	// How many places of which areas, but those that were given back one by one; left out if there are none.
	Areas map[string]int64 `json:"areas,omitempty"`
	// The seats that were given back one by one, in that order.
	Returned []string `json:"returned,omitempty"`
	// What `seats` cost, in their order, and behind them the places of areas.
	Lines []BookingLine `json:"lines"`
	// What all seats and places cost together as they were held, in minor units.
	Amount int64 `json:"amount"`
	// `paying`: a payment is under way, and no deadline ends it. `cancelled`: its performance was called off.
	Status string `json:"status"`
	// The last moment at which a payment is in time.
	ExpiresAt time.Time `json:"expires_at"`
	// It was held for longer.
	Extended bool `json:"extended"`
	// As in openapi.yaml.
	Cancellation *Cancellation `json:"cancellation,omitempty"`
	// How much of what was paid was not refunded of what was given back.
	Kept int64 `json:"kept,omitempty"`
	// While it is `awaiting_payment`: what it waits for; `expires_at` is until when.
	Intent string `json:"intent,omitempty"`
	// As in openapi.yaml.
	Outcome Outcome `json:"outcome,omitempty"`
	// As in openapi.yaml.
	RefundID *RefundID `json:"refund_id,omitempty"`
	// Of the last change, from 0; also the `ETag`.
	Revision int64 `json:"revision"`
	// Of the last change in the log.
	Position int64 `json:"position"`
	// As in openapi.yaml.
	Reference *Reference `json:"reference,omitempty"`
	// As in openapi.yaml.
	Metadata *Metadata `json:"metadata,omitempty"`
	// As in openapi.yaml.
	Contact *Contact `json:"contact,omitempty"`
	// As in openapi.yaml.
	AsOf *AsOf `json:"as_of,omitempty"`
}

// Cancelled: That it was called off.
type Cancelled struct {
	// Why.
	Reason string `json:"reason"`
	// When.
	At time.Time `json:"at"`
	// Of that in the log: what is sold behind it is ended all the same.
	Position int64 `json:"position"`
}

// NewCallOff: The body that calls something off.
type NewCallOff struct {
	// Why, for people: 1 to 200 printable characters.
	Reason string `json:"reason"`
}

// CallOff: What the call-off of something ends, or would end.
type CallOff struct {
	// Of what kind it is.
	Of string `json:"of"`
	// Its id.
	ID string `json:"id"`
	// `planned`: it was not called off; `running`: something of before is left; `done`: what is still sold by a
	// server that has not heard of it is ended as it is found.
	Status string `json:"status"`
	// As in openapi.yaml.
	Cancelled *Cancelled `json:"cancelled,omitempty"`
	// What has gone wrong, while it is tried again.
	Failing string `json:"failing,omitempty"`
	// How many holders are affected.
	Holders int64 `json:"holders"`
	// How many bookings, reservations or entries are affected.
	Count int64 `json:"count"`
	// How many seats, units or teams.
	Quantity int64 `json:"quantity"`
	// How many of the affected have paid nothing, or are being paid.
	Unpaid int64 `json:"unpaid"`
	// How many of them are refunded.
	Paid int64 `json:"paid"`
	// How many of them are not ended yet.
	Left int64 `json:"left"`
	// What is refunded in all, by the way it was paid: to wallets at once, from outside it is owed until it is
	// settled.
	Refunds []CallOffRefund `json:"refunds"`
	// The page of them.
	Affected []CallOffItem `json:"affected"`
	// The cursor of the next page, or null.
	Next *string `json:"next"`
	// Of the log up to which all is counted.
	Position int64 `json:"position"`
}

// CallOffRefund: What is refunded by one way.
type CallOffRefund struct {
	// How it was paid.
	Method string `json:"method"`
	// Who took the money from outside.
	Provider string `json:"provider,omitempty"`
	// How many are refunded.
	Count int64 `json:"count"`
	// Together, in minor units.
	Amount int64 `json:"amount"`
	// By ISO 4217.
	Currency string `json:"currency"`
}

// CallOffItem: One that is ended.
type CallOffItem struct {
	// Of the booking, the reservation or the team.
	ID string `json:"id"`
	// Whose.
	Holder string `json:"holder,omitempty"`
	// As it is: `cancelled` once it is ended.
	Status string `json:"status"`
	// How many seats, units or teams.
	Quantity int64 `json:"quantity"`
	// What is refunded, in minor units.
	Refund int64 `json:"refund"`
	// How it was paid, if anything is refunded.
	Method string `json:"method,omitempty"`
	// Who took the money from outside.
	Provider string `json:"provider,omitempty"`
}

// Report: What was sold of something, and for how much.
type Report struct {
	// Of what.
	ID string `json:"id"`
	// Units, seats or teams that are sold now.
	Sold int64 `json:"sold"`
	// Held or being paid.
	Held int64 `json:"held"`
	// Sold before, and given back.
	GivenBack int64 `json:"given_back"`
	// Money, in minor units: always `open` + `booked` + `kept` + `refunded` + `owed`.
	Received int64 `json:"received"`
	// Received for what is not decided yet.
	Open int64 `json:"open"`
	// Received for what is sold now.
	Booked int64 `json:"booked"`
	// Received for what was given back, and not to be refunded.
	Kept int64 `json:"kept"`
	// Given back.
	Refunded int64 `json:"refunded"`
	// To be given back.
	Owed int64 `json:"owed"`
	// The same by section, for a performance, but for money that has paid for nothing (wrong, late or double).
	Sections []SectionReport `json:"sections"`
	// The same by category and price type, for a performance in a plan: those of which something is or was sold or
	// held.
	Categories []CategoryReport `json:"categories,omitempty"`
	// What came in other currencies than the log's; it is not in the sums.
	Foreign []ForeignMoney `json:"foreign,omitempty"`
	// Of the log up to which all is counted.
	Position int64 `json:"position"`
	// As in openapi.yaml.
	AsOf *AsOf `json:"as_of,omitempty"`
}

// ForeignMoney: Money in another currency than the log's. It pays for nothing.
type ForeignMoney struct {
	// Its code (ISO 4217).
	Currency string `json:"currency"`
	// In its minor units: `open` + `refunded` + `owed`.
	Received int64 `json:"received"`
	// Received and not decided yet.
	Open int64 `json:"open"`
	// Given back.
	Refunded int64 `json:"refunded"`
	// To be given back.
	Owed int64 `json:"owed"`
}

// SectionReport: The part of one section.
type SectionReport struct {
	// Its id.
	Section string `json:"section"`
	// Units, seats or teams that are sold now.
	Sold int64 `json:"sold"`
	// Held or being paid.
	Held int64 `json:"held"`
	// Sold before, and given back.
	GivenBack int64 `json:"given_back"`
	// Money, in minor units: always `open` + `booked` + `kept` + `refunded` + `owed`.
	Received int64 `json:"received"`
	// Received for what is not decided yet.
	Open int64 `json:"open"`
	// Received for what is sold now.
	Booked int64 `json:"booked"`
	// Received for what was given back, and not to be refunded.
	Kept int64 `json:"kept"`
	// Given back.
	Refunded int64 `json:"refunded"`
	// To be given back.
	Owed int64 `json:"owed"`
}

// CategoryReport: The part of one price type of one category.
type CategoryReport struct {
	// Of the plan.
	Category string `json:"category"`
	// If the category has several prices.
	PriceType string `json:"price_type,omitempty"`
	// Units, seats or teams that are sold now.
	Sold int64 `json:"sold"`
	// Held or being paid.
	Held int64 `json:"held"`
	// Sold before, and given back.
	GivenBack int64 `json:"given_back"`
	// Money, in minor units: always `open` + `booked` + `kept` + `refunded` + `owed`.
	Received int64 `json:"received"`
	// Received for what is not decided yet.
	Open int64 `json:"open"`
	// Received for what is sold now.
	Booked int64 `json:"booked"`
	// Received for what was given back, and not to be refunded.
	Kept int64 `json:"kept"`
	// Given back.
	Refunded int64 `json:"refunded"`
	// To be given back.
	Owed int64 `json:"owed"`
}

// Outcome: What became of the money that was reported; only in the answer to that.
type Outcome string

// The values of Outcome.
const (
	OutcomeBooked     Outcome = "booked"
	OutcomeRefundOwed Outcome = "refund_owed"
)

// RefundID: What is owed of it, in `/v1/refunds`.
type RefundID string

// NewPayment: Empty to pay a booking from the wallet, or to confirm a reservation without money; else money that
// came in outside. Then all but `final` is needed.
type NewPayment struct {
	// As in openapi.yaml.
	Method string `json:"method,omitempty"`
	// Who took the money.
	Provider string `json:"provider,omitempty"`
	// The payment's name there; one is one payment for one thing.
	Reference string `json:"reference,omitempty"`
	// What came in, in minor units.
	Amount int64 `json:"amount,omitempty"`
	// By ISO 4217.
	Currency string `json:"currency,omitempty"`
	// A wrong sum is received too.
	Final bool `json:"final,omitempty"`
}

// NewIntent: The body that has a booking wait for money.
type NewIntent struct {
	// Who takes it.
	Provider string `json:"provider"`
	// How long it waits.
	Seconds int64 `json:"seconds,omitempty"`
}

// NewCheckout: The body that asks for a provider's page.
type NewCheckout struct {
	// Where the page sends the holder who has paid.
	SuccessURL string `json:"success_url"`
	// Where it sends the holder who has not.
	CancelURL string `json:"cancel_url"`
}

// Checkout: A provider's page on which a booking is paid.
type Checkout struct {
	// Where it is.
	URL string `json:"url"`
	// When nobody can pay there any more.
	ExpiresAt time.Time `json:"expires_at"`
	// Of the last event of the booking in the log.
	Position int64 `json:"position"`
}

// StripeEvent: An event as Stripe sends it, with whatever else it has.
type StripeEvent struct {
	// Stripe's id of it.
	ID string `json:"id,omitempty"`
	// What has happened.
	Type string `json:"type,omitempty"`
}

// Refund: What is or was owed of money from outside because of one fact.
type Refund struct {
	// As in openapi.yaml.
	ID RefundID `json:"id"`
	// Whether it was paid back.
	Status string `json:"status"`
	// In minor units of `currency`.
	Amount int64 `json:"amount"`
	// That of the payment.
	Currency string `json:"currency"`
	// Who took the money.
	Provider string `json:"provider"`
	// The payment's name there.
	Reference string `json:"reference"`
	// What it was for.
	BookingID string `json:"booking_id,omitempty"`
	// What it was for.
	ProductID string `json:"product_id,omitempty"`
	// What it was for.
	ReservationID string `json:"reservation_id,omitempty"`
	// Why it is owed.
	Cause string `json:"cause"`
	// The reference under which it was paid back.
	Settlement string `json:"settlement,omitempty"`
	// `asked`: the provider is asked to pay it back (`serve --stripe-refunds`), and until it has said what came of
	// that the refund can't be settled otherwise. Else why the provider has not paid it, or has taken it back: it
	// is owed, and not asked for again. `other_refund`: the payment has refunds there that the log does not know.
	AtProvider string `json:"at_provider,omitempty"`
	// Of the payment at the last change of the refund; also the `ETag`.
	Revision int64 `json:"revision"`
	// Of that change in the log.
	Position int64 `json:"position"`
}

// NewSettlement: The body that settles a refund.
type NewSettlement struct {
	// The provider's name for what was paid back.
	Reference string `json:"reference"`
}

// NewCharge: The body that charges a wallet.
type NewCharge struct {
	// In minor units.
	Amount int64 `json:"amount"`
}

// Wallet: Money of a holder.
type Wallet struct {
	// Whose.
	Holder string `json:"holder"`
	// In minor units.
	Balance int64 `json:"balance"`
	// Of the last change, from 0; also the `ETag`.
	Revision int64 `json:"revision"`
	// Of the last change in the log.
	Position int64 `json:"position"`
	// As in openapi.yaml.
	AsOf *AsOf `json:"as_of,omitempty"`
}

// WalletEntry: Money that went in or out.
type WalletEntry struct {
	// Of the charge or the payment.
	ID string `json:"id"`
	// As in openapi.yaml.
	Kind string `json:"kind"`
	// How much, in minor units.
	Amount int64 `json:"amount"`
	// What was there after it.
	Balance int64 `json:"balance"`
	// The booking that was paid or given back, if it was one.
	BookingID string `json:"booking_id,omitempty"`
	// When.
	Time time.Time `json:"time"`
	// Of the wallet after it.
	Revision int64 `json:"revision"`
	// In the log.
	Position int64 `json:"position"`
}

// AsOf: The moment of the past that an answer shows.
type AsOf struct {
	// The last position that is contained.
	Position int64 `json:"position"`
	// The time asked for, or that of the position.
	Time time.Time `json:"time"`
}

// Event: A recorded fact as a CloudEvent 1.0. `position` and `revision` may be larger than 31 bits. What
// somebody else wrote to the log has `data_base64` and `metadatabase64` instead of `data` and what our metadata
// say.
type Event struct {
	// As in openapi.yaml.
	Specversion string `json:"specversion"`
	// As in openapi.yaml.
	ID string `json:"id"`
	// The path of the stream.
	Source string `json:"source"`
	// The fact's frozen name, such as `product.reserved.v1`.
	Type string `json:"type"`
	// The id of what it is about.
	Subject string `json:"subject,omitempty"`
	// When it was decided.
	Time time.Time `json:"time,omitzero"`
	// As in openapi.yaml.
	Datacontenttype string `json:"datacontenttype"`
	// Such as `product-tee`.
	Stream string `json:"stream"`
	// Place in the stream, from 0.
	Revision int64 `json:"revision"`
	// Place in the log, from 1.
	Position int64 `json:"position"`
	// When it was stored.
	Recorded time.Time `json:"recorded"`
	// The command that caused it.
	Commandid string `json:"commandid,omitempty"`
	// The request it goes back to.
	Correlationid string `json:"correlationid,omitempty"`
	// What caused the command.
	Causationid string `json:"causationid,omitempty"`
	// Who asked.
	Actor string `json:"actor,omitempty"`
	// Chains it to the event before, in hex.
	Hash string `json:"hash,omitempty"`
	// The fact.
	Data json.RawMessage `json:"data,omitempty"`
	// Metadata that are not ours.
	Metadatabase64 string `json:"metadatabase64,omitempty"`
	// Data that are not ours.
	DataBase64 string `json:"data_base64,omitempty"`
	// The name of the stream if it is no text.
	Streambase64 string `json:"streambase64,omitempty"`
	// The type if it is no text.
	Typebase64 string `json:"typebase64,omitempty"`
}

// LogHead: A signed head of the log.
type LogHead struct {
	// The log's identity.
	Epoch string `json:"epoch"`
	// How many events the log has.
	Size int64 `json:"size"`
	// Of the last of them. It is the same number, unless `counts` is `own`.
	Position int64 `json:"position"`
	// The root of the Merkle tree over them (RFC 6962), in base64.
	Root string `json:"root"`
	// The same as a signed note; this is what to keep.
	Note string `json:"note"`
	// The public half of the key that has signed it.
	Key string `json:"key"`
	// Which events `size` counts: `all`, as in a log in a directory, or this system's `own`, in the order of the
	// log, as in an EventStoreDB that other programs may use too.
	Counts string `json:"counts,omitempty"`
}

// Receipt: Shows that an event is in the log.
type Receipt struct {
	// As in openapi.yaml.
	Event Event `json:"event"`
	// The event's number among those that the head counts, where that is not its position.
	Ordinal int64 `json:"ordinal,omitempty"`
	// The hashes that lead from the event to the root, in base64.
	Proof []string `json:"proof"`
	// A signed note.
	Head string `json:"head"`
}

// HistoryLine: One thing that happened.
type HistoryLine struct {
	// Place in the log.
	Position int64 `json:"position"`
	// When.
	Time time.Time `json:"time"`
	// To what.
	Stream string `json:"stream"`
	// Place in the stream.
	Revision int64 `json:"revision"`
	// Who asked.
	Actor string `json:"actor"`
	// With which request.
	RequestID string `json:"request_id"`
	// What made it happen: the request, the `command_id` of something else, `deadline` or, in a waiting room,
	// `round`.
	CausationID string `json:"causation_id"`
	// The command that decided it: what that made happen elsewhere has it as `causation_id`.
	CommandID string `json:"command_id"`
	// The position of what made it happen, if that is in the log, too.
	Because int64 `json:"because,omitempty"`
	// What, in a sentence.
	Text string `json:"text"`
	// The other things that it names, each as `kind/id` of a history: what it caused or was caused by, and whose it
	// is.
	LeadsTo []string `json:"leads_to"`
}

// HistoryOf: A thing that has a history, below `/v1/history/{kind}/{id}`.
type HistoryOf struct {
	// Of the thing.
	Kind string `json:"kind"`
	// Of the thing.
	ID string `json:"id"`
}

// Cluster: as in openapi.yaml.
type Cluster struct {
	// Whether the server is a node of a system of several.
	Clustered bool `json:"clustered"`
	// The same at all nodes that agree on who serves, empty without nodes.
	View string `json:"view"`
	// As in openapi.yaml.
	Nodes []Node `json:"nodes"`
	// As in openapi.yaml.
	Hops Hops `json:"hops"`
	// Waiting rooms that the answering node knows, by their names.
	Rooms []NodeRoom `json:"rooms"`
}

// Hops: Requests since the start of the answering node that belong to another one.
type Hops struct {
	// Passed on to their owner and answered by it.
	Passed int64 `json:"passed"`
	// Decided by the answering node, because their owner was not there.
	DecidedHere int64 `json:"decided_here"`
	// Passed on to the answering node, which is not their owner.
	Misplaced int64 `json:"misplaced"`
}

// NodeRoom: A waiting room, and who runs it.
type NodeRoom struct {
	// As in openapi.yaml.
	ID string `json:"id"`
	// The node that should run it, empty if none serves.
	Owner string `json:"owner"`
	// Whether the answering node runs it.
	RunsHere bool `json:"runs_here"`
	// How often it has been taken over.
	Term int64 `json:"term"`
}

// Node: as in openapi.yaml.
type Node struct {
	// The same after a restart.
	Name string `json:"name"`
	// One start of it.
	Run string `json:"run"`
	// Whether it is the node that answers.
	Self bool `json:"self"`
	// As in openapi.yaml.
	State string `json:"state"`
	// Whether it shows no life and is passed over.
	Suspected bool `json:"suspected"`
	// As in openapi.yaml.
	Version string `json:"version"`
	// When this start of it was.
	Since time.Time `json:"since,omitzero"`
	// Up to which it has followed the log, 0 if it has not said.
	Position int64 `json:"position"`
	// Where it takes requests that other nodes pass on.
	Http string `json:"http"`
	// Nodes of different protocols pass nothing on to each other.
	HopProtocol int64 `json:"hop_protocol"`
	// About which part of everything it owns.
	Share float64 `json:"share"`
	// When it last showed life, null for the node itself.
	HeardSecondsAgo Nullable[float64] `json:"heard_seconds_ago,omitzero"`
	// By how much its clock is ahead.
	ClockAheadSeconds float64 `json:"clock_ahead_seconds"`
}

// Backup: A copy of the log.
type Backup struct {
	// Where it is on the server's machine.
	Path string `json:"path"`
	// The copy holds every event up to this one.
	Position int64 `json:"position"`
}

// ProductSnapshot: Data of a `snapshot` frame of a product.
type ProductSnapshot struct {
	// As in openapi.yaml.
	Topic string `json:"topic"`
	// The log's identity.
	Epoch string `json:"epoch"`
	// As in openapi.yaml.
	Position int64 `json:"position"`
	// As in openapi.yaml.
	ID string `json:"id"`
	// As in openapi.yaml.
	Name string `json:"name"`
	// As in openapi.yaml.
	Stock int64 `json:"stock"`
	// As in openapi.yaml.
	Remaining int64 `json:"remaining"`
	// As in openapi.yaml.
	Held int64 `json:"held"`
	// As in openapi.yaml.
	Sold int64 `json:"sold"`
	// As in openapi.yaml.
	Price int64 `json:"price"`
	// The waiting room that guards it, if one does.
	WaitingRoom string `json:"waiting_room,omitempty"`
	// The first moment of its sale, if it has one.
	OpensAt time.Time `json:"opens_at,omitzero"`
	// The first moment after its sale, if it has one.
	ClosesAt time.Time `json:"closes_at,omitzero"`
	// As in openapi.yaml.
	Revision int64 `json:"revision"`
}

// ProductDelta: Data of a `delta` frame of a product.
type ProductDelta struct {
	// As in openapi.yaml.
	Topic string `json:"topic"`
	// As in openapi.yaml.
	Position int64 `json:"position"`
	// Position of the frame before.
	Previous int64 `json:"previous"`
	// As in openapi.yaml.
	Remaining int64 `json:"remaining"`
	// As in openapi.yaml.
	Held int64 `json:"held"`
	// As in openapi.yaml.
	Sold int64 `json:"sold"`
	// Of what remains.
	Change int64 `json:"change"`
	// As in openapi.yaml.
	Cause string `json:"cause"`
	// The waiting room that guards it, if one does.
	WaitingRoom string `json:"waiting_room,omitempty"`
	// As in openapi.yaml.
	Revision int64 `json:"revision"`
	// After an edit only.
	Name string `json:"name,omitempty"`
	// After an edit only.
	Stock int64 `json:"stock,omitempty"`
	// After an edit only.
	Price int64 `json:"price,omitempty"`
	// After an edit only, if the sale has such a bound.
	OpensAt time.Time `json:"opens_at,omitzero"`
	// After an edit only, if the sale has such a bound.
	ClosesAt time.Time `json:"closes_at,omitzero"`
}

// TournamentSnapshot: Data of a `snapshot` frame of a tournament.
type TournamentSnapshot struct {
	// As in openapi.yaml.
	Topic string `json:"topic"`
	// The log's identity.
	Epoch string `json:"epoch"`
	// As in openapi.yaml.
	Position int64 `json:"position"`
	// As in openapi.yaml.
	ID string `json:"id"`
	// As in openapi.yaml.
	Name string `json:"name"`
	// As in openapi.yaml.
	TeamLimit int64 `json:"team_limit"`
	// As in openapi.yaml.
	Entered int64 `json:"entered"`
	// As in openapi.yaml.
	Remaining int64 `json:"remaining"`
	// As in openapi.yaml.
	Waitlisted int64 `json:"waitlisted"`
	// As in openapi.yaml.
	RegisterDeadline time.Time `json:"register_deadline"`
	// The organiser's switch alone: the deadline passes without a frame.
	Status string `json:"status"`
	// As in openapi.yaml.
	Waitlist bool `json:"waitlist"`
	// As in openapi.yaml.
	WaitlistRule WaitlistRule `json:"waitlist_rule"`
	// The waiting room that guards it, if one does.
	WaitingRoom string `json:"waiting_room,omitempty"`
	// The first moment at which a team can enter, if it has one.
	OpensAt time.Time `json:"opens_at,omitzero"`
	// As in openapi.yaml.
	Revision int64 `json:"revision"`
}

// TournamentDelta: Data of a `delta` frame of a tournament.
type TournamentDelta struct {
	// As in openapi.yaml.
	Topic string `json:"topic"`
	// As in openapi.yaml.
	Position int64 `json:"position"`
	// Position of the frame before.
	Previous int64 `json:"previous"`
	// As in openapi.yaml.
	Remaining int64 `json:"remaining"`
	// As in openapi.yaml.
	Entered int64 `json:"entered"`
	// As in openapi.yaml.
	Waitlisted int64 `json:"waitlisted"`
	// Of what remains.
	Change int64 `json:"change"`
	// As in openapi.yaml.
	Cause string `json:"cause"`
	// The waiting room that guards it, if one does.
	WaitingRoom string `json:"waiting_room,omitempty"`
	// After an edit only, if it has such a moment.
	OpensAt time.Time `json:"opens_at,omitzero"`
	// As in openapi.yaml.
	Revision int64 `json:"revision"`
	// The teams that it moved, 32 at most.
	Teams []TeamMoved `json:"teams,omitempty"`
	// Instead of `teams`: there were more. Read the entries.
	TeamsUnnamed bool `json:"teams_unnamed,omitempty"`
	// After an edit only.
	Name string `json:"name,omitempty"`
	// After an edit only.
	TeamLimit int64 `json:"team_limit,omitempty"`
	// After an edit only.
	RegisterDeadline time.Time `json:"register_deadline,omitzero"`
	// After an edit only.
	Status string `json:"status,omitempty"`
}

// TeamMoved: as in openapi.yaml.
type TeamMoved struct {
	// As in openapi.yaml.
	TeamID string `json:"team_id"`
	// As in openapi.yaml.
	Status EntryStatus `json:"status"`
}

// TeamSnapshot: Data of a `snapshot` frame of a team.
type TeamSnapshot struct {
	// As in openapi.yaml.
	Topic string `json:"topic"`
	// The log's identity.
	Epoch string `json:"epoch"`
	// As in openapi.yaml.
	Position int64 `json:"position"`
	// As in openapi.yaml.
	ID string `json:"id"`
	// As in openapi.yaml.
	Name string `json:"name"`
	// As in openapi.yaml.
	Revision int64 `json:"revision"`
	// Where it takes part, 100 at most.
	Entries []TeamEntry `json:"entries"`
	// There are others.
	More bool `json:"more,omitempty"`
}

// TeamDelta: Data of a `delta` frame of a team.
type TeamDelta struct {
	// As in openapi.yaml.
	Topic string `json:"topic"`
	// As in openapi.yaml.
	Position int64 `json:"position"`
	// Position of the frame before.
	Previous int64 `json:"previous"`
	// `moved`: only a place on a waitlist has changed, because somebody ahead left it.
	Cause string `json:"cause"`
	// Those that have changed.
	Entries []TeamEntry `json:"entries"`
}

// TeamEntry: as in openapi.yaml.
type TeamEntry struct {
	// As in openapi.yaml.
	TournamentID string `json:"tournament_id"`
	// As in openapi.yaml.
	Status EntryStatus `json:"status"`
	// On the waitlist, if it waits.
	Place int64 `json:"place,omitempty"`
	// In a delta.
	Cause string `json:"cause,omitempty"`
}

// WaitingRoom: A line before a sale.
type WaitingRoom struct {
	// As in its path.
	ID string `json:"id"`
	// How many come in per second at most; 0 is a pause.
	AdmitPerSecond int64 `json:"admit_per_second"`
	// How many passes go on at once at most.
	MaxActive int64 `json:"max_active"`
	// How long a pass lasts.
	ActiveSeconds int64 `json:"active_seconds"`
	// The longest pause between two signs of life; twice that costs the place.
	HeartbeatSeconds int64 `json:"heartbeat_seconds"`
	// As in openapi.yaml.
	Status RoomStatus `json:"status"`
	// As in openapi.yaml.
	Order RoomOrder `json:"order"`
	// When the first come in; missing if at once.
	OpensAt time.Time `json:"opens_at,omitzero"`
	// SHA-256 of the seed of a shuffled opening, in hexadecimal.
	SeedHash string `json:"seed_hash,omitempty"`
	// The seed in hexadecimal, once the order has been drawn.
	Seed string `json:"seed,omitempty"`
	// The last ticket that came before a shuffled opening, once it has begun.
	Early int64 `json:"early,omitempty"`
	// Visitors who wait.
	Waiting int64 `json:"waiting"`
	// Passes that go on.
	Active int64 `json:"active"`
	// How many came in, in all.
	Admitted int64 `json:"admitted"`
	// How many places were given out, in all: the last ticket.
	Joined int64 `json:"joined"`
	// Counts the settings, from 1; also the `ETag`.
	Revision int64 `json:"revision"`
	// Of the last change in the log.
	Position int64 `json:"position"`
	// As in openapi.yaml.
	AsOf *AsOf `json:"as_of,omitempty"`
}

// RoomStatus: A closed room takes nobody in and lets nobody in.
type RoomStatus string

// The values of RoomStatus.
const (
	RoomStatusOpen   RoomStatus = "open"
	RoomStatusClosed RoomStatus = "closed"
)

// RoomOrder: How those stand who came before `opens_at`: as they came, or drawn.
type RoomOrder string

// The values of RoomOrder.
const (
	RoomOrderFifo    RoomOrder = "fifo"
	RoomOrderShuffle RoomOrder = "shuffle"
)

// NewWaitingRoom: The body that sets a waiting room up or changes it.
type NewWaitingRoom struct {
	// How many come in per second at most; 0 is a pause.
	AdmitPerSecond int64 `json:"admit_per_second"`
	// How many passes go on at once at most.
	MaxActive int64 `json:"max_active"`
	// How long a pass lasts.
	ActiveSeconds int64 `json:"active_seconds"`
	// The longest pause between two signs of life.
	HeartbeatSeconds int64 `json:"heartbeat_seconds"`
	// As in openapi.yaml.
	Status RoomStatus `json:"status,omitempty"`
	// As in openapi.yaml.
	Order RoomOrder `json:"order,omitempty"`
	// When the first come in.
	OpensAt time.Time `json:"opens_at,omitzero"`
}

// WebhookStatus: Whether events are delivered.
type WebhookStatus string

// The values of WebhookStatus.
const (
	WebhookStatusEnabled  WebhookStatus = "enabled"
	WebhookStatusDisabled WebhookStatus = "disabled"
)

// Webhook: An address that events are delivered to.
type Webhook struct {
	// As in its path.
	ID string `json:"id"`
	// Where events are delivered to.
	URL string `json:"url"`
	// The types of events that are delivered; missing if all are.
	Types []string `json:"types,omitempty"`
	// For people.
	Description string `json:"description"`
	// As in openapi.yaml.
	Status WebhookStatus `json:"status"`
	// `asked`: by an edit. `gone`: its receiver answered 410. `failing`: an event could not be delivered for 3
	// days.
	DisabledBecause string `json:"disabled_because,omitempty"`
	// The position in the log up to which everything has been delivered.
	Reached int64 `json:"reached"`
	// Since when an event could not be delivered, if one can not.
	FailingSince time.Time `json:"failing_since,omitzero"`
	// Why its last attempt failed.
	LastError string `json:"last_error,omitempty"`
	// When the next attempt is.
	NextAt time.Time `json:"next_at,omitzero"`
	// Of the newest edit; also the `ETag`.
	Revision int64 `json:"revision"`
	// Of the last change in the log.
	Position int64 `json:"position"`
}

// WebhookWithSecret: A webhook with a secret that signs its deliveries.
type WebhookWithSecret struct {
	// As in its path.
	ID string `json:"id"`
	// Where events are delivered to.
	URL string `json:"url"`
	// The types of events that are delivered; missing if all are.
	Types []string `json:"types,omitempty"`
	// For people.
	Description string `json:"description"`
	// As in openapi.yaml.
	Status WebhookStatus `json:"status"`
	// `asked`: by an edit. `gone`: its receiver answered 410. `failing`: an event could not be delivered for 3
	// days.
	DisabledBecause string `json:"disabled_because,omitempty"`
	// The position in the log up to which everything has been delivered.
	Reached int64 `json:"reached"`
	// Since when an event could not be delivered, if one can not.
	FailingSince time.Time `json:"failing_since,omitzero"`
	// Why its last attempt failed.
	LastError string `json:"last_error,omitempty"`
	// When the next attempt is.
	NextAt time.Time `json:"next_at,omitzero"`
	// Of the newest edit; also the `ETag`.
	Revision int64 `json:"revision"`
	// Of the last change in the log.
	Position int64 `json:"position"`
	// What the receiver verifies signatures with.
	Secret string `json:"secret"`
	// Until when the secret before signs as well.
	OldSecretUntil time.Time `json:"old_secret_until,omitzero"`
}

// NewWebhook: The body that makes a webhook.
type NewWebhook struct {
	// Your choice; a UUIDv7 if it is missing.
	ID string `json:"id,omitempty"`
	// An https:// URL with a public host, without a user name.
	URL string `json:"url"`
	// The types of events to deliver; all if it is missing.
	Types []string `json:"types,omitempty"`
	// For people.
	Description string `json:"description,omitempty"`
}

// WebhookEdit: The body that edits a webhook.
type WebhookEdit struct {
	// An https:// URL with a public host, without a user name.
	URL *string `json:"url,omitempty"`
	// The types of events to deliver; `null` is all.
	Types Nullable[[]string] `json:"types,omitzero"`
	// For people.
	Description *string `json:"description,omitempty"`
	// As in openapi.yaml.
	Status WebhookStatus `json:"status,omitempty"`
}

// WebhookReplay: The body that has events delivered again.
type WebhookReplay struct {
	// The position of the first of them.
	From int64 `json:"from"`
}

// DeletedWebhook: A webhook that was deleted.
type DeletedWebhook struct {
	// As in its path.
	ID string `json:"id"`
	// It is gone for good.
	Status string `json:"status"`
	// Of the deletion in the log.
	Position int64 `json:"position"`
}

// WebhookTest: How a test went.
type WebhookTest struct {
	// Whether the receiver took it.
	Delivered bool `json:"delivered"`
	// Of the event: its `webhook-id`.
	EventID string `json:"event_id"`
	// Of the answer, if there was one.
	Status int64 `json:"status,omitempty"`
	// Why it was not delivered, if it was not.
	Error string `json:"error,omitempty"`
}

// NewVisitor: The body that joins the line.
type NewVisitor struct {
	// Who wants a place; with a token, its `sub`.
	Holder string `json:"holder,omitempty"`
}

// Visit: Where a visitor stands.
type Visit struct {
	// The id to ask with. Whoever has it has the place.
	Visitor string `json:"visitor"`
	// The number by arrival.
	Ticket int64 `json:"ticket"`
	// `left`: gave the place or the pass up, or has got what the room is the way to. `expired`: silent for too
	// long, or the time of the pass is over.
	Status string `json:"status"`
	// While you wait: people up to you who still do; 1 is next. `null` before a shuffled opening is drawn.
	Position *int64 `json:"position,omitempty"`
	// While you wait: how long it will take by the rate of the last minute. `null` while nobody is let in.
	EtaSeconds *int64 `json:"eta_seconds,omitempty"`
	// When to ask again; as `Retry-After`.
	PollAfterSeconds int64 `json:"poll_after_seconds,omitempty"`
	// For the header `Admission-Pass`, if you are `admitted`.
	Pass string `json:"pass,omitempty"`
	// The last moment of the pass.
	ExpiresAt time.Time `json:"expires_at,omitzero"`
}

// PerformanceSnapshot: Data of a `snapshot` frame of a performance.
type PerformanceSnapshot struct {
	// As in openapi.yaml.
	Topic string `json:"topic"`
	// The log's identity.
	Epoch string `json:"epoch"`
	// As in openapi.yaml.
	Position int64 `json:"position"`
	// As in openapi.yaml.
	ID string `json:"id"`
	// As in openapi.yaml.
	Title string `json:"title"`
	// As in openapi.yaml.
	Venue string `json:"venue"`
	// As in openapi.yaml.
	StartsAt time.Time `json:"starts_at"`
	// The waiting room that guards it, if one does.
	WaitingRoom string `json:"waiting_room,omitempty"`
	// The first moment of its sale, if it has one.
	OpensAt time.Time `json:"opens_at,omitzero"`
	// The first moment after its sale, if it has one.
	ClosesAt time.Time `json:"closes_at,omitzero"`
	// As in openapi.yaml.
	Cancelled *Cancelled `json:"cancelled,omitempty"`
	// The seating plan, if one defines the seats.
	Plan string `json:"plan,omitempty"`
	// By category of the plan
	Prices map[string]json.RawMessage `json:"prices,omitempty"`
	// As in openapi.yaml.
	Capacity int64 `json:"capacity"`
	// As in openapi.yaml.
	Remaining int64 `json:"remaining"`
	// As in openapi.yaml.
	Held int64 `json:"held"`
	// As in openapi.yaml.
	Sold int64 `json:"sold"`
	// As in openapi.yaml.
	Blocked int64 `json:"blocked"`
	// If there are some; in a delta those that have changed.
	Areas []Area `json:"areas,omitempty"`
	// As in openapi.yaml.
	Sections []PerformanceSnapshotSections `json:"sections"`
}

// PerformanceSnapshotSections: a part of PerformanceSnapshot.
type PerformanceSnapshotSections struct {
	// As in openapi.yaml.
	ID string `json:"id"`
	// As in openapi.yaml.
	Name string `json:"name"`
	// As in openapi.yaml.
	Price int64 `json:"price,omitempty"`
	// As in openapi.yaml.
	Capacity int64 `json:"capacity"`
	// As in openapi.yaml.
	Remaining int64 `json:"remaining"`
	// As in openapi.yaml.
	Held int64 `json:"held"`
	// As in openapi.yaml.
	Booked int64 `json:"booked"`
	// As in openapi.yaml.
	Blocked int64 `json:"blocked"`
}

// PerformanceDelta: Data of a `delta` frame of a performance.
type PerformanceDelta struct {
	// As in openapi.yaml.
	Topic string `json:"topic"`
	// As in openapi.yaml.
	Position int64 `json:"position"`
	// Position of the frame before.
	Previous int64 `json:"previous"`
	// As in openapi.yaml.
	Remaining int64 `json:"remaining"`
	// As in openapi.yaml.
	Held int64 `json:"held"`
	// As in openapi.yaml.
	Sold int64 `json:"sold"`
	// As in openapi.yaml.
	Blocked int64 `json:"blocked"`
	// Of what remains.
	Change int64 `json:"change"`
	// As in openapi.yaml.
	Cause string `json:"cause"`
	// After an edit only.
	Title string `json:"title,omitempty"`
	// After an edit only.
	Venue string `json:"venue,omitempty"`
	// After an edit only.
	StartsAt time.Time `json:"starts_at,omitzero"`
	// After an edit only, if a waiting room guards it.
	WaitingRoom string `json:"waiting_room,omitempty"`
	// After an edit only, if the sale has such a bound.
	OpensAt time.Time `json:"opens_at,omitzero"`
	// After an edit only, if the sale has such a bound.
	ClosesAt time.Time `json:"closes_at,omitzero"`
	// As in openapi.yaml.
	Cancelled *Cancelled `json:"cancelled,omitempty"`
	// After an edit only, by category of the plan
	Prices map[string]json.RawMessage `json:"prices,omitempty"`
	// If there are some; in a delta those that have changed.
	Areas []Area `json:"areas,omitempty"`
	// Those whose counts have changed; after an edit all of them.
	Sections []PerformanceDeltaSections `json:"sections"`
}

// PerformanceDeltaSections: a part of PerformanceDelta.
type PerformanceDeltaSections struct {
	// As in openapi.yaml.
	ID string `json:"id"`
	// After an edit only.
	Price int64 `json:"price,omitempty"`
	// As in openapi.yaml.
	Remaining int64 `json:"remaining"`
	// As in openapi.yaml.
	Held int64 `json:"held"`
	// As in openapi.yaml.
	Booked int64 `json:"booked"`
	// As in openapi.yaml.
	Blocked int64 `json:"blocked"`
}

// SeatsSnapshot: Data of a `snapshot` frame of a performance's seats.
type SeatsSnapshot struct {
	// As in openapi.yaml.
	Topic string `json:"topic"`
	// The log's identity.
	Epoch string `json:"epoch"`
	// As in openapi.yaml.
	Position int64 `json:"position"`
	// The seating plan, if one defines the seats: rows and seats follow its order, which has their names.
	Plan string `json:"plan,omitempty"`
	// As in openapi.yaml.
	Remaining int64 `json:"remaining"`
	// As in openapi.yaml.
	Held int64 `json:"held"`
	// As in openapi.yaml.
	Sold int64 `json:"sold"`
	// As in openapi.yaml.
	Blocked int64 `json:"blocked"`
	// As in openapi.yaml.
	Sections []SeatsSnapshotSections `json:"sections"`
}

// SeatsSnapshotSections: a part of SeatsSnapshot.
type SeatsSnapshotSections struct {
	// As in openapi.yaml.
	ID string `json:"id"`
	// From the front: a string for each row, and in it a letter for each seat, from number 1. f is free, h held, b
	// booked, x blocked.
	Rows []string `json:"rows"`
}

// SeatsDelta: Data of a `delta` frame of a performance's seats.
type SeatsDelta struct {
	// As in openapi.yaml.
	Topic string `json:"topic"`
	// As in openapi.yaml.
	Position int64 `json:"position"`
	// Position of the frame before.
	Previous int64 `json:"previous"`
	// As in openapi.yaml.
	Remaining int64 `json:"remaining"`
	// As in openapi.yaml.
	Held int64 `json:"held"`
	// As in openapi.yaml.
	Sold int64 `json:"sold"`
	// As in openapi.yaml.
	Blocked int64 `json:"blocked"`
	// Of what remains.
	Change int64 `json:"change"`
	// As in openapi.yaml.
	Cause string `json:"cause"`
	// Those that changed, by name, with where they stand now.
	Seats map[string]string `json:"seats"`
}

// RoomSnapshot: Data of a `snapshot` frame of a waiting room; its members are those of the resource.
type RoomSnapshot struct {
	// As in openapi.yaml.
	Topic string `json:"topic"`
	// The log's identity.
	Epoch string `json:"epoch"`
	// As in openapi.yaml.
	Position int64 `json:"position"`
	// As in openapi.yaml.
	ID string `json:"id"`
	// As in openapi.yaml.
	AdmitPerSecond int64 `json:"admit_per_second"`
	// As in openapi.yaml.
	MaxActive int64 `json:"max_active"`
	// As in openapi.yaml.
	ActiveSeconds int64 `json:"active_seconds"`
	// As in openapi.yaml.
	HeartbeatSeconds int64 `json:"heartbeat_seconds"`
	// As in openapi.yaml.
	Status RoomStatus `json:"status"`
	// As in openapi.yaml.
	Order RoomOrder `json:"order"`
	// As in openapi.yaml.
	OpensAt time.Time `json:"opens_at,omitzero"`
	// As in openapi.yaml.
	SeedHash string `json:"seed_hash,omitempty"`
	// As in openapi.yaml.
	Seed string `json:"seed,omitempty"`
	// As in openapi.yaml.
	Early int64 `json:"early,omitempty"`
	// As in openapi.yaml.
	Waiting int64 `json:"waiting"`
	// As in openapi.yaml.
	Active int64 `json:"active"`
	// As in openapi.yaml.
	Admitted int64 `json:"admitted"`
	// As in openapi.yaml.
	Joined int64 `json:"joined"`
	// Counts the settings.
	Revision int64 `json:"revision"`
}

// RoomDelta: Data of a `delta` frame of a waiting room.
type RoomDelta struct {
	// As in openapi.yaml.
	Topic string `json:"topic"`
	// As in openapi.yaml.
	Position int64 `json:"position"`
	// Position of the frame before.
	Previous int64 `json:"previous"`
	// As in openapi.yaml.
	Cause string `json:"cause"`
	// As in openapi.yaml.
	AdmitPerSecond int64 `json:"admit_per_second"`
	// As in openapi.yaml.
	MaxActive int64 `json:"max_active"`
	// As in openapi.yaml.
	ActiveSeconds int64 `json:"active_seconds"`
	// As in openapi.yaml.
	HeartbeatSeconds int64 `json:"heartbeat_seconds"`
	// As in openapi.yaml.
	Status RoomStatus `json:"status"`
	// As in openapi.yaml.
	Order RoomOrder `json:"order"`
	// As in openapi.yaml.
	OpensAt time.Time `json:"opens_at,omitzero"`
	// As in openapi.yaml.
	SeedHash string `json:"seed_hash,omitempty"`
	// As in openapi.yaml.
	Seed string `json:"seed,omitempty"`
	// As in openapi.yaml.
	Early int64 `json:"early,omitempty"`
	// As in openapi.yaml.
	Waiting int64 `json:"waiting"`
	// As in openapi.yaml.
	Active int64 `json:"active"`
	// As in openapi.yaml.
	Admitted int64 `json:"admitted"`
	// As in openapi.yaml.
	Joined int64 `json:"joined"`
	// Counts the settings.
	Revision int64 `json:"revision"`
}

// VisitFrame: Data of a `visit` frame; its members are those of `Visit`, and the room.
type VisitFrame struct {
	// As in openapi.yaml.
	Room string `json:"room"`
	// As in openapi.yaml.
	Visitor string `json:"visitor"`
	// As in openapi.yaml.
	Ticket int64 `json:"ticket"`
	// As in openapi.yaml.
	Status string `json:"status"`
	// As in openapi.yaml.
	Position *int64 `json:"position,omitempty"`
	// As in openapi.yaml.
	EtaSeconds *int64 `json:"eta_seconds,omitempty"`
	// When the server looks again.
	PollAfterSeconds int64 `json:"poll_after_seconds,omitempty"`
	// As in openapi.yaml.
	Pass string `json:"pass,omitempty"`
	// As in openapi.yaml.
	ExpiresAt time.Time `json:"expires_at,omitzero"`
}

// SocketError: Data of an `error` frame.
type SocketError struct {
	// As in openapi.yaml.
	Code Code `json:"code"`
	// As in openapi.yaml.
	Detail string `json:"detail"`
	// What it is about, if it is about a topic.
	Topic string `json:"topic,omitempty"`
}

// Health: as in openapi.yaml.
type Health struct {
	// As in openapi.yaml.
	Status string `json:"status"`
}

// Readiness: as in openapi.yaml.
type Readiness struct {
	// As in openapi.yaml.
	Status string `json:"status"`
	// How many events the read side is behind.
	Lag int64 `json:"lag"`
	// Where the read side is.
	Position int64 `json:"position"`
	// The log's identity.
	Epoch string `json:"epoch"`
	// The code by ISO 4217 of what all amounts are minor units of, or `assumed`.
	Currency string `json:"currency"`
	// Its decimals; not there if it is `assumed`.
	CurrencyDigits int64 `json:"currency_digits,omitempty"`
	// Position up to which the log was checked against all rules; with `serve --prove` only.
	Proved int64 `json:"proved,omitempty"`
	// This server has none of the keys that the log's waiting rooms are signed with; rooms, and what they guard,
	// are answered with 503 `keys_differ`. Else it is not there.
	KeysDiffer bool `json:"keys_differ,omitempty"`
	// Another server signs with a newer key than this one has; what that has signed is answered with 503
	// `keys_differ`. Else it is not there.
	KeysBehind bool `json:"keys_behind,omitempty"`
}

// AreaLeft: as in openapi.yaml.
type AreaLeft struct {
	// Its id.
	Area string `json:"area"`
	// How many places are left.
	Remaining int64 `json:"remaining"`
}

// SectionLeft: as in openapi.yaml.
type SectionLeft struct {
	// Its id.
	Section string `json:"section"`
	// How many seats are left.
	Remaining int64 `json:"remaining"`
}

// Code: For programs; stable.
type Code string

// The values of Code.
const (
	CodeAlreadyConfirmed      Code = "already_confirmed"
	CodeAlreadyEntered        Code = "already_entered"
	CodeAlreadyExists         Code = "already_exists"
	CodeAmountMismatch        Code = "amount_mismatch"
	CodeBadCursor             Code = "bad_cursor"
	CodeBadParameter          Code = "bad_parameter"
	CodeBodyTooLarge          Code = "body_too_large"
	CodeDeadlinePassed        Code = "deadline_passed"
	CodeForbidden             Code = "forbidden"
	CodeForeignOrigin         Code = "foreign_origin"
	CodeHoldExpired           Code = "hold_expired"
	CodeIdempotencyKeyReused  Code = "idempotency_key_reused"
	CodeInsufficientBalance   Code = "insufficient_balance"
	CodeInternal              Code = "internal"
	CodeInvalidField          Code = "invalid_field"
	CodeKeysDiffer            Code = "keys_differ"
	CodeKeysUnavailable       Code = "keys_unavailable"
	CodeProviderUnavailable   Code = "provider_unavailable"
	CodeLimitExceeded         Code = "limit_exceeded"
	CodeTooLarge              Code = "too_large"
	CodeLogUnavailable        Code = "log_unavailable"
	CodeMalformedJson         Code = "malformed_json"
	CodeMethodNotAllowed      Code = "method_not_allowed"
	CodeNotFound              Code = "not_found"
	CodeNotHeld               Code = "not_held"
	CodeNotOpen               Code = "not_open"
	CodeOverloaded            Code = "overloaded"
	CodePassInvalid           Code = "pass_invalid"
	CodePassRequired          Code = "pass_required"
	CodePaymentInProgress     Code = "payment_in_progress"
	CodePaymentReferenceUsed  Code = "payment_reference_used"
	CodeProjectionBehind      Code = "projection_behind"
	CodeRateLimited           Code = "rate_limited"
	CodeRegistrationClosed    Code = "registration_closed"
	CodeReleased              Code = "released"
	CodeRequestHeaderTooLarge Code = "request_header_too_large"
	CodeRevisionRequired      Code = "revision_required"
	CodeRoomClosed            Code = "room_closed"
	CodeSaleClosed            Code = "sale_closed"
	CodeCancelled             Code = "cancelled"
	CodeCancellationClosed    Code = "cancellation_closed"
	CodeSeatTaken             Code = "seat_taken"
	CodeShuttingDown          Code = "shutting_down"
	CodeDraining              Code = "draining"
	CodeSoldOut               Code = "sold_out"
	CodeStaleRevision         Code = "stale_revision"
	CodeTournamentFull        Code = "tournament_full"
	CodeUnauthenticated       Code = "unauthenticated"
	CodeUnknownField          Code = "unknown_field"
	CodeUnsupportedMediaType  Code = "unsupported_media_type"
	CodeUpgradeRequired       Code = "upgrade_required"
)
