package bookings

import (
	"testing"
	"time"

	"admitone/actors/performance"
	"admitone/events"
)

// halfUntil sets a cancellation policy that refunds half of the price until a time after day.
func (w *harness) halfUntil(at time.Duration) {
	w.Helper()
	w.edit(&performance.Edit{Cancellation: &events.Cancellation{Until: day.Add(at), RefundPercent: 50}})
}

// TestPartialRefund checks that half of the price is refunded once, according to the policy under which the
// booking was held.
func TestPartialRefund(t *testing.T) {
	w := newHarness(t, 1, 6, 4)
	w.charge("ann", 500)
	before := w.mustBook("ann", "A-1-1")
	w.halfUntil(100 * s)
	id := w.mustBook("ann", "A-1-2", "A-1-3")
	for _, id := range []events.BookingID{before, id} {
		_, err := w.pay(id, "ann")
		w.want(err, "ok")
	}
	w.halfUntil(50 * s) // earlier holds keep the earlier rule
	w.clock.move(100*s - 1)
	for range 2 {
		answer, err := w.cancel(id, "ann")
		w.want(err, "ok")
		if answer.Booking.Kept != 100 || answer.Booking.Refunding {
			t.Errorf("got booking %+v, want 100 kept and nothing left to refund", answer.Booking)
		}
		w.resume()
	}
	_, err := w.cancel(before, "ann")
	w.want(err, "ok")
	h := w.read()
	if got := h.wallets["ann"].Balance(); got != 400 {
		t.Errorf("got balance %d, want 400", got)
	}
	w.mustBook("bob", "A-1-1", "A-1-2", "A-1-3")
}

// TestCancellationCloses checks that the time limit of the policy applies to holders, but not to an
// organiser with a reason.
func TestCancellationCloses(t *testing.T) {
	w := newHarness(t, 1, 6, 0)
	w.charge("ann", 100)
	w.halfUntil(10 * s)
	id, held := w.mustBook("ann", "A-1-1"), w.mustBook("ann", "A-1-2")
	_, err := w.pay(id, "ann")
	w.want(err, "ok")
	w.clock.move(10 * s)
	_, err = w.cancel(id, "ann")
	w.want(err, "cancellation_closed")
	_, err = w.cancel(held, "ann") // it is not paid
	w.want(err, "ok")
	_, err = w.Cancel(w.ctx(), Cancel{Origin: w.origin("house"), BookingID: id, Reason: "lift"})
	w.want(err, "ok")
	if got := w.read().wallets["ann"].Balance(); got != 50 {
		t.Errorf("got balance %d, want 50", got)
	}
}

// TestCrashDuringPartialRefund crashes a cancellation after each append. Half of the price must be refunded
// once.
func TestCrashDuringPartialRefund(t *testing.T) {
	for step := 1; ; step++ {
		w := newHarness(t, 1, 6, 4)
		w.charge("ann", 200)
		w.halfUntil(100 * s)
		id := w.mustBook("ann", "A-1-1", "A-1-2")
		_, err := w.pay(id, "ann")
		w.want(err, "ok")
		hasCrashed := w.crashAfter(step)
		_, err = w.cancel(id, "ann")
		over := !hasCrashed()
		w.start(nil)
		w.resume()
		h := w.read()
		state := h.bookings[id].State()
		if state.Refunding || state.Status == events.BookingIsReleased && h.wallets["ann"].Balance() != 100 {
			t.Errorf("crash after %d appends: got booking %+v, balance %d; want one refund of half", step, state, h.wallets["ann"].Balance())
		}
		if over {
			w.want(err, "ok")
			return
		}
	}
}

// TestEverythingIsKept checks that nothing is refunded if the policy withholds the whole price.
func TestEverythingIsKept(t *testing.T) {
	w := newHarness(t, 1, 6, 0)
	w.charge("ann", 100)
	w.edit(&performance.Edit{Cancellation: &events.Cancellation{Until: day.Add(100 * s)}})
	id := w.mustBook("ann", "A-1-1")
	_, err := w.pay(id, "ann")
	w.want(err, "ok")
	for range 2 {
		answer, err := w.cancel(id, "ann")
		if w.want(err, "ok"); answer.Booking.Kept != 100 || answer.Booking.Refunding {
			t.Errorf("got booking %+v, want everything kept", answer.Booking)
		}
		w.resume()
	}
	if got := w.read().wallets["ann"].Balance(); got != 0 {
		t.Errorf("got balance %d, want 0", got)
	}
	w.mustBook("bob", "A-1-1")
}
