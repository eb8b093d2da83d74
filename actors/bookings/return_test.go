package bookings

import (
	"fmt"
	"sync"
	"testing"

	"admitone/actors/booking"
	"admitone/actors/seat"
	"admitone/events"
)

func (w *harness) returnSeat(id events.BookingID, by events.Holder, name events.SeatName) (Answer, error) {
	return w.ReturnSeat(w.ctx(), ReturnSeat{Origin: w.origin(string(by)), BookingID: id, By: by, Seat: name})
}

// returnFirst returns the first remaining seat of a booking.
func (w *harness) returnFirst(id events.BookingID, by events.Holder) (Answer, error) {
	s := w.read().bookings[id].State()
	if len(s.Areas) > 0 && int64(len(s.Seats)) <= events.CountPlaces(s.Areas) {
		return w.returnPlace(id, by, s.Areas[0].Area, s.Areas[0].First)
	}
	if len(s.Seats) > 0 {
		return w.returnSeat(id, by, s.Seats[0].Seat)
	}
	return Answer{}, nil
}

// reportNew reports a payment for a booking under a new reference.
func (w *harness) reportNew(id events.BookingID, _ events.Holder) (Answer, error) {
	h := w.read()
	return w.report(id, fmt.Sprint("some-", h.head), h.bookings[id].State().Amount, false)
}

// beginShortIntent begins an intent of 40 s.
func (w *harness) beginShortIntent(id events.BookingID, _ events.Holder) (Answer, error) {
	return w.intent(id, 40)
}

// unrefunded returns the amount that was paid from a wallet for seats that were returned or released, and is not
// refunded.
func (h *history) unrefunded(s *booking.State) (amount int64) {
	paid := map[events.RefundID]bool{}
	if w := h.wallets[string(s.Holder)]; w != nil {
		p, _ := w.Payment(s.PaymentID)
		for _, part := range p.Parts {
			paid[part] = true
		}
		paid[""] = p.Closed && len(p.Parts) == 0
	}
	for _, r := range s.Returned {
		if amount += r.Kept; !paid[r.Part().RefundOf(r.PaymentID)] {
			amount += r.Refund()
		}
	}
	if s.Status == events.BookingIsCancelled && s.Refunds > 0 {
		if amount = s.Kept; !paid[events.CallOffRefund(s.PaymentID)] {
			amount += s.Refunds
		}
		return amount
	}
	if s.Status != events.BookingIsReleased || !s.Paid || s.Amount == 0 {
		return amount
	}
	if amount += s.Price() - s.Refunds; !paid[""] && !paid[events.ReleaseRefund(s.PaymentID)] {
		amount += s.Refunds
	}
	return amount
}

// checkReturnedAreFree checks that no returned seat belongs to its booking.
func (w *harness) checkReturnedAreFree(h *history) {
	w.Helper()
	for id, b := range h.bookings {
		for _, r := range b.State().Returned {
			s := b.State()
			if r.Area != "" { // see checkPlaces
				continue
			}
			if at := h.seats[seat.Stream(s.PerformanceID, r.Seat)]; at != nil {
				if hold, _ := at.Owner(); hold == s.HoldID() {
					w.Errorf("got returned seat %s owned by booking %s, want it free", r.Seat, id)
				}
			}
		}
	}
}

// returnOne returns one seat, under a separate key.
func returnOne(name events.SeatName) func(w *harness, id events.BookingID) error {
	return func(w *harness, id events.BookingID) error {
		_, err := w.ReturnSeat(w.ctx(), ReturnSeat{Origin: w.keyed(string(w.ann()), "r-"+string(name), ""), BookingID: id,
			Seat: name, By: w.ann()})
		return err
	}
}

func init() {
	crashes = append(crashes, []crash{
		{"returning one seat", false, paid, returnOne("A-1-2"), []events.BookingStatus{events.BookingIsBooked},
			[]string{"ok"}},
		{"returning one seat of an externally paid booking", false, func(w *harness) events.BookingID {
			id := booked(w)
			w.want(reportAll(w, id), "ok")
			return id
		}, returnOne("A-1-2"), []events.BookingStatus{events.BookingIsBooked}, []string{"ok"}},
		{"returning one of two seats for a partial refund, then releasing the booking", false, func(w *harness) events.BookingID {
			w.halfUntil(100 * s * 1000)
			id := paid(w)
			w.want(returnOne("A-1-1")(w, id), "ok")
			return id
		}, func(w *harness, id events.BookingID) error {
			if err := returnOne("A-1-3")(w, id); err != nil {
				return err
			}
			return cancel(w, id)
		}, []events.BookingStatus{events.BookingIsBooked, events.BookingIsReleased}, []string{"ok"}},
		{"returning the last seat", false, func(w *harness) events.BookingID {
			id := paid(w)
			w.want(returnOne("A-1-1")(w, id), "ok")
			w.want(returnOne("A-1-3")(w, id), "ok")
			return id
		}, returnOne("A-1-2"), []events.BookingStatus{events.BookingIsBooked, events.BookingIsReleased}, []string{"ok"}},
	}...)
}

// TestReturnSeat checks that a returned seat and its share of the allowance are free, and its price is
// refunded once, and that releasing the booking refunds the rest.
func TestReturnSeat(t *testing.T) {
	w := newHarness(t, 1, 6, 3)
	w.charge("ann", 500)
	w.halfUntil(100 * s)
	id := w.mustBook("ann", "A-1-1", "A-1-2", "A-1-3")
	_, err := w.returnSeat(id, "ann", "A-1-1")
	w.want(err, "not_held")
	_, err = w.pay(id, "ann")
	w.want(err, "ok")
	_, err = w.returnSeat(id, "bob", "A-1-1")
	w.want(err, "forbidden")
	_, err = w.returnSeat(id, "ann", "A-1-6")
	w.want(err, "not_found")
	for range 2 {
		answer, err := w.returnSeat(id, "ann", "A-1-2")
		w.want(err, "ok")
		if b := answer.Booking; b.Status != events.BookingIsBooked || len(b.Seats) != 2 || b.Kept != 50 || b.Amount != 300 {
			t.Errorf("got booking %+v, want it booked with 2 seats, 50 kept of 300", b)
		}
	}
	h := w.checkSettled(3)
	if got := h.wallets["ann"].Balance(); got != 250 {
		t.Errorf("got balance %d, want 250", got)
	}
	w.mustBook("bob", "A-1-2")
	_, err = w.book("ann", "A-1-4", "A-1-5")
	w.want(err, "limit_exceeded")
	w.mustBook("ann", "A-1-4")

	_, err = w.pay(id, "ann")
	w.want(err, "already_confirmed")
	answer, err := w.cancel(id, "ann")
	if w.want(err, "ok"); answer.Booking.Kept != 150 || answer.Booking.Status != events.BookingIsReleased {
		t.Errorf("got booking %+v, want it released with 150 kept", answer.Booking)
	}
	_, err = w.returnSeat(id, "ann", "A-1-1")
	w.want(err, "ok")
	if got := w.check(3).wallets["ann"].Balance(); got != 350 {
		t.Errorf("got balance %d, want 350", got)
	}
}

// TestReturnEachSeat checks that the return of the last seat releases the booking.
func TestReturnEachSeat(t *testing.T) {
	w := newHarness(t, 1, 6, 3)
	w.charge("ann", 200)
	id := w.mustBook("ann", "A-1-1", "A-1-2")
	paying := w.keyed("ann", "p", "")
	_, err := w.Pay(w.ctx(), Pay{Origin: paying, BookingID: id, By: "ann"})
	w.want(err, "ok")
	for i, name := range []events.SeatName{"A-1-1", "A-1-2"} {
		answer, err := w.returnSeat(id, "ann", name)
		w.want(err, "ok")
		if ended := answer.Booking.Status == events.BookingIsReleased; ended != (i == 1) {
			t.Errorf("after the return of %s: got booking %+v, want it released by the last return", name, answer.Booking)
		}
	}
	if got := w.checkSettled(3).wallets["ann"].Balance(); got != 200 {
		t.Errorf("got balance %d, want 200", got)
	}
	again, err := w.Pay(w.ctx(), Pay{Origin: paying, BookingID: id, By: "ann"}) // the retry gets the first answer
	if w.want(err, "ok"); len(again.Booking.Seats) != 2 || again.Booking.Status != events.BookingIsBooked {
		t.Errorf("retry: got booking %+v, want it booked with both seats", again.Booking)
	}
}

// TestReturnIsRefused checks that a return is refused while a payment is awaited or in progress, and after
// the time limit.
func TestReturnIsRefused(t *testing.T) {
	w := newHarness(t, 1, 6, 0)
	w.charge("ann", 900)
	id := w.mustBook("ann", "A-1-1")
	w.want(beginIntent(w, id), "ok")
	_, err := w.returnSeat(id, "ann", "A-1-1")
	w.want(err, "payment_in_progress")
	id = w.mustBook("ann", "A-1-2")
	w.must(w.step(w.ctx(), w.origin("ann"), booking.Stream(id), &booking.StartPayment{By: "ann"}))
	_, err = w.returnSeat(id, "ann", "A-1-2")
	w.want(err, "payment_in_progress")
	w.halfUntil(10 * s)
	id = w.mustBook("ann", "A-1-3")
	_, err = w.pay(id, "ann")
	w.want(err, "ok")
	w.clock.move(10 * s)
	_, err = w.returnSeat(id, "ann", "A-1-3")
	w.want(err, "cancellation_closed")
	_, err = w.ReturnSeat(w.ctx(), ReturnSeat{Origin: w.origin("house"), BookingID: id, Seat: "A-1-3", Reason: "lift"})
	w.want(err, "ok")
}

// TestReturnsOfExternalPayments checks that each returned seat of an externally paid booking is owed once.
func TestReturnsOfExternalPayments(t *testing.T) {
	w := newHarness(t, 1, 6, 0)
	w.halfUntil(1000 * s)
	id := w.mustBook("ann", "A-1-1", "A-1-2", "A-1-3")
	if got := outcomeOf(w.report(id, "x", 300, false)); got != "booked" {
		t.Fatalf("got outcome %q, want %q", got, "booked")
	}
	for range 2 {
		for _, name := range []events.SeatName{"A-1-1", "A-1-3"} {
			_, err := w.returnSeat(id, "ann", name)
			w.want(err, "ok")
		}
	}
	_, err := w.cancel(id, "ann")
	w.want(err, "ok")
	answer, err := w.report(id, "x", 300, false) // the price still includes the returned seats
	if got := outcomeOf(answer, err); got != "booked" {
		t.Errorf("got outcome %q, want %q", got, "booked")
	}
	p, causes := answer.PaymentOutcome.Payment, ""
	for _, r := range p.Refunds {
		causes += fmt.Sprintf("%s %d ", r.Cause, r.Amount)
	}
	if p.Kept != 150 || p.Owed != 150 || p.Booked != 0 || causes != "seat_returned 50 seat_returned 50 released 50 " {
		t.Errorf("got payment %+v, refunds %q; want 150 kept, 150 owed", p, causes)
	}
	w.checkSettled(0)
}

// TestConcurrentReturns checks that each seat is returned once by several callers on two nodes.
func TestConcurrentReturns(t *testing.T) {
	w := newHarness(t, 2, 6, 8)
	w.charge("ann", 1200)
	other := New(w.desk, w.views(w.seats))
	for round := range 6 {
		names := []events.SeatName{"A-1-1", "A-1-2", "A-1-3", "A-1-4"}
		id := w.mustBook("ann", names...)
		_, err := w.pay(id, "ann")
		w.want(err, "ok")
		var all sync.WaitGroup
		for _, node := range []*Bookings{w.Bookings, other} {
			for i, name := range names {
				if i == 3 && round%2 == 0 {
					continue
				}
				all.Go(func() {
					if _, err := node.ReturnSeat(w.ctx(), ReturnSeat{Origin: w.origin("ann"), BookingID: id, By: "ann",
						Seat: name}); err != nil {
						t.Error(err)
					}
				})
			}
			if round%3 == 0 {
				all.Go(func() {
					if _, err := node.Cancel(w.ctx(), Cancel{Origin: w.origin("ann"), BookingID: id, By: "ann"}); err != nil {
						t.Error(err)
					}
				})
			}
		}
		all.Wait()
		w.resume()
		w.checkSettled(8)
		_, err = w.cancel(id, "ann")
		w.want(err, "ok")
	}
	if got := w.checkSettled(8).wallets["ann"].Balance(); got != 1200 {
		t.Errorf("got balance %d, want 1200", got)
	}
}
