package booking

import (
	"time"

	"admitone/events"
)

// NotePage records the checkout page that was created for an intent. No-op if one is recorded already.
// Refusal: not_held (the intent has ended, or did not ask for a page).
type NotePage struct {
	Intent events.IntentID
	// Session is the provider's id of the page, URL its address.
	Session, URL string
}

func (b *Booking) notePage(cmd *NotePage) ([]events.Fact, error) {
	open := &b.state.Intent
	switch {
	case b.state.Status != events.BookingIsAwaiting || open.ID != cmd.Intent || !open.HasPage():
		return nil, errIntentEnded
	case open.Session != "":
		return nil, nil
	}
	return []events.Fact{&events.BookingCheckoutMade{Intent: cmd.Intent, Session: cmd.Session, URL: cmd.URL}}, nil
}

// HasPage reports whether the intent has a checkout page, or waits for one.
func (i *Intent) HasPage() bool { return i.Checkout != events.Checkout{} }

// BeganAt returns when the intent began.
func (i *Intent) BeganAt() time.Time { return i.ExpiresAt.Add(-time.Duration(i.Seconds) * time.Second) }
