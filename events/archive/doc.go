// Package archive exports a whole log as text and reads it back: the same events with the same positions, revisions
// and times, byte for byte.
//
// # The format
//
// A file has one line per event, a CloudEvent in JSON; see events.AppendCloudEvent. Foreign events, written through
// EventStoreDB's protocol, are in base64, so that every possible event has a line. After about every thousand events,
// and at the end, there is a head line: a CloudEvent of type [HeadType] with the number of events before it and the
// root of the Merkle tree over them. The last head line is marked. A file whose name ends in .gz or .zst is
// compressed. A file has nothing else, such as the epoch, so a log and its copy yield the same file.
//
// A log like an EventStoreDB, in which positions have gaps and other programs have events, is written in the second
// version of the format. Its first line has the type [BeginType]. It has only this system's own events (see
// events.Lineage) with their positions. The tree is the one over which the log's heads are signed: the n-th event is
// the n-th leaf. Head lines also have the position of the last event.
//
// # Guarantees
//
// A [Reader] returns only events that were written, and reports the line of any damage: it verifies each block
// against its root before it returns the block, and a truncated file lacks the marked head line at its end. Reader
// and Writer need memory for one block, whatever the length of the log.
//
// # Why a writer can resume
//
// Every few megabytes a piece of the file ends, along with its compression. A [State] of a few hundred bytes suffices
// to resume there, so an interrupted export continues, and the file is the same as without the interruption.
package archive
