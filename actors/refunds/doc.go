// Package refunds settles what is owed of payments from outside: somebody has paid it back, and says
// under which reference.
//
// Two entities take part. The reference's own stream decides that it counts for this refund, so that
// one transfer can't settle two; then the payment's stream says that the refund is settled. A run
// that dies between the two leaves a refund that is owed and a reference that counts for it alone:
// the same request again takes the second step. Nothing needs to be taken back, for a reference that
// was named for a refund is never good for another.
package refunds
