// Package storetest is the conformance suite of events.Store. A store needs a Target and a short
// test:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, storetest.Target{Open: func(t *testing.T) events.Store { … }})
//	}
//
// # Why it is so careful about names and positions
//
// The suite also runs against a shared server that already has other events and keeps receiving
// them. So every stream's name contains the id of the run, reads of the whole log begin at the head
// at the start and consider this run's events only, positions are compared by order and never by
// value, and tests wait for events, never for a time; [testTimeout] only makes a broken store fail
// instead of hanging.
//
// Every test ends with the same check of its events: revisions without gaps, increasing positions,
// and agreement of the streams with the log.
package storetest
