// Package replay sends the demand of a recorded sale to a server as live traffic, and compares the
// answers with the log.
//
// # Guarantees
//
// Requests are sent at the recorded times, or at a multiple of that speed, but never before the
// requests that they depend on have been answered. So a server with the same rules gives the same
// answers: every granted request is granted again, and, if refusals are recorded, every refused
// request is refused with the same code. Each request has an Idempotency-Key, so that it can be
// repeated if there is no answer. The target has to be empty, so an interrupted replay has to begin
// with a new target.
//
// # Why resources
//
// Requests sent one after another would be slow, and requests sent all at the same time would be a
// different sale. Each request declares the resources on which it depends: a product, a seat, a
// wallet, a reservation. Two requests that take units of a product can be in flight together, because
// both were granted. A refused request cannot, and a request that releases units has to be answered
// before a later request takes some.
//
// # Differences
//
//   - Reservations and bookings get ids that the target chooses, which later requests use.
//   - Holds last a day. A hold that expired in the log is released at that point, so that the outcome
//     depends neither on the speed of the replay nor on that of the target. A request that was refused
//     because of the expiry finds a released hold.
//   - Waiting rooms are left out: all who were admitted may act, and nothing is guarded.
//   - Tournaments accept entries for a hundred years longer, and entries that came too late are
//     left out. Everything left out is counted with the reason, and does not count as a difference.
//   - External payments are reported again, under the same references, and have the same outcome on
//     a target with the same currency. Payment intents and settlements of refunds are left out.
//   - Returned seats are refunded by the recorded policy, even if its deadline has passed on the
//     target.
//   - One caller, an admin, acts for all holders.
//   - Contact details are not replayed, because the log does not contain them.
package replay
