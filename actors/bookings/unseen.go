package bookings

import (
	"sync"

	"admitone/events"
)

// maxUnseen bounds the requests that are tracked one by one.
const maxUnseen = 200_000

// unseenRuns tracks the bookings for which the views may not yet show everything that earlier runs of
// their requests have left. The zero value treats every booking as such.
//
// If no other process appends to the log, the views have seen everything from before this process
// once they have caught up. After that only runs of this process leave anything, and only those
// that ended in a failure: every other run has released what it held before it answered, or has
// become the booking. So most requests with a key need not wait for the views.
type unseenRuns struct {
	mu sync.Mutex
	// soleWriter: no other process appends. caught: the views have caught up. Guarded by mu, like the
	// rest.
	soleWriter, caughtUp bool
	// open are the bookings of requests that are running or have failed, nil once there were too
	// many.
	open map[events.BookingID]struct{}
}

// Alone declares that only this process appends to the log. It must be called before the first
// request.
func (b *Bookings) AssumeSoleWriter() {
	b.unseen.soleWriter, b.unseen.open = true, map[events.BookingID]struct{}{}
}

// begin records that a request for a booking begins, whose earlier runs have ended. seen means that
// the views have seen all of them.
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

// end records that a request has ended and has left nothing.
func (u *unseenRuns) end(bookingID events.BookingID) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.open, bookingID)
}
