package demand

import "admitone/events"

// Annotations change no outcome, so a replay skips them.
func init() { register(consequence, &events.BookingAnnotated{}, &events.ProductReservationAnnotated{}) }
