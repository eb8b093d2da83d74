// Package core defines the interface between an entity's rules and the shell that hosts them,
// executes a command on a core ([Step]), and has the data structures that cores share.
//
// A core is pure: no clock, no randomness, no I/O, no goroutine. Time, ids and prices are part of
// the command, so that deciding again, after a crash, in an audit or in a what-if, always gives the
// same facts.
//
// # Refusals, conflicts and failures
//
// A [Refusal] is a business no, decided by a core. A conflict
// (events.ErrConflict) means that another process appended first. A failure is the
// infrastructure's. They are never mixed: only a refusal is an answer.
package core
