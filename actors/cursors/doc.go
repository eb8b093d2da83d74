// Package cursors has the rules of a cursor that is an entity of its own: the progress of external
// work for the log's events that belongs to no other entity. Its id names the work. Package cursor
// does the work, and [core.Cursor] has the rules.
package cursors
