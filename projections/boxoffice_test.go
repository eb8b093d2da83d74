package projections

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
)

// TestBoxOfficeStopsAtWhatCannotBe: an event that contradicts those before changes
// nothing.
func TestBoxOfficeStopsAtWhatCannotBe(t *testing.T) {
	for name, forge := range map[string]struct {
		stream events.StreamID
		fact   events.Fact
	}{
		"created twice":           {hall("a"), &events.PerformanceCreated{PerformanceID: "a", Sections: clerkSections}},
		"no performance":          {chair("b", "A-1-1"), &events.SeatBlocked{}},
		"no such seat":            {chair("a", "A-1-4"), &events.SeatBlocked{}},
		"a product in a hall":     {hall("b"), &events.ProductReserved{}},
		"a product on a seat":     {chair("a", "A-1-1"), &events.ProductReserved{}},
		"a product in a booking":  {"booking-b.1", &events.ProductReserved{}},
		"a product in a wallet":   {"wallet-ada", &events.ProductReserved{}},
		"a product in allowances": {"allowance-a~ada", &events.ProductReserved{}},
		"no rows":                 {hall("b"), &events.PerformanceCreated{PerformanceID: "b", Sections: []events.Section{{ID: "A", SeatsPerRow: 1}}}},
		"one seat, two owners":    {chair("a", "A-1-1"), &events.SeatHeld{HoldID: "b.9.1"}},
		"a hold without a name":   {chair("a", "A-1-2"), &events.SeatHeld{HoldID: "b"}},
		"a free seat is freed":    {chair("a", "A-1-2"), &events.SeatExpired{HoldID: "b.1.1"}},
		"another hold's seat":     {chair("a", "A-1-1"), &events.SeatReleased{HoldID: "b.9.1", Was: events.SeatIsHeld}},
		"a stranger's allowance":  {"allowance-a~bob", &events.AllowanceReleased{HoldID: "b.9.1", Seats: 1}},
		"a booking made twice":    {"booking-b.1", &events.BookingHeld{BookingID: "b.1"}},
		"booked and not paid":     {"booking-b.1", &events.BookingBooked{PaymentID: "b.1.1", Amount: 5}},
		"no booking":              {"booking-b.9", &events.BookingExpired{}},
		"less than nothing":       {"wallet-ada", &events.WalletDebited{PaymentID: "b.1.1", Amount: 5, Balance: -5}},
		"a wrong balance":         {"wallet-ada", &events.WalletCharged{Amount: 5, Balance: 6}},
	} {
		t.Run(name, func(t *testing.T) {
			log, p, c := aShow(t)
			c.book("a", "ada", []string{"A-1-1"})
			waitFor(t, p, events.Position(len(log.recorded)))
			before := boxOfficeContent(t, p)
			at := log.add(forge.stream, forge.fact)
			if err := p.WaitFor(t.Context(), at); !errors.Is(err, ErrViolated) {
				t.Fatalf("the views went on: %v", err)
			}
			if after := boxOfficeContent(t, p); fmt.Sprint(after) != fmt.Sprint(before) {
				t.Errorf("it changed\n%v to\n%v", before, after)
			}
		})
	}
}

// TestBoxOfficeRowsAreKept: every member comes back from the disk, and half a record
// is none.
func TestBoxOfficeRowsAreKept(t *testing.T) {
	far := time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC)
	show := Performance{
		ID: "a", Title: "T \"x\"", Venue: "V", StartsAt: far, HoldSeconds: 1, LimitPerHolder: 2, WaitingRoom: "w", Revision: 3, Position: 4,
		Created: time.Unix(1, 2).UTC(), Updated: time.Unix(3, 4).UTC(), blocks: 5,
		Sections: []Section{{clerkSections[0], SeatCounts{6, 1, 2, 3}}, {clerkSections[1], SeatCounts{2, 0, 0, 1}}},
	}
	show.complete()
	kept(t, show, appendPerformance, func(record []byte) (Performance, error) { return decodePerformance("a", record) })
	for flags := range 16 {
		b := Booking{
			ID: "b", PerformanceID: "a", Holder: "h", Seats: []events.BookedSeat{{Seat: "A-1-1", Price: 5}, {Seat: "A-1-2", Price: 6}}, Amount: 11,
			Status: events.BookingIsExpired, ExpiresAt: far, ExtendableUntil: far, Attempt: 2, Failed: events.FailedLate, Revision: 7, Position: 8,
			Created: time.Unix(1, 2).UTC(), Updated: time.Unix(3, 4).UTC(),
			Extended: flags&1 != 0, Late: flags&2 != 0, Retaken: flags&4 != 0, Refunding: flags&8 != 0,
		}
		kept(t, b, appendBooking, func(record []byte) (Booking, error) { return decodeBooking("b", record) })
	}
	w := Wallet{"h", 1, 2, 3, 4, 5, 6, time.Unix(1, 2).UTC(), time.Unix(3, 4).UTC()}
	kept(t, w, appendWallet, func(record []byte) (Wallet, error) { return decodeWallet("h", record) })
	kept(t, WalletEntry{EntryRefunded, "p", "b", 1, 2, 3, 4, time.Unix(1, 2).UTC()}, appendWalletEntry, decodeWalletEntry)
	kept(t, holding{1, 2}, appendHolding, decodeHolding)
}

func kept[R any](t *testing.T, row R, encode func([]byte, *R) []byte, decode func([]byte) (R, error)) {
	t.Helper()
	record := encode(nil, &row)
	if got, err := decode(record); err != nil || !reflect.DeepEqual(got, row) {
		t.Errorf("%+v, %v; want %+v", got, err, row)
	}
	for size := range record {
		if _, err := decode(record[:size]); err == nil {
			t.Errorf("%d of %d bytes are a %T", size, len(record), row)
		}
	}
}

func TestBookingAtItsDeadline(t *testing.T) {
	b := Booking{Status: events.BookingIsHeld, ExpiresAt: closing}
	for at, want := range map[time.Time]events.BookingStatus{closing: events.BookingIsHeld, closing.Add(1): events.BookingIsExpired} {
		if got := b.StatusAt(at); got != want {
			t.Errorf("%v: %s, want %s", at, got, want)
		}
	}
	if b.Status = events.BookingIsPaying; b.StatusAt(closing.Add(1)) != events.BookingIsPaying {
		t.Error("a payment under way has expired")
	}
}

// TestDeadlinesOfTheBoxOffice: seats, allowances and bookings are woken when their
// time is up, and not those that are paid.
func TestDeadlinesOfTheBoxOffice(t *testing.T) {
	log := newMemoryLog()
	c := newClerk(func(stream events.StreamID, fact events.Fact) { log.add(stream, fact) })
	c.now = time.Now().Add(-time.Hour)
	c.open("a")
	c.charge("ada", 5)
	c.book("a", "bob", []string{"A-1-1", "A-1-2"})
	c.book("a", "ada", []string{"A-2-1"})
	c.pay(c.bookings[c.order[1]])
	p := opened(t, log, vfs.NewMem())
	started(t, p)
	want := []events.StreamID{"allowance-a~bob", events.StreamID("booking-" + c.order[0]), chair("a", "A-1-1"), chair("a", "A-1-2")}
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
