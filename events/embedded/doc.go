// Package embedded is the default log: it needs nothing but a directory. Of the stores below
// events, it is the one that uses Pebble.
//
// # Guarantees
//
// An append is acknowledged once its events are on stable storage: they survive kill -9 and power
// loss, all of an append or none. An event is never visible before it is durable. After a failed
// write or sync nothing is acknowledged any more: the process ends (see [Options.Fatal]), and the
// next one finds everything that was acknowledged. Damaged bytes are refused with events.ErrDamaged
// when the log is opened or when they are read; they are never skipped, and [Store.Damage] reports
// them from then on. One process at a time has the log open, or any number for reading: readers
// create and change nothing, so the disk may be full or read-only. The lock is on the folder itself
// and cannot be bypassed by removing files.
//
// # Why one committer
//
// Positions are 1, 2, 3, … without gaps, so they have to be assigned in order, and a sync costs
// about as much for one event as for a thousand. So one goroutine collects all waiting appends,
// checks each against the end of its stream, writes them in one Pebble batch with one sync, and
// answers all of them. While it syncs, the next appends queue up. There is no pacing: waiting for a
// fuller batch would only delay all of them.
//
// # Why an append may have several streams
//
// The committer checks the ends of all streams of a group before it writes, so it can check all
// streams of one append together and write them in the same batch: [Store.AppendAll] costs one wait
// where an append per stream costs one each, and leaves nothing to undo when one of them conflicts.
//
// # Why events are stored by position
//
// An event is stored once, under its position. The index of a stream has one entry per append,
// first revision to first position, so a batch of a thousand events costs one. Event keys only ever
// grow: their tables never overlap, and Pebble moves them down its levels rather than rewriting
// them, as long as they do not share a table with index keys; see tuning.go.
//
// # Why the streams are in a filter
//
// Most streams are new when they are first read and appended to, and each would cost a search of
// the index that finds nothing and takes longer the larger the log is. So a Bloom filter in memory,
// of 1.5 to 3 bytes a stream, has all streams of the log. Absence from it is certain; presence must
// be confirmed in the index. It is saved in a file next to the log, with the position that it has
// seen and a hash of the event there. It is used once the streams of all later events have been
// added, which happens in the background after Open; until then, or if the file does not belong to
// the log, the index is searched. A log opened by [OpenReader] has no filter.
//
// # Why reads are bounded by the durable head
//
// Pebble makes a batch visible before its sync is done. Every read is therefore
// bounded by the durable head, which the committer moves after the sync.
//
// # Why Follow has a tail in memory
//
// Followers usually read events written a moment ago. The newest events stay in a ring, bounded
// by count and bytes, with their decoded facts. Followers copy out of it; the committer never waits
// for them. A follower that is slower than the ring reads from disk until it has caught up.
//
// # Why snapshots are plain files
//
// A snapshot may be 40 MB long. In Pebble it would precede, in the write-ahead log, the syncs that
// commands wait for. So it is a separate file, written piece by piece, each flushed to the disk
// before the next is written, so that a sync of the write-ahead log never waits for many dirty
// pages.
//
// # Why an import has an interface of its own
//
// In a log that is moved, an event keeps its position and the time at which it was recorded. An
// append must not choose either, so [Importer] is not part of events.Store, and until an import is
// finished the log cannot be opened otherwise: an incomplete copy must not be taken for a log.
//
// # Undetected damage, and its detection elsewhere
//
// Pebble's write-ahead log consists of blocks of 32 KiB that record the synced length of the log
// before them. So damage in its last two blocks looks like a write that a power loss cut short, and
// the appends from there on are lost silently. That takes a crash and damage to the newest 64 KiB
// together: Close leaves nothing in the write-ahead log but moves everything into tables, which
// have checksums throughout.
//
// Therefore a file next to the log records the position up to which appends were acknowledged. It is
// written after each commit's sync and before its answers, so it is exact after kill -9; it is not
// synced, so after a power loss it may lag, but is never ahead. This file, the snapshots and all
// followers see durable events only: a log that ends before one of them has lost its end (see
// [Store.Seen]). To continue it all the same, it must first be made a different log
// ([Store.Renew]).
package embedded
