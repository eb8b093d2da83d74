// Package payment holds the rules of one payment from outside: money that a provider has taken under
// a reference of its own, for one booking or one reservation.
//
//	             ┌─book─▶ booked ─return─▶ kept
//	receive ─▶ open               │
//	             └─owe──▶ owed ◀──┘
//	                       └─settle─▶ refunded
//
// At every position, received = open + booked + kept + refunded + owed.
//
// # Why money is received before it is applied
//
// It has come in, whatever can be done with it. So it is written down here first, and the fact is
// the announcement of what follows: the booking's (or product's) own stream decides whether it is
// in time, by a fact that names the payment, and this stream copies the outcome. A payment with
// something open is finished by anybody who finds it.
//
// # Why the stream is named after a hash of the reference
//
// One stream for each provider and reference decides that one reference is one payment for one
// thing. References may have up to 255 characters of any kind, and names of streams may not.
//
// # Refusals, in order
//
// Receive: payment_reference_used (it has paid for another thing; resource), amount_mismatch (with
// expected and currency). All others: not_found (the payment or the refund), then the command's own.
package payment
