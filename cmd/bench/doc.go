// Command bench measures the figures in RESULTS.md and prints them as a table.
//
// Every figure that has a yardstick is a ratio of two measurements made side by side in one run, in
// turns, because the machines are shared and noisy; the median of the turns counts. The server
// under test is the real binary in a separate process, and the load comes from wrk (Debian's
// package) over loopback.
//
// The part nodes compares CPU time, because all nodes and their log share the machine with wrk. The
// cost of a hop is the CPU time of both nodes for a request sent to the node that does not own the
// product, minus that for a request sent to the owner. Work that a node does after its last answer
// is included.
//
//	go run ./cmd/bench            all parts, some minutes
//	go run ./cmd/bench -only http the parts whose names begin with http
package main
