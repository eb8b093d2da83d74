package demand

import "admitone/events"

// A cancellation is requested once, by the fact in the stream of the cancelled entity; the steps that the
// server takes for it follow.
func init() {
	register(requested, &events.PerformanceCancelled{}, &events.ProductCancelled{},
		&events.TournamentCancelled{})
	register(consequence, &events.CallOffBegun{}, &events.CallOffSwept{}, &events.BookingCancelled{},
		&events.PaymentMadeUp{}, &events.ProductReservationCancelled{})
}
