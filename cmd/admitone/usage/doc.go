// Package usage has the errors in the use of the command, after which it exits with status 2. It is a
// separate package so that all packages of the command can return these errors.
package usage
