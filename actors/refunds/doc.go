// Package refunds settles refunds of external payments: somebody has paid one, and reports the
// reference of the transfer.
//
// Two entities take part. The reference's own stream decides that it counts for this refund, so
// that one transfer can't settle two; then the payment's stream records that the refund is settled.
// A run that crashes in between leaves a refund that is owed and a reference that counts only for
// it; repeating the request takes the second step. Nothing has to be undone, since a reference that
// was reported for a refund can't be used for another.
package refunds
