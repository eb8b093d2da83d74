package bookings

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/actors/wallet"
	"admitone/events"
)

// overtaken is a desk on which the first read of a wallet shows a balance, of a seat a free one,
// and of an allowance a fresh one, before another caller uses them up.
type overtaken struct {
	actors.Dispatcher
	mu     sync.Mutex
	looked map[events.StreamID]bool // guarded by mu
}

// View shows a stream as it was before, once.
func (o *overtaken) View(ctx context.Context, stream events.StreamID, read func(core.Core)) (actors.Answer, error) {
	o.mu.Lock()
	again := o.looked[stream]
	o.looked[stream] = true
	o.mu.Unlock()
	if again || stream.Category() == "booking" || stream.Category() == "performance" {
		return o.Dispatcher.View(ctx, stream, read)
	}
	for _, kind := range kinds {
		if kind.Category == stream.Category() {
			before := kind.New()
			if w, ok := before.(*wallet.Wallet); ok {
				w.Evolve(&events.WalletCharged{ChargeID: "before", Amount: 1000, Balance: 1000})
			}
			read(before)
		}
	}
	return actors.Answer{}, nil
}

// payOvertaken pays while other callers are faster.
func (w *harness) payOvertaken(cmd Pay) error {
	_, err := New(&overtaken{Dispatcher: w.Bookings.desk, looked: map[events.StreamID]bool{}}, w.views(w.seats)).Pay(
		w.ctx(),
		cmd,
	)
	return err
}

// TestAPaymentThatIsOvertaken: the payment has begun when it turns out to be impossible, and the
// log records that.
func TestAPaymentThatIsOvertaken(t *testing.T) {
	for _, line := range []struct {
		name    string
		prepare func(w *harness, id events.BookingID)
		code    string
		facts   string // of the booking
	}{
		{"the money", func(*harness, events.BookingID) {}, "insufficient_balance", "booking.payment_started.v1 booking.payment_failed.v1"},
		{"the money, late", func(w *harness, _ events.BookingID) { w.expireAll() }, "insufficient_balance",
			"booking.payment_started.v1 booking.retaken.v1 booking.payment_failed.v1"},
		{"a seat", func(w *harness, _ events.BookingID) { w.expireAll(); w.mustBook("bob", "A-1-2") }, "hold_expired", "booking.payment_started.v1 booking.payment_failed.v1"},
		{"the allowance", func(w *harness, _ events.BookingID) { w.expireAll(); w.mustBook("ann", "A-2-1") }, "limit_exceeded", "booking.payment_started.v1 booking.payment_failed.v1"},
	} {
		t.Run(line.name, func(t *testing.T) {
			w := begin(t, 2, 5, 2)
			id := w.mustBook("ann", "A-1-1", "A-1-2")
			line.prepare(w, id)
			before := len(w.read().names)
			_, err := w.pay(id, "ann")
			w.want(err, line.code)
			if got := w.since(before); got != "" {
				t.Errorf("a payment checked in time writes %s, want \"\"", got)
			}
			w.want(w.payOvertaken(Pay{Origin: w.origin("ann"), BookingID: id, By: "ann"}), line.code)
			if got := only(w.read().names[before:], "booking."); got != line.facts {
				t.Errorf("the booking says %q, want %q", got, line.facts)
			}
			w.check(2)
			w.clock.move(200 * s)
			w.wake()
			w.resume()
			w.checkSettled(2)
		})
	}
}

// only joins the names that have a prefix.
func only(names []string, beginning string) string {
	return strings.Join(
		slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !strings.HasPrefix(name, beginning) }),
		" ",
	)
}

// expireAll lets the deadline pass and everything expire.
func (w *harness) expireAll() {
	w.clock.move(61 * s)
	w.wake()
	w.resume()
}

// TestLatePaymentIsRefusedInOrder: first because of the sale, then the limit, then the seats.
func TestLatePaymentIsRefusedInOrder(t *testing.T) {
	for _, overtaken := range []bool{false, true} {
		w := begin(t, 2, 5, 2)
		w.charge("ann", 500)
		id := w.mustBook("ann", "A-1-1", "A-1-2")
		w.expireAll()
		w.mustBook("bob", "A-1-1")
		pay := func(want string) {
			t.Helper()
			if overtaken {
				w.want(w.payOvertaken(Pay{Origin: w.origin("ann"), BookingID: id, By: "ann"}), want)
				return
			}
			_, err := w.pay(id, "ann")
			w.want(err, want)
		}
		pay("hold_expired")
		w.mustBook("ann", "A-2-1")
		pay("limit_exceeded")
		closes := w.clock.now()
		w.edit(&performance.Edit{ClosesAt: &closes})
		pay("sale_closed")
		w.check(2)
	}
}
