// Package sweeps ends everything that was sold of something that was called off.
//
// A [Sweeper] follows the list of call-offs in the views. Behind each one that is not swept runs a
// cursor (package cursor), whose work is one event: the announcement. It puts the fence into the stream
// of what is called off, waits until the views have seen it, and has everything ended that they list.
// So of several servers one sweeps; another takes over when that one is silent; and a sweep that was
// killed begins anew, which costs a look at what is over already, for each booking is ended in its own
// stream, once.
//
// A booking behind the fence, by a server that has not heard of it, is not found here: the views list it
// as unfinished, and whoever resumes bookings ends it.
package sweeps
