// Package esdbwire serves any events.Store over EventStoreDB's gRPC protocol.
//
// # What it promises
//
// The official clients of EventStoreDB can read, follow and, if [Config] says
// so, write the log as if it were a single EventStoreDB 24.10 node: appends with
// every kind of expected revision, batch appends, reads in both directions, filtered
// subscriptions with checkpoints, deletes, tombstones and stream metadata. A success
// means what events.Store means by it: it is on stable storage. A client that stalls
// holds a page of events and what gRPC buffers, and nobody else waits for it. A panic
// is an error of its call.
//
// Not offered are persistent subscriptions, projections, the resolving of links, and
// $acl: who may come in and who may write is said in [Config], for the whole log.
//
// # Where things are kept that a Store does not know
//
// In streams of the same log, as EventStoreDB does it, so that nothing but a Store
// is needed. The metadata of stream x are the events of stream $$x, of which the
// last counts. A deleted stream is one whose metadata say so. A tombstone is an
// event of type $streamDeleted at the end of the stream; clients are told that its
// revision is 2^63-1, in the Store it is the next one. Two things are kept in front
// of an event's metadata, see mark.go: that an event is not JSON, and that it is a
// tombstone. Everything else is byte for byte what the client sent, and events
// written by admitone itself look to clients like JSON events.
//
// # Why writes wait for their stream
//
// A delete writes to $$x what it decided by looking at x, and no Store can check two
// streams in one append. So writes to x and to $$x go one after another, in the
// order in which they arrived. That holds as long as nobody deletes streams of the
// same log, or sets their metadata, through a second server. Plain appends are safe
// whoever else writes: the Store compares the revision, and a conflict is decided
// anew.
//
// # Why an append to a deleted stream writes metadata first
//
// The events and the metadata that bring the stream back are two appends. If the
// server dies between them, a stream that exists and is empty harms nobody, while
// events that were acknowledged on a retry and can't be seen would.
//
// # Why a checkpoint is the last event considered
//
// Subscriptions begin behind the place they are given. A checkpoint that named the
// next event would lose it. Places are pairs, compared as pairs, because other
// servers send (next, 0), which lies before the event at (next, next).
//
// # Where it differs from EventStoreDB
//
// An append that takes the stream as it is, is known again by its ids among the
// stream's newest 256 events, also after a restart; there it is a cache. Positions
// between two events may be read from. Reading forwards from the end, and reading
// nothing, gives nothing. Regular expressions are RE2. The transcripts of
// conversations under testdata were checked by hand against how 24.10 is known to
// behave, and have not been recorded from one yet; ADMITONE_TEST_ESDB plays them to a
// real one.
package esdbwire
