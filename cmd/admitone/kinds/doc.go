// Package kinds registers the kinds of entities with everything that subcommands need to know of them: how an
// entity is shown, the commands and requests that caused its facts, its settings for what-if, the figures that a
// replay compares, and its load scenario. Each kind has a file, and [All] lists the kinds.
//
// Each layer below has its own registry. TestEveryKindIsEverywhere checks all of them against the
// categories of package events, and names the file to edit if a kind is missing.
package kinds
