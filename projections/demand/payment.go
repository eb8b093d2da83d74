package demand

import "admitone/events"

// A report of an external payment is a request, as are the begin and the end of an intent; all other facts
// about external payments follow from them.
func init() {
	register(requested, &events.PaymentReceived{}, &events.BookingIntentBegun{}, &events.BookingIntentEnded{})
	register(consequence, &events.CurrencyNamed{}, &events.BookingPaymentDelayed{}, &events.BookingIntentOpened{},
		&events.PaymentBooked{}, &events.PaymentOwed{}, &events.PaymentReturned{}, &events.PaymentRefunded{},
		&events.SettlementClaimed{}, &events.PaymentRefundAsked{}, &events.PaymentRefundFailed{},
		&events.BookingCheckoutMade{})
}

// follows reports whether a fact of a type that is registered as requested follows from an external payment
// or from a deadline in this case.
func follows(fact events.Fact) bool {
	switch f := fact.(type) {
	case *events.BookingPaymentStarted:
		return f.Payment != ""
	case *events.ProductConfirmed:
		return f.Payment != ""
	case *events.BookingIntentEnded:
		switch f.Reason {
		case events.IntentEnded, events.IntentExpired, events.IntentNoPage:
			return false
		}
		return true
	}
	return false
}
