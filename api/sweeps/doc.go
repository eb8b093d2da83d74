// Package sweeps ends all sales of a cancelled performance, product or tournament.
//
// A [Sweeper] follows the list of cancellations in the views. For each unswept one it runs a cursor
// (package cursor), whose work is one event: the announcement. It puts the fence into the stream of
// the cancelled entity, waits until the views have seen it, and ends everything that they list. So
// of several servers one sweeps; another takes over when that one is silent; and a killed sweep
// starts again, at the cost of checking the ended sales, because each booking is ended in its own
// stream, once.
//
// A booking after the fence, by a server that did not know of it yet, is not found here: the views
// list it as unfinished, and its resumption ends it.
package sweeps
