package events

import "time"

func init() { register[PerformanceCreated]() }

// Section is a block of a performance's seats: Rows rows of SeatsPerRow seats, both
// counted from 1. Row 1 is in front.
type Section struct {
	ID string `json:"id"`
	// DisplayName is what people read.
	DisplayName string `json:"name"`
	Rows        int64  `json:"rows"`
	SeatsPerRow int64  `json:"seats_per_row"`
	// Price of one seat, in minor units of the currency.
	Price int64 `json:"price"`
}

// PerformanceCreated puts a performance on sale. Its seats need no facts of their
// own: one that nobody has touched is free.
type PerformanceCreated struct {
	PerformanceID string    `json:"performance_id"`
	Title         string    `json:"title"`
	Venue         string    `json:"venue"`
	StartsAt      time.Time `json:"starts_at"`
	// HoldSeconds is how long a booking may stay unpaid.
	HoldSeconds int64 `json:"hold_seconds"`
	// LimitPerHolder is how many seats one holder may hold or have booked; 0 is no
	// limit.
	LimitPerHolder int64 `json:"limit_per_holder"`
	// WaitingRoom that guards the sale, "" if none does.
	WaitingRoom string `json:"waiting_room"`
	// Sections in the house's own order, the best first.
	Sections []Section `json:"sections"`
}

// Name is the frozen wire name.
func (*PerformanceCreated) Name() string { return "performance.created.v1" }

// AppendJSON appends the fact as JSON.
func (f *PerformanceCreated) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.String("performance_id", f.PerformanceID)
	o.String("title", f.Title)
	o.String("venue", f.Venue)
	o.Time("starts_at", f.StartsAt)
	o.Int("hold_seconds", f.HoldSeconds)
	o.Int("limit_per_holder", f.LimitPerHolder)
	o.String("waiting_room", f.WaitingRoom)
	o.Key("sections")
	o.Buf = append(o.Buf, '[')
	for i := range f.Sections {
		if i > 0 {
			o.Buf = append(o.Buf, ',')
		}
		s := OpenObject(o.Buf)
		s.String("id", f.Sections[i].ID)
		s.String("name", f.Sections[i].DisplayName)
		s.Int("rows", f.Sections[i].Rows)
		s.Int("seats_per_row", f.Sections[i].SeatsPerRow)
		s.Int("price", f.Sections[i].Price)
		o.Buf = s.Close()
	}
	o.Buf = append(o.Buf, ']')
	return o.Close()
}
