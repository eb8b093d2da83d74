package demand

import "admitone/events"

// What a shop writes to an order later changes no outcome, so nobody repeats it.
func init() { register(consequence, &events.BookingAnnotated{}, &events.ProductReservationAnnotated{}) }
