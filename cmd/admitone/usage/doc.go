// Package usage has the mistakes of whoever calls the command, which ends with status 2
// for them. It is a package of its own so that what a subcommand is made of can say it.
package usage
