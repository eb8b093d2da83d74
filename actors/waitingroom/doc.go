// Package waitingroom has the rules of a queue before a sale: one place per holder, and admission in
// order, at a limited rate, up to a maximum number of active passes.
//
//	join ──▶ waiting ──── admit ────▶ admitted ──┬─ leave, finish ─▶ left
//	            │                                └─ the pass runs out ─▶ expired
//	            ├─ leave ─▶ left
//	            └─ drop (silent for too long) ─▶ expired
//
// A ticket is a visitor's number by arrival. A visitor who joins again after a ticket has ended gets
// a new ticket at the end of the line.
//
// # Invariants
//
// These hold at every prefix of the log:
//
//   - An admission takes the first visitors in the line: everybody ahead of an admitted visitor has
//     been admitted too, has left, or has expired.
//   - After an admission, at most max_active passes are active. Lowering max_active ends no pass,
//     but nobody is admitted until enough passes have ended.
//   - At most admit_per_second visitors are admitted in any second, and to spread them, at most an
//     eighth of that in any tenth of a second.
//   - A pass ends when its holder leaves or finishes, and at the latest active_seconds after the
//     admission. That is a deadline, which the shell expires before any command.
//
// # Shuffled openings
//
// While order is shuffle, nobody is admitted before opens_at, and the order of those who have joined
// by then is drawn. The hash of the seed is in the settings from the start. The first command after
// opens_at records waitingroom.begun, which fixes who has joined in time. Shuffle then publishes the
// seed, from which anyone can compute the order with events.ShuffledTickets. Once somebody has
// joined, the seed can't be changed, and a first-come room can't become a shuffled one. So nobody
// who knows who has joined can choose the order.
//
// # Heartbeats
//
// Heartbeats are not facts, because a million visitors send one every half minute. The server that
// receives them decides which visitors have timed out and sends a Drop, which is recorded. Where
// several servers share the log, the server that receives the heartbeats first takes the room over
// (TakeOver), and a Drop of an earlier term is refused. So no visitor is dropped by a server that
// did not receive their heartbeats.
//
// # Versions
//
// The version of the settings counts edits and not events, so that a join does not make an edit
// stale.
//
// # Bitsets in blocks
//
// The line has three bits per place, in blocks of 1,024 places, and a count per block. The number of
// visitors ahead is a sum over counts and a few words of bits. The first change of a block after the
// line was published ([Room.Line]) copies the block, so publishing a million places copies a
// thousand pointers, and readers need no lock. Apart from that, half a hash of each holder is kept
// twice: by ticket, and as the key by which the ticket is found.
package waitingroom
