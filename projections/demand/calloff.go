package demand

import "admitone/events"

// The request for a cancellation is the fact in the stream of the cancelled entity. The steps of the cancellation are
// consequences.
func init() {
	register(requested, &events.PerformanceCancelled{}, &events.ProductCancelled{},
		&events.TournamentCancelled{})
	register(consequence, &events.CallOffBegun{}, &events.CallOffSwept{}, &events.BookingCancelled{},
		&events.PaymentMadeUp{}, &events.ProductReservationCancelled{})
}
