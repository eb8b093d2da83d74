package bookings

import (
	"fmt"
	"testing"
	"time"

	"admitone/actors/performance"
	"admitone/actors/seat"
	"admitone/events"
)

// beginIntent begins an intent of 100 s.
func beginIntent(w *harness, id events.BookingID) error {
	_, err := w.intent(id, 100)
	return err
}

func (w *harness) intent(id events.BookingID, seconds int64) (Answer, error) {
	return w.BeginIntent(w.ctx(), BeginIntent{Origin: w.keyed("shop", string(id), ""), BookingID: id, Provider: "bank",
		Intent: events.IntentID("intent-" + string(id)), Seconds: seconds})
}

// TestIntentKeepsItsSeats checks that an intent keeps the seats after the booking's deadline, until it
// lapses or is paid.
func TestIntentKeepsItsSeats(t *testing.T) {
	for _, paid := range []bool{true, false} {
		w := newHarness(t, 1, 3, 2)
		id := w.mustBook("ann", "A-1-1")
		w.want(beginIntent(w, id), "ok")
		w.clock.move(100 * s)
		w.expireDue()
		w.resume()
		_, err := w.book("bob", "A-1-1")
		w.want(err, "seat_taken")
		if paid {
			if got := outcomeOf(w.report(id, "x", 100, false)); got != "booked" {
				t.Errorf("got outcome %q, want %q", got, "booked")
			}
			w.checkSettled(2)
			continue
		}
		w.clock.move(1)
		w.expireDue()
		w.resume()
		w.mustBook("bob", "A-1-1")
		if got := outcomeOf(w.report(id, "x", 100, false)); got != "expired: late owed" {
			t.Errorf("after the intent: got %s, want expired: late owed", got)
		}
	}
}

// TestIntentsStayWithinBounds checks that consecutive intents extend the hold of a seat by at most a day.
func TestIntentsStayWithinBounds(t *testing.T) {
	w := newHarness(t, 1, 3, 0)
	id := w.mustBook("ann", "A-1-1")
	end := w.clock.now().Add(2*time.Minute + events.MaxIntent + seat.Grace)
	for n := range 100 {
		_, err := w.BeginIntent(w.ctx(), BeginIntent{Origin: w.origin("shop"), BookingID: id, Provider: "bank",
			Intent: events.IntentID(time.Duration(n).String()), Seconds: int64(24*time.Hour/s) - int64(n)})
		if n < 2 {
			w.want(err, "ok")
		}
		state, failed := w.state(w.ctx(), id)
		if failed != nil {
			t.Fatalf("state: %v", failed)
		}
		if state.Booking.Status == events.BookingIsAwaiting && state.Booking.Intent.ExpiresAt.Add(seat.Grace).After(end) {
			t.Fatalf("got an intent until %v, want at most a day beyond the hold", state.Booking.Intent.ExpiresAt)
		}
		if code(err) != "ok" && code(err) != "limit_exceeded" && code(err) != "hold_expired" {
			t.Fatal(err)
		}
		if _, err = w.EndIntent(w.ctx(), EndIntent{Origin: w.origin("shop"), BookingID: id}); err != nil {
			t.Fatal(err)
		}
		w.clock.move(s)
	}
	w.clock.move(25 * time.Hour)
	w.expireDue()
	w.resume()
	w.checkSettled(0)
}

// TestIntentsOnEverySeat checks that the longest intents, opened repeatedly on all seats, extend their holds
// by at most a day.
func TestIntentsOnEverySeat(t *testing.T) {
	w := newHarness(t, 4, 5, 0)
	held := map[events.SeatName]events.BookingID{}
	for row := range 4 {
		for number := range 5 {
			name := events.NewSeatName("A", int64(row+1), int64(number+1))
			held[name] = w.mustBook("ann", name)
		}
	}
	for round := range 6 { // 36 hours
		for _, id := range held {
			_, err := w.BeginIntent(w.ctx(), BeginIntent{Origin: w.origin("shop"), BookingID: id, Provider: "bank",
				Intent: events.IntentID(fmt.Sprint(id, round)), Seconds: int64(events.MaxIntent / s)})
			if code(err) != "ok" && code(err) != "payment_in_progress" && code(err) != "hold_expired" {
				t.Fatal(err)
			}
		}
		w.clock.move(6 * time.Hour)
		w.expireDue()
		w.resume()
	}
	for name := range held {
		w.mustBook("bob", name)
	}
}

// TestIntentThatLostASeat checks that a booking that has lost a seat expires when an intent begins.
func TestIntentThatLostASeat(t *testing.T) {
	w := newHarness(t, 1, 3, 0)
	id := w.mustBook("ann", "A-1-1", "A-1-2")
	w.must(w.step(w.ctx(), w.origin("house"), seat.Stream("gala", "A-1-2"),
		&seat.Release{HoldID: events.NewHoldID(id, 1), Reason: events.ReleasedUnpaid}))
	w.want(beginIntent(w, id), "hold_expired")
	if now, _ := w.state(w.ctx(), id); now.Booking.Status != events.BookingIsExpired {
		t.Errorf("got status %s, want %s", now.Booking.Status, events.BookingIsExpired)
	}
	w.checkSettled(0)
}

// TestIntentsKeepTheTermsOfTheHold checks that later edits of the limit don't affect an intent.
func TestIntentsKeepTheTermsOfTheHold(t *testing.T) {
	w := newHarness(t, 1, 6, 0)
	id := w.mustBook("ann", "A-1-1")
	w.edit(&performance.Edit{LimitPerHolder: ptr(4 * w.partsPerSeat())})
	answer, err := w.intent(id, 600)
	w.want(err, "ok")
	if answer.Booking.Status != events.BookingIsAwaiting {
		t.Errorf("after the edit: got status %s, want %s", answer.Booking.Status, events.BookingIsAwaiting)
	}

	w = newHarness(t, 1, 6, 2)
	id = w.mustBook("ann", "A-1-1")
	w.edit(&performance.Edit{LimitPerHolder: ptr(int64(0))})
	_, err = w.intent(id, 600)
	w.want(err, "ok")
	w.clock.move(100 * s)
	w.expireDue()
	w.edit(&performance.Edit{LimitPerHolder: ptr(2 * w.partsPerSeat())})
	_, err = w.book("ann", "A-1-2", "A-1-3")
	w.want(err, "limit_exceeded")
	reported, err := w.report(id, "x", 100, false)
	w.want(err, "ok")
	if !reported.PaymentOutcome.Booked() {
		t.Errorf("got payment %+v, want it booked", reported.PaymentOutcome.Payment)
	}
	w.checkSettled(2)
}
