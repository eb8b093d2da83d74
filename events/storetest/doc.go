// Package storetest is what every events.Store has to pass. A new store is a
// Target and a test of a few lines:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, storetest.Target{Open: func(t *testing.T) events.Store { … }})
//	}
//
// # Why it is so careful about names and positions
//
// The suite also runs against a shared server that already holds other people's
// events and goes on receiving them. So every stream's name carries the id of the
// run, whoever reads the whole log begins at the head of that moment and looks at
// this run's events only, positions are compared by order and never by value, and
// nothing waits for a time: it waits for an event, bounded by [patience] only so
// that a broken store fails instead of hanging.
//
// Every test ends with the same check of what it wrote: revisions without gaps,
// positions that increase, the stream and the log agreeing on both.
package storetest
