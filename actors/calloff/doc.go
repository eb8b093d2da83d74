// Package calloff implements the rules of the cancellation of a performance, product or tournament. A sweep
// then cancels and refunds all its bookings, reservations or entries.
//
// # Why a cancellation has a separate stream
//
// The cancellation is announced in this stream before it is recorded in the entity's stream, where it stops
// sales, so that it is completed even after a crash in between. The progress of the sweep is a [core.Cursor] in
// the same stream: one of several servers sweeps, and another resumes if that server fails. The streams of
// products and performances are read for every sale, so they only record that they are cancelled.
//
// # Later sales
//
// Each booking, reservation or entry is cancelled in its own stream, once, whichever server sends the command.
// The sweep only sends the commands. A server that has not seen the cancellation may still sell; such sales are
// found by the views and cancelled in the same way, even after the sweep has ended.
//
// # Refusals, in order
//
// not_found, stale_revision.
package calloff
