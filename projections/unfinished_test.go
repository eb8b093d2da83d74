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
)

// leftBehind is a log in which four bookings were left in the middle of something:
// one while paying, one expired with its seat, one released with its seat, one whose
// refund was not finished; and another was not.
func leftBehind() (*memoryLog, *clerk, []string) {
	log := newMemoryLog()
	c := newClerk(func(stream events.StreamID, fact events.Fact) { log.add(stream, fact) })
	c.open("a")
	c.charge("ada", 100)
	for i, holder := range []string{"ada", "bob", "ada", "ada", "ada"} {
		c.book("a", holder, clerkSeats[i:i+1])
	}
	b := func(i int) *clerkBooking { return c.bookings[c.order[i]] }
	c.pay(b(3))
	c.until(2, func() { c.pay(b(0)) })            // started and debited
	c.until(1, func() { c.cancel(b(2)) })         // released
	c.until(2, func() { c.cancel(b(3)) })         // released and refunded
	c.until(3, func() { c.cancel(b(4)) })         // and that one is done
	c.until(1, func() { c.later(clerkHold + 1) }) // bob's expired
	return log, c, []string{c.order[0], c.order[1], c.order[2], c.order[3]}
}

func TestUnfinishedBookingsAreResumed(t *testing.T) {
	log, c, want := leftBehind()
	p := opened(t, log, vfs.NewMem())
	started(t, p)
	ctx, cancel := context.WithCancel(t.Context())
	var mu sync.Mutex
	tries, done := map[string]int{}, make(chan struct{})
	end := sync.OnceFunc(func() { close(done) }) // views that lag behind ask again
	over := make(chan error, 1)
	go func() {
		over <- p.RunUnfinished(ctx, func(_ context.Context, id string) error {
			mu.Lock()
			defer mu.Unlock()
			if tries[id]++; tries[id] == 1 {
				return errors.New("the desk is busy")
			}
			c.settle(c.bookings[id])
			if len(c.unfinished()) == 0 {
				end()
			}
			return nil
		})
	}()
	<-done
	cancel()
	if err := <-over; !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
	waitFor(t, p, events.Position(len(log.recorded)))
	if n, err := p.Unfinished(); n != 0 || err != nil {
		t.Errorf("%d are left, %v", n, err)
	}
	for id, n := range tries {
		if !slices.Contains(want, id) || n < 2 {
			t.Errorf("%s was resumed %d times", id, n)
		}
	}
	if len(tries) != len(want) {
		t.Errorf("resumed were %v, want %q", tries, want)
	}
	if c.wallets["ada"] != 95 {
		t.Errorf("ada has %d", c.wallets["ada"])
	}
}

// TestWhatMakesProgressIsLeftAlone: nobody resumes what somebody else is at.
func TestWhatMakesProgressIsLeftAlone(t *testing.T) {
	p := &Projections{log: slog.Default()}
	u := newUnfinished(p)
	u.waiting = map[string]*resumption{}
	now := time.Now()
	fact := func(age time.Duration) *events.Recorded { return &events.Recorded{Created: now.Add(-age)} }
	paying := &Booking{ID: "b", Status: events.BookingIsPaying}
	u.settle(paying, holding{}, fact(0))
	if due := u.take(now.Add(resumeAfter/2), 9); len(due) != 0 {
		t.Errorf("%q at once", due)
	}
	u.progress("b", fact(-time.Hour)) // a clock that is ahead
	if due := u.take(now.Add(resumeAfter/2), 9); len(due) != 0 {
		t.Errorf("%q after progress", due)
	}
	later := time.Now().Add(resumeAfter)
	if due := u.take(later, 9); len(due) != 1 {
		t.Errorf("%q after a while", due)
	}
	if due := u.take(later.Add(time.Hour), 9); len(due) != 0 {
		t.Errorf("%q while it is being resumed", due)
	}
	u.resumed("b", later, nil)
	if due := u.take(later, 9); len(due) != 0 {
		t.Errorf("%q right behind", due)
	}
	if due := u.take(later.Add(resumeAfter), 9); len(due) != 1 {
		t.Errorf("%q when nothing came of it", due)
	}
	u.settle(&Booking{ID: "b", Status: events.BookingIsBooked}, holding{1, 1}, fact(0))
	u.resumed("b", later, errors.New("too late"))
	if len(u.waiting) != 0 {
		t.Errorf("%v is kept", u.waiting)
	}
	expired := fact(0)
	expired.Type = (&events.BookingExpired{}).Name()
	for i := range 5 { // also one that could not be paid for before
		u.settle(&Booking{ID: fmt.Sprint(i), Status: events.BookingIsExpired, Failed: events.FailedBalance}, holding{1, 1}, expired)
	}
	if due := u.take(time.Now(), 3); len(due) != 3 {
		t.Errorf("%q of five that have expired, three at a time", due)
	}
}
