package events

import "time"

func init() {
	register[PerformanceCreated]()
	register[PerformanceEdited]()
	register[PerformanceOpened]()
	register[PerformanceClosed]()
}

// Section is a block of a performance's seats: Rows rows of SeatsPerRow seats, both
// counted from 1. Row 1 is in front.
type Section struct {
	ID SectionID `json:"id"`
	// DisplayName is for display.
	DisplayName string `json:"name"`
	Rows        int64  `json:"rows"`
	SeatsPerRow int64  `json:"seats_per_row"`
	// Price of one seat, in minor units of the currency.
	Price int64 `json:"price"`
}

// PerformanceCreated puts a performance on sale. Its seats need no facts of their own: a seat
// without facts is free.
type PerformanceCreated struct {
	PerformanceID PerformanceID `json:"performance_id"`
	Title         string        `json:"title"`
	Venue         string        `json:"venue"`
	StartsAt      time.Time     `json:"starts_at"`
	// HoldSeconds is the time to pay a booking.
	HoldSeconds int64 `json:"hold_seconds"`
	// LimitPerHolder is how many seats one holder may hold or have booked; 0 is no
	// limit.
	LimitPerHolder int64 `json:"limit_per_holder"`
	// WaitingRoom guards the sale, "" if none does.
	WaitingRoom RoomID `json:"waiting_room"`
	// Sections in the venue's order, the best first.
	Sections []Section `json:"sections"`
	// SaleTimes are the bounds of the sale. One that closes when the show starts closes there
	// wherever that is moved. A fact from before there were bounds has none: the sale never closes.
	SaleTimes
	// Cancellation is the policy for new sales; zero for the default.
	Cancellation Cancellation `json:"cancellation,omitzero"`
	// Plan of the hall in which it is given, "" if Sections define its seats. With a plan there are no
	// Sections: its seats are the plan's, and never change.
	Plan PlanID `json:"plan,omitempty"`
	// CategoryPrices has the prices of all used categories of the plan, grouped by category.
	CategoryPrices []CategoryPrice `json:"category_prices,omitzero"`
}

func (*PerformanceCreated) Name() string { return "performance.created.v1" }

// Schedule implements [Scheduled].
func (f *PerformanceCreated) Schedule() (times SaleTimes, reached bool) { return f.SaleTimes, false }

// SectionPrice is the price of every seat of a section, in minor units of the currency.
type SectionPrice struct {
	Section SectionID `json:"section"`
	Price   int64     `json:"price"`
}

// PerformanceEdited states all editable members of the performance after an edit, so that a reader needs no earlier
// edit. Earlier holds keep their terms.
type PerformanceEdited struct {
	Title    string    `json:"title"`
	Venue    string    `json:"venue"`
	StartsAt time.Time `json:"starts_at"`
	// HoldSeconds is the time to pay a booking.
	HoldSeconds int64 `json:"hold_seconds"`
	// LimitPerHolder is the largest number of seats held or booked by one holder; 0 for no limit.
	LimitPerHolder int64 `json:"limit_per_holder"`
	// Prices of all sections, in their order.
	Prices []SectionPrice `json:"prices"`
	SaleTimes
	// Cancellation is the policy for new sales; zero for the default.
	Cancellation Cancellation `json:"cancellation,omitzero"`
	// CategoryPrices of all categories, in their order, if the performance has a plan.
	CategoryPrices []CategoryPrice `json:"category_prices,omitzero"`
	// Areas resized so far, in that order, with their new capacities. Their own facts have the
	// actual ones.
	Areas []AreaPlaces `json:"areas,omitzero"`
	// Change that resizes some of them for this edit, 0 for none; see [BlockChange].
	Change int64 `json:"change,omitempty"`
}

func (*PerformanceEdited) Name() string { return "performance.edited.v1" }

// Schedule implements [Scheduled].
func (f *PerformanceEdited) Schedule() (times SaleTimes, reached bool) { return f.SaleTimes, false }

// PerformanceOpened records that the sale has opened. No decision depends on it: the rules compare
// the time with the performance's bounds.
type PerformanceOpened struct {
	OpensAt time.Time `json:"opens_at"`
}

func (*PerformanceOpened) Name() string { return "performance.opened.v1" }

// Schedule implements [Scheduled].
func (f *PerformanceOpened) Schedule() (times SaleTimes, reached bool) {
	return SaleTimes{OpensAt: f.OpensAt}, true
}

// PerformanceClosed records that the sale has closed, as [PerformanceOpened] does.
type PerformanceClosed struct {
	ClosesAt time.Time `json:"closes_at"`
}

func (*PerformanceClosed) Name() string { return "performance.closed.v1" }

// Schedule implements [Scheduled].
func (f *PerformanceClosed) Schedule() (times SaleTimes, reached bool) {
	return SaleTimes{ClosesAt: f.ClosesAt}, true
}
