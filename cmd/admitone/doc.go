// Command admitone sells seats and slots to a crowd, exactly as many as there
// are, and can replay how it went.
//
// The command holds no rules. It wires the log, the actors, the projections and
// the HTTP side together and gives each its options; what it starts is what the
// end-to-end tests start.
//
// # Why the house test lives here
//
// The house test (house_test.go) reads the source of the whole repository and
// holds it to its own rules: who may import whom, how long a function may be,
// what needs a comment. It is a test and not a linter's configuration, so that
// `go test ./...` is all that anybody has to run, and so that each rule says in
// its own words what to do.
package main
