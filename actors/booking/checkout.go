package booking

import (
	"time"

	"admitone/events"
)

// NotePage records the payment page of an intent. No-op if the intent has a page. Refusal: not_held
// (the intent has ended, or has no page).
type NotePage struct {
	Intent events.IntentID
	// Session is the provider's id of the page, URL its address.
	Session, URL string
}

func (b *Booking) notePage(cmd *NotePage) ([]events.Fact, error) {
	at := &b.state.Intent
	switch {
	case b.state.Status != events.BookingIsAwaiting || at.ID != cmd.Intent || !at.HasPage():
		return nil, errIntentOver
	case at.Session != "":
		return nil, nil
	}
	return []events.Fact{&events.BookingCheckoutMade{Intent: cmd.Intent, Session: cmd.Session, URL: cmd.URL}}, nil
}

// HasPage reports whether the intent has a payment page, or waits for one.
func (i *Intent) HasPage() bool { return i.Checkout != events.Checkout{} }

// Begun returns when the intent began.
func (i *Intent) Begun() time.Time { return i.ExpiresAt.Add(-time.Duration(i.Seconds) * time.Second) }
