// Package projections reads the log and keeps what can be asked of it: the
// views with their query methods, the index of deadlines, and the topics that
// live subscribers watch.
//
// # What it promises
//
// A view is a fold of the log and of nothing else. It gives the same rows from
// any checkpoint, with any event delivered twice, and after its files have been
// deleted. A view and its checkpoint are written in one batch. Only what the
// store's Follow has delivered is folded, so whatever is shown is durable. An
// event that contradicts the ones before it stops the views for good, loudly:
// a count that may be wrong is worse than none.
//
// Whoever subscribes to a topic gets a snapshot at a position, and then every
// change behind it exactly once, possibly merged with others. Each delta names
// the position of the frame before it, so a subscriber notices a gap. One who comes
// back gets what was missed as a single delta, also if nobody watched meanwhile or
// the program was started anew; a snapshot only if too much has happened since.
//
// # Why rows change in memory
//
// The runner shares two cores with the actors whose sales it follows. An event
// of a hot product is a change of a struct in memory; what changed is encoded
// and written ten times a second, unsynced, however often it changed. A crash
// costs a tenth of a second of events, which are folded again from the log. Rows
// nobody touches are in Pebble alone.
//
// # Why entries are in blocks
//
// An entry of a tournament is a record that is written once, so it can't be merged
// with others in memory as the sales of a hot product are. What would be three
// records (the team's seat, its place in the order, and what counts the places
// before it) is one: the order is kept in blocks of 256 places, which a crowd fills
// many times faster than they are written.
//
// # Why there are milestones
//
// What a product was like at some time is the fold of its events up to there, and a
// busy one has a million of them, spread over as many places of the log. So the views
// keep what it was like at every 512th revision, and the past is folded from there on.
// It is one small record for 512 events. Who has a log and no views, as the commands
// do, folds from the beginning.
//
// # Why topics have actors
//
// A topic's actor owns its state and its subscribers. Joining is a message like
// any other, so there is no moment between the snapshot and the first delta. The
// fold never waits for an actor: it leaves its change in the topic, merged with
// what the actor has not taken yet, so a slow topic costs the size of one delta.
// The actors come from outside (see [Spawner]); this package knows no actor
// library. A topic's actor ends with its last subscriber, and who comes a moment
// later gets a new one: joining, leaving and the batches of the fold exclude each
// other by the lock that guards the views.
//
// # Why the deadline index is here
//
// A hold past its deadline is expired by the next command to its entity. If none
// comes, somebody has to wake the entity, also after a restart. Which entities
// have open holds is a fold of the log, so it is a view. It keeps no hold, only
// their number per stream and a time before which none of them ends; the entity
// knows the rest.
//
// # Why a seat is one byte
//
// A performance can have a hundred thousand seats, and most of them nobody has
// touched yet. Who has a seat is the seat's own business; a map has to say only where
// it stands. So a map is blocks of one byte for each seat, and there is no block
// before one of its seats is touched. An event changes one byte and the counts of one
// section, however many seats there are.
//
// # Why bookings, seats and allowances are folded together
//
// A booking goes through several streams, and whoever takes it through may be gone in
// the middle. That it has ended is said by its own stream; that it still has seats or
// a part of an allowance is said by theirs. The index of what is unfinished counts
// what each booking has, so it names exactly those that somebody has to resume, and
// forgets them with the fact that finishes them. What was never said to be a booking
// is not in it: such holds end by their deadlines.
//
// # Why verify needs so little
//
// A verifier goes through the whole log and must remember what later events are held
// to: of a sold-out product every reservation that was ever made. What it compares it
// need not be able to say, so it keeps 64 bits of a hash in the place of an id or a
// name, and no pointers. Reading, decoding and verifying are three goroutines' work;
// decoding is the one that can be shared out, page by page.
//
// # Adding a kind
//
// A kind is one file that registers itself: the categories of streams it folds,
// its rows, its topics with their snapshots and deltas, and its query methods.
// When the set of kinds or the version of one changes, the views are folded anew.
package projections
