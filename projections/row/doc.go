// Package row defines rows: the state of each entity, folded from its stream.
//
// A row is a plain struct. Its Apply folds the next event and checks it against the events before:
// a row that contradicts its log is an error ([ErrViolated]), never a wrong count. The views keep
// rows and change them event by event; the functions named …At fold one from the log alone, as it
// was at any position. There are no locks and no files here: events are read from an
// [events.Store], and only [MomentOf] reads the clock.
//
// # Records
//
// Views store a row as a record, written by its Append function and read by its Decode function.
// The id is in the record's key, not in the record. A change of the encoding requires a new
// version of the view, which is then rebuilt from the log.
//
// # Adding a kind
//
// Its row is a file here: the struct, Apply, ApplyFact, the encoding and, if past
// states can be read, the function that folds it up to a position.
package row
