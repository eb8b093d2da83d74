// Package logtest creates logs for tests of readers: facts appended by hand, with valid hashes for
// any content ([Forgery]), the sales of a naive model of a box office ([BookingModel]), and a store
// to read them from ([Store]).
package logtest
