// Package load lets a crowd loose on a running server and proves from its log that
// nothing was given out twice, that what was acknowledged is there, and that what is
// there was acknowledged.
//
// # Why it proves and does not only count
//
// A server that answers fast and wrong looks better than one that answers right. So
// every member of the crowd writes down what it was told, and at the end the log is held
// to that, with the rules of the kind, and the server's own counts to the log. An answer
// that never came is unknown: that much may be in the log unheard, and no more.
//
// # Adding a scenario
//
// A scenario is a type with the methods of [Scenario], and a line in [Scenarios]: what
// the crowd wants (product.go), and what its proof is (product_proof.go).
package load
