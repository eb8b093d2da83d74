// Package cli has the subcommands of admitone, one file each: their flags, validation and output.
// The neighbouring packages do the work.
//
// [Run] guarantees one of four exit statuses to scripts, and to users an error message that says
// what to do next.
//
// The end-to-end tests are here: they run the commands, the servers that these start, the built
// program, and browsers on its pages.
package cli
