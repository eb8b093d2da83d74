// Package payment has the rules of one external payment: money that a payment provider has collected, under the
// provider's reference, for one booking or one reservation.
//
//	             ┌─book─▶ booked ─return─▶ kept
//	receive ─▶ open               │
//	             └─owe──▶ owed ◀──┘
//	                       ▲└─settle─▶ refunded
//	                       └──fails───────┘
//
// After every fact, received = open + booked + kept + refunded + owed.
//
// # Why money is received before it is applied
//
// Money that has arrived must be recorded even if it pays for nothing. So this stream records it first. Then the
// stream of the booking or product decides whether the payment is in time, with a fact that names the payment,
// and this stream copies the outcome. Any server that finds an open payment completes these steps.
//
// # Why the stream is named after a hash of the reference
//
// With one stream for each provider and reference, a reference pays for one purchase only. A reference has up to
// 255 arbitrary characters, which the name of a stream may not have.
//
// # Why a request to a provider is recorded first
//
// A refund that is paid twice is money lost. So the stream records a request before the provider receives it.
// Until the outcome is recorded, the refund can't be settled by hand without a reason. A refund that the
// provider could not pay stays owed and is not requested again. A refund that the provider has paid and later
// takes back is owed again, under the same id.
//
// # Refusals, in order
//
// Receive: payment_reference_used (the reference has paid for a different purchase; with resource),
// amount_mismatch (with expected and currency). All others: not_found (the payment or the refund), then those of
// the command.
package payment
