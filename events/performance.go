package events

import "time"

func init() {
	register[PerformanceCreated]()
	register[PerformanceEdited]()
	register[PerformanceOpened]()
	register[PerformanceClosed]()
}

// Section is a block of a performance's seats: Rows rows of SeatsPerRow seats. Both are numbered from 1; row 1 is
// in front.
type Section struct {
	ID SectionID `json:"id"`
	// DisplayName is for display.
	DisplayName string `json:"name"`
	Rows        int64  `json:"rows"`
	SeatsPerRow int64  `json:"seats_per_row"`
	// Price is the price of one seat, in minor units of the currency.
	Price int64 `json:"price"`
}

// PerformanceCreated puts a performance on sale. A seat without facts is free.
type PerformanceCreated struct {
	PerformanceID PerformanceID `json:"performance_id"`
	Title         string        `json:"title"`
	Venue         string        `json:"venue"`
	StartsAt      time.Time     `json:"starts_at"`
	// HoldSeconds is the time to pay a booking.
	HoldSeconds int64 `json:"hold_seconds"`
	// LimitPerHolder is the largest number of seats held or booked by one holder; 0 for no limit.
	LimitPerHolder int64 `json:"limit_per_holder"`
	// WaitingRoom guards the sale, "" if none does.
	WaitingRoom RoomID `json:"waiting_room"`
	// Sections are in the venue's order, the best first.
	Sections []Section `json:"sections"`
	// SaleTimes are the bounds of the sale. If ClosesAt equals StartsAt, an edit of the start moves both. Older
	// facts have no bounds: their sales never close.
	SaleTimes
	// Cancellation is the policy for new sales; zero for the default.
	Cancellation Cancellation `json:"cancellation,omitzero"`
	// Plan is the seating plan that defines the seats, which never change; "" if Sections define them. With a
	// plan there are no Sections.
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
// edit. Existing holds keep their terms.
type PerformanceEdited struct {
	Title    string    `json:"title"`
	Venue    string    `json:"venue"`
	StartsAt time.Time `json:"starts_at"`
	// HoldSeconds is the time to pay a booking.
	HoldSeconds int64 `json:"hold_seconds"`
	// LimitPerHolder is the largest number of seats held or booked by one holder; 0 for no limit.
	LimitPerHolder int64 `json:"limit_per_holder"`
	// Prices has the prices of all sections, in order.
	Prices []SectionPrice `json:"prices"`
	SaleTimes
	// Cancellation is the policy for new sales; zero for the default.
	Cancellation Cancellation `json:"cancellation,omitzero"`
	// CategoryPrices has the prices of all categories, in order, if the performance has a plan.
	CategoryPrices []CategoryPrice `json:"category_prices,omitzero"`
	// Areas has the areas that have been resized, in the order of their first resize, with the capacities stated
	// by the edits. The facts of the areas have the actual ones.
	Areas []AreaPlaces `json:"areas,omitzero"`
	// Change is the number of the change that resizes areas for this edit, 0 for none; see [BlockChange].
	Change int64 `json:"change,omitempty"`
}

func (*PerformanceEdited) Name() string { return "performance.edited.v1" }

// Schedule implements [Scheduled].
func (f *PerformanceEdited) Schedule() (times SaleTimes, reached bool) { return f.SaleTimes, false }

// PerformanceOpened records that the sale has opened. No decision depends on it: the rules compare the time
// with the bounds of the sale.
type PerformanceOpened struct {
	OpensAt time.Time `json:"opens_at"`
}

func (*PerformanceOpened) Name() string { return "performance.opened.v1" }

// Schedule implements [Scheduled].
func (f *PerformanceOpened) Schedule() (times SaleTimes, reached bool) {
	return SaleTimes{OpensAt: f.OpensAt}, true
}

// PerformanceClosed records that the sale has closed. As with [PerformanceOpened], no decision depends on it.
type PerformanceClosed struct {
	ClosesAt time.Time `json:"closes_at"`
}

func (*PerformanceClosed) Name() string { return "performance.closed.v1" }

// Schedule implements [Scheduled].
func (f *PerformanceClosed) Schedule() (times SaleTimes, reached bool) {
	return SaleTimes{ClosesAt: f.ClosesAt}, true
}
