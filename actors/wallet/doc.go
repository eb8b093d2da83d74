// Package wallet has the rules of one holder's wallet: it is charged, debited to pay for a booking,
// and refunded.
//
// At every moment balance = charges - debits + refunds, and balance >= 0. Under one
// payment id at most one debit and at most one refund are ever recorded:
//
//	           debit              refund
//	unknown ──────────▶ debited ──────────▶ refunded
//	   └─────refund────▶ cancelled
//
// # Why a refund may come before its debit
//
// A run that aborts a payment may not know whether the debit has happened: the answer was lost, or
// the command is still in flight. The refund closes the payment id in either case, so that a later
// debit is refused. This is also why payment ids are never forgotten.
package wallet
