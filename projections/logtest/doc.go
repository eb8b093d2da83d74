// Package logtest makes logs for tests of what reads logs: facts put down by hand, with good
// hashes whatever they say ([Forgery]), the sales of a box office by the plainest rules there
// are ([BookingModel]), and a store to read them from ([Store]).
package logtest
