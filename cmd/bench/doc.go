// Command bench measures what RESULTS.md states, and prints its table.
//
// Every figure that has a yardstick is a ratio of two measurements made side by side in one run, in
// turns, because the machines are shared and noisy; the median of the turns counts. The server
// under test is the real binary in a separate process, and the load comes from wrk (Debian's
// package) over loopback.
//
// The part nodes compares CPU, as all nodes and their log share the machine with wrk. The CPU of a
// hop is that of both nodes for a request sent to the node that does not own the product, less that
// for one sent to the owner; what both need after the last answer counts.
//
//	go run ./cmd/bench            all parts, some minutes
//	go run ./cmd/bench -only http the parts whose names begin with http
package main
