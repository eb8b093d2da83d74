package actors

import "sync/atomic"

type counters struct {
	active, dropped, loads, reloads, conflicts, unknown, panics, snapshots, lookups atomic.Int64
}

// Stats are counts since the desk was opened, but for the first two, which are
// of this moment.
type Stats struct {
	// Active entities are in memory; InFlight commands wait for their answer.
	Active, InFlight int64
	// Dropped entities were idle or empty. Loads read an entity from the log, or only events
	// appended by another process; Reloads are loads after a failed append.
	Dropped, Loads, Reloads int64
	// Conflicts and Unknown are failed appends of those two classes.
	Conflicts, Unknown int64
	// Panics in a core, each of them a bug.
	Panics int64
	// Snapshots written.
	Snapshots int64
	// Lookups searched the log for a command that another process may have decided.
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
