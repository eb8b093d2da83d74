// Package remote is a client of a running server: its log as a read-only [events.Store], and its
// other routes.
//
// # Guarantees
//
// Events are returned byte for byte: the data as sent, and the metadata in its canonical form, so
// that their hashes can be checked. Nothing is written; see [Log.Append].
//
// # Why it searches for the end
//
// No route returns the end of a log or of a stream. It is found by growing steps and then bisection,
// with a few dozen requests at most.
package remote
