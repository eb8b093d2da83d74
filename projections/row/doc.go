// Package row defines rows: the state of each entity, folded from its stream.
//
// A row is a plain struct. Its Apply folds the next event and checks it against the earlier events:
// a contradiction is an error ([ErrViolated]), never a wrong count. The views keep rows and change
// them event by event; the functions named …At fold the row as of a position from the log alone.
// The package has no locks and no files: events are read from an [events.Store], and only [MomentOf]
// reads the clock.
//
// # Records
//
// Views store a row as a record, written by its Append function and read by its Decode function.
// The id is in the record's key, not in the record. A change of the encoding requires a new
// version of the view, which is then rebuilt from the log.
//
// # Adding a kind
//
// The row of a kind is a file of this package: the struct, Apply, ApplyFact, the encoding and, if
// past states can be read, the function that folds the row up to a position.
package row
