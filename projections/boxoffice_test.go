package projections

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
	"admitone/projections/logtest"
	"admitone/projections/row"
)

// TestBoxOfficeStopsAtContradictions: an event that contradicts earlier ones changes nothing.
func TestBoxOfficeStopsAtContradictions(t *testing.T) {
	for name, forge := range map[string]struct {
		stream events.StreamID
		fact   events.Fact
	}{
		"second creation": {logtest.PerformanceStream("a"),
			&events.PerformanceCreated{PerformanceID: "a", Sections: logtest.ModelSections}},
		"seat of an unknown performance": {logtest.SeatStream("b", "A-1-1"), &events.SeatBlocked{}},
		"seat outside the layout":        {logtest.SeatStream("a", "A-1-4"), &events.SeatBlocked{}},
		"product fact of a performance":  {logtest.PerformanceStream("b"), &events.ProductReserved{}},
		"product fact of a seat":         {logtest.SeatStream("a", "A-1-1"), &events.ProductReserved{}},
		"product fact of a booking":      {"booking-b.1", &events.ProductReserved{}},
		"product fact of a wallet":       {"wallet-ada", &events.ProductReserved{}},
		"product fact of an allowance":   {"allowance-a~ada", &events.ProductReserved{}},
		"section without rows": {logtest.PerformanceStream("b"),
			&events.PerformanceCreated{PerformanceID: "b", Sections: []events.Section{{ID: "A", SeatsPerRow: 1}}}},
		"seat held twice":       {logtest.SeatStream("a", "A-1-1"), &events.SeatHeld{HoldID: "b.9.1"}},
		"invalid hold id":       {logtest.SeatStream("a", "A-1-2"), &events.SeatHeld{HoldID: "b"}},
		"expiry of a free seat": {logtest.SeatStream("a", "A-1-2"), &events.SeatExpired{HoldID: "b.1.1"}},
		"release under a different hold": {logtest.SeatStream("a", "A-1-1"),
			&events.SeatReleased{HoldID: "b.9.1", Was: events.SeatIsHeld}},
		"release of an allowance not taken": {"allowance-a~bob", &events.AllowanceReleased{HoldID: "b.9.1", Seats: 1}},
		"booking held twice":                {"booking-b.1", &events.BookingHeld{BookingID: "b.1"}},
		"booked without a payment":          {"booking-b.1", &events.BookingBooked{PaymentID: "b.1.1", Amount: 5}},
		"expiry of an unknown booking":      {"booking-b.9", &events.BookingExpired{}},
		"negative balance":                  {"wallet-ada", &events.WalletDebited{PaymentID: "b.1.1", Amount: 5, Balance: -5}},
		"wrong balance":                     {"wallet-ada", &events.WalletCharged{Amount: 5, Balance: 6}},
	} {
		t.Run(name, func(t *testing.T) {
			log, p, c := testPerformance(t)
			c.Book("a", "ada", []string{"A-1-1"})
			waitFor(t, p, events.Position(len(log.Recorded)))
			before := boxOfficeContent(t, p)
			at := log.Add(forge.stream, forge.fact)
			if err := p.WaitFor(t.Context(), at); !errors.Is(err, row.ErrViolated) {
				t.Fatalf("WaitFor = %v, want ErrViolated", err)
			}
			if after := boxOfficeContent(t, p); fmt.Sprint(after) != fmt.Sprint(before) {
				t.Errorf("the views changed from\n%v to\n%v\nwant no change", before, after)
			}
		})
	}
}

// TestDeadlinesOfTheBoxOffice: seats, allowances and bookings are woken at their deadlines, unless
// they are paid.
func TestDeadlinesOfTheBoxOffice(t *testing.T) {
	log := logtest.NewMemory()
	c := logtest.NewBookingModel(func(stream events.StreamID, fact events.Fact) { log.Add(stream, fact) })
	c.Now = time.Now().Add(-time.Hour)
	c.Open("a")
	c.Charge("ada", 5)
	c.Book("a", "bob", []string{"A-1-1", "A-1-2"})
	c.Book("a", "ada", []string{"A-2-1"})
	c.Pay(c.Bookings[c.Order[1]])
	p := openViews(t, log, vfs.NewMem())
	runViews(t, p)
	want := []events.StreamID{"allowance-a~bob", events.StreamID("booking-" + c.Order[0]),
		logtest.SeatStream("a", "A-1-1"), logtest.SeatStream("a", "A-1-2")}
	ctx, cancel := context.WithCancel(t.Context())
	var mu sync.Mutex
	var woken []events.StreamID
	err := p.RunDeadlines(ctx, func(_ context.Context, stream events.StreamID) (time.Time, error) {
		mu.Lock()
		defer mu.Unlock()
		if woken = append(woken, stream); len(woken) == len(want) {
			cancel()
		}
		return time.Time{}, nil
	})
	slices.Sort(woken)
	if !errors.Is(err, context.Canceled) || !slices.Equal(woken, want) {
		t.Errorf("woken were %q, %v; want %q", woken, err, want)
	}
}
