package booking

import (
	"time"

	"admitone/actors/core"
	"admitone/events"
)

var errAwaiting = &core.Refusal{Code: core.CodePaymentInProgress,
	Detail: "the booking is waiting for an external payment; end the intent first, or wait"}

var errIntentEnded = &core.Refusal{Code: core.CodeNotHeld, Detail: "this payment intent has ended"}

func (b *Booking) beginIntent(cmd *BeginIntent, now time.Time) ([]events.Fact, error) {
	open := &b.state.Intent
	switch {
	case !b.belongsTo(cmd.By):
		return nil, errNotYours
	case b.state.calledOff(cmd.CalledOff):
		return nil, ErrCalledOff
	}
	switch b.state.Status {
	case events.BookingIsAwaiting:
		if open.Provider == cmd.Provider && open.Seconds == cmd.Seconds &&
			open.HasPage() == (cmd.Checkout != events.Checkout{}) {
			return nil, nil
		}
		return nil, errAwaiting
	case events.BookingIsPaying:
		return nil, errInProgress
	case events.BookingIsBooked:
		return nil, errBooked
	case events.BookingIsReleased:
		return nil, errReleased
	case events.BookingIsExpired:
		return nil, expired(b.state.ExpiresAt)
	}
	wait := min(time.Duration(cmd.Seconds)*time.Second, events.MaxIntent)
	return []events.Fact{&events.BookingIntentBegun{Intent: cmd.Intent, Provider: cmd.Provider, Seconds: cmd.Seconds,
		ExpiresAt: now.UTC().Add(wait), Checkout: cmd.Checkout}}, nil
}

func (b *Booking) openIntent(cmd *OpenIntent) ([]events.Fact, error) {
	switch {
	case b.state.Status != events.BookingIsAwaiting || b.state.Intent.ID != cmd.Intent:
		return nil, errIntentEnded
	case b.state.Intent.Opened:
		return nil, nil
	}
	return []events.Fact{&events.BookingIntentOpened{Intent: cmd.Intent}}, nil
}

func (b *Booking) endIntent(cmd *EndIntent, now time.Time) []events.Fact {
	if b.state.Status != events.BookingIsAwaiting || b.state.Intent.ID != cmd.Intent {
		return nil
	}
	return []events.Fact{b.newIntentEnded(cmd.Reason, now)}
}

// newIntentEnded returns the fact that ends the open intent.
func (b *Booking) newIntentEnded(reason events.IntentEnd, now time.Time) *events.BookingIntentEnded {
	status := events.BookingIsHeld
	if now.After(b.state.ExpiresAt) || reason == events.IntentLost {
		status = events.BookingIsExpired
	}
	return &events.BookingIntentEnded{
		Intent:    b.state.Intent.ID,
		Reason:    reason,
		Status:    status,
		ExpiresAt: b.state.ExpiresAt,
	}
}

// evolveIntent applies a fact about an intent and returns true; it returns false for any other
// fact.
func (b *Booking) evolveIntent(fact events.Fact) bool {
	s := &b.state
	switch f := fact.(type) {
	case *events.BookingIntentBegun:
		b.must(fact, s.Status == events.BookingIsHeld && f.Intent != "")
		s.Status = events.BookingIsAwaiting
		s.Intent = Intent{ID: f.Intent, Provider: f.Provider, Seconds: f.Seconds, ExpiresAt: f.ExpiresAt,
			Checkout: f.Checkout}
	case *events.BookingIntentOpened:
		b.must(fact, s.Status == events.BookingIsAwaiting && s.Intent.ID == f.Intent && !s.Intent.Opened)
		s.Intent.Opened = true
	case *events.BookingCheckoutMade:
		b.must(fact, s.Status == events.BookingIsAwaiting && s.Intent.ID == f.Intent && s.Intent.HasPage() &&
			s.Intent.Session == "" && f.Session != "" && f.URL != "")
		s.Intent.Session, s.Intent.URL = f.Session, f.URL
	case *events.BookingIntentEnded:
		b.must(fact, s.Status == events.BookingIsAwaiting && s.Intent.ID == f.Intent &&
			(f.Status == events.BookingIsHeld || f.Status == events.BookingIsExpired))
		s.Status, s.Intent = f.Status, Intent{}
	default:
		return false
	}
	return true
}
