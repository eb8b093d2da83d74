// Package embedded is the default log, which needs only a directory. It stores events in Pebble.
//
// # Guarantees
//
// An append is acknowledged once its events are on stable storage: they survive kill -9 and power loss. Appends
// are atomic, and an event is never visible before it is durable. After a failed write or sync nothing is
// acknowledged any more: the process ends (see [Options.Fatal]), and the next process finds everything that was
// acknowledged. Damaged bytes are refused with events.ErrDamaged when the log is opened or when they are read. They
// are never skipped, and [Store.Damage] reports them afterwards. The log is open in one process, or in any number of
// processes for reading: readers create and change nothing, so the disk may be full or read-only. The lock is on the
// folder itself and cannot be bypassed by removing files.
//
// # Why one committer
//
// Positions are 1, 2, 3, … without gaps, so they must be assigned in order, and a sync costs about as much for one
// event as for a thousand. Therefore a single goroutine collects all waiting appends, checks each against the end of
// its stream, writes them in one Pebble batch with one sync, and answers all of them. During the sync the next
// appends queue up. The committer does not wait for a fuller batch, which would only delay all appends.
//
// # Why an append may have several streams
//
// The committer checks the ends of all streams of a group before it writes, so it can also check several streams of
// one append and write them in the same batch: [Store.AppendAll] waits once instead of once per stream, and leaves
// nothing to undo if one of the streams conflicts.
//
// # Why events are stored by position
//
// An event is stored once, under its position. The index of a stream has one entry per append, which maps its first
// revision to its first position, so a batch of a thousand events costs one entry. Event keys only grow: their tables
// do not overlap, and Pebble moves them down its levels without rewriting them, as long as they do not share a table
// with index keys; see tuning.go.
//
// # Why there is a filter of streams
//
// Most streams do not exist when they are first read and appended to. Without a filter, each would cost a search of
// the index that finds nothing and takes longer the larger the log is. A Bloom filter in memory, of 1.5 to 3 bytes
// per stream, has all streams of the log: absence from the filter is certain, presence must be confirmed in the
// index. The filter is saved in a file next to the log, with the position up to which it has the streams and a hash
// of the event there. After Open, the streams of later events are added in the background; until that is done the
// index is searched. If the file does not belong to the log, the filter is built again. A log opened by [OpenReader]
// has no filter.
//
// # Why reads are bounded by the durable head
//
// Pebble makes a batch visible before it is synced. Every read is therefore bounded by the durable head, which the
// committer advances after the sync.
//
// # Why Follow has a tail in memory
//
// Followers usually read events that have just been written. A ring in memory, bounded in events and bytes, has the
// newest events with their decoded facts. Followers copy from it, so the committer never waits for them. A follower
// that has fallen behind the ring reads from disk until it has caught up.
//
// # Why snapshots are separate files
//
// A snapshot can be 40 MB long. In Pebble's write-ahead log it would delay the syncs that commands wait for. A
// snapshot is therefore a separate file, which is written in pieces. Each piece is flushed to the disk before the
// next one is written, so that a sync of the write-ahead log does not wait for many dirty pages.
//
// # Why an import has an interface of its own
//
// An import preserves the positions of events and the times at which they were recorded, which an append must not
// choose, so [Importer] is not part of events.Store. Until an import is finished, only an import can open the log, so
// that an incomplete copy is not mistaken for a log.
//
// # Why the acknowledged position is recorded
//
// Pebble's write-ahead log consists of blocks of 32 KiB that record the synced length of the log before them.
// Damage in its last two blocks therefore looks like a torn write after a power loss, and the appends from there on
// are lost silently. That requires both a crash and damage to the newest 64 KiB, because Close moves everything from
// the write-ahead log into tables, which have checksums throughout.
//
// To detect such a loss, a file next to the log records the position up to which appends were acknowledged. It is
// written after the sync of each commit and before the answers, so it is exact after kill -9. It is not synced, so
// after a power loss it may lag, but it is never ahead. This file, the snapshots and all followers see only durable
// events: a log that ends before one of them has lost its end (see [Store.Evidence]). To continue such a log, it must
// first be made a different log ([Store.Renew]).
package embedded
