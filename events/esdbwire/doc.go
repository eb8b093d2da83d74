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
// In streams of the same log, as in EventStoreDB, so that only a Store is needed. The metadata of
// stream x are the events of stream $$x, the last of which is valid. A stream is deleted if its
// metadata mark it so. A tombstone is an event of type $streamDeleted at the end of the stream; for
// clients its revision is 2^63-1, in the Store it is the next one. A marker in front of an event's
// metadata, see markers.go, records that an event is not JSON or is a tombstone. Everything else is
// byte for byte what the client sent, and events written by admitone itself are JSON events for
// clients.
//
// # Why writes wait for their stream
//
// A delete reads x and then writes its decision to $$x, and no Store can check two streams in one
// append. So writes to x and to $$x are serialized in the order of their arrival. This requires
// that streams are deleted, and their metadata set, through one server only. Plain appends are safe
// with any other writers: the Store compares the revision, and a conflict is decided again.
//
// # Why most batch appends don't wait
//
// A goroutine for each append of a BatchAppend, which waits for the Store, cost a tenth to a quarter
// of the append. So if the Store is an events.AsyncAppender and the stream is known, or new, and where
// the append expects it, the append is passed on by the goroutine that has received it. If the Store
// reports a conflict, and for every other append, a goroutine decides on the log; see Server.ready.
//
// # Appends to a deleted stream
//
// The events, and the metadata that hide only the old ones, are one append to two streams, the
// events first, if the Store is an events.MultiAppender. Otherwise they are two, and the metadata
// come first: if the server fails between them, an existing empty stream is harmless, while
// invisible events that a retry acknowledges would not be.
//
// # Why a checkpoint is the last event considered
//
// Subscriptions begin after the given position. A checkpoint at the next event would lose it.
// Positions are pairs, compared as pairs, because other servers send (next, 0), which is before the
// event at (next, next).
//
// # Where it differs from EventStoreDB
//
// A repeated append that expects any revision is recognized by its ids among the stream's newest
// 256 events, even after a restart; EventStoreDB uses a cache. Positions between two events can be
// read from. Reading forward from the end, and reading zero events, returns nothing. Regular
// expressions are RE2.
//
// testdata/recorded has the answers of an EventStoreDB 23.10.8 and a 24.6.0 to nine of the
// scenarios, and differences.txt there lists each line that differs here; a test compares them. All
// differences are deliberate:
//
//   - Unknown, its answer to an empty name, no options, a nil id, a read at 2^64-1 and a name that is
//     not ASCII in a trailer, is here an error with the reason, or the right answer: a client
//     can't tell it from a failure of the server.
//   - A stream named $$ does not exist: 24.6.0 ends its own process at an append to it.
//   - $all and $$x are not written or deleted by clients: no reader expects events there.
//   - An append without events takes no position, because every position of this log has an event.
//   - In a Store that can't append to several streams, the metadata of a deleted stream are written
//     first, as described above.
//
// EventStoreDB's behaviour of BatchAppend and of filtered subscriptions was measured, but not
// recorded: batch.txt and checkpoints.txt in testdata/transcripts contain it. The other scenarios
// were checked manually against the known behaviour of 24.10; ADMITONE_TEST_ESDB runs all of them
// on a real one.
package esdbwire
