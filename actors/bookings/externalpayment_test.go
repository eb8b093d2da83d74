package bookings

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"admitone/actors"
	"admitone/actors/booking"
	"admitone/events"
)

// report reports a bank payment under a reference.
func (w *harness) report(id events.BookingID, reference string, amount int64, final bool) (Answer, error) {
	return w.Report(w.ctx(), Report{Origin: w.origin("shop"), BookingID: id, Provider: "bank", Reference: reference,
		Amount: amount, Currency: "EUR", LogCurrency: "EUR", Final: final})
}

// reportAll reports the price of three seats.
func reportAll(w *harness, id events.BookingID) error {
	_, err := w.report(id, string(w.gala), 300, false)
	return err
}

// reportSlowly is like reportAll, but the seats expire after the payment has started.
func reportSlowly(w *harness, id events.BookingID) error {
	before := w.Bookings
	defer func() { w.Bookings = before }()
	w.Bookings = w.newBookings(&expiringDesk{Dispatcher: before.desk, w: w}, w.views(w.seats))
	return reportAll(w, id)
}

// expiringDesk lets everything expire after the first payment has started.
type expiringDesk struct {
	actors.Dispatcher
	w    *harness
	once sync.Once
}

// Ask implements actors.Dispatcher.
func (d *expiringDesk) Ask(ctx context.Context, request actors.Request) (actors.Answer, error) {
	answer, err := d.Dispatcher.Ask(ctx, request)
	if _, ok := request.Command.(*booking.StartPayment); ok && err == nil {
		d.once.Do(func() { d.w.clock.move(200 * s); d.w.expireDue() })
	}
	return answer, err
}

// outcomeOf describes the outcome of a report.
func outcomeOf(answer Answer, err error) string {
	switch {
	case err != nil:
		return code(err)
	case answer.PaymentOutcome.Booked():
		return "booked"
	case answer.PaymentOutcome.RefundID() == "":
		return "no outcome"
	}
	return fmt.Sprintf("%s: %s owed", answer.Booking.Status, answer.PaymentOutcome.Payment.Refunds[0].Cause)
}

// checkPaymentsSettled checks that no external payment is open, that payments and bookings agree, and that no
// booking has two payments.
func (w *harness) checkPaymentsSettled(h *history) {
	w.Helper()
	for stream, p := range h.payments {
		at := p.State()
		s := h.bookings[at.Received.BookingID].State()
		decided, _ := s.Outcome(stream)
		switch booked := s.Status == events.BookingIsBooked && s.PaymentStream == stream; {
		case at.Open > 0:
			w.Errorf("payment %s: got %d open, want 0", stream, at.Open)
		case (at.Booked > 0) != booked, at.Booked > 0 && at.Booked != s.Price():
			w.Errorf("payment %s: got %d booked, but status %s of the booking, paid by %q", stream, at.Booked, s.Status, s.PaymentStream)
		case at.Paid != decided.Booked:
			w.Errorf("payment %s: got Paid %t, want %t as in the booking", stream, at.Paid, decided.Booked)
		}
	}
}

// TestReport checks the outcome of a reported payment, which is the same when the report is repeated.
func TestReport(t *testing.T) {
	for _, test := range []struct {
		name    string
		prepare func(w *harness, id events.BookingID)
		amount  int64
		final   bool
		want    string
	}{
		{"in time", nil, 100, false, "booked"},
		{"wrong amount", nil, 99, false, "amount_mismatch"},
		{"wrong amount, final", nil, 99, true, "held: wrong_sum owed"},
		{"late, seats free", func(w *harness, _ events.BookingID) {
			w.clock.move(61 * s)
			w.expireDue()
			w.resume()
		}, 100, false, "booked"},
		{"late, not yet expired", func(w *harness, _ events.BookingID) { w.clock.move(61 * s) }, 100, false, "booked"},
		{"late, seats taken", func(w *harness, _ events.BookingID) {
			w.clock.move(200 * s)
			w.expireDue()
			w.mustBook("bob", "A-1-1")
		}, 100, false, "expired: late owed"},
		{"late, limit exhausted", func(w *harness, _ events.BookingID) {
			w.clock.move(200 * s)
			w.expireDue()
			w.mustBook("ann", "A-1-2")
			w.mustBook("ann", "A-1-3")
		}, 100, false, "expired: late owed"},
		{"released", func(w *harness, id events.BookingID) {
			_, err := w.cancel(id, "ann")
			w.want(err, "ok")
		}, 100, false, "released: released owed"},
		{"paid from the wallet", func(w *harness, id events.BookingID) {
			w.charge("ann", 100)
			_, err := w.pay(id, "ann")
			w.want(err, "ok")
		}, 100, false, "booked: already_paid owed"},
		{"paid by another payment", func(w *harness, id events.BookingID) {
			if got := outcomeOf(w.report(id, "other", 100, false)); got != "booked" {
				w.Errorf("got outcome %q, want %q", got, "booked")
			}
		}, 100, false, "booked: already_paid owed"},
		{"wallet payment of a crashed process in progress", func(w *harness, id events.BookingID) {
			w.charge("ann", 100)
			w.must(w.step(w.ctx(), w.origin("ann"), booking.Stream(id), &booking.StartPayment{By: "ann"}))
		}, 100, false, "booked: already_paid owed"},
		{"wallet payment with insufficient balance in progress", func(w *harness, id events.BookingID) {
			w.must(w.step(w.ctx(), w.origin("ann"), booking.Stream(id), &booking.StartPayment{By: "ann"}))
		}, 100, false, "booked"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newHarness(t, 1, 3, 2)
			id := w.mustBook("ann", "A-1-1")
			if test.prepare != nil {
				test.prepare(w, id)
			}
			first, err := w.report(id, "x", test.amount, test.final)
			if got := outcomeOf(first, err); got != test.want {
				t.Fatalf("got %s, want %s", got, test.want)
			}
			again, err := w.report(id, "x", test.amount, test.final)
			if got := outcomeOf(again, err); got != test.want {
				t.Errorf("repeated: got %s, want %s", got, test.want)
			}
			w.restart()
			if again, err := w.report(id, "x", test.amount, test.final); outcomeOf(again, err) != test.want {
				t.Errorf("after a restart: got %s, want %s", outcomeOf(again, err), test.want)
			}
			if err == nil && again.PaymentOutcome.RefundID() != first.PaymentOutcome.RefundID() {
				t.Errorf("got refund ids %s, then %s; want the same", first.PaymentOutcome.RefundID(), again.PaymentOutcome.RefundID())
			}
			w.clock.move(300 * s)
			w.expireDue()
			w.resume()
			w.checkSettled(2)
		})
	}
}

// TestReportsOfOneReference checks that a reference counts for the booking for which it is reported first.
func TestReportsOfOneReference(t *testing.T) {
	w := newHarness(t, 1, 3, 0)
	first, second := w.mustBook("ann", "A-1-1"), w.mustBook("bob", "A-1-2")
	if _, err := w.report("nobody", "x", 100, false); code(err) != "not_found" {
		t.Errorf("unknown booking: got %v, want not_found", err)
	}
	if got := outcomeOf(w.report(first, "x", 100, false)); got != "booked" {
		t.Errorf("got outcome %q, want %q", got, "booked")
	}
	_, err := w.report(second, "x", 99, true)
	if refusal := refused(err); code(err) != "payment_reference_used" ||
		refusal.Fields["resource"] != "/v1/bookings/"+string(first) {
		t.Errorf("another booking: got %v %v, want payment_reference_used with the first booking", err, fields(err))
	}
	_, err = w.report(first, "x", 99, true)
	if refusal := refused(err); code(err) != "amount_mismatch" || refusal.Fields["expected"] != int64(100) ||
		refusal.Fields["currency"] != "EUR" {
		t.Errorf("another amount: got %v %v, want amount_mismatch, expected 100 EUR", err, fields(err))
	}
	if got := outcomeOf(w.report(second, "y", 100, false)); got != "booked" {
		t.Errorf("got outcome %q, want %q", got, "booked")
	}
	w.checkSettled(0)
}

// TestConcurrentReports has ten reports, five of them identical, run concurrently with a wallet payment and
// a release. One payment may pay for the booking.
func TestConcurrentReports(t *testing.T) {
	w := newHarness(t, 1, 20, 0)
	w.charge("ann", 2000)
	for round := range 20 {
		id := w.mustBook("ann", events.NewSeatName("A", 1, int64(round+1)))
		var all sync.WaitGroup
		outcomes := make([]Answer, 10)
		for i := range outcomes {
			all.Go(func() {
				reference := fmt.Sprint(round)
				if i >= 5 {
					reference = fmt.Sprint(round, "/", i)
				}
				answer, err := w.report(id, reference, 100, false)
				if err != nil {
					t.Error(err)
				}
				outcomes[i] = answer
			})
		}
		all.Go(func() { _, _ = w.pay(id, "ann") })
		if round%2 == 0 {
			all.Go(func() { _, _ = w.cancel(id, "ann") })
		}
		all.Wait()
		for _, other := range outcomes[1:5] {
			if other.PaymentOutcome != nil && (other.PaymentOutcome.Booked() != outcomes[0].PaymentOutcome.Booked() ||
				other.PaymentOutcome.RefundID() != outcomes[0].PaymentOutcome.RefundID()) {
				t.Errorf("identical reports: got %+v and %+v, want the same outcome", outcomes[0].PaymentOutcome, other.PaymentOutcome)
			}
		}
	}
	w.resume()
	w.checkSettled(0)
}
