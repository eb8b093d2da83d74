package bookings

import (
	"reflect"
	"testing"

	"admitone/actors/booking"
	"admitone/events"
)

// TestKeyIdentifiesOneRequest checks that a retry gets the same answer, a different body is refused, and a
// refused request is decided again.
func TestKeyIdentifiesOneRequest(t *testing.T) {
	w := newHarness(t, 2, 5, 0)
	w.charge("ann", 500)
	book := func(body string, seats ...events.SeatName) (Answer, error) {
		return w.Book(w.ctx(), Book{Origin: w.keyed("ann", "k", body), PerformanceID: "gala", Holder: "ann", Seats: seats})
	}
	other := w.mustBook("bob", "A-1-2")
	_, err := book("1", "A-1-1", "A-1-2")
	w.want(err, "seat_taken")
	_, err = w.cancel(other, "bob")
	w.want(err, "ok")
	first, err := book("1", "A-1-1", "A-1-2")
	w.want(err, "ok")
	pay := func() (Answer, error) {
		return w.Pay(w.ctx(), Pay{Origin: w.keyed("ann", "p", "{}"), BookingID: first.Booking.ID, By: "ann"})
	}
	paid, err := pay()
	w.want(err, "ok")
	again, err := book("1", "A-1-1", "A-1-2")
	first.Replayed = true
	if w.want(err, "ok"); !reflect.DeepEqual(again, first) {
		t.Errorf("retry: got %+v, want %+v", again, first)
	}
	_, err = book("2", "A-2-1")
	w.want(err, "idempotency_key_reused")
	paidAgain, err := pay()
	paid.Replayed = true
	if w.want(err, "ok"); !reflect.DeepEqual(paidAgain, paid) {
		t.Errorf("retry: got %+v, want %+v", paidAgain, paid)
	}
	_, err = w.pay(first.Booking.ID, "ann")
	w.want(err, "already_confirmed")
	w.checkSettled(0)
}

// TestKeyedPaymentThatFailed checks that a failed payment is decided again under its key.
func TestKeyedPaymentThatFailed(t *testing.T) {
	w := newHarness(t, 2, 5, 0)
	id := w.mustBook("ann", "A-1-1")
	pay := func() (Answer, error) {
		return w.Pay(w.ctx(), Pay{Origin: w.keyed("ann", "p", "{}"), BookingID: id, By: "ann"})
	}
	w.want(w.payOvertaken(Pay{Origin: w.keyed("ann", "p", "{}"), BookingID: id, By: "ann"}), "insufficient_balance")
	_, err := pay()
	w.want(err, "insufficient_balance")
	w.charge("ann", 100)
	_, err = pay()
	w.want(err, "ok")
	answer, err := pay()
	if w.want(err, "ok"); !answer.Replayed || answer.Booking.Status != events.BookingIsBooked {
		t.Errorf("retry: got %+v, want a replay of the paid booking", answer)
	}
	w.checkSettled(0)
}

// TestRetryGetsTheSameAnswer checks that a retry gets the same answer even if the booking has changed since.
func TestRetryGetsTheSameAnswer(t *testing.T) {
	w := newHarness(t, 2, 5, 0)
	w.charge("ann", 100)
	id := w.mustBook("ann", "A-1-1")
	extend := func() (Answer, error) {
		return w.Extend(w.ctx(), Extend{Origin: w.keyed("ann", "e", "{}"), BookingID: id, By: "ann"})
	}
	pay := func() (Answer, error) {
		return w.Pay(w.ctx(), Pay{Origin: w.keyed("ann", "p", "{}"), BookingID: id, By: "ann"})
	}
	again := func(what string, ask func() (Answer, error), want Answer) {
		t.Helper()
		got, err := ask()
		want.Replayed = true
		if w.want(err, "ok"); !reflect.DeepEqual(got, want) {
			t.Errorf("retry of %s: got %+v, want %+v", what, got, want)
		}
	}
	extended, err := extend()
	w.want(err, "ok")
	again("extended", extend, extended)
	paid, err := pay()
	w.want(err, "ok")
	again("extended, then paid", extend, extended)
	again("paid", pay, paid)
	_, err = w.cancel(id, "ann")
	w.want(err, "ok")
	again("extended, then cancelled", extend, extended)
	again("paid, then cancelled", pay, paid)
	w.restart()
	again("extended, before a restart", extend, extended)
	again("paid, before a restart", pay, paid)
	w.checkSettled(0)
}

// TestKeyedPaymentInProgress checks that a retry completes a payment that another node, or a crashed
// process, has started.
func TestKeyedPaymentInProgress(t *testing.T) {
	w := newHarness(t, 2, 5, 0)
	w.charge("ann", 100)
	id := w.mustBook("ann", "A-1-1")
	from := w.keyed("ann", "p", "{}")
	w.must(w.request(w.ctx(), from, id, &booking.StartPayment{By: "ann"}))
	answer, err := w.Pay(w.ctx(), Pay{Origin: from, BookingID: id, By: "ann"})
	if w.want(err, "ok"); !answer.Replayed || answer.Booking.Status != events.BookingIsBooked {
		t.Errorf("got answer %+v, want the paid booking as a replay", answer)
	}
	w.checkSettled(0)
}
