// Package waitingroom has the rules of a queue before a sale: one place per holder, admission in
// order, at a rate, and with a maximum number of active passes.
//
//	join ──▶ waiting ──── admit ────▶ admitted ──┬─ leave, finish ─▶ left
//	            │                                └─ the pass runs out ─▶ expired
//	            ├─ leave ─▶ left
//	            └─ drop (silent for too long) ─▶ expired
//
// A ticket is a visitor's number by arrival. A visitor whose ticket has ended and who joins again
// gets a new ticket at the end of the line.
//
// # Invariants
//
// These hold at every prefix of the log:
//
//   - An admission takes the first of the line: everybody ahead of an admitted visitor has been
//     admitted too, has left, or has expired.
//   - After an admission at most max_active passes are active. Lowering max_active ends none;
//     nobody is admitted then until enough have ended.
//   - In no second more than admit_per_second are admitted. To spread them, at most an eighth of
//     that is admitted in a tenth of a second.
//   - A pass ends when its holder leaves or finishes, and at the latest active_seconds after the
//     admission: a deadline, which the shell expires before any command.
//
// # A shuffled opening
//
// While order is shuffle, nobody is admitted before opens_at, and everybody who has joined by then
// gets a drawn order. The hash of the seed is in the settings from the start. The first command
// after opens_at records waitingroom.begun, which fixes who joined in time; Shuffle then publishes
// the seed, and with events.ShuffledTickets anyone can compute the order. Once somebody has joined,
// the seed can't be changed any more, and the room can't become a shuffled one; so nobody can
// choose the order knowing who has joined.
//
// # Heartbeats
//
// Heartbeats are not facts: a million visitors send one every half minute. The server that receives
// them decides which visitors have timed out and sends a Drop, which is recorded. Where several
// servers share the log, the one that receives the heartbeats takes the room over first (TakeOver),
// and a Drop of an earlier term is refused: so no visitor is dropped by a server that did not
// receive its heartbeats. The version of the settings counts edits, not events; otherwise every
// join would make an edit stale.
//
// # Why bitsets in blocks
//
// A place is found, counted and changed without a list of visitors: three bits per place, 1,024
// places per block, and a count per block. The number of visitors ahead is a sum over counts and a
// few words of bits. A block is copied before its first change after the line was published
// ([Room.Line]), so publishing a million places copies a thousand pointers, and readers need no
// lock. Otherwise only half a hash of the holder is kept, twice: by ticket, and to find the ticket.
package waitingroom
