// Package pebbledb has the common code of the two Pebble databases: the log (events/embedded) and
// its views (projections).
//
// # Guarantees
//
// A folder is open to one process that writes, or to any number that only read. A kernel lock
// (flock) on the folder itself ensures that, so deleting files in it has no effect, and a read-only
// folder can still be read. The LOCK file is locked too, for earlier versions of this program and
// for file systems without such locks.
//
// Damaged bytes never end the process, as they would by default in Pebble. They are an error of the
// read and are reported to the [Listener].
package pebbledb
