// Command admitone sells seats and slots to a crowd, never more than there are, and can replay the
// sale afterwards.
//
// The command holds no rules. Its subcommands are in cli/; server/ wires the log, the actors, the
// projections and the HTTP side together; kinds/ registers what differs by kind of entity; load/,
// replay/ and whatif/ implement the larger subcommands.
//
// # Why conventions are tested here
//
// The linters of .golangci.yml check imports, lengths and comments. Conventions that no linter
// checks are in conventions_test.go, which reads the source of the whole repository: package
// comments in doc.go, the reasons for dependencies, the texts of errors, and the entries of the top
// folder.
package main
