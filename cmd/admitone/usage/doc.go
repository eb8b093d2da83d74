// Package usage has the errors of a caller, for which the command ends with status 2. It is a
// separate package so that all packages of the command can return them.
package usage
