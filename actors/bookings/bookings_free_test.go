package bookings

import (
	"testing"

	"admitone/actors/performance"
	"admitone/events"
)

// TestFreeBooking checks that a free booking needs no wallet.
func TestFreeBooking(t *testing.T) {
	w := newHarness(t, 1, 6, 0)
	w.must(w.step(w.ctx(), w.origin("house"), performance.Stream("free"), &performance.Create{
		ID: "free", Title: "Matinee", HoldSeconds: 60, Sections: []events.Section{{ID: "F", Rows: 1, SeatsPerRow: 2}}}))
	answer, err := w.Book(
		w.ctx(),
		Book{Origin: w.origin("ann"), PerformanceID: "free", Holder: "ann", Seats: []events.SeatName{"F-1-1", "F-1-2"}},
	)
	w.want(err, "ok")
	w.want(beginIntent(w, answer.Booking.ID), "invalid_field") // no money could end it
	_, err = w.pay(answer.Booking.ID, "ann")
	w.want(err, "ok")
	_, err = w.cancel(answer.Booking.ID, "ann")
	w.want(err, "ok")
	if h := w.checkSettled(0); len(h.wallets) != 0 {
		t.Errorf("got %d wallets, want 0", len(h.wallets))
	}
}
