// Package wallet has the rules of one holder's wallet. It is charged with money, debited to pay for bookings, and
// refunded.
//
// After every fact, balance = charges - debits + refunds, and balance >= 0. Under one payment id, at most one
// debit is recorded, and refunds of at most its amount:
//
//	           debit              refund
//	unknown ──────────▶ debited ──────────▶ refunded
//	   └─────refund────▶ cancelled
//
// A payment of which only a part is refunded stays debited.
//
// # Why a refund may come before its debit
//
// A process that aborts a payment may not know whether the wallet was debited: the response was lost, or the
// command is still in flight. In either case the refund closes the payment id, so that a later debit is refused.
// This is also why payment ids are kept forever.
package wallet
