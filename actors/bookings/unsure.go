package bookings

import (
	"sync"

	"admitone/events"
)

// maxUnsure bounds the requests of which it is known one by one how they stand.
const maxUnsure = 200_000

// unsure are the bookings of which the views may not have seen all that earlier runs of
// their requests have left. The zero value knows nothing: that may be any.
//
// Where no other process appends to the log, the views have seen everything of before this
// process began once they have caught up. Behind that only the runs of this process leave
// anything, and of those only one that ended in a failure: every other has given back what
// it had before it answered, or has become the booking. So most requests with a key need
// not wait for the views.
type unsure struct {
	mu sync.Mutex
	// alone: no other process appends; caught: the views have caught up; guarded by mu, as the rest.
	alone, caught bool
	// open are the bookings of requests that are under way or have failed, nil if those
	// were too many once.
	open map[events.BookingID]struct{}
}

// Alone says that this process alone appends to the log. It is called before
// anything is asked.
func (b *Bookings) Alone() { b.unsure.alone, b.unsure.open = true, map[events.BookingID]struct{}{} }

// begin notes that a request for a booking begins, whose earlier runs have ended. seen says
// that the views have seen all of these.
func (u *unsure) begin(bookingID events.BookingID) (seen bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.open == nil {
		return false
	}
	_, failed := u.open[bookingID]
	u.open[bookingID] = struct{}{}
	if len(u.open) > maxUnsure {
		u.open = nil
	}
	return u.caught && !failed
}

// caughtUp notes that the views have.
func (u *unsure) caughtUp() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.caught = u.alone
}

// end notes that a request has ended, and has left nothing.
func (u *unsure) end(bookingID events.BookingID) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.open, bookingID)
}
