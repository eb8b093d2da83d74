// Package replay sends the demand of a recorded sale to a server, as live traffic, and compares
// its answers with the log.
//
// # Guarantees
//
// Requests are sent at the recorded times, or at a multiple of that speed, but never before the
// requests that they depend on have been answered. So a server with the same rules gives the same
// answers: every granted request is granted again, and, where refusals are recorded, every refused
// one is refused with the same code. Each request has an Idempotency-Key, so that it can be sent
// again if it is not answered. The target has to be empty, even after an interrupted replay.
//
// # Why resources
//
// Sending the requests one after another would be slow, and all at once would be a different sale.
// A request declares the resources on which it depends: a product, a seat, a wallet, a reservation.
// Two that take units of a product can be in flight together, because both were granted; a refused
// one can't, and one that releases units has to be answered before the next one takes some.
//
// # Differences
//
//   - Reservations and bookings get ids that the target chooses, which later requests use.
//   - Holds last a day. A hold that expired in the log is released at that time, so that the outcome
//     depends neither on the replay's speed nor on the target's. A request that was refused because of
//     the expiry finds a released hold.
//   - Waiting rooms are left out: everyone who was admitted may act, and nothing is guarded.
//   - Tournaments accept entries for a hundred years longer, and entries that came too late are
//     left out. Everything left out is counted with the reason, and does not count as a difference.
//   - External payments are reported again, under the same references, and have the same outcome on
//     a target with the same currency. Nothing waits for it: intents are left out, and so are
//     settlements of refunds.
//   - Returned seats are refunded by the recorded policy, however late it is on the target.
//   - One caller, an admin, acts for all holders.
//   - Contact details are in no log.
package replay
