// Package wallet holds the rules of one holder's money: charged, debited to pay for
// a booking, refunded.
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
// Whoever gives a payment up may not know whether its debit has happened: the
// answer was lost, or the command is still on its way. The refund closes the
// payment id either way, so that a debit that comes later is refused. That is also
// why payment ids are never forgotten.
package wallet
