// Package coretest has helpers for the tests of cores: they run the rows of a table, and check
// snapshots, clones and impossible facts.
package coretest
