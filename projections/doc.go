// Package projections reads the log and maintains the views with their query methods, the index of
// deadlines, and the topics that live subscribers watch. Package row documents the rows, package
// live the frames.
//
// # Guarantees
//
// A view is a fold of the log and of nothing else. It yields the same rows from any checkpoint,
// with any event delivered twice, and after its files have been deleted. A view and its checkpoint
// are written in one batch. Only events from the store's Follow are folded, so everything shown is
// durable. An event that contradicts earlier ones stops the views permanently, and the error is
// logged: a wrong count would be worse than none.
//
// # Damaged files
//
// Views can be rebuilt. If their files are found damaged, at open or when they are read,
// they are deleted, a warning is logged, and the log is folded again. Until the views
// have caught up, reads fail with [ErrNotReady] and [Projections.Ready] is false; topics
// keep their subscribers, which continue with a snapshot. To detect damage, a record
// begins with a tag of its log and a table is checked against the manifest. There is no
// write-ahead log, because a log with a gap would mix newer and older records; without one, a
// crash or a truncated manifest leaves the views at an earlier position. Views of an
// earlier run that the log contradicts are rebuilt as well. A log that contradicts itself
// when it is folded from the beginning stops the views permanently, as does a damaged log.
//
// # Why rows change in memory
//
// The fold competes with the actors for the CPU, so an event of a hot product only changes
// a struct in memory. Changed rows are encoded and written, unsynced, ten
// times a second, however often they changed. A crash loses the changes of half a minute, at
// most some 200,000, which are folded again from the log. Rows that are not in use
// are only in Pebble.
//
// # Why entries are in blocks
//
// An entry in a tournament is written once, so its writes can't be merged in memory like those of a
// hot product. Stored one by one, an entry would need three records: the team's place, the place in
// the order, and a count of the places before it. Instead, blocks of 256 places store the order. A
// burst of entries fills many blocks between two flushes, so an entry costs about one record.
//
// # Why rows have snapshots
//
// The state of a product at some time is the fold of its events until then, and a busy
// product has a million events, spread over the log. So the views keep the state at every
// 512th revision, one small record each, and fold a past state from the record before it.
// Readers with a log but no views, such as the subcommands, fold from the beginning.
//
// # Why the deadline index is here
//
// The next command to an entity expires the holds whose deadlines have passed. If no command
// comes, the server has to wake the entity, even after a restart. The set of entities
// with open holds is a fold of the log, so it is a view. It contains only the
// number of open holds per stream and a lower bound of their deadlines; the entity
// has the holds.
//
// # Why a seat is one byte
//
// A performance can have a hundred thousand seats, most of them never touched. The
// holder of a seat is in the seat's own stream; a map contains only the status of each seat.
// So a map is stored in blocks of one byte per seat, and a block has a record only if one of its
// seats was ever touched. An event changes one byte and the counts of one section, however
// many seats there are.
//
// # Why bookings, seats and allowances are folded together
//
// A booking involves several streams, and the server may stop between two appends. The booking's
// stream records its outcome; the other streams show whether it still has seats or a part of an
// allowance. Both are counted per booking, so the index of unfinished bookings contains exactly
// the bookings to resume, and the fact that completes a booking removes it. Holds that never became
// a booking are listed separately until they are released or expire.
//
// # Adding a kind
//
// The view of a kind is one file, with its query methods. The file registers either a view of one
// row per entity ([registerRows]), or the categories of streams to fold, the tables and the
// topics. The row is a file of package row, and the topics are a file of package live. When a view
// is added or removed or its version changes, all views are folded again.
package projections
