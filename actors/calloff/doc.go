// Package calloff has the rules of the cancellation of a performance, product or tournament, after
// which everything sold of it is swept: cancelled and refunded.
//
// # Why it is a stream of its own
//
// The cancellation is announced here before it is recorded in the entity's own stream, where it
// stops sales, so that after a crash in between it is still completed. The progress of the sweep is
// a [core.Cursor] among the same facts: one of several servers sweeps, and another resumes if that
// one dies. The streams of products and performances, which are read for every sale, only record
// that they are cancelled.
//
// # Outside the sweep
//
// Each booking, reservation or entry is cancelled in its own stream, which decides that once,
// whichever server sends the command. The sweep only sends all of them. Anything that a server
// sells afterwards, because it has not seen the cancellation yet, is found by the views and
// cancelled likewise, also long after the sweep has ended.
//
// # Refusals, in order
//
// not_found, stale_revision.
package calloff
