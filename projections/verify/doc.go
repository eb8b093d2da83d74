// Package verify checks a whole log against the system's rules, event by event.
//
// # Guarantees
//
// [Log] and [Monitor] report the first event that breaks a rule, as a [Violation]; [Verifier]
// does the same for events that the caller reads.
//
// The rules are implemented here a second time. Neither the cores that produce the facts nor
// the views share code with this package, which imports package events alone: an error in one
// of them is found here unless the same error was made twice. Two things are shared, since
// they define the format: decoding a fact, and the order that the seed of a draw determines.
//
// # Memory
//
// A verifier must remember everything that later events are checked against: of a sold-out
// product, every reservation ever made. It never has to print those again, so it stores a
// 64-bit hash instead of an id or a name, and no pointers. Reading, decoding and verifying run
// on separate goroutines; decoding is distributed page by page.
//
// # Adding a kind
//
// A kind is one file that registers the check of its category, and a fold of its facts.
package verify
