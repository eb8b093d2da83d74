// Package embedded is the default log: it needs nothing but a directory. It is
// the only package below events that knows Pebble.
//
// # What it promises
//
// An append is answered once its events are on stable storage: they survive
// kill -9 and power loss, all of an append or none. Nobody is ever shown an event
// that isn't there yet. After a write or a sync has failed nothing is
// acknowledged any more: the process ends (see [Options.Fatal]), and the next one
// finds everything that was acknowledged. Damaged bytes are refused with
// events.ErrDamaged when the log is opened or when they are read; they are never
// skipped. One process at a time has the log open.
//
// # Why one committer
//
// Positions are 1, 2, 3, … without gaps, so somebody has to hand them out in
// order, and a sync costs about as much for one event as for a thousand. So one
// goroutine takes all appends that wait, checks each against the end of its
// stream, writes them in one Pebble batch with one sync, and answers all of them.
// While it syncs, the next appends gather. There is no pacing: waiting for a
// fuller batch only makes everybody wait.
//
// # Why events are stored by position
//
// An event is stored once, under its position. The index of a stream has one
// entry per append, first revision to first position, so a batch of a thousand
// events costs one. Event keys only ever grow: the tables that Pebble makes of
// them never overlap and are moved down its levels rather than rewritten, as long
// as they don't share a table with index keys; see tuning.go.
//
// # Why reads are bounded by a head of our own
//
// Pebble makes a batch visible before its sync is done. Every read is therefore
// bounded by the durable head, which the committer moves after the sync.
//
// # Why Follow has a tail in memory
//
// Whoever follows the log usually wants what was written a moment ago. The newest
// events stay in a ring, bounded by count and bytes, with their decoded facts.
// Followers copy out of it; the committer never waits for them. A follower that
// falls behind the ring reads from disk until it has caught up.
//
// # Why snapshots are plain files
//
// A snapshot may have 40 MB. Through Pebble it would go into the write-ahead log
// in front of the syncs that commands wait for. So it is a file, written beside,
// piece by piece, each handed to the disk before the next is written, so that no
// heap of dirty pages is waiting when the write-ahead log wants its sync.
//
// # Why an import has a door of its own
//
// In a log that moves from one place to another, an event keeps its position and the
// time at which it was recorded. Nobody who appends may say either, so [Importer] is
// no part of events.Store, and while it is at work nobody else can open the log: half
// of another log must not pass for one.
//
// # What it can't tell
//
// Pebble's write-ahead log is made of blocks of 32 KiB that say how far the log had
// been synced before them. So damage in its last two blocks looks like a write that
// a power loss cut short, and the appends in and behind it are gone without a word.
// It takes a crash and damage to the newest 64 KiB at once: Close leaves nothing in
// the write-ahead log, it moves everything into tables, which have checksums
// throughout.
package embedded
