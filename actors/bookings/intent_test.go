package bookings

import (
	"testing"
	"time"

	"admitone/actors/seat"
	"admitone/events"
)

// beginIntent begins one of 100 s.
func beginIntent(w *harness, id events.BookingID) error {
	_, err := w.intent(id, 100)
	return err
}

func (w *harness) intent(id events.BookingID, seconds int64) (Answer, error) {
	return w.BeginIntent(w.ctx(), BeginIntent{Origin: w.keyed("shop", string(id), ""), BookingID: id, Provider: "bank",
		Intent: events.IntentID("intent-" + string(id)), Seconds: seconds})
}

// TestAnIntentKeepsItsSeats: behind the booking's own time, until it lapses or its money comes.
func TestAnIntentKeepsItsSeats(t *testing.T) {
	for _, paid := range []bool{true, false} {
		w := begin(t, 1, 3, 2)
		id := w.mustBook("ann", "A-1-1")
		w.want(beginIntent(w, id), "ok")
		w.clock.move(100 * s)
		w.wake()
		w.resume()
		_, err := w.book("bob", "A-1-1")
		w.want(err, "seat_taken")
		if paid {
			if got := outcomeOf(w.report(id, "x", 100, false)); got != "booked" {
				t.Error(got)
			}
			w.settled(2)
			continue
		}
		w.clock.move(1)
		w.wake()
		w.resume()
		w.mustBook("bob", "A-1-1")
		if got := outcomeOf(w.report(id, "x", 100, false)); got != "expired: late owed" {
			t.Errorf("behind it: %s", got)
		}
	}
}

// TestIntentsStayWithinBounds: however many there are, a seat is kept for a day longer than without.
func TestIntentsStayWithinBounds(t *testing.T) {
	w := begin(t, 1, 3, 0)
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
			t.Fatal(failed)
		}
		if state.Booking.Status == events.BookingIsAwaiting && state.Booking.Intent.ExpiresAt.Add(seat.Grace).After(end) {
			t.Fatalf("it waits until %v", state.Booking.Intent.ExpiresAt)
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
	w.wake()
	w.resume()
	w.settled(0)
}

// TestAnIntentThatLostASeat is ended, and so is the booking.
func TestAnIntentThatLostASeat(t *testing.T) {
	w := begin(t, 1, 3, 0)
	id := w.mustBook("ann", "A-1-1", "A-1-2")
	w.must(w.step(w.ctx(), w.origin("house"), seat.Stream("gala", "A-1-2"),
		&seat.Release{HoldID: events.NewHoldID(id, 1), Reason: events.ReleasedUnpaid}))
	w.want(beginIntent(w, id), "hold_expired")
	if now, _ := w.state(w.ctx(), id); now.Booking.Status != events.BookingIsExpired {
		t.Errorf("it is %s", now.Booking.Status)
	}
	w.settled(0)
}
