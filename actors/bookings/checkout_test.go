package bookings

import (
	"fmt"
	"testing"
	"time"

	"admitone/events"
)

// beginCheckout begins a payment intent with a checkout page.
func (w *harness) beginCheckout(id events.BookingID, by events.Holder) (Answer, error) {
	return w.BeginIntent(w.ctx(), BeginIntent{Origin: w.origin("shop"), BookingID: id, Provider: "bank", Seconds: 1920,
		Intent: events.IntentID(fmt.Sprintf("intent-%s-%v", id, w.clock.now())), By: by,
		Checkout: events.Checkout{SuccessURL: "https://shop.example/paid", CancelURL: "https://shop.example"}})
}

// TestCheckoutPageKeepsItsIntent checks that all requests for a checkout page get the same intent, with the
// title of the performance, and that only the holder gets it.
func TestCheckoutPageKeepsItsIntent(t *testing.T) {
	w := newHarness(t, 1, 3, 0)
	id := w.mustBook("ann", "A-1-1")
	_, err := w.beginCheckout(id, "bob")
	w.want(err, "forbidden")
	_, err = w.beginCheckout("none", "bob")
	w.want(err, "not_found")
	first, err := w.beginCheckout(id, "ann")
	w.want(err, "ok")
	w.clock.move(s)
	again, err := w.beginCheckout(id, "ann")
	w.want(err, "ok")
	if first.Intent == "" || again.Intent != "" || again.Booking.Intent != first.Booking.Intent ||
		first.Booking.Intent.Checkout.Title == "" {
		t.Errorf("got intents %+v, then %+v; want the same intent with a title", first.Booking.Intent, again.Booking.Intent)
	}
	note := NotePage{Origin: w.origin("shop"), BookingID: id, Intent: first.Booking.Intent.ID, Session: "cs", URL: "u"}
	noted, err := w.NotePage(w.ctx(), note)
	if err != nil || noted.Booking.Intent.URL != "u" {
		t.Errorf("got intent %+v, %v; want URL u", noted.Booking.Intent, err)
	}
	w.clock.move(PageTimeout)
	w.resume()
	if now, _ := w.state(w.ctx(), id); now.Booking.Status != events.BookingIsAwaiting {
		t.Errorf("got status %s with a checkout page, want %s", now.Booking.Status, events.BookingIsAwaiting)
	}
	note.Intent = "another"
	_, err = w.NotePage(w.ctx(), note)
	w.want(err, "not_held")
}

// TestIntentWithoutItsPageEnds checks that an intent is ended if its page was not created within
// PageTimeout.
func TestIntentWithoutItsPageEnds(t *testing.T) {
	w := newHarness(t, 1, 3, 0)
	id := w.mustBook("ann", "A-1-1")
	_, err := w.beginCheckout(id, "ann")
	w.want(err, "ok")
	for _, step := range []struct {
		after time.Duration
		want  events.BookingStatus
	}{{PageTimeout - 1, events.BookingIsAwaiting}, {1, events.BookingIsHeld}, {s, events.BookingIsExpired}} {
		w.clock.move(step.after)
		w.expireDue()
		w.resume()
		if now, _ := w.state(w.ctx(), id); now.Booking.Status != step.want {
			t.Errorf("got status %s, want %s", now.Booking.Status, step.want)
		}
	}
	w.checkSettled(0)
}
