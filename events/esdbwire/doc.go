// Package esdbwire serves any events.Store over EventStoreDB's gRPC protocol.
//
// # What it promises
//
// The official clients of EventStoreDB can read, follow and, if [Config] says
// so, write the log as if it were a single EventStoreDB node: appends with every
// kind of expected revision, batch appends, reads in both directions, filtered
// subscriptions with checkpoints, deletes, tombstones and stream metadata.
// Persistent subscriptions, projections and links that are resolved are not
// offered. A success means what events.Store means by it: it is on stable storage.
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
package esdbwire
