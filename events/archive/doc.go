// Package archive writes a whole log as text and reads it back: the same events with
// the same positions, revisions and times, byte for byte.
//
// # The format
//
// A line per event, as a CloudEvent in JSON; see events.AppendCloudEvent. After every
// thousand events or so, and at the end, a line that is a CloudEvent of the type
// [HeadType]: it says how many events came before it and what the root of the Merkle
// tree over them is. The last one says that it is the last. A file whose name ends in
// .gz or .zst is compressed. Nothing else is in it, so a log and its copy, which has an
// epoch of its own, make the same file.
//
// # What it promises
//
// Whatever happens to a file, a [Reader] gives out the events that were written and
// no others, and says at which line the rest is not what it was: each block is held
// to its root before anybody sees it, and a file that was cut off, even between two
// lines, has no end. Both sides hold a block in memory, and no more, however long
// the log.
//
// # Why a writer can go on
//
// Every few megabytes the text and its compression come to a full stop, and what a
// [Writer] needs to go on from there is a few hundred bytes: [State]. So an export
// that was cut off goes on where it was, and the file is the same as in one go.
package archive
