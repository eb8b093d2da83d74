// Package events is the foundation of the system: the facts, their frozen wire names, their
// encoding, and the contract of the log that keeps them.
//
// A fact states something that has happened, and never changes once it has been written. A new shape gets a
// new name (product.reserved.v2); facts under the old name still decode, to the new shape; see [Decode].
//
// # Why facts carry results
//
// A fact carries the figures of the answer to its command: for example, a reservation's fact records the
// remaining units. The answer is therefore a function of the facts alone: a retry after a restart is
// answered from the log, word for word, and an audit can compare every recorded figure with its own fold.
//
// # Why the hash is computed here and not by the store
//
// The metadata of each event end in a SHA-256 over the previous event's hash in the stream and this
// event's bytes; see [Seal]. Stores keep those bytes unchanged, so the chain survives a move from one store
// to another, and neither store has to be trusted.
//
// The package imports only the standard library. The stores are in sub-packages, each the sole importer
// of its technology.
package events
