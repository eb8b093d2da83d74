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

// since lists the facts in the log after the first n.
func (w *harness) since(n int) string {
	return strings.Join(w.read().names[n:], " ")
}

// TestSeed002Booking: a seat is held for a limited time for one holder, and unavailable to others
// meanwhile.
func TestSeed002Booking(t *testing.T) {
	w := begin(t, 2, 5, 0)
	answer, err := w.book("ann", "A-1-2", "A-1-1")
	w.want(err, "ok")
	b := answer.Booking
	if b.Status != events.BookingIsHeld || b.Amount != 200 || b.Holder != "ann" || !b.ExpiresAt.Equal(day.Add(60*s)) ||
		!b.ExtendableUntil.Equal(
			day.Add(120*s),
		) || b.Seats[0].Seat != "A-1-1" || b.Seats[1].Seat != "A-1-2" || answer.Position == 0 {
		t.Errorf("answer = %+v, want the expected booking", answer)
	}
	_, err = w.book("bob", "A-1-2")
	w.want(err, "seat_taken")
	w.check(0)
	w.clock.move(61 * s)
	w.wake()
	w.resume()
	if got, want := w.since(4), "booking.expired.v1 seat.released.v1 seat.released.v1"; got != want {
		t.Errorf("after the deadline: %s, want %s", got, want)
	}
	_, err = w.book("bob", "A-1-2")
	w.want(err, "ok")
	w.check(0)
}

// TestSeed002SeatTaken: the refusal has every taken seat and alternatives, and nothing stays held.
func TestSeed002SeatTaken(t *testing.T) {
	w := begin(t, 2, 6, 4)
	w.mustBook("bob", "A-1-2", "A-1-4")
	w.must(w.step(w.ctx(), w.origin("house"), seat.Stream("gala", "A-1-5"), &seat.Block{}))
	before := len(w.read().names)
	_, err := w.book("ann", "A-1-1", "A-1-2", "A-1-4", "A-1-5")
	w.want(err, "seat_taken")
	want := map[string]any{"seats": []events.SeatName{"A-1-2", "A-1-4", "A-1-5"},
		"alternatives": [][]events.SeatName{{"A-2-3", "A-2-4", "A-2-5", "A-2-6"}, {"A-1-1", "A-1-3", "A-2-1", "A-2-2"}}}
	if got := fields(err); !reflect.DeepEqual(got, want) {
		t.Errorf("the refusal says %v, want %v", got, want)
	}
	if got := w.since(before); got != "" {
		t.Errorf("the log has %s, want \"\"", got)
	}
	if _, err := w.book("ann", "A-2-1", "A-2-2", "A-2-3", "A-2-4"); err != nil {
		t.Errorf("booking an alternative: %v, want success", err)
	}
	w.check(4)
}

// TestSeatLostWhileOthersAreHeld: the seats taken are released before other seats are
// chosen, or the request is answered.
func TestSeatLostWhileOthersAreHeld(t *testing.T) {
	for rows, want := range map[int64]string{
		1: "allowance.taken.v1 seat.held.v1 seat.held.v1 booking.abandoned.v1 seat.released.v1 seat.released.v1 allowance.released.v1",
		2: "allowance.taken.v1 seat.held.v1 seat.held.v1 booking.abandoned.v1 seat.released.v1 seat.released.v1 allowance.released.v1 " +
			"allowance.taken.v1 seat.held.v1 seat.held.v1 seat.held.v1 booking.held.v1",
	} {
		t.Run(fmt.Sprint(rows, " rows"), func(t *testing.T) {
			w := begin(t, rows, 3, 3)
			w.mustBook("bob", "A-1-3")
			before := len(w.read().names)
			w.wrapDesk(func(desk actors.Dispatcher) actors.Dispatcher { return separateDesk{desk} })
			w.chooseFromEmptyMap()
			if _, err := w.best("ann", 3); (code(err) == "ok") != (rows == 2) {
				t.Errorf("with %d rows: %v, want success with 2 only", rows, err)
			}
			if got := w.since(before); got != want {
				t.Errorf("the log has\n%s, want\n%s", got, want)
			}
			w.check(3)
		})
	}
}

// TestSeed002Payment: the wallet is debited once and every seat is booked.
func TestSeed002Payment(t *testing.T) {
	w := begin(t, 2, 5, 4)
	w.charge("ann", 500)
	id := w.mustBook("ann", "A-1-1", "A-1-2")
	_, err := w.pay(id, "bob")
	w.want(err, "forbidden")
	answer, err := w.pay(id, "ann")
	w.want(err, "ok")
	if answer.Booking.Status != events.BookingIsBooked || !answer.Booking.Paid {
		t.Errorf("answer = %+v, want the expected booking", answer)
	}
	_, err = w.pay(id, "ann")
	w.want(err, "already_confirmed")
	w.clock.move(time.Hour)
	w.wake()
	w.resume()
	if h := w.checkSettled(4); h.wallets["ann"].Balance() != 300 {
		t.Errorf("the balance is %d, want 300", h.wallets["ann"].Balance())
	}
}

// TestSeed002Charging: without money the booking waits, and nothing is written; with money, it is
// paid.
func TestSeed002Charging(t *testing.T) {
	w := begin(t, 2, 5, 0)
	id := w.mustBook("ann", "A-1-1", "A-1-2")
	before := len(w.read().names)
	_, err := w.pay(id, "ann")
	w.want(err, "insufficient_balance")
	w.charge("ann", 199)
	_, err = w.pay(id, "ann")
	w.want(err, "insufficient_balance")
	if got := fields(err); got["balance"] != int64(199) || got["amount"] != int64(200) {
		t.Errorf("fields of the refusal = %v, want balance 199, amount 200", got)
	}
	_, err = w.pay(id, "bob")
	w.want(err, "forbidden")
	if got := w.since(before); got != "wallet.charged.v1" {
		t.Errorf("the log has %s, want wallet.charged.v1", got)
	}
	w.check(0)
	w.charge("ann", 1)
	_, err = w.pay(id, "ann")
	w.want(err, "ok")
	w.checkSettled(0)
}

// TestInvalidRequests: invalid requests are refused before anything is held.
func TestInvalidRequests(t *testing.T) {
	w := begin(t, 2, 60, 0)
	many := make([]events.SeatName, 51)
	for i := range many {
		many[i] = events.SeatName(fmt.Sprintf("A-1-%d", i+1))
	}
	before := len(w.read().names)
	for _, line := range []struct {
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
		line.cmd.Origin, line.cmd.Holder = w.origin("ann"), "ann"
		_, err := w.Book(w.ctx(), line.cmd)
		if code(err) != line.code || !reflect.DeepEqual(fields(err), line.fields) {
			t.Errorf("%.80s: %v %v, want %s %v", fmt.Sprint(line.cmd), err, fields(err), line.code, line.fields)
		}
	}
	for name, ask := range map[string]func(id events.BookingID, by events.Holder) (Answer, error){"pay": w.pay, "cancel": w.cancel, "extend": w.extend} {
		if _, err := ask("nothing", "ann"); code(err) != "not_found" {
			t.Errorf("%s a missing booking: %v, want not_found", name, err)
		}
	}
	if got := w.since(before); got != "" {
		t.Errorf("the log has %s, want \"\"", got)
	}
}

// TestALatePayment: it takes the same seats again, if all are free.
func TestALatePayment(t *testing.T) {
	for _, settledFirst := range []bool{false, true} {
		t.Run(fmt.Sprintf("settled first: %t", settledFirst), func(t *testing.T) {
			w := begin(t, 2, 5, 2)
			w.charge("ann", 500)
			id := w.mustBook("ann", "A-1-1", "A-1-2")
			w.clock.move(61 * s)
			if settledFirst {
				w.wake()
				w.resume()
			}
			answer, err := w.pay(id, "ann")
			w.want(err, "ok")
			if !answer.Booking.Late || answer.Booking.Attempt != 2 {
				t.Errorf("answer = %+v, want the expected booking", answer)
			}
			w.clock.move(time.Hour)
			w.wake()
			w.resume()
			w.checkSettled(2)
		})
	}
}

// TestLatePaymentForTakenSeats: nothing is debited, nothing stays held, and the present
// holder keeps the seat.
func TestLatePaymentForTakenSeats(t *testing.T) {
	for _, settledFirst := range []bool{false, true} {
		t.Run(fmt.Sprintf("settled first: %t", settledFirst), func(t *testing.T) {
			w := begin(t, 2, 5, 2)
			w.charge("ann", 500)
			id := w.mustBook("ann", "A-1-1", "A-1-2")
			w.clock.move(91 * s) // and the grace
			if settledFirst {
				w.wake()
				w.resume()
			}
			other := w.mustBook("bob", "A-1-2")
			before := len(w.read().names)
			_, err := w.pay(id, "ann")
			w.want(err, "hold_expired")
			if got := fields(err)["seats"]; !reflect.DeepEqual(got, []events.SeatName{"A-1-2"}) {
				t.Errorf("the refusal names %v, want %v", got, []events.SeatName{"A-1-2"})
			}
			if got := w.since(before); strings.Contains(got, "payment") || strings.Contains(got, "wallet") ||
				settledFirst && got != "" {
				t.Errorf("the log has %s, want no fact of the refused payment", got)
			}
			h := w.check(2)
			if h.bookings[other].State().Status != events.BookingIsHeld || h.wallets["ann"].Balance() != 500 {
				t.Errorf("bob's booking = %+v, ann's balance = %d; want it held, 500", h.bookings[other].State(), h.wallets["ann"].Balance())
			}
			_, err = w.book("ann", "A-1-1", "A-1-3")
			w.want(err, "ok") // no allowance is still taken
		})
	}
}

// TestALatePaymentWithoutMoney: the seats are released immediately.
func TestALatePaymentWithoutMoney(t *testing.T) {
	w := begin(t, 2, 5, 2)
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

// TestALatePaymentBeyondTheAllowance: the holder has taken other seats since.
func TestALatePaymentBeyondTheAllowance(t *testing.T) {
	w := begin(t, 2, 5, 2)
	w.charge("ann", 500)
	id := w.mustBook("ann", "A-1-1", "A-1-2")
	w.clock.move(61 * s)
	w.wake()
	w.resume()
	w.mustBook("ann", "A-2-1")
	_, err := w.pay(id, "ann")
	w.want(err, "limit_exceeded")
	w.check(2)
}

// TestCancelling: held seats are released, and booked ones are also refunded; once.
func TestCancelling(t *testing.T) {
	w := begin(t, 2, 5, 2)
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
				t.Errorf("answer = %+v, want the expected booking", answer)
			}
		}
		_, err = w.pay(id, "ann")
		w.want(err, "released")
		_, err = w.extend(id, "ann")
		w.want(err, "released")
	}
	if h := w.checkSettled(2); h.wallets["ann"].Balance() != 500 {
		t.Errorf("ann has %d, want 500", h.wallets["ann"].Balance())
	}
	id := w.mustBook("bob", "A-1-1", "A-1-2")
	w.clock.move(61 * s)
	_, err = w.cancel(id, "bob")
	w.want(err, "hold_expired")
}

// TestExtending: by the initial duration, once, and never beyond twice that time.
func TestExtending(t *testing.T) {
	w := begin(t, 2, 5, 2)
	w.charge("ann", 500)
	id := w.mustBook("ann", "A-1-1", "A-1-2")
	w.clock.move(59 * s)
	_, err := w.extend(id, "bob")
	w.want(err, "forbidden")
	answer, err := w.extend(id, "ann")
	w.want(err, "ok")
	if !answer.Booking.ExpiresAt.Equal(day.Add(120 * s)) {
		t.Errorf("extended to %v, want 2m after the start", answer.Booking.ExpiresAt)
	}
	_, err = w.extend(id, "ann")
	w.want(err, "limit_exceeded")
	w.clock.move(60 * s)
	w.wake()
	w.check(2)
	_, err = w.pay(id, "ann")
	w.want(err, "ok")
	_, err = w.extend(id, "ann")
	w.want(err, "already_confirmed")
	w.checkSettled(2)
}

// TestHoldingAgainAndAgain: the rest of the stay bounds bookings and extensions.
func TestHoldingAgainAndAgain(t *testing.T) {
	w := begin(t, 2, 5, 0)
	first := w.mustBook("ann", "A-1-1")
	w.clock.move(50 * s)
	_, err := w.cancel(first, "ann")
	w.want(err, "ok")
	w.clock.move(30 * s)
	answer, err := w.book("ann", "A-1-1", "A-1-2")
	w.want(err, "ok")
	if b := answer.Booking; !b.ExpiresAt.Equal(day.Add(120*s)) || !b.ExtendableUntil.Equal(day.Add(120*s)) {
		t.Errorf("held until %v, at most %v; want the end of the stay, %v", b.ExpiresAt, b.ExtendableUntil, day.Add(120*s))
	}
	_, err = w.extend(answer.Booking.ID, "ann")
	w.want(err, "limit_exceeded")
	w.clock.move(41 * s)
	w.wake()
	w.resume()
	before := len(w.read().names)
	_, err = w.book("ann", "A-2-1", "A-1-1")
	w.want(err, "limit_exceeded")
	if got := fields(err)["seats"]; !reflect.DeepEqual(got, []events.SeatName{"A-1-1"}) {
		t.Errorf("the refusal names %v, want %v", got, []events.SeatName{"A-1-1"})
	}
	if got := w.since(before); got != "" {
		t.Errorf("the log has %s, want \"\"", got)
	}
	w.mustBook("bob", "A-1-1")
	w.check(0)
}

// TestBestAvailable: seats are chosen, or the refusal lists the remaining ones.
func TestBestAvailable(t *testing.T) {
	w := begin(t, 1, 6, 0)
	answer, err := w.best("ann", 2)
	w.want(err, "ok")
	if got := []events.SeatName{answer.Booking.Seats[0].Seat, answer.Booking.Seats[1].Seat}; !slices.Equal(
		got,
		[]events.SeatName{"A-1-3", "A-1-4"},
	) {
		t.Errorf("best seats = %v, want the middle of the first row", got)
	}
	_, err = w.best("bob", 5)
	w.want(err, "sold_out")
	if got, want := fields(err), map[string]any{"remaining": int64(4), "sections": []SectionLeft{{"A", 4}}}; !reflect.DeepEqual(
		got,
		want,
	) {
		t.Errorf("the refusal says %v, want %v", got, want)
	}
	_, err = w.best("bob", 4)
	w.want(err, "ok")
	w.check(0)
}
