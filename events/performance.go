package events

import "time"

func init() { register[PerformanceCreated]() }

// Section is a block of a performance's seats: Rows rows of SeatsPerRow seats, both
// counted from 1. Row 1 is in front.
type Section struct {
	ID SectionID `json:"id"`
	// DisplayName is shown to people.
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
	// HoldSeconds is how long a booking may stay unpaid.
	HoldSeconds int64 `json:"hold_seconds"`
	// LimitPerHolder is how many seats one holder may hold or have booked; 0 is no
	// limit.
	LimitPerHolder int64 `json:"limit_per_holder"`
	// WaitingRoom guards the sale, "" if none does.
	WaitingRoom RoomID `json:"waiting_room"`
	// Sections in the venue's order, the best first.
	Sections []Section `json:"sections"`
}

func (*PerformanceCreated) Name() string { return "performance.created.v1" }
