package demand

import "admitone/events"

// Money from outside is told by the payment that it is for.
func init() {
	register(consequence, &events.CurrencyNamed{}, &events.BookingPaymentDelayed{},
		&events.BookingIntentBegun{}, &events.BookingIntentOpened{}, &events.BookingIntentEnded{}, &events.PaymentReceived{},
		&events.PaymentBooked{}, &events.PaymentOwed{}, &events.PaymentReturned{}, &events.PaymentRefunded{},
		&events.SettlementClaimed{})
}
