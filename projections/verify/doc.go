// Package verify checks a whole log against the system's rules, event by event.
//
// # Guarantees
//
// [Log] and [Monitor] report the first event that breaks a rule, as a [Violation]; [Verifier]
// does the same for events that the caller reads.
//
// The rules are implemented here a second time. This package imports only package events and
// shares no code with the cores that produce the facts or with the views: an error in either
// is found here unless the same error was made twice. Two things are shared because
// they define the format: the decoding of a fact, and the order that the seed of a draw determines.
//
// # Memory
//
// A verifier must remember everything that later events are checked against, such as every
// reservation ever made of a product. Reservations never have to be printed, so their ids and
// holders are stored as 64-bit hashes, without pointers. Reading, decoding and verifying run
// on separate goroutines; decoding is distributed page by page.
//
// # Adding a kind
//
// A kind has one file that registers the check of its category, and a fold of its facts.
package verify
