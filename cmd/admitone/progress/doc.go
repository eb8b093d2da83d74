// Package progress prints the progress of long work: to a terminal as one line that is overwritten,
// otherwise (to a file or a pipe) as separate lines, less often.
package progress
