// Package cli has the subcommands of admitone, one file each: their flags, the checks of these, and
// their output. The packages beside it do the work.
//
// It promises to scripts that [Run] returns one of four exit statuses, and to people that an error
// says how to go on.
//
// The end-to-end tests are here: they run the commands, the servers that these start, the built
// program, and browsers over its pages.
package cli
