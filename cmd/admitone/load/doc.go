// Package load puts a running server under load and proves from its log that nothing was given out
// twice, that everything acknowledged is there, and that everything there was acknowledged.
//
// # Why it proves and does not only count
//
// A server that answers fast and wrong looks better than one that answers right. So every member of
// the crowd records its answers, and at the end the log is checked against them by the rules of the
// kind, and the server's own counts against the log. A request without an answer has an unknown
// outcome: at most so many may be in the log unacknowledged.
//
// # Adding a scenario
//
// A scenario is a type with the methods of [Scenario] (product.go) and a proof (product_proof.go). It
// is registered with its kind in cmd/admitone/kinds.
package load
