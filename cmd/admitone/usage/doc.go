// Package usage has the errors of a caller, for which the command ends with status 2. It is a
// package of its own so that all packages of the command can return them.
package usage
