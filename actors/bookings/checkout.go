package bookings

import (
	"context"
	"time"

	"admitone/actors/booking"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/events"
)

// PageTimeout is the time within which a provider must create the checkout page of an intent. An intent
// without a page is ended after it.
const PageTimeout = time.Minute

// errNothingToPay refuses an intent for a free booking.
var errNothingToPay = &core.Refusal{Code: core.CodeInvalidField,
	Detail: "the booking costs nothing; pay it without a provider", Fields: core.Fields{"field": "amount"}}

// prepareCheckout sets the title of the checkout page, if the intent asks for a page. It refuses an intent
// for a free booking, which no payment could end.
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

// NotePage is the checkout page that was created for an intent.
type NotePage struct {
	Origin
	BookingID events.BookingID
	Intent    events.IntentID
	// Session is the provider's id of the page, URL its address.
	Session, URL string
}

// NotePage records the page, and returns the booking. Refusals: not_found, not_held (the intent has ended).
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

// endIntentWithoutPage ends an intent whose page was not created within PageTimeout: the request that
// creates it may be slow, or lost.
func (b *Bookings) endIntentWithoutPage(ctx context.Context, from Origin, bookingID events.BookingID) error {
	var state booking.State
	now, err := b.desk.View(ctx, booking.Stream(bookingID), func(c core.Core) { state = c.(*booking.Booking).State() })
	if err != nil {
		return err
	}
	open := &state.Intent
	if state.Status != events.BookingIsAwaiting || !open.HasPage() || open.Session != "" ||
		now.At.Sub(open.BeganAt()) < PageTimeout {
		return nil
	}
	return b.endIntent(ctx, from, bookingID, &booking.EndIntent{Intent: open.ID, Reason: events.IntentNoPage})
}
