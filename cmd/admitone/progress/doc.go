// Package progress prints the progress of long work: on a terminal on one line that is overwritten,
// otherwise (to a file, a pipe) on separate lines, less often.
package progress
