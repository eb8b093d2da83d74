// Package esdbwire serves any events.Store over EventStoreDB's gRPC protocol.
//
// # Guarantees
//
// The official clients of EventStoreDB can read, follow and, if [Config] allows it, write the log
// as if it were a single EventStoreDB 24.10 node: appends with every kind of expected revision,
// batch appends, reads in both directions, filtered subscriptions with checkpoints, deletes,
// tombstones and stream metadata. As in events.Store, a successful write is on stable storage. A
// stalled client costs a page of events and gRPC's buffers, and delays no other client. A panic is
// an error of its call.
//
// Persistent subscriptions, projections, link resolution and $acl are not supported: [Config]
// defines, for the whole log, which users may read and write.
//
// # Where the protocol's data are stored
//
// They are stored in streams of the same log, as in EventStoreDB, so that only a Store is needed. The
// metadata of stream x are the events of stream $$x, the last of which is valid. A stream is deleted
// if its metadata mark it as deleted. A tombstone is an event of type $streamDeleted at the end of the
// stream. Its revision is 2^63-1 for clients, and the next one in the Store. A marker in front of an
// event's metadata (see markers.go) records that an event is not JSON or is a tombstone. Everything
// else is stored as the client sent it, byte for byte, and events written by admitone itself are JSON
// events for clients.
//
// # Why writes wait for their stream
//
// A delete reads x and then writes its decision to $$x, and no Store can check two streams in one
// append. So writes to x and to $$x are serialized in the order of their arrival. This requires
// that streams are deleted, and their metadata set, through one server only. Plain appends are safe
// with any other writers, because the Store compares the revision, and after a conflict the append is
// decided again.
//
// # Why most batch appends don't wait
//
// A goroutine that waits for the Store costs a tenth to a quarter of an append of a BatchAppend. So if
// the Store is an events.AsyncAppender, and the stream is known or new and at the expected revision,
// the goroutine that has received the append passes it on. For every other append, and after a
// conflict, a goroutine decides on the log; see Server.readyCondition.
//
// # Appends to a deleted stream
//
// If the Store is an events.MultiAppender, the events, and the metadata that hide only the old events,
// are one append to two streams, the events first. Otherwise they are two appends, the metadata first.
// If the server fails between them, the stream exists and is empty, which is harmless. In the other
// order, a retry would acknowledge events that are hidden.
//
// # Why a checkpoint is the last event considered
//
// Subscriptions begin after the given position. A checkpoint at the next event would lose it.
// Positions are pairs, compared as pairs, because other servers send (next, 0), which is before the
// event at (next, next).
//
// # Where it differs from EventStoreDB
//
// A repeated append that expects any revision is recognized by the ids of the stream's newest 256
// events, even after a restart; EventStoreDB uses a cache. Clients can read from positions between two
// events. Reading forward from the end, and reading zero events, returns nothing. Regular expressions
// have the syntax of RE2.
//
// testdata/recorded has the answers of EventStoreDB 23.10.8 and 24.6.0 to nine of the scenarios, and
// differences.txt there lists each line in which this server differs. A test compares them. All
// differences are deliberate:
//
//   - EventStoreDB answers Unknown to an empty name, no options, a nil id, a read at 2^64-1, and a
//     name in a trailer that is not ASCII. A client can't distinguish that from a failure of the
//     server, so this server answers with the reason, or correctly.
//   - A stream named $$ does not exist: 24.6.0 ends its own process at an append to it.
//   - Clients can't write or delete $all and $$x, because no reader expects events there.
//   - An append without events has no position, because every position of this log has an event.
//   - In a Store that can't append to several streams, the metadata of a deleted stream are written
//     first, as described above.
//
// The behaviour of EventStoreDB's BatchAppend and filtered subscriptions was measured, but not
// recorded; batch.txt and checkpoints.txt in testdata/transcripts contain it. The other scenarios were
// checked manually against the known behaviour of 24.10. ADMITONE_TEST_ESDB runs all of them on a real
// EventStoreDB.
package esdbwire
