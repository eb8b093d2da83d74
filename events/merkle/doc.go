// Package merkle makes a log tamper-evident: a Merkle tree over all of its events, periodically
// signed heads of that tree, and receipts that prove, without the server or the log, that an event
// is in it.
//
// # Guarantees
//
// A signed head commits to the whole log: the number of events, and one hash over every field of
// each, in order. [Check] detects any difference up to there: a changed bit of an event, an event
// removed or inserted, two swapped, or the end cut off, even if every stream's own chain is valid.
// A receipt is valid for exactly one event of exactly one log, and any change invalidates it.
//
// A head is signed over durable events only. The tree never signs two inconsistent heads: it stops
// permanently when the log contradicts a head that it has signed before ([ErrContradicted]).
//
// # Limits
//
// The key and the heads are stored next to the log. Anyone with write access can create another log,
// sign it and discard the old heads. So a head has to be kept out of the operator's reach: every
// receipt contains one, and /v1/log/head returns one to any client. A check against such a head
// detects a rewritten log.
//
// # Why the tree follows the log
//
// No append waits for the tree. It follows the log like any reader, twenty times a second, at about
// a microsecond per event. So the newest head is some hundredths of a second old; a request for the
// receipt of a newer event wakes the tree and waits for one page.
//
// # Why damaged files are harmless
//
// One file has the hashes, in the order of tlog, and only ever grows; another has the heads, one
// per line, written every ten seconds and at the end. Hashes are synced before a head over them is
// written. A third has the head that was signed when the log was last idle for 100 ms, and is
// replaced each time. Heads and hashes together record the former length of the log ([Seen]), and a
// tree does not open over a log that ends before that. So after a crash the hashes of the last head
// are complete; anything after them is truncated and computed again from the log. Damage to the
// hashes only costs time: a proof is checked before it is returned, and if it does not verify, all
// hashes are computed again, and must lead to every written head.
//
// # A log that several servers append to
//
// In an EventStoreDB positions have gaps, and other programs have events between this system's.
// There a leaf is the n-th of this system's own events in the order of the log, as events.Lineage
// recognises them by their content: every reader finds the same ones. Heads and receipts have both
// that ordinal and the position, and a fourth line of a head names the one that it counts.
//
// Each server has a [SharedTree], with the hashes and the positions of its leaves, and any of them
// makes receipts. One at a time signs: heads are appended to events.HeadsStream, which is not part
// of the tree, at the revision that the signer has read, in a term of its own. If two servers both
// take themselves for the signer, one finds the other's head, so the heads can't fork. A server
// takes over, in the next term, when the log has grown and no head has been signed for some time.
// All heads are kept in that stream, so any server serves them, and an [OwnCheck] finds two that
// contradict each other. The first event has the public key; a server with a different key signs
// nothing.
//
// The files are synced before a head over them is appended. At the start, leaves after the newest
// head are dropped and computed again: after a crash it is unknown whether they were written.
//
// A server whose tree contradicts a head of the log stops signing and proving, but continues to
// sell: foreign events in a stream must not end a sale. [OwnCheck] finds out which of the two is
// wrong.
//
// # Why leaves are independent of the store
//
// A leaf contains events.Recorded and nothing else, so a log that is moved with its positions and
// times has the same root. The epoch is in the name of the head and not in the leaves for the same
// reason.
//
// # Formats
//
// Leaves: see [AppendLeaf]. The tree: RFC 6962 section 2.1, by golang.org/x/mod's
// sumdb/tlog. Heads: signed notes (golang.org/x/mod/sumdb/note, Ed25519) whose text
// is a checkpoint of C2SP's tlog-checkpoint, with a line of extension where it counts own events.
// Receipts: see [Receipt.AppendJSON]. testdata has each of them; they are never changed.
package merkle
