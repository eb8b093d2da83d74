// Package merkle makes a log tamper-evident: a Merkle tree over all of its events,
// heads of that tree signed now and then, and receipts that show to anybody, with
// no server and no log at hand, that an event is in it.
//
// # What it promises
//
// A signed head says what the whole log was: how many events, and one hash over
// every field of each, in order. Of a log that is not the same up to there, be it
// that one bit of an event was changed, that one was removed or slipped in, that two
// changed places or that the end was cut off, [Check] says so, even if whoever did it
// has made every stream's own chain good again. A receipt is good for exactly one
// event of exactly one log, and any change makes it a bad one.
//
// A head is signed over durable events only. The tree never signs two heads that
// can't both be true: it stops for good when the log contradicts a head that it has
// signed before ([ErrContradicted]).
//
// # What it can't promise
//
// The key and the heads lie beside the log. Who may write there can make another
// log, sign it and throw the old heads away. So a head has to be kept where the
// log's keeper can't reach it: every receipt has one, and /v1/log/head gives one to
// everybody who asks. Held against one of those, a log that was rewritten shows.
//
// # Why beside the log and behind it
//
// No append waits for the tree. It follows the log like any reader, twenty times a
// second, and takes about a microsecond per event. So the newest head is some
// hundredths of a second old; whoever wants a receipt of an event that was written
// just now wakes the tree, and waits for that one page.
//
// # Why the files can't break anything
//
// One file has the hashes, in the order in which tlog counts them, and only ever
// grows; another has the heads that were written down, a line each, every ten
// seconds and at the end. The hashes are on the disk before the head over them is.
// So a crash leaves a head whose hashes are whole, and behind it anything at all,
// which is cut off and made again from the log. Damage to the hashes costs time and
// nothing else: a proof is checked before it is given away, and if it does not lead
// to the head, all hashes are made again, and every head that was written down has
// to come out of that once more.
//
// # Why nothing here knows the store
//
// A leaf holds what events.Recorded says and nothing else, so a log that moves to
// another place, with its positions and times, has the same root there. The epoch is
// in the head's name and not in the leaves for the same reason.
//
// # Formats
//
// Leaves: see [AppendLeaf]. The tree: RFC 6962 section 2.1, by golang.org/x/mod's
// sumdb/tlog. Heads: signed notes (golang.org/x/mod/sumdb/note, Ed25519) whose text
// is a checkpoint of C2SP's tlog-checkpoint. Receipts: see [Receipt.AppendJSON].
package merkle
