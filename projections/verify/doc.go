// Package verify holds a whole log to the system's rules, event by event.
//
// # What it promises
//
// [Log] and [Monitor] report the first event that breaks a rule, as a [Violation]; [Verifier]
// does the same for events that another reader hands over.
//
// The rules are stated here once more. Neither the cores that made the facts nor the views
// that show them share code with this package, which imports package events alone: an error
// in one of them is found here because the same error would have to be made twice. Two things
// are shared, since they are the format and not a rule: how a fact is decoded, and the order
// that the seed of a draw stands for.
//
// # Why a verifier keeps so little
//
// A verifier must remember what later events are held to: of a sold-out product every
// reservation that was ever made. It never has to name those again, so it keeps 64 bits of
// a hash in the place of an id or a name, and no pointers. Reading, decoding and verifying
// are the work of three goroutines; decoding is shared out page by page.
//
// # Adding a kind
//
// A kind is one file that registers the check of its category, and a fold of its facts.
package verify
