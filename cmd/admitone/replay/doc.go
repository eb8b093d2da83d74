// Package replay sends the demand of a recorded sale to a server, as live traffic, and
// compares what it answers with what the log says.
//
// # What it promises
//
// Requests go out at the times of the record, or so many times faster, and never before
// those that they depend on have been answered. So a server that follows the same rules
// gives the same answers: everything that was granted is granted, and, where refusals
// are recorded, everything that was refused is refused with the same code. Each request
// has an Idempotency-Key, so that one without an answer can be sent again. The other
// server has to be an empty one, also after a replay that broke off.
//
// # Why lanes
//
// One request after another would be slow, and all at once would be another sale. A
// lane is something that requests depend on: a product, a seat, a wallet, a
// reservation. Two that take units of a product can go side by side, because both were
// granted; one that was refused can't, and one that gives units back has to be answered
// before the next one takes some.
//
// # What is different
//
//   - Reservations and bookings get ids of the other server's choice, which are looked
//     up for what follows.
//   - Holds last a day. One that expired in the log is given back when it did, so that
//     the outcome hangs neither on the speed nor on how quick the other server is. Who
//     was refused because of it finds it given back.
//   - Waiting rooms are left out: whoever came in comes in, and nothing is guarded.
//   - Tournaments accept entries for a hundred years longer; who came too late is left
//     out. What is left out is counted, with the reason, and makes no other outcome.
//   - One caller, an admin, speaks for all holders.
//   - Contact details are in no log.
package replay
