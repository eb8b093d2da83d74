// Package core says what an entity's rules look like to the shell that hosts
// them, how a command is taken to one ([Step]), and has the data structure they share.
//
// A core is pure: no clock, no randomness, no I/O, no goroutine. Time, ids and
// prices come in with the command, so that deciding again after a crash, in an
// audit or in a what-if gives the same facts forever.
//
// # Three kinds of "no"
//
// A [Refusal] is a business no, decided by a core. A conflict
// (events.ErrConflict) means that another process appended first. A failure is the
// infrastructure's. They are never mixed: only a refusal is an answer.
package core
