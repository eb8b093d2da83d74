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

// overtakenDesk is the desk of a process that reads entities before others change them: the first read of an entity
// returns its initial state, and that of a wallet a high balance. Bookings and performances are current.
type overtakenDesk struct {
	actors.Dispatcher
	mu      sync.Mutex
	wasRead map[events.StreamID]bool // guarded by mu
}

// View implements actors.Dispatcher.
func (d *overtakenDesk) View(ctx context.Context, stream events.StreamID, read func(core.Core)) (actors.Answer, error) {
	d.mu.Lock()
	again := d.wasRead[stream]
	d.wasRead[stream] = true
	d.mu.Unlock()
	if again || stream.Category() == "booking" || stream.Category() == "performance" {
		return d.Dispatcher.View(ctx, stream, read)
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

// payOvertaken pays through an overtakenDesk.
func (w *harness) payOvertaken(cmd Pay) error {
	_, err := New(&overtakenDesk{Dispatcher: w.Bookings.desk, wasRead: map[events.StreamID]bool{}}, w.views(w.seats)).Pay(
		w.ctx(),
		cmd,
	)
	return err
}

// TestOvertakenPayment checks that the log records a payment which turns out to be impossible after it has
// started.
func TestOvertakenPayment(t *testing.T) {
	for _, test := range []struct {
		name    string
		prepare func(w *harness, id events.BookingID)
		code    string
		facts   string // the facts of the booking
	}{
		{"balance", func(*harness, events.BookingID) {}, "insufficient_balance", "booking.payment_started.v1 booking.payment_failed.v1"},
		{"balance, late", func(w *harness, _ events.BookingID) { w.expireAll() }, "insufficient_balance",
			"booking.payment_started.v1 booking.retaken.v1 booking.payment_failed.v1"},
		{"seat", func(w *harness, _ events.BookingID) { w.expireAll(); w.mustBook("bob", "A-1-2") }, "hold_expired", "booking.payment_started.v1 booking.payment_failed.v1"},
		{"allowance", func(w *harness, _ events.BookingID) { w.expireAll(); w.mustBook("ann", "A-2-1") }, "limit_exceeded", "booking.payment_started.v1 booking.payment_failed.v1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newHarness(t, 2, 5, 2)
			id := w.mustBook("ann", "A-1-1", "A-1-2")
			test.prepare(w, id)
			before := len(w.read().names)
			_, err := w.pay(id, "ann")
			w.want(err, test.code)
			if got := w.factsSince(before); got != "" {
				t.Errorf("refused payment: got facts %q, want none", got)
			}
			w.want(w.payOvertaken(Pay{Origin: w.origin("ann"), BookingID: id, By: "ann"}), test.code)
			if got := only(w.read().names[before:], "booking."); got != test.facts {
				t.Errorf("got facts %q of the booking, want %q", got, test.facts)
			}
			w.check(2)
			w.clock.move(200 * s)
			w.expireDue()
			w.resume()
			w.checkSettled(2)
		})
	}
}

// only returns the names that have a prefix, joined by spaces.
func only(names []string, beginning string) string {
	return strings.Join(
		slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !strings.HasPrefix(name, beginning) }),
		" ",
	)
}

// expireAll lets all bookings expire.
func (w *harness) expireAll() {
	w.clock.move(61 * s)
	w.expireDue()
	w.resume()
}

// TestLatePaymentIsRefusedInOrder checks the order of refusals: the sale, the limit, the seats.
func TestLatePaymentIsRefusedInOrder(t *testing.T) {
	for _, overtaken := range []bool{false, true} {
		w := newHarness(t, 2, 5, 2)
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
