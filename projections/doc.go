// Package projections reads the log and maintains the views with their query methods, the index of
// deadlines, and the topics that live subscribers watch. Package row documents the rows, package
// live the frames.
//
// # Guarantees
//
// A view is a fold of the log and of nothing else. It yields the same rows from any checkpoint,
// with any event delivered twice, and after its files have been deleted. A view and its checkpoint
// are written in one batch. Only events from the store's Follow are folded, so everything shown is
// durable. An event that contradicts earlier ones stops the views permanently, with an error in the
// log: a count that may be wrong is worse than none.
//
// # Damaged files
//
// Views can be rebuilt. If their files are found damaged, at open or when they are read,
// they are deleted, a warning is logged, and the log is folded again. Until the views
// have caught up, reads fail with [ErrNotReady] and [Projections.Ready] is false; topics
// keep their subscribers, which continue with a snapshot. To detect damage, a record
// begins with a tag of its log and a table is checked against the manifest. There is no
// write-ahead log, since one with a gap would mix newer and older records: a
// crash or a truncated manifest leaves the views of an earlier position. Views of an
// earlier run that the log contradicts are rebuilt as well. A log that contradicts itself
// when it is folded from the beginning stops the views permanently, as does a damaged log.
//
// # Why rows change in memory
//
// The runner shares two cores with the actors whose sales it follows. An event
// of a hot product changes a struct in memory; changed rows are encoded and written ten
// times a second, unsynced, however often they changed. A crash costs half a minute, or
// some 200,000 changes, which are folded again from the log. Rows that are not in use
// are in Pebble alone.
//
// # Why entries are in blocks
//
// An entry of a tournament is a record that is written once, so writes can't be merged in memory as
// for a hot product. An entry would need three records: the team's place, the place in the order,
// and a count of the places before it. Blocks of 256 places hold the order instead; a burst of
// entries fills many of them between two flushes, so an entry costs one record.
//
// # Why rows have snapshots
//
// The state of a product at some time is the fold of its events until then, and a busy
// one has a million of them, spread over the log. So the views keep the state at every
// 512th revision, and a past state is folded from there: one small record for 512
// events. Readers that have a log and no views, such as the commands, fold from the
// beginning.
//
// # Why the deadline index is here
//
// A hold after its deadline is expired by the next command to its entity. If none
// comes, the server has to wake the entity, even after a restart. Which entities
// have open holds is a fold of the log, so it is a view. It contains no hold, only
// their number per stream and a lower bound of their deadlines; the entity
// has the rest.
//
// # Why a seat is one byte
//
// A performance can have a hundred thousand seats, most of them never touched. The
// holder of a seat is in the seat's own stream; a map contains only the seat's status. So
// a map is stored in blocks of one byte per seat, and a block is stored once one of its
// seats was touched. An event changes one byte and the counts of one section, however
// many seats there are.
//
// # Why bookings, seats and allowances are folded together
//
// A booking involves several streams, and the server may stop between them. The booking's stream
// has its end; the other streams show whether it still has seats or a part of an allowance. The
// index of unfinished bookings counts the seats and parts of each, so it contains exactly the
// bookings to resume, and drops one with the fact that completes it. A hold that never became a
// booking is not in it: such holds end by their deadlines.
//
// # Adding a kind
//
// A kind is one file that registers a view: one row per entity ([registerRows]), or the categories
// of streams it folds, its tables and its topics; and its query methods. Its row is a file of
// package row, its topics one of package live. When the set of views or the version of one changes,
// the views are folded again.
package projections
