// Package cursors has the core of a cursor that is an entity of its own: it records the progress of
// external work that belongs to no other entity. Its id names the work. Package cursor does the work,
// and [core.Cursor] has the rules.
package cursors
