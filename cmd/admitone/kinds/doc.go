// Package kinds registers the kinds of entities with everything above the layers that differs by
// kind: how a command shows one, the commands and requests that caused its facts, its settings for
// what-if, the figures that a replay compares, and its load scenario. Each kind has a file, and
// [All] lists them.
//
// Each layer below has its own register. TestEveryKindIsEverywhere checks all of them against the
// categories of events, and names the file to open where a kind is missing.
package kinds
