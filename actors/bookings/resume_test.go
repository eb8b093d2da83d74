package bookings

import (
	"fmt"
	"testing"

	"admitone/actors/booking"
	"admitone/actors/wallet"
	"admitone/events"
)

// TestACrashWhileResuming crashes the process at each step, and then at each step after the
// restart.
func TestACrashWhileResuming(t *testing.T) {
	for _, crash := range crashes {
		if crash.books {
			continue // there is nothing to resume before the booking is held
		}
		t.Run(crash.name, func(t *testing.T) {
			w := beginInMemory(t, 3, 3, 3)
			for step, died := 0, true; died; step++ {
				for second, diedAgain := 0, true; diedAgain; second++ {
					w.perform(fmt.Sprintf("gala-%d-%d", step, second), 3, 3, 3)
					id := crash.prepare(w)
					gone := w.dieAfter(step)
					_ = crash.act(w, id)
					died = gone()
					gone = w.dieAfter(second)
					_ = w.Resume(w.ctx(), w.origin("system"), id)
					diedAgain = gone()
					w.restart()
					w.checkRecovered(step)
					w.checkEnd(step, id, crash.ends, false)
				}
			}
		})
	}
}

// TestADebitOfAFailedPayment: a debit left by an older server is refunded once, when the booking
// has expired.
func TestADebitOfAFailedPayment(t *testing.T) {
	w := begin(t, 1, 2, 0)
	w.charge("ann", 100)
	id := w.mustBook("ann", "A-1-1")
	w.must(w.step(w.ctx(), w.origin("ann"), booking.Stream(id), &booking.StartPayment{By: "ann"}))
	paymentID := events.NewHoldID(id, 1)
	w.must(w.step(w.ctx(), w.origin("ann"), wallet.Stream("ann"), &wallet.Debit{PaymentID: paymentID, Amount: 100}))
	w.must(w.step(w.ctx(), w.origin("ann"), booking.Stream(id),
		&booking.FailPayment{PaymentID: paymentID, Reason: events.FailedBalance}))
	w.clock.move(100 * s)
	w.wake()
	for range 2 {
		w.want(w.Resume(w.ctx(), w.origin("system"), id), "ok")
		if got := w.read().wallets["ann"].Balance(); got != 100 {
			t.Errorf("ann has %d of 100, want 100", got)
		}
	}
	w.checkSettled(0)
}
