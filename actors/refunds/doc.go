// Package refunds settles refunds of external payments: a refund was paid outside the system, and the
// reference of the transfer is reported.
//
// Two entities take part. The stream of the reference assigns it to this refund, so that one transfer
// can't settle two; then the payment's stream records that the refund is settled. A crash in between
// leaves the refund owed and the reference assigned to it; repeating the request takes the second
// step. Nothing has to be undone, since an assigned reference can't settle another refund.
package refunds
