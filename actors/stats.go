package actors

import "sync/atomic"

type counters struct {
	active, dropped, loads, reloads, conflicts, unknown, panics, snapshots, lookups atomic.Int64
}

// Stats are counts since the desk was opened, except Active and InFlight, which are current numbers.
type Stats struct {
	// Active is the number of entities in memory, InFlight that of commands without an answer yet.
	Active, InFlight int64
	// Dropped counts the evictions of entities that were idle or without events. Loads counts reads of
	// an entity, or of the events that another process appended; Reloads those after a failed append or
	// a panic.
	Dropped, Loads, Reloads int64
	// Conflicts and Unknown count the appends that failed with a conflict or an unknown outcome.
	Conflicts, Unknown int64
	// Panics counts the panics in cores, each of which is a bug.
	Panics int64
	// Snapshots counts the snapshots written.
	Snapshots int64
	// Lookups counts the searches of the log for a command that another process may have decided.
	Lookups int64
}

// Stats returns the current counters. They are not read atomically together. It is safe for
// concurrent use.
func (d *Desk) Stats() Stats {
	return Stats{
		Active: d.stats.active.Load(), InFlight: d.inFlight.Load(),
		Dropped: d.stats.dropped.Load(), Loads: d.stats.loads.Load(), Reloads: d.stats.reloads.Load(),
		Conflicts: d.stats.conflicts.Load(), Unknown: d.stats.unknown.Load(),
		Panics: d.stats.panics.Load(), Snapshots: d.stats.snapshots.Load(),
		Lookups: d.stats.lookups.Load(),
	}
}
