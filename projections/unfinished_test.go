package projections

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
	"admitone/projections/logtest"
	"admitone/projections/row"
)

// unfinishedLog returns a log, its model, and the ids of the unfinished bookings: one is being paid, one has expired
// and one was released with its seat still held, and the refund of one is not completed. A fifth booking is finished.
func unfinishedLog() (*logtest.Memory, *logtest.BookingModel, []string) {
	log := logtest.NewMemory()
	c := logtest.NewBookingModel(func(stream events.StreamID, fact events.Fact) { log.Add(stream, fact) })
	c.Open("a")
	c.Charge("ada", 100)
	for i, holder := range []events.Holder{"ada", "bob", "ada", "ada", "ada"} {
		c.Book("a", holder, logtest.ModelSeats[i:i+1])
	}
	b := func(i int) *logtest.ModelBooking { return c.Bookings[c.Order[i]] }
	c.Pay(b(3))
	c.RunInterrupted(2, func() { c.Pay(b(0)) })                      // started and debited
	c.RunInterrupted(1, func() { c.Release(b(2)) })                  // released
	c.RunInterrupted(2, func() { c.Release(b(3)) })                  // released and refunded
	c.RunInterrupted(3, func() { c.Release(b(4)) })                  // completed
	c.RunInterrupted(1, func() { c.Advance(logtest.ModelHold + 1) }) // bob's expired
	return log, c, []string{c.Order[0], c.Order[1], c.Order[2], c.Order[3]}
}

func TestUnfinishedBookingsAreResumed(t *testing.T) {
	log, c, want := unfinishedLog()
	p := openViews(t, log, vfs.NewMem())
	runViews(t, p)
	ctx, cancel := context.WithCancel(t.Context())
	var mu sync.Mutex
	tries, done := map[events.BookingID]int{}, make(chan struct{})
	end := sync.OnceFunc(func() { close(done) }) // lagging views may resume a booking again
	over := make(chan error, 1)
	go func() {
		over <- p.RunUnfinished(ctx, func(_ context.Context, id events.BookingID) error {
			mu.Lock()
			defer mu.Unlock()
			if tries[id]++; tries[id] == 1 {
				return errors.New("the test fails the first attempt")
			}
			c.Settle(c.Bookings[string(id)])
			if len(c.Unfinished()) == 0 {
				end()
			}
			return nil
		})
	}()
	<-done
	cancel()
	if err := <-over; !errors.Is(err, context.Canceled) {
		t.Errorf("RunUnfinished = %v, want Canceled", err)
	}
	waitFor(t, p, events.Position(len(log.Recorded)))
	if n, err := p.Unfinished(); n != 0 || err != nil {
		t.Errorf("Unfinished() = %d, %v; want 0", n, err)
	}
	for id, n := range tries {
		if !slices.Contains(want, string(id)) || n < 2 {
			t.Errorf("%s was resumed %d times, want at least 2 for %q", id, n, want)
		}
	}
	if len(tries) != len(want) {
		t.Errorf("resumed %v, want %q", tries, want)
	}
	if c.Wallets["ada"] != 95 {
		t.Errorf("ada's balance is %d, want 95", c.Wallets["ada"])
	}
}

// notCancelled is a performance that is not cancelled.
var notCancelled = &row.Cancelled{}

// TestBookingsInProgressAreNotResumed: a booking whose request makes progress or that is being resumed is not due.
func TestBookingsInProgressAreNotResumed(t *testing.T) {
	p := &Projections{log: slog.Default()}
	u := newUnfinished(p, "unfinished", events.BookingCategory)
	u.waiting = map[string]*resumeAttempt{}
	now := time.Now()
	fact := func(age time.Duration) *events.Recorded { return &events.Recorded{Created: now.Add(-age)} }
	paying := &row.Booking{ID: "b", Status: events.BookingIsPaying}
	u.update("b", paying, holding{}, notCancelled, &unconfirmedHolds{}, fact(0))
	if due := u.claimDue(now.Add(resumeAfter/2), 9); len(due) != 0 {
		t.Errorf("due immediately: %q, want none", due)
	}
	u.postpone("b", fact(-time.Hour)) // the log's clock is ahead
	if due := u.claimDue(now.Add(resumeAfter/2), 9); len(due) != 0 {
		t.Errorf("due after progress: %q, want none", due)
	}
	due := time.Now().Add(resumeAfter)
	if due := u.claimDue(due, 9); len(due) != 1 {
		t.Errorf("due after %v: %q, want b", resumeAfter, due)
	}
	if due := u.claimDue(due.Add(time.Hour), 9); len(due) != 0 {
		t.Errorf("due during the resumption: %q, want none", due)
	}
	u.finishResume("b", due, nil)
	if due := u.claimDue(due, 9); len(due) != 0 {
		t.Errorf("due right after the resumption: %q, want none", due)
	}
	if due := u.claimDue(due.Add(resumeAfter), 9); len(due) != 1 {
		t.Errorf("due after a resumption without a fact: %q, want b", due)
	}
	u.update("b", &row.Booking{ID: "b", Status: events.BookingIsBooked}, holding{1, 1}, notCancelled, &unconfirmedHolds{}, fact(0))
	u.finishResume("b", due, errors.New("too late"))
	if len(u.waiting) != 0 {
		t.Errorf("waiting = %v, want none", u.waiting)
	}
	expired := fact(0)
	expired.Type = (&events.BookingExpired{}).Name()
	for i := range 5 { // with an earlier failed payment
		u.update(
			events.BookingID(fmt.Sprint(i)),
			&row.Booking{ID: events.BookingID(fmt.Sprint(i)), Status: events.BookingIsExpired,
				Failed: events.FailedBalance},
			holding{1, 1},
			notCancelled,
			&unconfirmedHolds{},
			expired,
		)
	}
	if due := u.claimDue(time.Now(), 3); len(due) != 3 {
		t.Errorf("due of five expired bookings: %q, want three", due)
	}
}

// TestHoldsOfOtherAttemptsAreReleased: holds of other attempts are released soon, and an attempt that may still
// become the booking is abandoned only after half a minute.
func TestHoldsOfOtherAttemptsAreReleased(t *testing.T) {
	for _, test := range []struct {
		booking *row.Booking
		after   time.Duration
	}{
		{nil, abandonAfter},
		{&row.Booking{ID: "b", Status: events.BookingIsHeld}, releaseAfter},
		{&row.Booking{ID: "b", Status: events.BookingIsBooked}, releaseAfter},
	} {
		u := newUnfinished(&Projections{log: slog.Default()}, "unfinished", events.BookingCategory)
		u.waiting = map[string]*resumeAttempt{}
		now := time.Now()
		u.update("b", test.booking, holding{seats: 3}, notCancelled, &unconfirmedHolds{now.UnixNano(), []unconfirmedHold{{1, "seat-x~A-1-1"}}},
			&events.Recorded{Created: now})
		if due := u.claimDue(now.Add(test.after-time.Millisecond), 9); len(due) != 0 {
			t.Errorf("%+v: due before %s: %q, want none", test.booking, test.after, due)
		}
		if due := u.claimDue(now.Add(test.after), 9); len(due) != 1 {
			t.Errorf("%+v: due after %s: %q, want b", test.booking, test.after, due)
		}
	}
}

// TestHoldingRecord: both fields survive encoding, and a truncated record is invalid.
func TestHoldingRecord(t *testing.T) {
	record := appendHolding(nil, &holding{1, 2})
	if got, err := decodeHolding(record); err != nil || got != (holding{1, 2}) {
		t.Errorf("decodeHolding: %+v, %v; want {1 2}", got, err)
	}
	for size := range record {
		if _, err := decodeHolding(record[:size]); err == nil {
			t.Errorf("the first %d of %d bytes are decoded as a holding, want an error", size, len(record))
		}
	}
}
