package bookings

import (
	"sync"

	"admitone/events"
)

// maxUnseen bounds the number of bookings in unseenRuns.open.
const maxUnseen = 200_000

// unseenRuns tracks the bookings for which the views may not yet show everything that earlier runs of their
// requests have left. With the zero value, that is every booking.
//
// If no other process appends to the log, the views have seen everything from before this process once they
// have caught up. After that, only runs of this process that fail leave anything: any other run has made the
// booking, or has released what it held before it answered. So most requests with a key need not wait for
// the views.
type unseenRuns struct {
	mu sync.Mutex
	// soleWriter: no other process appends. caughtUp: the views have caught up. Guarded by mu.
	soleWriter, caughtUp bool
	// open are the bookings of requests that are running or have failed, nil once there were too many;
	// guarded by mu.
	open map[events.BookingID]struct{}
}

// AssumeSoleWriter declares that only this process appends to the log. It must be called before the first
// request.
func (b *Bookings) AssumeSoleWriter() {
	b.unseen.soleWriter, b.unseen.open = true, map[events.BookingID]struct{}{}
}

// begin records that a run of a request for a booking begins. seen reports whether the views show everything
// that its earlier runs have left. Runs of the same request must not overlap.
func (u *unseenRuns) begin(bookingID events.BookingID) (seen bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.open == nil {
		return false
	}
	_, failed := u.open[bookingID]
	u.open[bookingID] = struct{}{}
	if len(u.open) > maxUnseen {
		u.open = nil
	}
	return u.caughtUp && !failed
}

// setCaughtUp records that the views have caught up.
func (u *unseenRuns) setCaughtUp() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.caughtUp = u.soleWriter
}

// end records that a run has ended and has left nothing.
func (u *unseenRuns) end(bookingID events.BookingID) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.open, bookingID)
}
