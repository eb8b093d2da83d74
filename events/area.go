package events

import (
	"slices"
	"time"
)

// AreaCategory is the category of the streams of areas: area-<performance>~<area>.
const AreaCategory = "area"

// WantedPlaces is a request for places of one area at one price type.
type WantedPlaces struct {
	Area AreaID `json:"area"`
	// PriceType is "" if the area has a single price without a type.
	PriceType string `json:"price_type,omitempty"`
	Quantity  int64  `json:"quantity"`
}

// Wanted returns the request that yields places, with one entry for each area and price type.
func Wanted(places []BookedPlaces) (wanted []WantedPlaces) {
	for i := range places {
		at := slices.IndexFunc(wanted, func(w WantedPlaces) bool {
			return w.Area == places[i].Area && w.PriceType == places[i].PriceType
		})
		if at < 0 {
			at = len(wanted)
			wanted = append(wanted, WantedPlaces{Area: places[i].Area, PriceType: places[i].PriceType})
		}
		wanted[at].Quantity += places[i].Quantity
	}
	return wanted
}

func init() {
	register[AreaHeld]()
	register[AreaExtended]()
	register[AreaBooked]()
	register[AreaReleased]()
	register[AreaExpired]()
	register[AreaResized]()
	register[AreaBlocked]()
	register[AreaUnblocked]()
}

// AreaStatus is the status of the places of a hold.
type AreaStatus string

// The statuses of the places of a hold.
const (
	// AreaIsHeld: the places are freed automatically at a deadline.
	AreaIsHeld AreaStatus = "held"
	// AreaIsBooked: the places belong to a paid booking.
	AreaIsBooked AreaStatus = "booked"
)

// AreaCounts counts the places of an area by status, after a fact. The counts add up to the capacity.
type AreaCounts struct {
	// Remaining places are free.
	Remaining int64 `json:"remaining"`
	Held      int64 `json:"held"`
	Booked    int64 `json:"booked"`
	// Blocked places can be held only by bookings that name their label.
	Blocked int64 `json:"blocked,omitempty"`
}

// Capacity returns the total number of places.
func (c AreaCounts) Capacity() int64 { return c.Remaining + c.Held + c.Booked + c.Blocked }

// Labelled counts the places of a hold, or of a part of a hold, that were blocked before. They are
// blocked again when they are freed. The zero value means none.
type Labelled struct {
	// Label is the label under which they were blocked.
	Label BlockLabel `json:"label,omitempty"`
	// OfLabel is the number of these places.
	OfLabel int64 `json:"of_label,omitempty"`
}

// AreaHeld holds places for a booking until a deadline. The counts of an area's first fact determine its capacity.
type AreaHeld struct {
	HoldID    HoldID    `json:"hold_id"`
	BookingID BookingID `json:"booking_id"`
	Holder    Holder    `json:"holder"`
	// Places is the number of places of this hold.
	Places int64 `json:"places"`
	AreaCounts
	// ExpiresAt is the deadline of the hold: the booking's deadline plus a grace period, as for a seat.
	ExpiresAt time.Time `json:"expires_at"`
	// Terms is the revision of the performance's edit that set the terms of the hold, 0 for its creation.
	Terms Revision `json:"terms,omitempty"`
	Labelled
}

func (*AreaHeld) Name() string { return "area.held.v1" }

// Holds reports one opened hold.
func (f *AreaHeld) Holds() (opened, closed int, earliest time.Time) { return 1, 0, f.ExpiresAt }

// AreaExtended moves the deadline of a hold.
type AreaExtended struct {
	HoldID    HoldID    `json:"hold_id"`
	ExpiresAt time.Time `json:"expires_at"`
	// Intent is as in [SeatExtended].
	Intent IntentID `json:"intent,omitempty"`
}

func (*AreaExtended) Name() string { return "area.extended.v1" }

// Holds reports that one hold replaced another.
func (f *AreaExtended) Holds() (opened, closed int, earliest time.Time) { return 1, 1, f.ExpiresAt }

// AreaBooked books the places of a hold whose booking has been paid.
type AreaBooked struct {
	HoldID    HoldID    `json:"hold_id"`
	BookingID BookingID `json:"booking_id"`
	// Places is the number of places of this hold.
	Places int64 `json:"places"`
	AreaCounts
}

func (*AreaBooked) Name() string { return "area.booked.v1" }

// Holds reports one closed hold.
func (*AreaBooked) Holds() (opened, closed int, earliest time.Time) { return 0, 1, time.Time{} }

// AreaReleased frees places of a hold: all of them, or some of the booked ones.
type AreaReleased struct {
	HoldID HoldID `json:"hold_id"`
	// Was is the previous status of the places: held or booked.
	Was AreaStatus `json:"was"`
	// Places is the number of places freed, and Left the number that the hold keeps.
	Places int64         `json:"places"`
	Left   int64         `json:"left,omitempty"`
	Reason ReleaseReason `json:"reason"`
	AreaCounts
	Labelled
}

func (*AreaReleased) Name() string { return "area.released.v1" }

// Holds reports one closed hold, if the places were held.
func (f *AreaReleased) Holds() (opened, closed int, earliest time.Time) {
	if f.Was == AreaIsHeld {
		closed = 1
	}
	return 0, closed, time.Time{}
}

// AreaExpired frees the places of a hold that has passed its deadline.
type AreaExpired struct {
	HoldID HoldID `json:"hold_id"`
	// Places is the number of places of this hold.
	Places int64 `json:"places"`
	AreaCounts
	ExpiresAt time.Time `json:"expires_at"`
	Labelled
}

func (*AreaExpired) Name() string { return "area.expired.v1" }

// Holds reports one closed hold.
func (*AreaExpired) Holds() (opened, closed int, earliest time.Time) { return 0, 1, time.Time{} }

// AreaResized changes the capacity of an area.
type AreaResized struct {
	Places int64 `json:"places"`
	AreaCounts
	// Change is the number of the performance's change that this fact is part of, 0 for none; see [BlockChange].
	// Undo means that the change was withdrawn; older facts omit it.
	Change int64 `json:"change,omitempty"`
	Undo   bool  `json:"undo,omitempty"`
}

func (*AreaResized) Name() string { return "area.resized.v1" }

// AreaBlocked takes free places off sale.
type AreaBlocked struct {
	// Label is the label that bookings must name.
	Label BlockLabel `json:"label"`
	// Places is the number of places blocked, and Kept the total for the label from now on, including the places
	// booked under it.
	Places int64 `json:"places"`
	Kept   int64 `json:"kept"`
	AreaCounts
	// Change is the number of the performance's change that this fact is part of.
	Change int64 `json:"change"`
}

func (*AreaBlocked) Name() string { return "area.blocked.v1" }

// AreaUnblocked puts blocked places back on sale.
type AreaUnblocked struct {
	Label BlockLabel `json:"label"`
	// Places is the number of places put back. It is 0, and the fact has no effect, if Undo withdraws a change
	// that had not blocked any places of the area.
	Places int64 `json:"places"`
	AreaCounts
	// Change is as in [AreaBlocked]. Undo means that the change was withdrawn.
	Change int64 `json:"change"`
	Undo   bool  `json:"undo,omitempty"`
}

func (*AreaUnblocked) Name() string { return "area.unblocked.v1" }
