// Package pebbledb has the code that the two users of Pebble share: the log (events/embedded) and its views
// (projections).
//
// # Guarantees
//
// A folder is open in one process for writing, or in any number of processes for reading. This is ensured by a
// kernel lock (flock) on the folder itself, so deleting files in it has no effect, and a read-only folder can be
// opened for reading. The LOCK file is locked too, for earlier versions of this program and for file systems
// without flock.
//
// Damaged bytes do not end the process, as they do by default in Pebble. The read returns an error, and the
// [Listener] is called.
package pebbledb
