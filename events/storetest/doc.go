// Package storetest is a conformance suite for events.Store. The test of a store has the form:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, storetest.Target{Open: func(t *testing.T) events.Store { … }})
//	}
//
// # Why tests make no assumptions about other events
//
// The suite also runs against a shared server that has other events and keeps receiving them. Therefore the names
// of all streams contain the id of the run, reads of the whole log begin at the head at the start of the test and
// ignore the events of others, and positions are compared only by order.
//
// Every test ends with the same check of its events: revisions have no gaps, positions increase, and the streams
// agree with the log.
package storetest
