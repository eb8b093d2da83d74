// Package events is the foundation of the system: the facts, their frozen wire names, their
// encoding, and the contract of the log that keeps them.
//
// A fact states a past event, and never changes once it has been written. A new
// shape is a new name (product.reserved.v2) whose decoder still accepts the old one; see [Decode].
//
// # Why facts carry results
//
// A fact carries the figures of its answer (a reservation's fact records the remaining units). So
// the answer to a command is a function of its facts alone: a retry after a restart is answered
// from the log, word for word, and an audit can compare every recorded figure with its own fold.
//
// # Why the hash is computed here and not by the store
//
// Each event's metadata ends in a SHA-256 over the hash before it in the stream
// and over this event's bytes; see [Seal]. The store keeps those bytes as they
// are, so the chain survives a move from one store to another, and neither
// store has to be trusted for it.
//
// The package imports the standard library only. The stores live in
// sub-packages, each the sole importer of its technology.
package events
