// Package remote is a running server as somebody else sees it: its log as an
// [events.Store] that can be read, and its other routes.
//
// # What it promises
//
// Events come back byte for byte: the data as it travels, the metadata written again the
// one way there is. A hash that does not fit them is found like any other. Nothing is
// written; see [Log.Append].
//
// # Why it looks for the end
//
// There is no route for the end of a log or of a stream. It is found by looking ever
// further ahead, and then by halves, which costs a few dozen requests at most.
package remote
