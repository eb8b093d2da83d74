// Package progress tells whoever waits how far long work has come: on a terminal on one
// line that is written over, elsewhere (a file, a pipe) on lines of their own, less often.
package progress
