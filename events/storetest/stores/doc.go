// Package stores opens a log of each kind, so that one test runs on all of them: embedded, that log
// over EventStoreDB's protocol, and a real EventStoreDB if one is named. It is for tests only.
//
// A real one need not be empty, and keeps the events of every run: a test reads it from its head at
// the start, and gives its entities names that no earlier run has used. Tests of a layer without
// the ones above leave facts that verify refuses, so ADMITONE_ALL_STORES has to permit them.
package stores
