// Package archive writes a whole log as text and reads it back: the same events with
// the same positions, revisions and times, byte for byte.
//
// # The format
//
// One line per event, as a CloudEvent in JSON; see events.AppendCloudEvent. Foreign events, written
// through EventStoreDB's protocol, are in base64, so that every possible event has a line. After
// about every thousand events, and at the end, there is a line that is a CloudEvent of type
// [HeadType], with the number of events before it and the root of the Merkle tree over them. The
// last one is marked as the last. A file whose name ends in .gz or .zst is compressed. A file has
// nothing else, so a log and its copy, which has a different epoch, yield the same file.
//
// A log in which positions have gaps and other programs have events, like an EventStoreDB, is
// written in the second version of the format, whose first line has the type [BeginType]. It has
// only this system's own events, see events.Lineage, with their positions. The tree is the one that
// the log's heads sign: the n-th line of an event is the n-th leaf. Head lines also have the last
// position.
//
// # Guarantees
//
// A [Reader] only returns events that were written, and reports the line of any damage: each block
// is verified against its root before it is returned, and a file that was truncated, even between
// two lines, has no last line. Reader and Writer hold one block in memory, for a log of any length.
//
// # Why a writer can resume
//
// Every few megabytes the text and its compression end a piece, and a few hundred bytes suffice for
// a [Writer] to resume there: [State]. So an interrupted export continues where it was, and the
// file is the same as without the interruption.
package archive
