// Code generated from openapi.yaml by TestModels with -write-models. DO NOT EDIT.

package client

import (
	"encoding/json"
	"time"
)

// Batch: The body of a batch.
type Batch struct {
	// Commands about one entity are decided in this order.
	Commands []BatchCommand `json:"commands"`
}

// BatchCommand: A command, as if sent alone.
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
	// The status of the command as if sent alone.
	Status int64 `json:"status"`
	// The resource or the problem.
	Body json.RawMessage `json:"body"`
}

// Product: A stock of interchangeable units.
type Product struct {
	// Your choice, or a UUIDv7.
	ID string `json:"id"`
	// The name for people.
	Name string `json:"name"`
	// The number of units.
	Stock int64 `json:"stock"`
	// Units on sale.
	Remaining int64 `json:"remaining"`
	// The number on hold.
	Held int64 `json:"held"`
	// Confirmed units.
	Sold int64 `json:"sold"`
	// Of one unit, in minor units.
	Price int64 `json:"price"`
	// The most that one holder may have; 0 for no limit.
	LimitPerHolder int64 `json:"limit_per_holder"`
	// The duration of a hold.
	HoldSeconds int64 `json:"hold_seconds"`
	// The waiting room that guards it, if any.
	WaitingRoom string `json:"waiting_room,omitempty"`
	// The first moment of its sale, if set.
	OpensAt time.Time `json:"opens_at,omitzero"`
	// The first moment after its sale, if set.
	ClosesAt time.Time `json:"closes_at,omitzero"`
	// Only if it was cancelled.
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
	// The number of units.
	Stock int64 `json:"stock"`
	// Of one unit, in minor units.
	Price int64 `json:"price,omitempty"`
	// The waiting room that guards it; empty for none.
	WaitingRoom string `json:"waiting_room,omitempty"`
	// The most that one holder may have; 0 for no limit.
	LimitPerHolder int64 `json:"limit_per_holder,omitempty"`
	// The duration of a hold, up to 30 days.
	HoldSeconds int64 `json:"hold_seconds,omitempty"`
	// The first moment of the sale, possibly in the past; by default it opens at once.
	OpensAt time.Time `json:"opens_at,omitzero"`
	// The first moment after the sale, after `opens_at`; by default it does not close.
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
	// The waiting room that guards it; empty for none.
	WaitingRoom *string `json:"waiting_room,omitempty"`
	// The most that one holder may have; 0 for no limit.
	LimitPerHolder *int64 `json:"limit_per_holder,omitempty"`
	// The first moment of the sale; `null` removes it.
	OpensAt Nullable[time.Time] `json:"opens_at,omitzero"`
	// The first moment after the sale; `null` removes it.
	ClosesAt Nullable[time.Time] `json:"closes_at,omitzero"`
	// As in openapi.yaml.
	Cancellation *NewCancellation `json:"cancellation,omitempty"`
}

// Reservation: Units of a product for a holder.
type Reservation struct {
	// The server's choice.
	ID string `json:"id"`
	// The product.
	ProductID string `json:"product_id"`
	// The holder.
	Holder string `json:"holder"`
	// The number of units.
	Quantity int64 `json:"quantity"`
	// As in openapi.yaml.
	Status string `json:"status"`
	// The deadline of a hold, also after it has expired.
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	// Units of the product left after it.
	Remaining int64 `json:"remaining"`
	// The part of the payment that was not refunded when it was given back.
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

// NewReservation: The body of a reservation.
type NewReservation struct {
	// See *Holders* above. Optional with a token, and only a service or an admin may name another holder.
	Holder string `json:"holder,omitempty"`
	// The number of units.
	Quantity int64 `json:"quantity,omitempty"`
	// Hold until a deadline instead of confirming at once. The default is `false`; with the token of a holder or
	// auditor, and a price, `true`.
	Hold *bool `json:"hold,omitempty"`
	// As in openapi.yaml.
	Reference *Reference `json:"reference,omitempty"`
	// As in openapi.yaml.
	Metadata *Metadata `json:"metadata,omitempty"`
	// As in openapi.yaml.
	Contact *Contact `json:"contact,omitempty"`
}

// Reference: The shop's own order number: printable characters. Shown to the holder, to auditors, services and
// admins, and in no public list. It stays in the log for ever, so it must not have contact data.
type Reference string

// Metadata: Further data of the shop: up to 16 names and strings, of 1024 bytes together. As public and as
// permanent as the reference.
type Metadata map[string]string

// OrderEdit: The body that changes order data. Omitted members keep their values; `null` removes a value;
// `metadata` is replaced as a whole.
type OrderEdit struct {
	// The shop's own order number.
	Reference Nullable[string] `json:"reference,omitzero"`
	// Further data of the shop.
	Metadata map[string]string `json:"metadata,omitempty"`
}

// Contact: Contact data of the holder, at least one of the three. It is kept outside the log, sealed under a key
// of the holder's own, and shown to the holder, to auditors, services and admins. No answer to a command has it.
// An entry's contact belongs to the caller who entered; in open mode, to the first team.
type Contact struct {
	// A person's name.
	Name string `json:"name,omitempty"`
	// An address with an @.
	Email string `json:"email,omitempty"`
	// A telephone number.
	Phone string `json:"phone,omitempty"`
}

// Forgotten: The outcome of forgetting a holder.
type Forgotten struct {
	// The holder.
	Holder string `json:"holder"`
	// True if a key existed and is destroyed. False if there was none, on a server that alone uses its log.
	Forgotten bool `json:"forgotten"`
	// Nodes that have not done it yet, if any.
	Pending []string `json:"pending,omitempty"`
}

// NewAPIKey: The body that creates a key.
type NewAPIKey struct {
	// The program's name; several keys may share it.
	Name string `json:"name"`
	// As in openapi.yaml.
	Role string `json:"role"`
	// The time at which it ends by itself; by default never.
	ExpiresAt time.Time `json:"expires_at,omitzero"`
}

// APIKey: The data of a key. The key itself is shown at its creation and never again.
type APIKey struct {
	// A UUIDv7.
	ID string `json:"id"`
	// The program's name.
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
	// The program's name.
	Name string `json:"name"`
	// As in openapi.yaml.
	Role string `json:"role"`
	// The text that the program sends; shown now, and never again.
	Key string `json:"key"`
	// As in openapi.yaml.
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	// As in openapi.yaml.
	Revision int64 `json:"revision"`
	// As in openapi.yaml.
	Position int64 `json:"position"`
}

// Team: A participant in tournaments.
type Team struct {
	// Your choice, or a UUIDv7.
	ID string `json:"id"`
	// The name for people.
	Name string `json:"name"`
	// Of the last change, from 0; also the `ETag`.
	Revision int64 `json:"revision"`
	// Of the last change in the log.
	Position int64 `json:"position"`
	// As in openapi.yaml.
	AsOf *AsOf `json:"as_of,omitempty"`
}

// NewTeam: The body that creates a team.
type NewTeam struct {
	// Your choice: 1 to 64 of A-Z a-z 0-9 _ and -.
	ID string `json:"id,omitempty"`
	// 1 to 200 characters.
	Name string `json:"name"`
	// The owner. Optional with a token, and only a service or an admin may name another.
	Holder string `json:"holder,omitempty"`
}

// Tournament: Slots for teams, first come, first served.
type Tournament struct {
	// Your choice, or a UUIDv7.
	ID string `json:"id"`
	// The name for people.
	Name string `json:"name"`
	// The number of slots.
	TeamLimit int64 `json:"team_limit"`
	// Teams with a slot.
	Entered int64 `json:"entered"`
	// Free slots.
	Remaining int64 `json:"remaining"`
	// Teams that wait for one.
	Waitlisted int64 `json:"waitlisted"`
	// The last moment at which a team can enter.
	RegisterDeadline time.Time `json:"register_deadline"`
	// `closed` by the organiser, or because the deadline has passed. A full tournament is open: a withdrawal makes
	// room.
	Status string `json:"status"`
	// Whether teams may wait for a slot.
	Waitlist bool `json:"waitlist"`
	// As in openapi.yaml.
	WaitlistRule WaitlistRule `json:"waitlist_rule"`
	// The waiting room that guards it, if any.
	WaitingRoom string `json:"waiting_room,omitempty"`
	// The first moment at which a team can enter, if set.
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

// WaitlistRule: The promotion while the first of the waitlist is a group that needs more slots than are free:
// none (`strict`), or of the next that fits (`fill`).
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
	// The number of slots.
	TeamLimit int64 `json:"team_limit"`
	// The waiting room that guards it; empty for none.
	WaitingRoom string `json:"waiting_room,omitempty"`
	// The last moment at which a team can enter, in the years 1970 to 9999.
	RegisterDeadline time.Time `json:"register_deadline"`
	// The first moment at which a team can enter, possibly in the past; by default at once.
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
	// The waiting room that guards it; empty for none.
	WaitingRoom *string `json:"waiting_room,omitempty"`
	// The last moment at which a team can enter.
	RegisterDeadline time.Time `json:"register_deadline,omitzero"`
	// The organiser's switch.
	Status *string `json:"status,omitempty"`
	// The first moment at which a team can enter; `null` removes it.
	OpensAt Nullable[time.Time] `json:"opens_at,omitzero"`
}

// NewEntry: The body that enters a team or a group; one of the two.
type NewEntry struct {
	// The team.
	TeamID string `json:"team_id,omitempty"`
	// The caller, whose pass is used; by default the `sub` of the token, or without one the (first) team.
	Holder string `json:"holder,omitempty"`
	// The teams of a group, each once. They are entered as a whole or not at all.
	TeamIDs []string `json:"team_ids,omitempty"`
	// As in openapi.yaml.
	Reference *Reference `json:"reference,omitempty"`
	// As in openapi.yaml.
	Metadata *Metadata `json:"metadata,omitempty"`
	// As in openapi.yaml.
	Contact *Contact `json:"contact,omitempty"`
}

// Entered: The outcome of an entry or a withdrawal, with the tournament's counts.
type Entered struct {
	// Of one team.
	TeamID string `json:"team_id,omitempty"`
	// Of a group, in order.
	TeamIDs []string `json:"team_ids,omitempty"`
	// The tournament.
	TournamentID string `json:"tournament_id"`
	// As in openapi.yaml.
	Status EntryStatus `json:"status"`
	// On the waitlist, if waiting; of a group, its first team's.
	Place int64 `json:"place,omitempty"`
	// After a withdrawal: the promoted teams, in order.
	Promoted []string `json:"promoted,omitempty"`
	// Teams with a slot.
	Entered int64 `json:"entered"`
	// Free slots.
	Remaining int64 `json:"remaining"`
	// Waiting teams.
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
	// The tournament.
	TournamentID string `json:"tournament_id"`
	// As in openapi.yaml.
	Status EntryStatus `json:"status"`
	// On the waitlist, from 1, if waiting.
	Place int64 `json:"place,omitempty"`
	// The same number for teams that wait together.
	Group int64 `json:"group,omitempty"`
	// The time since which it has this status.
	Since time.Time `json:"since"`
	// For one entry the tournament's, also the `ETag`; in a list the revision of the event that gave the team this
	// status.
	Revision int64 `json:"revision"`
	// The position that goes with `revision`.
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
// tournament was cancelled.
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
	// Categories of seats and places; each has one price list.
	Categories []PlanCategory `json:"categories"`
	// As in openapi.yaml.
	Size PlanSize `json:"size"`
	// As in openapi.yaml.
	FocalPoint *PlanPoint `json:"focal_point,omitempty"`
}

// Plan: A seating plan. With `format=pretix` it has neither `id` nor the members after `categories` except
// `size`.
type Plan struct {
	// Your choice, or a UUIDv7.
	ID string `json:"id,omitempty"`
	// Of the hall: 1 to 200 characters.
	Name string `json:"name"`
	// The parts of the hall.
	Zones []PlanZone `json:"zones"`
	// Categories of seats and places; each has one price list.
	Categories []PlanCategory `json:"categories"`
	// As in openapi.yaml.
	Size PlanSize `json:"size"`
	// As in openapi.yaml.
	FocalPoint *PlanPoint `json:"focal_point,omitempty"`
	// The number of numbered seats.
	Seats int64 `json:"seats,omitempty"`
	// The number of places in areas for sale.
	Places int64 `json:"places,omitempty"`
	// Also the `ETag`.
	Revision int64 `json:"revision,omitempty"`
	// Of the fact that completed it.
	Position int64 `json:"position,omitempty"`
	// As in openapi.yaml.
	AsOf *AsOf `json:"as_of,omitempty"`
}

// PlanSummary: A seating plan in a list.
type PlanSummary struct {
	// Your choice, or a UUIDv7.
	ID string `json:"id"`
	// Of the hall.
	Name string `json:"name"`
	// The number of numbered seats.
	Seats int64 `json:"seats"`
	// The number of places in areas for sale.
	Places int64 `json:"places"`
	// Also the `ETag`.
	Revision int64 `json:"revision"`
	// Of the fact that completed it.
	Position int64 `json:"position"`
	// As in openapi.yaml.
	AsOf *AsOf `json:"as_of,omitempty"`
}

// PlanPoint: A point; y grows downwards. The default is 0,0; for the `focal_point`, the centre of the stage, the
// middle of the top edge.
type PlanPoint struct {
	// To the right.
	X float64 `json:"x"`
	// Downwards.
	Y float64 `json:"y"`
}

// PlanSize: The size of the drawing, or of a rectangle in it.
type PlanSize struct {
	// As in openapi.yaml.
	Width int64 `json:"width"`
	// As in openapi.yaml.
	Height int64 `json:"height"`
}

// PlanCategory: A category of seats and places.
type PlanCategory struct {
	// The name that prices refer to.
	Name string `json:"name"`
	// `#rrggbb`; anything else is drawn grey.
	Color string `json:"color,omitempty"`
}

// PlanZone: A part of the hall.
type PlanZone struct {
	// The name for people, and the first part of its seats' names if there is no `zone_id`.
	Name string `json:"name,omitempty"`
	// The first part of its seats' names.
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
	// Ignored.
	RowGuid string `json:"row_guid,omitempty"`
	// `start`, `end` or `both`.
	RowNumberPosition Nullable[string] `json:"row_number_position,omitzero"`
	// As in openapi.yaml.
	Position *PlanPoint `json:"position,omitempty"`
	// Neighbours in this list are neighbours in the row.
	Seats []PlanSeat `json:"seats"`
}

// PlanSeat: A seat.
type PlanSeat struct {
	// Unique in the plan.
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
	// A category of the plan.
	Category string `json:"category"`
	// A place for a wheelchair.
	Accessible *bool `json:"accessible,omitempty"`
	// The `seat_guid` of the accessible seat that this companion seat belongs to.
	CompanionOf string `json:"companion_of,omitempty"`
	// Sees only a part of the stage.
	RestrictedView *bool `json:"restricted_view,omitempty"`
}

// PlanArea: A shape to draw and, with a `capacity` and a `category`, standing room for sale.
type PlanArea struct {
	// Its name, unique in the plan.
	ID string `json:"id,omitempty"`
	// The number of places.
	Capacity int64 `json:"capacity,omitempty"`
	// A category of the plan.
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

// PlanText: A text to draw.
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
	// Your choice, or a UUIDv7.
	ID string `json:"id"`
	// The work performed.
	Title string `json:"title"`
	// The place.
	Venue string `json:"venue"`
	// The time.
	StartsAt time.Time `json:"starts_at"`
	// The time to pay a booking.
	HoldSeconds int64 `json:"hold_seconds"`
	// The most seats that one holder may have; 0 for no limit.
	LimitPerHolder int64 `json:"limit_per_holder"`
	// The room that guards the sale, if any.
	WaitingRoom string `json:"waiting_room,omitempty"`
	// The number of seats.
	Capacity int64 `json:"capacity"`
	// The number on sale.
	Remaining int64 `json:"remaining"`
	// The number on hold.
	Held int64 `json:"held"`
	// The number booked.
	Booked int64 `json:"booked"`
	// The number off sale.
	Blocked int64 `json:"blocked"`
	// In canonical order.
	Sections []Section `json:"sections"`
	// The areas of its plan with standing places, in the plan's order; the other counts are of seats alone.
	Areas []Area `json:"areas,omitempty"`
	// The seating plan, if one defines the seats.
	Plan string `json:"plan,omitempty"`
	// In minor units, by category of the plan: a number, or a list of `{"type", "amount", "restricted"?}`, of which
	// seats are listed at the first.
	Prices map[string]json.RawMessage `json:"prices,omitempty"`
	// The first moment of its sale, if set.
	OpensAt time.Time `json:"opens_at,omitzero"`
	// The first moment after its sale, if set.
	ClosesAt time.Time `json:"closes_at,omitzero"`
	// As in openapi.yaml.
	Cancellation *Cancellation `json:"cancellation,omitempty"`
	// Only if it was cancelled.
	Status string `json:"status,omitempty"`
	// As in openapi.yaml.
	Cancelled *Cancelled `json:"cancelled,omitempty"`
	// For `If-Match`, in quotes: it changes with edits alone.
	EditTag string `json:"edit_tag"`
	// Changes with the performance and with each of its seats; also the `ETag`.
	Revision int64 `json:"revision"`
	// Of the last change in the log, of a seat too.
	Position int64 `json:"position"`
	// As in openapi.yaml.
	AsOf *AsOf `json:"as_of,omitempty"`
}

// Area: Standing places; always `capacity` = `remaining` + `held` + `booked` + `blocked`.
type Area struct {
	// Its id in the plan.
	Area string `json:"area"`
	// The number of places.
	Capacity int64 `json:"capacity"`
	// The number on sale.
	Remaining int64 `json:"remaining"`
	// The number on hold.
	Held int64 `json:"held"`
	// The number booked.
	Booked int64 `json:"booked"`
	// The number blocked under labels; omitted if none are.
	Blocked int64 `json:"blocked,omitempty"`
}

// Section: Rows of seats at one price, or a zone of a plan, which has neither `seats_per_row` nor `price`.
type Section struct {
	// The first part of its seats' names.
	ID string `json:"id"`
	// The name for people.
	Name string `json:"name"`
	// The number of rows; row 1 is in front.
	Rows int64 `json:"rows"`
	// The number of seats in each row.
	SeatsPerRow int64 `json:"seats_per_row,omitempty"`
	// Of one seat, in minor units.
	Price int64 `json:"price,omitempty"`
	// The number of seats.
	Capacity int64 `json:"capacity"`
	// The number on sale.
	Remaining int64 `json:"remaining"`
	// The number on hold.
	Held int64 `json:"held"`
	// The number booked.
	Booked int64 `json:"booked"`
	// The number off sale.
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
	// The start of the show.
	StartsAt time.Time `json:"starts_at"`
	// The time to pay a booking, up to 30 days.
	HoldSeconds int64 `json:"hold_seconds,omitempty"`
	// The most seats that one holder may have; 0 for no limit.
	LimitPerHolder int64 `json:"limit_per_holder,omitempty"`
	// The room that guards the sale.
	WaitingRoom string `json:"waiting_room,omitempty"`
	// Up to 100,000 seats together. Either sections or a plan.
	Sections []NewSection `json:"sections,omitempty"`
	// The seating plan that has the seats, in place of sections.
	Plan string `json:"plan,omitempty"`
	// In minor units, by category of the plan: a number, or a list of `{"type", "amount", "restricted"?}`, of which
	// seats are listed at the first. Each category in use needs one.
	Prices map[string]any `json:"prices,omitempty"`
	// The first moment of the sale, possibly in the past; by default or with `null` it opens at once.
	OpensAt Nullable[time.Time] `json:"opens_at,omitzero"`
	// The first moment after the sale, after `opens_at`; by default `starts_at`, also after that is moved; `null`:
	// it does not close.
	ClosesAt Nullable[time.Time] `json:"closes_at,omitzero"`
	// As in openapi.yaml.
	Cancellation *NewCancellation `json:"cancellation,omitempty"`
}

// Cancellation: The rule for giving back paid seats or units. On a performance or a product: the rule for new
// holds; on a product without it, a full refund without a deadline. On a booking: the rule as of its hold;
// without it, there is no deadline.
type Cancellation struct {
	// The first moment at which nothing can be given back any more; for a performance, by default and at the
	// latest, the start of the show.
	Until time.Time `json:"until,omitzero"`
	// The part of each price that is refunded, rounded up; the rest is kept.
	RefundPercent int64 `json:"refund_percent"`
}

// NewCancellation: The rule for giving back paid seats or units. `null`, the default of a new performance or
// product: a full refund, until the show starts or without a deadline.
type NewCancellation struct {
	// The first moment at which nothing can be given back any more; at the latest the start of a show.
	Until time.Time `json:"until"`
	// The part of each price that is refunded, rounded up; the rest is kept.
	RefundPercent int64 `json:"refund_percent"`
}

// PerformanceEdit: The body that edits a performance.
type PerformanceEdit struct {
	// 1 to 200 characters.
	Title *string `json:"title,omitempty"`
	// 1 to 200 characters.
	Venue *string `json:"venue,omitempty"`
	// The start of the show.
	StartsAt time.Time `json:"starts_at,omitzero"`
	// The time to pay a booking, for new ones.
	HoldSeconds *int64 `json:"hold_seconds,omitempty"`
	// The most seats that one holder may have; 0 for no limit.
	LimitPerHolder *int64 `json:"limit_per_holder,omitempty"`
	// The first moment of the sale; `null` removes it.
	OpensAt Nullable[time.Time] `json:"opens_at,omitzero"`
	// The first moment after the sale; `null` removes it, and the time of `starts_at` ties it to the start, also
	// after that is moved.
	ClosesAt Nullable[time.Time] `json:"closes_at,omitzero"`
	// In minor units; the others stay. By section a number; by category of a plan a number, or a list of `{"type",
	// "amount", "restricted"?}`, of which seats are listed at the first.
	Prices map[string]any `json:"prices,omitempty"`
	// As in openapi.yaml.
	Cancellation *NewCancellation `json:"cancellation,omitempty"`
	// The new capacities of areas, by their ids, at most those of the plan; the others stay.
	Areas map[string]int64 `json:"areas,omitempty"`
}

// PriceType: A price of a category for one type of visitor.
type PriceType struct {
	// For example adult.
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
	// The name for people; by default the id.
	Name string `json:"name,omitempty"`
	// The number of rows.
	Rows int64 `json:"rows"`
	// The number of seats in each row.
	SeatsPerRow int64 `json:"seats_per_row"`
	// Of one seat, in minor units.
	Price int64 `json:"price"`
}

// SeatStatus: The status of a seat.
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
	// The time of its recording, which `?at=` uses.
	Recorded time.Time `json:"recorded"`
	// Its name: section, row and number.
	Seat string `json:"seat"`
	// As in openapi.yaml.
	Was SeatStatus `json:"was"`
	// As in openapi.yaml.
	Status SeatStatus `json:"status"`
}

// Seat: A seat. Before its first change it has no revision and no position.
type Seat struct {
	// The performance.
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

// NewBooking: The body of a booking: `seats`, `areas` or both, or `best_available`.
type NewBooking struct {
	// See *Holders* above. Optional with a token, and only a service or an admin may name another holder.
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

// BlockLabel: The purpose of blocked seats and places: 1 to 64 printable characters. In a booking: its seats may
// be among `seats`, and of `areas` its places are taken first; only a service or an admin may name one.
type BlockLabel string

// NewBlock: The body of a block: `seats` or `rows`, `areas`, or both.
type NewBlock struct {
	// By name.
	Seats []string `json:"seats,omitempty"`
	// Whole rows, by section and number, as in A-12.
	Rows []string `json:"rows,omitempty"`
	// The places that the label keeps, by the ids of the areas.
	Areas map[string]int64 `json:"areas,omitempty"`
	// As in openapi.yaml.
	Label BlockLabel `json:"label"`
}

// Block: The seats and places of a request that blocks or unblocks.
type Block struct {
	// The performance.
	PerformanceID string `json:"performance_id"`
	// As in openapi.yaml.
	Label BlockLabel `json:"label"`
	// By name, in canonical order.
	Seats []string `json:"seats"`
	// The places that the label keeps, or that are on sale again, by area.
	Areas map[string]int64 `json:"areas"`
	// The log's position after the change.
	Position int64 `json:"position"`
}

// ListedBlocks: The blocked seats and places, by label.
type ListedBlocks []ListedBlock

// ListedBlock: The seats and places blocked under a label.
type ListedBlock struct {
	// Empty for seats without a label, which nobody can book.
	Label string `json:"label"`
	// By name, in canonical order.
	Seats []string `json:"seats"`
	// The blocked places, by area.
	Areas map[string]int64 `json:"areas"`
}

// TypedSeat: A seat at one of the price types of its category. Restricted ones need `service` or `admin` (403
// `forbidden`).
type TypedSeat struct {
	// Its name.
	Seat string `json:"seat"`
	// For example student.
	PriceType string `json:"price_type,omitempty"`
}

// TypedPlaces: Places of an area at one of the price types of its category, each type once. Restricted ones need
// `service` or `admin` (403 `forbidden`).
type TypedPlaces struct {
	// For example student; by default the first that is not restricted.
	PriceType string `json:"price_type,omitempty"`
	// The number of places.
	Quantity int64 `json:"quantity"`
}

// BookingLine: The price of one seat, or of the places of one area at one price.
type BookingLine struct {
	// Its name, if it is a seat.
	Seat string `json:"seat,omitempty"`
	// Its id, if it is places of an area.
	Area string `json:"area,omitempty"`
	// Of its category, if that has several.
	PriceType string `json:"price_type,omitempty"`
	// As in openapi.yaml.
	Quantity int64 `json:"quantity"`
	// Of one, as of the hold, in minor units.
	Price int64 `json:"price"`
	// The permanent numbers of these places in this booking.
	Places []int64 `json:"places,omitempty"`
}

// BestAvailable: The best free seats. In a plan, if possible: together in one row without a gap, then leaving no
// single seat alone, then near the focal point.
type BestAvailable struct {
	// Only of this section.
	Section string `json:"section,omitempty"`
	// Only of this zone of the plan, which is a section of the performance.
	Zone string `json:"zone,omitempty"`
	// Only of this category of the plan.
	Category string `json:"category,omitempty"`
	// One of the seats has to be a wheelchair place; a companion seat comes only with its wheelchair place.
	// Otherwise no such seats are chosen. Needs a plan.
	Accessible bool `json:"accessible,omitempty"`
	// The number of seats.
	Quantity int64 `json:"quantity"`
	// Seats by price type, as in {"adult": 2, "student": 1}, adding up to `quantity`. Only categories that have all
	// of these types are considered. Restricted ones need `service` or `admin` (403 `forbidden`).
	PriceTypes map[string]int64 `json:"price_types,omitempty"`
}

// Booking: Seats and places of a performance for a holder.
type Booking struct {
	// The server's choice.
	ID string `json:"id"`
	// The performance.
	PerformanceID string `json:"performance_id"`
	// The holder.
	Holder string `json:"holder"`
	// By name, in canonical order, without those given back one by one.
	Seats []string `json:"seats"`
	// The places by area, without those given back one by one; omitted if there are none.
	Areas map[string]int64 `json:"areas,omitempty"`
	// The seats given back one by one, in that order.
	Returned []string `json:"returned,omitempty"`
	// The prices of `seats`, in their order, then those of the places of areas.
	Lines []BookingLine `json:"lines"`
	// The price of all seats and places as of the hold, in minor units.
	Amount int64 `json:"amount"`
	// `paying`: a payment is in progress, and no deadline ends it. `cancelled`: its performance was cancelled.
	Status string `json:"status"`
	// The last moment for a payment.
	ExpiresAt time.Time `json:"expires_at"`
	// Whether the hold was extended.
	Extended bool `json:"extended"`
	// As in openapi.yaml.
	Cancellation *Cancellation `json:"cancellation,omitempty"`
	// The part of the payment for returned seats that was not refunded.
	Kept int64 `json:"kept,omitempty"`
	// The payment intent, while it is `awaiting_payment`; `expires_at` is its deadline.
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

// Cancelled: A cancellation by the organiser.
type Cancelled struct {
	// The reason.
	Reason string `json:"reason"`
	// The time.
	At time.Time `json:"at"`
	// Of the cancellation in the log: later sales are ended all the same.
	Position int64 `json:"position"`
}

// NewCallOff: The body of a cancellation by the organiser.
type NewCallOff struct {
	// The reason, for people: 1 to 200 printable characters.
	Reason string `json:"reason"`
}

// CallOff: The bookings, reservations or entries that a cancellation ends, or would end.
type CallOff struct {
	// Its kind.
	Of string `json:"of"`
	// Its id.
	ID string `json:"id"`
	// `planned`: it was not cancelled; `running`: earlier sales are left; `done`: a later sale, by a server that
	// did not know of it yet, is ended when it is found.
	Status string `json:"status"`
	// As in openapi.yaml.
	Cancelled *Cancelled `json:"cancelled,omitempty"`
	// The last error, while it is tried again.
	Failing string `json:"failing,omitempty"`
	// Affected holders.
	Holders int64 `json:"holders"`
	// Affected bookings, reservations or entries.
	Count int64 `json:"count"`
	// The number of seats, units or teams.
	Quantity int64 `json:"quantity"`
	// Affected ones that are not paid, or are being paid.
	Unpaid int64 `json:"unpaid"`
	// Affected ones that are refunded.
	Paid int64 `json:"paid"`
	// Affected ones that are not ended yet.
	Left int64 `json:"left"`
	// The refunds in total, by the method of payment: to wallets at once; of money from outside, owed until
	// settled.
	Refunds []CallOffRefund `json:"refunds"`
	// A page of them.
	Affected []CallOffItem `json:"affected"`
	// The cursor of the next page, or null.
	Next *string `json:"next"`
	// The log's position up to which all is counted.
	Position int64 `json:"position"`
}

// CallOffRefund: The refunds for one method of payment.
type CallOffRefund struct {
	// The method of payment.
	Method string `json:"method"`
	// The provider, for money from outside.
	Provider string `json:"provider,omitempty"`
	// The number of refunds.
	Count int64 `json:"count"`
	// Together, in minor units.
	Amount int64 `json:"amount"`
	// By ISO 4217.
	Currency string `json:"currency"`
}

// CallOffItem: A booking, reservation or entry that is ended.
type CallOffItem struct {
	// Of the booking, the reservation or the team.
	ID string `json:"id"`
	// The holder.
	Holder string `json:"holder,omitempty"`
	// The current status: `cancelled` once ended.
	Status string `json:"status"`
	// The number of seats, units or teams.
	Quantity int64 `json:"quantity"`
	// The refund, in minor units.
	Refund int64 `json:"refund"`
	// The method of payment, if anything is refunded.
	Method string `json:"method,omitempty"`
	// The provider, for money from outside.
	Provider string `json:"provider,omitempty"`
}

// Report: The sales of one entity, with their amounts.
type Report struct {
	// The entity.
	ID string `json:"id"`
	// Units, seats or teams currently sold.
	Sold int64 `json:"sold"`
	// Units, seats or teams held or being paid.
	Held int64 `json:"held"`
	// Units, seats or teams sold and given back.
	GivenBack int64 `json:"given_back"`
	// Money, in minor units: always `open` + `booked` + `kept` + `refunded` + `owed`.
	Received int64 `json:"received"`
	// Received and not decided yet.
	Open int64 `json:"open"`
	// Received for current sales.
	Booked int64 `json:"booked"`
	// Received for returns, and not to be refunded.
	Kept int64 `json:"kept"`
	// Refunded.
	Refunded int64 `json:"refunded"`
	// To be refunded.
	Owed int64 `json:"owed"`
	// The same by section, for a performance, except money that paid for nothing (wrong, late or double).
	Sections []SectionReport `json:"sections"`
	// The same by category and price type, for a performance in a plan; only those ever sold or held.
	Categories []CategoryReport `json:"categories,omitempty"`
	// Money in other currencies than the log's; it is not in the sums.
	Foreign []ForeignMoney `json:"foreign,omitempty"`
	// The log's position up to which all is counted.
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
	// Refunded.
	Refunded int64 `json:"refunded"`
	// To be refunded.
	Owed int64 `json:"owed"`
}

// SectionReport: The share of one section.
type SectionReport struct {
	// Its id.
	Section string `json:"section"`
	// Units, seats or teams currently sold.
	Sold int64 `json:"sold"`
	// Units, seats or teams held or being paid.
	Held int64 `json:"held"`
	// Units, seats or teams sold and given back.
	GivenBack int64 `json:"given_back"`
	// Money, in minor units: always `open` + `booked` + `kept` + `refunded` + `owed`.
	Received int64 `json:"received"`
	// Received and not decided yet.
	Open int64 `json:"open"`
	// Received for current sales.
	Booked int64 `json:"booked"`
	// Received for returns, and not to be refunded.
	Kept int64 `json:"kept"`
	// Refunded.
	Refunded int64 `json:"refunded"`
	// To be refunded.
	Owed int64 `json:"owed"`
}

// CategoryReport: The share of one price type of one category.
type CategoryReport struct {
	// Of the plan.
	Category string `json:"category"`
	// If the category has several prices.
	PriceType string `json:"price_type,omitempty"`
	// Units, seats or teams currently sold.
	Sold int64 `json:"sold"`
	// Units, seats or teams held or being paid.
	Held int64 `json:"held"`
	// Units, seats or teams sold and given back.
	GivenBack int64 `json:"given_back"`
	// Money, in minor units: always `open` + `booked` + `kept` + `refunded` + `owed`.
	Received int64 `json:"received"`
	// Received and not decided yet.
	Open int64 `json:"open"`
	// Received for current sales.
	Booked int64 `json:"booked"`
	// Received for returns, and not to be refunded.
	Kept int64 `json:"kept"`
	// Refunded.
	Refunded int64 `json:"refunded"`
	// To be refunded.
	Owed int64 `json:"owed"`
}

// Outcome: The outcome of a reported payment; only in the answer to the report.
type Outcome string

// The values of Outcome.
const (
	OutcomeBooked     Outcome = "booked"
	OutcomeRefundOwed Outcome = "refund_owed"
)

// RefundID: The refund that is owed, in `/v1/refunds`.
type RefundID string

// NewPayment: Empty to pay a booking from the wallet, or to confirm a reservation without money; otherwise a
// payment made outside, which needs all members but `final`.
type NewPayment struct {
	// As in openapi.yaml.
	Method string `json:"method,omitempty"`
	// The provider that took the money.
	Provider string `json:"provider,omitempty"`
	// The provider's name for the payment; one reference is one payment for one purchase.
	Reference string `json:"reference,omitempty"`
	// The amount received, in minor units.
	Amount int64 `json:"amount,omitempty"`
	// By ISO 4217.
	Currency string `json:"currency,omitempty"`
	// Whether a wrong sum is received too.
	Final bool `json:"final,omitempty"`
}

// NewIntent: The body that begins a payment intent.
type NewIntent struct {
	// The provider that takes the money.
	Provider string `json:"provider"`
	// The duration of the intent.
	Seconds int64 `json:"seconds,omitempty"`
}

// NewCheckout: The body that requests a provider's page.
type NewCheckout struct {
	// The page for the holder after the payment.
	SuccessURL string `json:"success_url"`
	// The page for the holder who cancels it.
	CancelURL string `json:"cancel_url"`
}

// Checkout: A provider's page for the payment of a booking.
type Checkout struct {
	// Its address.
	URL string `json:"url"`
	// The deadline for the payment.
	ExpiresAt time.Time `json:"expires_at"`
	// Of the last event of the booking in the log.
	Position int64 `json:"position"`
}

// StripeEvent: An event as Stripe sends it, with any other members.
type StripeEvent struct {
	// Stripe's id.
	ID string `json:"id,omitempty"`
	// The type of the event.
	Type string `json:"type,omitempty"`
}

// Refund: A refund of money from outside that one fact caused, owed or settled.
type Refund struct {
	// As in openapi.yaml.
	ID RefundID `json:"id"`
	// Whether it is settled.
	Status string `json:"status"`
	// In minor units of `currency`.
	Amount int64 `json:"amount"`
	// The payment's currency.
	Currency string `json:"currency"`
	// The provider that took the money.
	Provider string `json:"provider"`
	// The provider's name for the payment.
	Reference string `json:"reference"`
	// The purchase.
	BookingID string `json:"booking_id,omitempty"`
	// The purchase.
	ProductID string `json:"product_id,omitempty"`
	// The purchase.
	ReservationID string `json:"reservation_id,omitempty"`
	// The cause of the debt.
	Cause string `json:"cause"`
	// The reference of the repayment.
	Settlement string `json:"settlement,omitempty"`
	// `asked`: the provider is asked for the refund (`serve --stripe-refunds`), and until its answer the refund
	// can't be settled otherwise. Any other value is the reason why the provider has not paid it, or has taken it
	// back: it is owed, and not requested again. `other_refund`: the payment has refunds at the provider that the
	// log does not know.
	AtProvider string `json:"at_provider,omitempty"`
	// Of the payment at the last change of the refund; also the `ETag`.
	Revision int64 `json:"revision"`
	// Of that change in the log.
	Position int64 `json:"position"`
}

// NewSettlement: The body that settles a refund.
type NewSettlement struct {
	// The provider's name for the repayment.
	Reference string `json:"reference"`
}

// NewCharge: The body that charges a wallet.
type NewCharge struct {
	// In minor units.
	Amount int64 `json:"amount"`
}

// Wallet: Money of a holder.
type Wallet struct {
	// The holder.
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

// WalletEntry: An entry of a wallet.
type WalletEntry struct {
	// Of the charge or the payment.
	ID string `json:"id"`
	// As in openapi.yaml.
	Kind string `json:"kind"`
	// The amount, in minor units.
	Amount int64 `json:"amount"`
	// The balance after it.
	Balance int64 `json:"balance"`
	// The booking that was paid or given back, if any.
	BookingID string `json:"booking_id,omitempty"`
	// The time.
	Time time.Time `json:"time"`
	// Of the wallet after it.
	Revision int64 `json:"revision"`
	// In the log.
	Position int64 `json:"position"`
}

// AsOf: The moment as of which the state is shown.
type AsOf struct {
	// The last position included.
	Position int64 `json:"position"`
	// The requested time, or that of the position.
	Time time.Time `json:"time"`
}

// Event: A recorded fact as a CloudEvent 1.0. `position` and `revision` may be larger than 31 bits. Foreign
// events have `data_base64` and `metadatabase64` instead of `data` and our metadata's members.
type Event struct {
	// As in openapi.yaml.
	Specversion string `json:"specversion"`
	// As in openapi.yaml.
	ID string `json:"id"`
	// The path of the stream.
	Source string `json:"source"`
	// The fact's permanent name, such as `product.reserved.v1`.
	Type string `json:"type"`
	// The id of the entity.
	Subject string `json:"subject,omitempty"`
	// The time of the decision.
	Time time.Time `json:"time,omitzero"`
	// As in openapi.yaml.
	Datacontenttype string `json:"datacontenttype"`
	// Such as `product-tee`.
	Stream string `json:"stream"`
	// Place in the stream, from 0.
	Revision int64 `json:"revision"`
	// Place in the log, from 1.
	Position int64 `json:"position"`
	// The time of recording.
	Recorded time.Time `json:"recorded"`
	// The command that caused it.
	Commandid string `json:"commandid,omitempty"`
	// The original request.
	Correlationid string `json:"correlationid,omitempty"`
	// The cause of the command.
	Causationid string `json:"causationid,omitempty"`
	// The caller.
	Actor string `json:"actor,omitempty"`
	// The chain hash over this and all earlier events of the stream, in hex.
	Hash string `json:"hash,omitempty"`
	// The fact.
	Data json.RawMessage `json:"data,omitempty"`
	// The metadata of a foreign event.
	Metadatabase64 string `json:"metadatabase64,omitempty"`
	// The data of a foreign event.
	DataBase64 string `json:"data_base64,omitempty"`
	// The name of the stream if it is not text.
	Streambase64 string `json:"streambase64,omitempty"`
	// The type if it is not text.
	Typebase64 string `json:"typebase64,omitempty"`
}

// LogHead: A signed head of the log.
type LogHead struct {
	// The log's identity.
	Epoch string `json:"epoch"`
	// The number of events.
	Size int64 `json:"size"`
	// The position of the last of them, equal to `size` unless `counts` is `own`.
	Position int64 `json:"position"`
	// The root of the Merkle tree over them (RFC 6962), in base64.
	Root string `json:"root"`
	// The head as a signed note; keep this.
	Note string `json:"note"`
	// The public key that verifies it.
	Key string `json:"key"`
	// The events that `size` counts: `all`, as in a log in a directory, or this system's `own`, in the order of the
	// log, as in an EventStoreDB that other programs may use too.
	Counts string `json:"counts,omitempty"`
}

// Receipt: A proof that an event is in the log.
type Receipt struct {
	// As in openapi.yaml.
	Event Event `json:"event"`
	// The event's number among those that the head counts, if it differs from its position.
	Ordinal int64 `json:"ordinal,omitempty"`
	// The hashes that lead from the event to the root, in base64.
	Proof []string `json:"proof"`
	// A signed note.
	Head string `json:"head"`
}

// HistoryLine: One event, in words.
type HistoryLine struct {
	// Place in the log.
	Position int64 `json:"position"`
	// The time.
	Time time.Time `json:"time"`
	// The stream.
	Stream string `json:"stream"`
	// Place in the stream.
	Revision int64 `json:"revision"`
	// The caller.
	Actor string `json:"actor"`
	// The request.
	RequestID string `json:"request_id"`
	// Its cause: the request, the `command_id` of another event, `deadline` or, in a waiting room, `round`.
	CausationID string `json:"causation_id"`
	// The command that decided it; events that it caused elsewhere have it as `causation_id`.
	CommandID string `json:"command_id"`
	// The position of its cause, if that is in the log.
	Because int64 `json:"because,omitempty"`
	// The event in a sentence.
	Text string `json:"text"`
	// Related entities, each as `kind/id` of a history: causes, effects and owners.
	LeadsTo []string `json:"leads_to"`
}

// HistoryOf: An entity with a history, at `/v1/history/{kind}/{id}`.
type HistoryOf struct {
	// Of the entity.
	Kind string `json:"kind"`
	// Of the entity.
	ID string `json:"id"`
}

// Cluster: as in openapi.yaml.
type Cluster struct {
	// Whether the server runs with `--cluster`.
	Clustered bool `json:"clustered"`
	// The same at all nodes that agree on the serving nodes; empty without nodes.
	View string `json:"view"`
	// As in openapi.yaml.
	Nodes []Node `json:"nodes"`
	// Nodes that went away in the last ten minutes and did not return, as noticed by the answering node, the last
	// one first.
	Departed []DepartedNode `json:"departed"`
	// As in openapi.yaml.
	Hops Hops `json:"hops"`
	// The waiting rooms known to the answering node, by name.
	Rooms []NodeRoom `json:"rooms"`
	// Work outside for the events of the log, such as the deliveries to a webhook, and who does it.
	Cursors []NodeCursor `json:"cursors"`
}

// Hops: Requests for other owners since the start of the answering node.
type Hops struct {
	// Passed on to their owner and answered by it.
	Passed int64 `json:"passed"`
	// Decided by the answering node, because their owner was unavailable.
	DecidedHere int64 `json:"decided_here"`
	// Passed on to the answering node, which is not their owner.
	Misplaced int64 `json:"misplaced"`
}

// NodeRoom: A waiting room and the node that runs it.
type NodeRoom struct {
	// As in openapi.yaml.
	ID string `json:"id"`
	// The node that should run it, empty if none serves.
	Owner string `json:"owner"`
	// The node that runs it, empty if none has taken it over, or one that is not a member.
	Node string `json:"node"`
	// Whether the answering node runs it.
	RunsHere bool `json:"runs_here"`
	// How often it has been taken over.
	Term int64 `json:"term"`
}

// NodeCursor: Work outside for the events of the log, and who does it.
type NodeCursor struct {
	// Where its progress is: `webhook-<id>`, `calloff-<id>`, `cursor-<provider>~refunds`.
	Stream string `json:"stream"`
	// The last that has taken it over, empty if nobody has since it was moved back.
	Node string `json:"node"`
	// How often it has been taken over.
	Term int64 `json:"term"`
	// Up to which position everything is done.
	Reached int64 `json:"reached"`
}

// Node: as in openapi.yaml.
type Node struct {
	// The name, which a restart does not change.
	Name string `json:"name"`
	// The id of this run.
	Run string `json:"run"`
	// Whether it is the answering node.
	Self bool `json:"self"`
	// As in openapi.yaml.
	State string `json:"state"`
	// Whether it sends no heartbeat and is passed over.
	Suspected bool `json:"suspected"`
	// As in openapi.yaml.
	Version string `json:"version"`
	// The start of this run.
	Since time.Time `json:"since,omitzero"`
	// The position up to which it has followed the log, 0 if not reported.
	Position int64 `json:"position"`
	// Its address for requests that other nodes pass on.
	Http string `json:"http"`
	// Nodes with different versions pass no requests to each other.
	HopProtocol int64 `json:"hop_protocol"`
	// The approximate part of all entities that it owns.
	Share float64 `json:"share"`
	// Seconds since its last heartbeat, null for the node itself.
	HeardSecondsAgo Nullable[float64] `json:"heard_seconds_ago,omitzero"`
	// The seconds by which its clock is ahead.
	ClockAheadSeconds float64 `json:"clock_ahead_seconds"`
	// Whether it is not ready because its keys are not those of the log or of other nodes.
	KeysDiffer bool `json:"keys_differ"`
}

// DepartedNode: A node that went away.
type DepartedNode struct {
	// As in openapi.yaml.
	Name string `json:"name"`
	// The id of its last run.
	Run string `json:"run"`
	// `left` if it had announced its end, `lost` otherwise.
	State string `json:"state"`
	// When the answering node noticed.
	At time.Time `json:"at"`
	// Its address for requests that other nodes passed on.
	Http string `json:"http"`
	// As in openapi.yaml.
	Version string `json:"version"`
}

// Backup: A copy of the log.
type Backup struct {
	// Its path on the server's machine.
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
	// The waiting room that guards it, if any.
	WaitingRoom string `json:"waiting_room,omitempty"`
	// The first moment of its sale, if set.
	OpensAt time.Time `json:"opens_at,omitzero"`
	// The first moment after its sale, if set.
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
	// The position of the previous frame.
	Previous int64 `json:"previous"`
	// As in openapi.yaml.
	Remaining int64 `json:"remaining"`
	// As in openapi.yaml.
	Held int64 `json:"held"`
	// As in openapi.yaml.
	Sold int64 `json:"sold"`
	// The change of `remaining`.
	Change int64 `json:"change"`
	// As in openapi.yaml.
	Cause string `json:"cause"`
	// The waiting room that guards it, if any.
	WaitingRoom string `json:"waiting_room,omitempty"`
	// As in openapi.yaml.
	Revision int64 `json:"revision"`
	// After an edit only.
	Name string `json:"name,omitempty"`
	// After an edit only.
	Stock int64 `json:"stock,omitempty"`
	// After an edit only.
	Price int64 `json:"price,omitempty"`
	// After an edit only, if set.
	OpensAt time.Time `json:"opens_at,omitzero"`
	// After an edit only, if set.
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
	// The waiting room that guards it, if any.
	WaitingRoom string `json:"waiting_room,omitempty"`
	// The first moment at which a team can enter, if set.
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
	// The position of the previous frame.
	Previous int64 `json:"previous"`
	// As in openapi.yaml.
	Remaining int64 `json:"remaining"`
	// As in openapi.yaml.
	Entered int64 `json:"entered"`
	// As in openapi.yaml.
	Waitlisted int64 `json:"waitlisted"`
	// The change of `remaining`.
	Change int64 `json:"change"`
	// As in openapi.yaml.
	Cause string `json:"cause"`
	// The waiting room that guards it, if any.
	WaitingRoom string `json:"waiting_room,omitempty"`
	// After an edit only, if set.
	OpensAt time.Time `json:"opens_at,omitzero"`
	// As in openapi.yaml.
	Revision int64 `json:"revision"`
	// The teams whose status changed, 32 at most.
	Teams []TeamMoved `json:"teams,omitempty"`
	// Instead of more than 32 `teams`: read the entries.
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
	// Its entries, 100 at most.
	Entries []TeamEntry `json:"entries"`
	// There are more entries.
	More bool `json:"more,omitempty"`
}

// TeamDelta: Data of a `delta` frame of a team.
type TeamDelta struct {
	// As in openapi.yaml.
	Topic string `json:"topic"`
	// As in openapi.yaml.
	Position int64 `json:"position"`
	// The position of the previous frame.
	Previous int64 `json:"previous"`
	// `moved`: only a place on a waitlist has changed, because somebody ahead left it.
	Cause string `json:"cause"`
	// The changed entries.
	Entries []TeamEntry `json:"entries"`
}

// TeamEntry: as in openapi.yaml.
type TeamEntry struct {
	// As in openapi.yaml.
	TournamentID string `json:"tournament_id"`
	// As in openapi.yaml.
	Status EntryStatus `json:"status"`
	// On the waitlist, if waiting.
	Place int64 `json:"place,omitempty"`
	// In a delta.
	Cause string `json:"cause,omitempty"`
}

// WaitingRoom: A line before a sale.
type WaitingRoom struct {
	// As in its path.
	ID string `json:"id"`
	// The highest number admitted per second; 0 for a pause.
	AdmitPerSecond int64 `json:"admit_per_second"`
	// The highest number of passes at once.
	MaxActive int64 `json:"max_active"`
	// The duration of a pass.
	ActiveSeconds int64 `json:"active_seconds"`
	// The longest time between two heartbeats; after twice that the place is lost.
	HeartbeatSeconds int64 `json:"heartbeat_seconds"`
	// As in openapi.yaml.
	Status RoomStatus `json:"status"`
	// As in openapi.yaml.
	Order RoomOrder `json:"order"`
	// The first admission; missing if at once.
	OpensAt time.Time `json:"opens_at,omitzero"`
	// SHA-256 of the seed of a shuffled opening, in hexadecimal.
	SeedHash string `json:"seed_hash,omitempty"`
	// The seed in hexadecimal, once the order has been drawn.
	Seed string `json:"seed,omitempty"`
	// The last ticket before a shuffled opening, once it has begun.
	Early int64 `json:"early,omitempty"`
	// Waiting visitors.
	Waiting int64 `json:"waiting"`
	// Valid passes.
	Active int64 `json:"active"`
	// Visitors admitted so far.
	Admitted int64 `json:"admitted"`
	// Places given out so far: the last ticket.
	Joined int64 `json:"joined"`
	// Counts the settings, from 1; also the `ETag`.
	Revision int64 `json:"revision"`
	// Of the last change in the log.
	Position int64 `json:"position"`
	// As in openapi.yaml.
	AsOf *AsOf `json:"as_of,omitempty"`
}

// RoomStatus: In a closed room nobody joins and nobody is admitted.
type RoomStatus string

// The values of RoomStatus.
const (
	RoomStatusOpen   RoomStatus = "open"
	RoomStatusClosed RoomStatus = "closed"
)

// RoomOrder: The order of visitors who joined before `opens_at`: by arrival, or drawn.
type RoomOrder string

// The values of RoomOrder.
const (
	RoomOrderFifo    RoomOrder = "fifo"
	RoomOrderShuffle RoomOrder = "shuffle"
)

// NewWaitingRoom: The body that creates or changes a waiting room.
type NewWaitingRoom struct {
	// The highest number admitted per second; 0 for a pause.
	AdmitPerSecond int64 `json:"admit_per_second"`
	// The highest number of passes at once.
	MaxActive int64 `json:"max_active"`
	// The duration of a pass.
	ActiveSeconds int64 `json:"active_seconds"`
	// The longest time between two heartbeats.
	HeartbeatSeconds int64 `json:"heartbeat_seconds"`
	// As in openapi.yaml.
	Status RoomStatus `json:"status,omitempty"`
	// As in openapi.yaml.
	Order RoomOrder `json:"order,omitempty"`
	// The first admission.
	OpensAt time.Time `json:"opens_at,omitzero"`
}

// WebhookStatus: Whether events are delivered.
type WebhookStatus string

// The values of WebhookStatus.
const (
	WebhookStatusEnabled  WebhookStatus = "enabled"
	WebhookStatusDisabled WebhookStatus = "disabled"
)

// Webhook: A receiver of events.
type Webhook struct {
	// As in its path.
	ID string `json:"id"`
	// The receiver's address.
	URL string `json:"url"`
	// The event types to deliver; missing for all.
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
	// The time since which an event can't be delivered, if so.
	FailingSince time.Time `json:"failing_since,omitzero"`
	// The error of the last attempt.
	LastError string `json:"last_error,omitempty"`
	// The time of the next attempt.
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
	// The receiver's address.
	URL string `json:"url"`
	// The event types to deliver; missing for all.
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
	// The time since which an event can't be delivered, if so.
	FailingSince time.Time `json:"failing_since,omitzero"`
	// The error of the last attempt.
	LastError string `json:"last_error,omitempty"`
	// The time of the next attempt.
	NextAt time.Time `json:"next_at,omitzero"`
	// Of the newest edit; also the `ETag`.
	Revision int64 `json:"revision"`
	// Of the last change in the log.
	Position int64 `json:"position"`
	// The key with which the receiver verifies signatures.
	Secret string `json:"secret"`
	// The time until which the previous secret signs as well.
	OldSecretUntil time.Time `json:"old_secret_until,omitzero"`
}

// NewWebhook: The body that creates a webhook.
type NewWebhook struct {
	// Your choice; by default a UUIDv7.
	ID string `json:"id,omitempty"`
	// An https:// URL with a public host, without a user name.
	URL string `json:"url"`
	// The event types to deliver; by default all.
	Types []string `json:"types,omitempty"`
	// For people.
	Description string `json:"description,omitempty"`
}

// WebhookEdit: The body that edits a webhook.
type WebhookEdit struct {
	// An https:// URL with a public host, without a user name.
	URL *string `json:"url,omitempty"`
	// The event types to deliver; `null` for all.
	Types Nullable[[]string] `json:"types,omitzero"`
	// For people.
	Description *string `json:"description,omitempty"`
	// As in openapi.yaml.
	Status WebhookStatus `json:"status,omitempty"`
}

// WebhookReplay: The body that repeats deliveries.
type WebhookReplay struct {
	// The position of the first event.
	From int64 `json:"from"`
}

// DeletedWebhook: A webhook that was deleted.
type DeletedWebhook struct {
	// As in its path.
	ID string `json:"id"`
	// Permanent.
	Status string `json:"status"`
	// Of the deletion in the log.
	Position int64 `json:"position"`
}

// WebhookTest: The outcome of a test.
type WebhookTest struct {
	// Whether the receiver accepted it.
	Delivered bool `json:"delivered"`
	// Of the event: its `webhook-id`.
	EventID string `json:"event_id"`
	// Of the answer, if there was one.
	Status int64 `json:"status,omitempty"`
	// The error, if it was not delivered.
	Error string `json:"error,omitempty"`
}

// NewVisitor: The body that joins the line.
type NewVisitor struct {
	// The visitor's holder; with a token, its `sub`.
	Holder string `json:"holder,omitempty"`
}

// Visit: The place of a visitor.
type Visit struct {
	// The id to poll with. Anybody who knows it has the place.
	Visitor string `json:"visitor"`
	// The number by arrival.
	Ticket int64 `json:"ticket"`
	// `left`: gave up the place or the pass, or used the pass. `expired`: no heartbeat for too long, or the pass
	// has run out.
	Status string `json:"status"`
	// While waiting: the place in line, 1 for the next. `null` before a shuffled opening is drawn.
	Position *int64 `json:"position,omitempty"`
	// While waiting: an estimate by the rate of the last minute. `null` while nobody is admitted.
	EtaSeconds *int64 `json:"eta_seconds,omitempty"`
	// The delay before the next poll, as `Retry-After`.
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
	// The waiting room that guards it, if any.
	WaitingRoom string `json:"waiting_room,omitempty"`
	// The first moment of its sale, if set.
	OpensAt time.Time `json:"opens_at,omitzero"`
	// The first moment after its sale, if set.
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
	// If there are any; in a delta, the changed ones.
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
	// The position of the previous frame.
	Previous int64 `json:"previous"`
	// As in openapi.yaml.
	Remaining int64 `json:"remaining"`
	// As in openapi.yaml.
	Held int64 `json:"held"`
	// As in openapi.yaml.
	Sold int64 `json:"sold"`
	// As in openapi.yaml.
	Blocked int64 `json:"blocked"`
	// The change of `remaining`.
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
	// After an edit only, if set.
	OpensAt time.Time `json:"opens_at,omitzero"`
	// After an edit only, if set.
	ClosesAt time.Time `json:"closes_at,omitzero"`
	// As in openapi.yaml.
	Cancelled *Cancelled `json:"cancelled,omitempty"`
	// After an edit only, by category of the plan
	Prices map[string]json.RawMessage `json:"prices,omitempty"`
	// If there are any; in a delta, the changed ones.
	Areas []Area `json:"areas,omitempty"`
	// The sections whose counts have changed; after an edit all of them.
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
	// The position of the previous frame.
	Previous int64 `json:"previous"`
	// As in openapi.yaml.
	Remaining int64 `json:"remaining"`
	// As in openapi.yaml.
	Held int64 `json:"held"`
	// As in openapi.yaml.
	Sold int64 `json:"sold"`
	// As in openapi.yaml.
	Blocked int64 `json:"blocked"`
	// The change of `remaining`.
	Change int64 `json:"change"`
	// As in openapi.yaml.
	Cause string `json:"cause"`
	// The changed seats by name, with their new statuses.
	Seats map[string]string `json:"seats"`
}

// RoomSnapshot: Data of a `snapshot` frame of a waiting room, with the members of the resource.
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
	// The position of the previous frame.
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

// VisitFrame: Data of a `visit` frame, with the members of `Visit` and the room.
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
	// The delay before the server's next look.
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
	// The topic, if it is about one.
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
	// The number of events by which the read side lags.
	Lag int64 `json:"lag"`
	// The position of the read side.
	Position int64 `json:"position"`
	// The log's identity.
	Epoch string `json:"epoch"`
	// The currency of all amounts by ISO 4217, or `assumed`.
	Currency string `json:"currency"`
	// Its decimals; missing if it is `assumed`.
	CurrencyDigits int64 `json:"currency_digits,omitempty"`
	// Position up to which the log was checked against all rules; with `serve --prove` only.
	Proved int64 `json:"proved,omitempty"`
	// This server has none of the keys of the log's waiting rooms; rooms, and the resources they guard, are
	// answered with 503 `keys_differ`. Missing otherwise.
	KeysDiffer bool `json:"keys_differ,omitempty"`
	// Another server signs with a newer key than this one has; its passes are answered with 503 `keys_differ`.
	// Missing otherwise.
	KeysBehind bool `json:"keys_behind,omitempty"`
}

// AreaLeft: as in openapi.yaml.
type AreaLeft struct {
	// Its id.
	Area string `json:"area"`
	// Places left.
	Remaining int64 `json:"remaining"`
}

// SectionLeft: as in openapi.yaml.
type SectionLeft struct {
	// Its id.
	Section string `json:"section"`
	// Seats left.
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
