package demand

import "admitone/events"

// The report of an external payment is a request, as are the beginning and the end of an intent. All other facts
// about external payments are consequences.
func init() {
	register(requested, &events.PaymentReceived{}, &events.BookingIntentBegun{}, &events.BookingIntentEnded{})
	register(consequence, &events.CurrencyNamed{}, &events.BookingPaymentDelayed{}, &events.BookingIntentOpened{},
		&events.PaymentBooked{}, &events.PaymentOwed{}, &events.PaymentReturned{}, &events.PaymentRefunded{},
		&events.SettlementClaimed{}, &events.PaymentRefundAsked{}, &events.PaymentRefundFailed{},
		&events.BookingCheckoutMade{})
}

// isConsequence reports whether a fact whose type is registered as requested follows, in this case, from an external
// payment or a deadline.
func isConsequence(fact events.Fact) bool {
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
