package bookings

import (
	"fmt"
	"testing"

	"admitone/actors/booking"
	"admitone/actors/wallet"
	"admitone/events"
)

// TestCrashWhileResuming crashes the process after each number of appends, and again after each number of appends
// of the resumption.
func TestCrashWhileResuming(t *testing.T) {
	for _, crash := range crashes {
		if crash.books {
			continue // there is nothing to resume before the booking is held
		}
		t.Run(crash.name, func(t *testing.T) {
			w := newMemoryHarness(t, 3, 3, 3)
			for step, firstCrashed := 0, true; firstCrashed; step++ {
				for second, secondCrashed := 0, true; secondCrashed; second++ {
					w.createPerformance(fmt.Sprintf("gala-%d-%d", step, second), 3, 3, 3)
					id := crash.prepare(w)
					hasCrashed := w.crashAfter(step)
					_ = crash.act(w, id)
					firstCrashed = hasCrashed()
					hasCrashed = w.crashAfter(second)
					_ = w.Resume(w.ctx(), w.origin("system"), id)
					secondCrashed = hasCrashed()
					w.restart()
					w.checkRecovered(step)
					w.checkEnd(step, id, crash.finalStatuses, false)
				}
			}
		})
	}
}

// TestDebitOfAFailedPayment checks that a debit which an older version has left is refunded once, when the
// booking expires.
func TestDebitOfAFailedPayment(t *testing.T) {
	w := newHarness(t, 1, 2, 0)
	w.charge("ann", 100)
	id := w.mustBook("ann", "A-1-1")
	w.must(w.step(w.ctx(), w.origin("ann"), booking.Stream(id), &booking.StartPayment{By: "ann"}))
	paymentID := events.NewHoldID(id, 1)
	w.must(w.step(w.ctx(), w.origin("ann"), wallet.Stream("ann"), &wallet.Debit{PaymentID: paymentID, Amount: 100}))
	w.must(w.step(w.ctx(), w.origin("ann"), booking.Stream(id),
		&booking.FailPayment{PaymentID: paymentID, Reason: events.FailedBalance}))
	w.clock.move(100 * s)
	w.expireDue()
	for range 2 {
		w.want(w.Resume(w.ctx(), w.origin("system"), id), "ok")
		if got := w.read().wallets["ann"].Balance(); got != 100 {
			t.Errorf("got balance %d, want 100", got)
		}
	}
	w.checkSettled(0)
}
