package actors

import "sync/atomic"

type counters struct {
	active, dropped, loads, reloads, conflicts, unknown, panics, snapshots atomic.Int64
}

// Stats are counts since the desk was opened, but for the first two, which are
// of this moment.
type Stats struct {
	// Active entities are in memory; InFlight commands wait for their answer.
	Active, InFlight int64
	// Dropped entities were idle. Loads read an entity from the log; Reloads are
	// those after an append that failed.
	Dropped, Loads, Reloads int64
	// Conflicts and Unknown are failed appends of those two classes.
	Conflicts, Unknown int64
	// Panics in a core, each of them a bug.
	Panics int64
	// Snapshots written.
	Snapshots int64
}

// Stats of the desk.
func (d *Desk) Stats() Stats {
	return Stats{
		Active: d.stats.active.Load(), InFlight: d.inFlight.Load(),
		Dropped: d.stats.dropped.Load(), Loads: d.stats.loads.Load(), Reloads: d.stats.reloads.Load(),
		Conflicts: d.stats.conflicts.Load(), Unknown: d.stats.unknown.Load(),
		Panics: d.stats.panics.Load(), Snapshots: d.stats.snapshots.Load(),
	}
}
