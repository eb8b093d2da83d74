// Package projections reads the log and keeps what can be asked of it: the views with
// their query methods, the index of deadlines, and the topics that live subscribers
// watch. What a row is, is said by package row; what subscribers get, by package live.
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
// # What happens to damaged files
//
// Views can be rebuilt, so damage of their files, at open or when they are read, is
// no reason to stop or to serve what is left: they are thrown away, a line says so, and
// the log is folded again. Until they have caught up nobody reads them ([ErrNotReady])
// and they are not [Projections.Ready]; topics keep their subscribers, which go on with a
// snapshot. A record begins with a tag of its log, a table is held to what the manifest
// says of it, and there is no write-ahead log, since one with a hole would leave newer
// records beside older ones: what a crash or a cut manifest leaves are the views of an
// earlier position. A log that contradicts views which an earlier program has left gets
// the same chance. What contradicts itself when it is folded from its beginning stops
// the views for good, as does damage of the log.
//
// # Why rows change in memory
//
// The runner shares two cores with the actors whose sales it follows. An event
// of a hot product is a change of a struct in memory; what changed is encoded
// and written ten times a second, unsynced, however often it changed. A crash costs
// half a minute, or some 200,000 changes, which are folded again from the log. Rows
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
// # Why rows have snapshots
//
// What a product was like at some time is the fold of its events up to there, and a
// busy one has a million of them, spread over as many places of the log. So the views
// keep what it was like at every 512th revision, and the past is folded from there on.
// It is one small record for 512 events. Readers that have a log and no views, as the
// commands, fold from the beginning.
//
// # Why the deadline index is here
//
// A hold past its deadline is expired by the next command to its entity. If none
// comes, the server has to wake the entity, also after a restart. Which entities
// have open holds is a fold of the log, so it is a view. It keeps no hold, only
// their number per stream and a time before which none of them ends; the entity
// knows the rest.
//
// # Why a seat is one byte
//
// A performance can have a hundred thousand seats, and most of them nobody has
// touched yet. The holder of a seat is in its own stream; a map has to say only
// where the seat stands. So a map is blocks of one byte for each seat, and there is no block
// before one of its seats is touched. An event changes one byte and the counts of one
// section, however many seats there are.
//
// # Why bookings, seats and allowances are folded together
//
// A booking goes through several streams, and the server that takes it through may end in
// the middle. That it has ended is said by its own stream; that it still has seats or
// a part of an allowance is said by theirs. The index of what is unfinished counts
// what each booking has, so it names exactly those that have to be resumed, and
// forgets them with the fact that finishes them. What was never said to be a booking
// is not in it: such holds end by their deadlines.
//
// # Adding a kind
//
// A kind is one file that registers a view: one row per entity ([registerRows]), or the categories
// of streams it folds, its tables and its topics; and its query methods. Its row is a file of
// package row, and what its topics show is one of package live.
// When the set of views or the version of one changes, the views are folded again.
package projections
