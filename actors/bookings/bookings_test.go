package bookings

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"admitone/actors"
	"admitone/actors/seat"
	"admitone/events"
)

const s = time.Second

// fields returns the fields of a refusal.
func fields(err error) map[string]any {
	if refusal := refused(err); refusal != nil {
		return refusal.Fields
	}
	return nil
}

// factsSince returns the names of the facts in the log after the first n.
func (w *harness) factsSince(n int) string {
	return strings.Join(w.read().names[n:], " ")
}

// TestBook checks that a seat is held until a deadline, and is unavailable to others meanwhile.
func TestBook(t *testing.T) {
	w := newHarness(t, 2, 5, 0)
	answer, err := w.book("ann", "A-1-2", "A-1-1")
	w.want(err, "ok")
	b := answer.Booking
	if b.Status != events.BookingIsHeld || b.Amount != 200 || b.Holder != "ann" || !b.ExpiresAt.Equal(day.Add(60*s)) ||
		!b.ExtendableUntil.Equal(day.Add(120*s)) || b.Seats[0].Seat != "A-1-1" || b.Seats[1].Seat != "A-1-2" ||
		answer.Position == 0 {
		t.Errorf("got answer %+v, want A-1-1 and A-1-2 held by ann for 200 until 1m, extendable until 2m", answer)
	}
	_, err = w.book("bob", "A-1-2")
	w.want(err, "seat_taken")
	w.check(0)
	w.clock.move(61 * s)
	w.expireDue()
	w.resume()
	if got, want := w.factsSince(4), "booking.expired.v1 seat.released.v1 seat.released.v1"; got != want {
		t.Errorf("after the deadline: got facts %s, want %s", got, want)
	}
	_, err = w.book("bob", "A-1-2")
	w.want(err, "ok")
	w.check(0)
}

// TestSeatTaken checks that the refusal has all taken seats and alternatives, and that nothing is appended.
func TestSeatTaken(t *testing.T) {
	w := newHarness(t, 2, 6, 4)
	w.mustBook("bob", "A-1-2", "A-1-4")
	w.must(w.step(w.ctx(), w.origin("house"), seat.Stream("gala", "A-1-5"), &seat.Block{}))
	before := len(w.read().names)
	_, err := w.book("ann", "A-1-1", "A-1-2", "A-1-4", "A-1-5")
	w.want(err, "seat_taken")
	want := map[string]any{"seats": []events.SeatName{"A-1-2", "A-1-4", "A-1-5"},
		"alternatives": [][]events.SeatName{{"A-2-3", "A-2-4", "A-2-5", "A-2-6"}, {"A-1-1", "A-1-3", "A-2-1", "A-2-2"}}}
	if got := fields(err); !reflect.DeepEqual(got, want) {
		t.Errorf("got fields %v, want %v", got, want)
	}
	if got := w.factsSince(before); got != "" {
		t.Errorf("got facts %q, want none", got)
	}
	if _, err := w.book("ann", "A-2-1", "A-2-2", "A-2-3", "A-2-4"); err != nil {
		t.Errorf("booking an alternative: got %v, want success", err)
	}
	w.check(4)
}

// TestSeatLostWhileOthersAreHeld checks that a run which loses a seat releases its other seats before it
// chooses again or is refused.
func TestSeatLostWhileOthersAreHeld(t *testing.T) {
	for rows, want := range map[int64]string{
		1: "allowance.taken.v1 seat.held.v1 seat.held.v1 booking.abandoned.v1 seat.released.v1 seat.released.v1 allowance.released.v1",
		2: "allowance.taken.v1 seat.held.v1 seat.held.v1 booking.abandoned.v1 seat.released.v1 seat.released.v1 allowance.released.v1 " +
			"allowance.taken.v1 seat.held.v1 seat.held.v1 seat.held.v1 booking.held.v1",
	} {
		t.Run(fmt.Sprint(rows, " rows"), func(t *testing.T) {
			w := newHarness(t, rows, 3, 3)
			w.mustBook("bob", "A-1-3")
			before := len(w.read().names)
			w.wrapDesk(func(desk actors.Dispatcher) actors.Dispatcher { return separateDesk{desk} })
			w.chooseFromEmptyMap()
			if _, err := w.best("ann", 3); (code(err) == "ok") != (rows == 2) {
				t.Errorf("%d rows: got error %v, want success with 2 rows only", rows, err)
			}
			if got := w.factsSince(before); got != want {
				t.Errorf("got facts\n%s, want\n%s", got, want)
			}
			w.check(3)
		})
	}
}

// TestPay checks that the wallet is debited once and every seat is booked.
func TestPay(t *testing.T) {
	w := newHarness(t, 2, 5, 4)
	w.charge("ann", 500)
	id := w.mustBook("ann", "A-1-1", "A-1-2")
	_, err := w.pay(id, "bob")
	w.want(err, "forbidden")
	answer, err := w.pay(id, "ann")
	w.want(err, "ok")
	if answer.Booking.Status != events.BookingIsBooked || !answer.Booking.Paid {
		t.Errorf("got answer %+v, want a paid booking with status booked", answer)
	}
	_, err = w.pay(id, "ann")
	w.want(err, "already_confirmed")
	w.clock.move(time.Hour)
	w.expireDue()
	w.resume()
	if h := w.checkSettled(4); h.wallets["ann"].Balance() != 300 {
		t.Errorf("got balance %d, want 300", h.wallets["ann"].Balance())
	}
}

// TestInsufficientBalance checks that a refused payment appends nothing, and that the booking can be paid
// once the balance suffices.
func TestInsufficientBalance(t *testing.T) {
	w := newHarness(t, 2, 5, 0)
	id := w.mustBook("ann", "A-1-1", "A-1-2")
	before := len(w.read().names)
	_, err := w.pay(id, "ann")
	w.want(err, "insufficient_balance")
	w.charge("ann", 199)
	_, err = w.pay(id, "ann")
	w.want(err, "insufficient_balance")
	if got := fields(err); got["balance"] != int64(199) || got["amount"] != int64(200) {
		t.Errorf("got fields %v, want balance 199, amount 200", got)
	}
	_, err = w.pay(id, "bob")
	w.want(err, "forbidden")
	if got := w.factsSince(before); got != "wallet.charged.v1" {
		t.Errorf("got facts %s, want wallet.charged.v1", got)
	}
	w.check(0)
	w.charge("ann", 1)
	_, err = w.pay(id, "ann")
	w.want(err, "ok")
	w.checkSettled(0)
}

// TestInvalidRequests checks that invalid requests are refused and append nothing.
func TestInvalidRequests(t *testing.T) {
	w := newHarness(t, 2, 60, 0)
	many := make([]events.SeatName, 51)
	for i := range many {
		many[i] = events.SeatName(fmt.Sprintf("A-1-%d", i+1))
	}
	before := len(w.read().names)
	for _, test := range []struct {
		cmd    Book
		code   string
		fields map[string]any
	}{
		{Book{PerformanceID: "ball", Seats: []events.SeatName{"A-1-1"}}, "not_found", map[string]any{"resource": "performance"}},
		{Book{PerformanceID: "gala", Seats: []events.SeatName{"A-1-1", "B-1-1", "A-3-1"}}, "invalid_field", map[string]any{"field": "seats", "seats": []events.SeatName{"B-1-1", "A-3-1"}}},
		{Book{PerformanceID: "gala", Seats: []events.SeatName{"A-1-1", "A-1-1"}}, "invalid_field", map[string]any{"field": "seats", "seats": []events.SeatName{"A-1-1"}}},
		{Book{PerformanceID: "gala", Seats: many}, "invalid_field", map[string]any{"field": "seats"}},
		{Book{PerformanceID: "gala"}, "invalid_field", map[string]any{"field": "quantity"}},
		{Book{PerformanceID: "gala", Quantity: 51}, "invalid_field", map[string]any{"field": "quantity"}},
		{Book{PerformanceID: "gala", Quantity: 1, Section: "B"}, "invalid_field", map[string]any{"field": "section"}},
	} {
		test.cmd.Origin, test.cmd.Holder = w.origin("ann"), "ann"
		_, err := w.Book(w.ctx(), test.cmd)
		if code(err) != test.code || !reflect.DeepEqual(fields(err), test.fields) {
			t.Errorf("%.80s: got %v %v, want %s %v", fmt.Sprint(test.cmd), err, fields(err), test.code, test.fields)
		}
	}
	for name, ask := range map[string]func(id events.BookingID, by events.Holder) (Answer, error){"pay": w.pay, "cancel": w.cancel, "extend": w.extend} {
		if _, err := ask("nothing", "ann"); code(err) != "not_found" {
			t.Errorf("%s of an unknown booking: got %v, want not_found", name, err)
		}
	}
	if got := w.factsSince(before); got != "" {
		t.Errorf("got facts %q, want none", got)
	}
}

// TestLatePayment checks that a late payment takes the same seats again if all are free.
func TestLatePayment(t *testing.T) {
	for _, settledFirst := range []bool{false, true} {
		t.Run(fmt.Sprintf("settled first: %t", settledFirst), func(t *testing.T) {
			w := newHarness(t, 2, 5, 2)
			w.charge("ann", 500)
			id := w.mustBook("ann", "A-1-1", "A-1-2")
			w.clock.move(61 * s)
			if settledFirst {
				w.expireDue()
				w.resume()
			}
			answer, err := w.pay(id, "ann")
			w.want(err, "ok")
			if !answer.Booking.Late || answer.Booking.Attempt != 2 {
				t.Errorf("got answer %+v, want a late booking with attempt 2", answer)
			}
			w.clock.move(time.Hour)
			w.expireDue()
			w.resume()
			w.checkSettled(2)
		})
	}
}

// TestLatePaymentForTakenSeats checks that nothing is debited or held, and the current holder keeps the
// seat.
func TestLatePaymentForTakenSeats(t *testing.T) {
	for _, settledFirst := range []bool{false, true} {
		t.Run(fmt.Sprintf("settled first: %t", settledFirst), func(t *testing.T) {
			w := newHarness(t, 2, 5, 2)
			w.charge("ann", 500)
			id := w.mustBook("ann", "A-1-1", "A-1-2")
			w.clock.move(91 * s) // after the deadline and the grace
			if settledFirst {
				w.expireDue()
				w.resume()
			}
			other := w.mustBook("bob", "A-1-2")
			before := len(w.read().names)
			_, err := w.pay(id, "ann")
			w.want(err, "hold_expired")
			if got := fields(err)["seats"]; !reflect.DeepEqual(got, []events.SeatName{"A-1-2"}) {
				t.Errorf("got seats %v in the refusal, want %v", got, []events.SeatName{"A-1-2"})
			}
			if got := w.factsSince(before); strings.Contains(got, "payment") || strings.Contains(got, "wallet") ||
				settledFirst && got != "" {
				t.Errorf("got facts %s, want none of the refused payment", got)
			}
			h := w.check(2)
			if h.bookings[other].State().Status != events.BookingIsHeld || h.wallets["ann"].Balance() != 500 {
				t.Errorf("got booking %+v of bob, balance %d of ann; want it held, 500", h.bookings[other].State(), h.wallets["ann"].Balance())
			}
			_, err = w.book("ann", "A-1-1", "A-1-3")
			w.want(err, "ok") // the allowance is free again
		})
	}
}

// TestLatePaymentWithInsufficientBalance checks that the seats are released immediately.
func TestLatePaymentWithInsufficientBalance(t *testing.T) {
	w := newHarness(t, 2, 5, 2)
	id := w.mustBook("ann", "A-1-1", "A-1-2")
	w.clock.move(61 * s)
	for range 3 {
		_, err := w.pay(id, "ann")
		w.want(err, "insufficient_balance")
		w.checkSettled(2)
	}
	w.mustBook("bob", "A-1-1", "A-1-2")
	w.charge("ann", 500)
	_, err := w.pay(id, "ann")
	w.want(err, "hold_expired")
	w.check(2)
}

// TestLatePaymentBeyondTheLimit checks that a late payment is refused if the holder has taken other seats
// since.
func TestLatePaymentBeyondTheLimit(t *testing.T) {
	w := newHarness(t, 2, 5, 2)
	w.charge("ann", 500)
	id := w.mustBook("ann", "A-1-1", "A-1-2")
	w.clock.move(61 * s)
	w.expireDue()
	w.resume()
	w.mustBook("ann", "A-2-1")
	_, err := w.pay(id, "ann")
	w.want(err, "limit_exceeded")
	w.check(2)
}

// TestCancel checks that held seats are released, and booked seats are also refunded, once.
func TestCancel(t *testing.T) {
	w := newHarness(t, 2, 5, 2)
	w.charge("ann", 500)
	held, booked := w.mustBook("ann", "A-1-1"), w.mustBook("ann", "A-1-2")
	_, err := w.pay(booked, "ann")
	w.want(err, "ok")
	for _, id := range []events.BookingID{held, booked} {
		_, err := w.cancel(id, "bob")
		w.want(err, "forbidden")
		for range 2 {
			answer, err := w.cancel(id, "ann")
			w.want(err, "ok")
			if answer.Booking.Status != events.BookingIsReleased || answer.Booking.Refunding {
				t.Errorf("got answer %+v, want a booking with status released that is not refunding", answer)
			}
		}
		_, err = w.pay(id, "ann")
		w.want(err, "released")
		_, err = w.extend(id, "ann")
		w.want(err, "released")
	}
	if h := w.checkSettled(2); h.wallets["ann"].Balance() != 500 {
		t.Errorf("got balance %d, want 500", h.wallets["ann"].Balance())
	}
	id := w.mustBook("bob", "A-1-1", "A-1-2")
	w.clock.move(61 * s)
	_, err = w.cancel(id, "bob")
	w.want(err, "hold_expired")
}

// TestExtend checks that a booking can be extended once.
func TestExtend(t *testing.T) {
	w := newHarness(t, 2, 5, 2)
	w.charge("ann", 500)
	id := w.mustBook("ann", "A-1-1", "A-1-2")
	w.clock.move(59 * s)
	_, err := w.extend(id, "bob")
	w.want(err, "forbidden")
	answer, err := w.extend(id, "ann")
	w.want(err, "ok")
	if !answer.Booking.ExpiresAt.Equal(day.Add(120 * s)) {
		t.Errorf("got deadline %v, want 2m after the start", answer.Booking.ExpiresAt)
	}
	_, err = w.extend(id, "ann")
	w.want(err, "limit_exceeded")
	w.clock.move(60 * s)
	w.expireDue()
	w.check(2)
	_, err = w.pay(id, "ann")
	w.want(err, "ok")
	_, err = w.extend(id, "ann")
	w.want(err, "already_confirmed")
	w.checkSettled(2)
}

// TestConsecutiveHolds checks that the time limit of consecutive holds of a seat by one holder applies to bookings and
// extensions.
func TestConsecutiveHolds(t *testing.T) {
	w := newHarness(t, 2, 5, 0)
	first := w.mustBook("ann", "A-1-1")
	w.clock.move(50 * s)
	_, err := w.cancel(first, "ann")
	w.want(err, "ok")
	w.clock.move(30 * s)
	answer, err := w.book("ann", "A-1-1", "A-1-2")
	w.want(err, "ok")
	if b := answer.Booking; !b.ExpiresAt.Equal(day.Add(120*s)) || !b.ExtendableUntil.Equal(day.Add(120*s)) {
		t.Errorf("got deadline %v, extendable until %v; want both at %v", b.ExpiresAt, b.ExtendableUntil, day.Add(120*s))
	}
	_, err = w.extend(answer.Booking.ID, "ann")
	w.want(err, "limit_exceeded")
	w.clock.move(41 * s)
	w.expireDue()
	w.resume()
	before := len(w.read().names)
	_, err = w.book("ann", "A-2-1", "A-1-1")
	w.want(err, "limit_exceeded")
	if got := fields(err)["seats"]; !reflect.DeepEqual(got, []events.SeatName{"A-1-1"}) {
		t.Errorf("got seats %v in the refusal, want %v", got, []events.SeatName{"A-1-1"})
	}
	if got := w.factsSince(before); got != "" {
		t.Errorf("got facts %q, want none", got)
	}
	w.mustBook("bob", "A-1-1")
	w.check(0)
}

// TestBestAvailable checks the choice of the best available seats, and the refusal if too few remain.
func TestBestAvailable(t *testing.T) {
	w := newHarness(t, 1, 6, 0)
	answer, err := w.best("ann", 2)
	w.want(err, "ok")
	if got := []events.SeatName{answer.Booking.Seats[0].Seat, answer.Booking.Seats[1].Seat}; !slices.Equal(
		got,
		[]events.SeatName{"A-1-3", "A-1-4"},
	) {
		t.Errorf("got seats %v, want the middle of the first row", got)
	}
	_, err = w.best("bob", 5)
	w.want(err, "sold_out")
	if got, want := fields(err), map[string]any{"remaining": int64(4), "sections": []SectionLeft{{"A", 4}}}; !reflect.DeepEqual(
		got,
		want,
	) {
		t.Errorf("got fields %v, want %v", got, want)
	}
	_, err = w.best("bob", 4)
	w.want(err, "ok")
	w.check(0)
}
