// Package payment has the rules of one external payment: money that a provider has taken under a
// reference of its own, for one booking or one reservation.
//
//	             ┌─book─▶ booked ─return─▶ kept
//	receive ─▶ open               │
//	             └─owe──▶ owed ◀──┘
//	                       ▲└─settle─▶ refunded
//	                       └──fails───────┘
//
// At every position, received = open + booked + kept + refunded + owed.
//
// # Why money is received before it is applied
//
// It has arrived, usable or not. So it is recorded here first, and that fact announces the rest:
// the stream of the booking or product decides whether the payment is in time, by a fact that names
// the payment, and this stream copies the outcome. Any server that finds an open payment completes
// it.
//
// # Why the stream is named after a hash of the reference
//
// One stream for each provider and reference ensures that one reference is one payment for one
// purchase. References may have up to 255 characters of any kind; names of streams may not.
//
// # Why a request to a provider is recorded first
//
// Money that is paid back twice is lost. So before a provider is asked to pay a refund, the stream
// records that, and until it has the outcome, the refund can't be settled by hand. A refund that
// the provider could not pay is owed, and not requested again; one that it has paid and later takes
// back is owed again, under the same id.
//
// # Refusals, in order
//
// Receive: payment_reference_used (it has paid for a different purchase; resource), amount_mismatch
// (with expected and currency). All others: not_found (the payment or the refund), then the
// command's own.
package payment
