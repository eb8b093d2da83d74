// Package load puts a running server under load and verifies with its log that nothing was sold twice,
// that everything acknowledged was recorded, and that everything recorded was acknowledged.
//
// # Why it verifies the outcome
//
// A server that answers fast but incorrectly would look better than one that answers correctly. So
// every member of the crowd records its answers. At the end the log is checked against them and
// against the rules of the kind, and the server's own counts against the log. A request without an
// answer has an unknown outcome: the log may have at most that many unacknowledged ones.
//
// # Adding a scenario
//
// A scenario is a type with the methods of [Scenario] (product.go) and a proof (product_proof.go). It
// is registered with its kind in cmd/admitone/kinds.
package load
