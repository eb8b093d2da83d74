// Package progress prints the progress of long work: on a terminal on one line that is overwritten,
// elsewhere (a file, a pipe) on lines of their own, less often.
package progress
