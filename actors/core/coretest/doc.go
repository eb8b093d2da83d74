// Package coretest has the common test code of all cores: running a row of a table, and a round
// trip through a snapshot.
package coretest
