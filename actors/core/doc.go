// Package core defines the interface between an entity's rules and the shell that hosts them,
// executes a command on a core ([Step]), and has the data structures that cores share.
//
// A core is pure: no clock, no randomness, no I/O, no goroutine. Time, ids and prices are part of
// the command, so that deciding it again (after a crash, in an audit, in a simulation) always gives
// the same facts.
//
// # Refusals, conflicts and failures
//
// A [Refusal] is a core's decision against a command. A conflict (events.ErrConflict) means that
// another process appended first. A failure is an error of the infrastructure. Only a refusal is an
// answer to the command.
package core
