// Package merkle makes a log tamper-evident. It keeps a Merkle tree over the events of the log, signs heads of
// that tree, and creates receipts that prove that an event is in the log, without access to server or log.
//
// # Guarantees
//
// A signed head commits to the log up to a position: the number of events, and one hash over every field of
// each, in order. [Check] detects any difference up to that position: a changed bit of an event, an event
// that was removed or inserted, two that were swapped, or a truncated log, even if the hash chain of every
// stream is valid. A receipt is valid for exactly one event of exactly one log. Any change invalidates it.
//
// Heads are signed over durable events only. A tree never signs two inconsistent heads: it stops permanently if
// the log contradicts an earlier head ([ErrContradicted]).
//
// # Limits
//
// The key and the heads are stored next to the log, so anyone with write access can create a different log, sign
// it and discard the old heads. To detect that, check the log against a head that is kept elsewhere: every
// receipt contains one, and /v1/log/head returns one to any client.
//
// # Why the tree follows the log
//
// Appends do not wait for the tree, which follows the log like any reader, twenty times a second, at a cost of
// about a microsecond per event. A request for the receipt of an event that the tree does not cover yet wakes the
// tree and waits.
//
// # Why damaged files are harmless
//
// One file has the hashes, in the order of tlog. Another has the heads, one per line, written every ten seconds
// and at the end. Both only grow. Hashes are synced before a head over them is written, so after a crash the
// hashes of the last head are complete; later ones are truncated and computed again from the log. A third file
// has the head that was signed when the log was last idle for 100 ms, and is replaced each time. The three files
// record the former length of the log ([CoveredSize]): a tree does not open over a shorter log.
//
// Damage to the hashes only costs time: a proof is verified before it is returned, and if it is not valid, all
// hashes are computed again and must match every written head.
//
// # A log that several servers append to
//
// In EventStoreDB, positions have gaps, and other programs have events in the same log. The leaves are then only
// this system's own events, in the order of the log, as recognised by events.Lineage: every reader finds the same
// ones. Heads and receipts have both the ordinal of an own event and its position. Such a head has a fourth line,
// which says that it counts own events.
//
// Each server has a [SharedTree], with the hashes and the positions of its leaves, and can create receipts. One
// server at a time signs heads. It appends them to events.HeadsStream, which is not part of the tree, with the
// expected revision, in a numbered term. If two servers both act as the signer, one of them gets a conflict and
// reads the head of the other, so the heads can't fork. A server takes over, in the next term, if the log has
// grown and no head has been signed for some time. All servers serve the heads of the stream, and an [OwnCheck]
// finds heads that contradict each other. The first event of the stream has the public key; a server with a
// different key signs nothing.
//
// The files are synced before a head over them is appended. On start, leaves after the newest head are dropped
// and computed again, because after a crash they may be incomplete.
//
// A server whose tree contradicts a head of the log signs no more heads and creates no more receipts, but it
// continues to sell: foreign events in a stream must not end a sale. [OwnCheck] determines whether the tree or
// the log is wrong.
//
// # Why leaves are independent of the store
//
// A leaf contains only events.Recorded, so a copy of a log with the same positions and times has the same root.
// For the same reason the epoch is in the name of the head and not in the leaves.
//
// # Formats
//
// Leaves: see [AppendLeaf]. The tree: RFC 6962 section 2.1, by golang.org/x/mod's
// sumdb/tlog. Heads: signed notes (golang.org/x/mod/sumdb/note, Ed25519) whose text
// is a checkpoint of C2SP's tlog-checkpoint, with an extension line if it counts own events.
// Receipts: see [Receipt.AppendJSON]. testdata has an example of each format, which must never be changed.
package merkle
