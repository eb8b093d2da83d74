package bookings

import (
	"testing"
	"time"

	"admitone/actors"
	"admitone/actors/performance"
	"admitone/events"
)

// edit edits the performance as the organiser.
func (w *harness) edit(edit *performance.Edit) {
	w.Helper()
	w.must(w.step(w.ctx(), w.origin("house"), performance.Stream(w.gala), edit))
}

func ptr[T any](v T) *T { return &v }

// TestSaleTimes checks that not_open and sale_closed take precedence over refusals about seats and limits,
// and append nothing.
func TestSaleTimes(t *testing.T) {
	w := newHarness(t, 1, 6, 2)
	w.charge("ann", 500)
	w.edit(&performance.Edit{OpensAt: ptr(day.Add(10 * s)), ClosesAt: ptr(day.Add(20 * s))})
	written := func() events.Position { return w.read().head }
	before := written()
	for _, seats := range [][]events.SeatName{{"A-1-1"}, {"A-1-1", "A-1-2", "A-1-3"}} {
		_, err := w.book("ann", seats...)
		w.want(err, "not_open")
	}
	w.clock.move(10*s - 1)
	_, err := w.best("ann", 1)
	w.want(err, "not_open")
	if at := written(); at != before {
		t.Errorf("got %d facts appended by refusals, want none", at-before)
	}
	w.clock.move(1)
	id := w.mustBook("ann", "A-1-1")
	w.clock.move(10*s - 1)
	w.mustBook("bob", "A-1-2")
	w.clock.move(1)
	w.desk.Sweep()
	if _, err := w.desk.Wake(w.ctx(), performance.Stream(w.gala)); err != nil {
		t.Fatal(err)
	}
	before = written()
	for holder, seats := range map[events.Holder][]events.SeatName{"cy": {"A-1-3"}, "ann": {"A-1-1", "A-1-2", "A-1-4"}} {
		_, err := w.book(holder, seats...)
		w.want(err, "sale_closed")
	}
	_, err = w.best("cy", 1)
	w.want(err, "sale_closed")
	if at := written(); at != before {
		t.Errorf("got %d facts appended by refusals, want none", at-before)
	}
	_, err = w.extend(id, "ann")
	w.want(err, "ok")
	_, err = w.pay(id, "ann")
	w.want(err, "ok")
	w.check(2)
}

// TestLatePaymentAfterTheClose checks that a late payment is refused while the sale is closed, and keeps the
// price of the hold when it is open again.
func TestLatePaymentAfterTheClose(t *testing.T) {
	w := newHarness(t, 1, 6, 2)
	w.charge("ann", 100)
	id := w.mustBook("ann", "A-1-1")
	w.edit(&performance.Edit{ClosesAt: ptr(day.Add(70 * s)), Prices: map[events.SectionID]int64{"A": 999}})
	w.clock.move(100 * s)
	w.expireDue()
	_, err := w.pay(id, "ann")
	w.want(err, "sale_closed")
	w.edit(&performance.Edit{ClosesAt: &time.Time{}})
	answer, err := w.pay(id, "ann")
	w.want(err, "ok")
	if answer.Booking.Amount != 100 || answer.Booking.Terms == 0 {
		t.Errorf("got booking %+v, want the price of the hold, 100", answer.Booking)
	}
	if other, err := w.book("bob", "A-1-2"); err != nil || other.Booking.Amount != 999 {
		t.Errorf("after the edit: got booking %+v, %v; want the price 999", other.Booking, err)
	}
	w.check(2)
}

// TestBookingsKeepTheirTerms checks that a booking continues on the terms of its hold despite later edits.
func TestBookingsKeepTheirTerms(t *testing.T) {
	w := newHarness(t, 1, 6, 0)
	w.charge("ann", 900)
	free := w.mustBook("ann", "A-1-1", "A-1-2", "A-1-3")
	w.edit(&performance.Edit{LimitPerHolder: ptr(int64(1)), HoldSeconds: ptr(int64(10))})
	extended, err := w.extend(free, "ann")
	w.want(err, "ok")
	if want := day.Add(120 * s); !extended.Booking.ExpiresAt.Equal(want) {
		t.Errorf("got deadline %v, want %v", extended.Booking.ExpiresAt, want)
	}
	_, err = w.pay(free, "ann")
	w.want(err, "ok")
	one := w.mustBook("ann", "A-1-4") // seats from before the limit are not counted
	_, err = w.book("ann", "A-1-5")
	w.want(err, "limit_exceeded")
	w.edit(&performance.Edit{LimitPerHolder: ptr(int64(0))})
	_, err = w.pay(one, "ann")
	w.want(err, "ok")
	_, err = w.cancel(one, "ann")
	w.want(err, "ok")
	w.edit(&performance.Edit{LimitPerHolder: ptr(int64(1))})
	w.mustBook("ann", "A-1-6") // and those returned meanwhile are no longer counted
	w.check(0)
}

// TestTwoDesksAndAnEdit checks that a desk which has not observed an edit decides on the older terms, and
// records them.
func TestTwoDesksAndAnEdit(t *testing.T) {
	w := newHarness(t, 1, 6, 0)
	here, desk := w.Bookings, w.desk
	w.mustBook("ann", "A-1-1") // so that the desk has read the performance
	w.start(nil)
	w.edit(&performance.Edit{ClosesAt: ptr(day.Add(10 * s)), Prices: map[events.SectionID]int64{"A": 200}})
	w.clock.move(10 * s)
	_, err := w.book("bob", "A-1-2")
	w.want(err, "sale_closed")
	w.edit(&performance.Edit{ClosesAt: &time.Time{}})
	mine, err := w.book("bob", "A-1-2")
	w.want(err, "ok")
	ask := func() (Answer, error) {
		return here.Book(w.ctx(), Book{Origin: w.origin("cy"), PerformanceID: "gala", Holder: "cy",
			Seats: []events.SeatName{"A-1-3"}})
	}
	other, err := ask()
	w.want(err, "ok")
	if mine.Booking.Terms == 0 || mine.Booking.Amount != 200 || other.Booking.Terms != 0 || other.Booking.Amount != 100 {
		t.Errorf("got terms and amounts %+v, %d and %+v, %d; want those that each desk has observed", mine.Booking.SaleTerms, mine.Booking.Amount,
			other.Booking.SaleTerms, other.Booking.Amount)
	}
	w.edit(&performance.Edit{ClosesAt: ptr(day.Add(5 * s))})
	observePerformance(w, desk)
	_, err = ask()
	w.want(err, "sale_closed")
	for id, b := range w.check(0).bookings {
		state := b.State()
		if want := map[bool]int64{true: 200, false: 100}[state.Terms > 0]; state.Seats[0].Price != want {
			t.Errorf("booking %s: got edit %d, price %d; want price %d", id, state.Terms, state.Seats[0].Price, want)
		}
	}
}

// observePerformance makes a desk observe the facts of the performance.
func observePerformance(w *harness, desk *actors.Desk) {
	w.Helper()
	log, err := w.store.Read(w.ctx(), performance.Stream(w.gala), 0, events.Forward, 100)
	if err != nil {
		w.Fatal(err)
	}
	for i := range log {
		desk.Observe(log[i].Stream, log[i].Revision)
	}
}
