package bookings

import "testing"

// TestLimitTakesPrecedence checks that limit_exceeded takes precedence over seat_taken and sold_out.
func TestLimitTakesPrecedence(t *testing.T) {
	w := newHarness(t, 2, 5, 2)
	w.mustBook("ann", "A-1-1", "A-1-2")
	w.mustBook("bob", "A-2-1")
	_, err := w.book("ann", "A-1-1")
	w.want(err, "limit_exceeded")
	_, err = w.book("ann", "A-2-1", "A-2-2")
	w.want(err, "limit_exceeded")
	_, err = w.best("bob", 9)
	w.want(err, "limit_exceeded")
	_, err = w.best("cid", 9)
	w.want(err, "limit_exceeded")
	_, err = w.book("bob", "A-1-1")
	w.want(err, "seat_taken")
	_, err = w.book("cid", "A-2-1", "A-2-2")
	w.want(err, "seat_taken")
	w.mustBook("dan", "A-1-3", "A-1-4")
	w.mustBook("eve", "A-1-5", "A-2-2")
	w.mustBook("fay", "A-2-3", "A-2-4")
	_, err = w.best("cid", 2)
	w.want(err, "sold_out")
	w.check(2)
}
