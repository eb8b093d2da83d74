// Package reservations runs the steps of external payments for reservations of products, and of
// refunds when they are released.
//
//	Report   the payment is received · the product decides · the payment's stream records the decision
//	Return   the product has released what was paid · the payment's stream records the amount owed
//
// # Why nothing stays unfinished
//
// The first fact of each announces the rest: an open payment, and a release that names a payment.
// The views list both, and [Reservations.Resume] takes the remaining steps, on any node. The steps
// of a payment carry its id, so concurrent runs do no harm.
//
// # Why the views describe ended reservations
//
// A product forgets reservations that have ended. So a payment for one carries its state in the
// views, read once they have seen the newest fact of the product. An ended reservation does not
// change, except for its order data and for payments decided for it, which the product itself
// remembers. The product refuses a state older than the newest change of such order data, and it is
// read again.
package reservations
