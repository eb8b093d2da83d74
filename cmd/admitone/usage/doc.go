// Package usage defines the errors that report wrong usage of the command, upon which it exits with status 2. It
// is a separate package so that all packages of the command can return them.
package usage
