// Package logtest creates logs for tests of readers: facts appended one by one, with valid hashes for
// any content ([Forgery]), the sales of a simple model of a box office ([BookingModel]), and stores
// to read them from ([Store], [Memory]).
package logtest
