// Package waitingroom holds the rules of a line that people stand in before a sale:
// one place per holder, admitted in order, at a rate, and never more at once than
// fit.
//
//	join ──▶ waiting ──── admit ────▶ admitted ──┬─ leave, finish ─▶ left
//	            │                                └─ the pass runs out ─▶ expired
//	            ├─ leave ─▶ left
//	            └─ drop (silent for too long) ─▶ expired
//
// A ticket is a visitor's number by arrival. Whoever is gone and comes again gets
// another ticket and stands at the end.
//
// # What holds at every prefix of the log
//
//   - An admission takes the first of the line and nobody else: whoever stood before
//     an admitted visitor has been admitted too, or is gone.
//   - When somebody is admitted, no more than max_active passes go on. Lowering
//     max_active ends none; then nobody comes in until enough have ended.
//   - In no second more than admit_per_second are admitted. To spread them over it,
//     a tenth of a second takes an eighth of that at most.
//   - A pass ends when its holder leaves or finishes, and active_seconds after the
//     admission at the latest: a deadline, which the shell sees to before any command.
//
// # A shuffled opening
//
// While order is shuffle, nobody is admitted before opens_at, and those who came by
// then get a drawn order. The hash of the seed is in the settings from the start.
// The first command after opens_at writes waitingroom.begun, which says who came in
// time; Shuffle then publishes the seed, and events.ShuffledTickets tells anyone the
// order. Once somebody has joined, the seed can't be changed any more, and the room
// can't be made a shuffled one; so whoever knows who has come can't choose the order.
//
// # Who is silent
//
// Signs of life are no facts: a million people give one every half minute. Whoever
// hears them tells the room whom to drop, and that is a fact. Where several servers share
// the log, the one that hears them takes the room over first (TakeOver), and a Drop of an
// earlier term is refused: so nobody is dropped by a server that has not heard them. The settings' revision
// counts settings, not events, or an edit would be stale with everybody who joins.
//
// # Why bits in blocks
//
// A place is found, counted and changed without a list of people: three bits for a
// place, 1,024 places to a block, and a count for every block. The number of people
// ahead is a sum over counts and a few words of bits. A block is copied before its
// first change after the line was published ([Room.Line]); so publishing a million
// places copies a thousand pointers, and whoever reads needs no lock. What else is
// kept of a visitor is half a hash of the holder, twice: under the ticket, and to
// find the ticket by.
package waitingroom
