// Package sweeps ends all sales of a cancelled performance, product or tournament.
//
// A [Sweeper] follows the list of cancellations in the views. For each unfinished one it runs a cursor
// (package cursor) whose only event is the announcement. The cursor's work appends the fence to the
// stream of the cancelled entity, waits until the views include it, and ends all sales that they list.
// So one of several servers sweeps, and another takes over if it fails. A killed sweep starts again, at
// the cost of checking the ended sales: each booking is ended in its own stream, once.
//
// A booking made after the fence, by a server that had not read it yet, is not found here: the views
// list it as unfinished, and its resumption ends it.
package sweeps
