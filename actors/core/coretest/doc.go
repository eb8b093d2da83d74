// Package coretest has what the tests of all cores do alike: play a line of a
// table, and take a snapshot apart and together again.
package coretest
