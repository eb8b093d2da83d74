package bookings

import (
	"context"
	"time"

	"admitone/actors/booking"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/events"
)

// MakePageWithin is how long a provider may take to create the page of an intent. After that an
// intent without a page is ended.
const PageTimeout = time.Minute

// errNothingToPay: a free booking is paid without a provider.
var errNothingToPay = &core.Refusal{Code: core.CodeInvalidField,
	Detail: "the booking costs nothing; pay it without a provider", Fields: core.Fields{"field": "amount"}}

// title sets the title of the payment page of an intent that is to have one. It refuses an intent for a booking that
// costs nothing: no money could end it.
func (b *Bookings) prepareCheckout(ctx context.Context, cmd *BeginIntent, of *booking.State) error {
	switch {
	case of.ID == "" || cmd.By != "" && cmd.By != of.Holder:
		return nil // the booking itself refuses it
	case of.Amount == 0:
		return errNothingToPay
	case cmd.Checkout == (events.Checkout{}):
		return nil
	}
	_, err := b.desk.View(ctx, performance.Stream(of.PerformanceID), func(c core.Core) {
		cmd.Checkout.Title = c.(*performance.Performance).Latest().Title
	})
	return err
}

// NotePage records the payment page of an intent.
type NotePage struct {
	Origin
	BookingID events.BookingID
	Intent    events.IntentID
	// Session is the provider's id of the page, URL its address.
	Session, URL string
}

// NotePage records the page, and answers with the waiting booking. Refusals: not_found, not_held
// (the intent has ended).
func (b *Bookings) NotePage(ctx context.Context, cmd NotePage) (Answer, error) {
	return b.locked(ctx, cmd.BookingID, func(ctx context.Context) (Answer, error) {
		_, err := b.request(ctx, cmd.Origin, cmd.BookingID,
			&booking.NotePage{Intent: cmd.Intent, Session: cmd.Session, URL: cmd.URL})
		if err != nil {
			return Answer{}, err
		}
		return b.state(ctx, cmd.BookingID)
	})
}

// endPageless ends an intent whose page was not created in time: the request that creates it may be
// slow, or lost.
func (b *Bookings) endIntentWithoutPage(ctx context.Context, from Origin, bookingID events.BookingID) error {
	var late events.IntentID
	var waits booking.State
	now, err := b.desk.View(ctx, booking.Stream(bookingID), func(c core.Core) { waits = c.(*booking.Booking).State() })
	if at := &waits.Intent; waits.Status == events.BookingIsAwaiting && at.HasPage() && at.Session == "" &&
		now.At.Sub(at.BeganAt()) >= PageTimeout {
		late = at.ID
	}
	if err != nil || late == "" {
		return err
	}
	return b.endIntent(ctx, from, bookingID, &booking.EndIntent{Intent: late, Reason: events.IntentNoPage})
}
