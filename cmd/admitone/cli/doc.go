// Package cli has the subcommands of admitone, one file each: their flags, the checks of these, and
// their output. The neighbouring packages do the work.
//
// [Run] guarantees one of four exit statuses to scripts, and an error message that says what to do
// next to users.
//
// The end-to-end tests are here: they run the commands, the servers that these start, the built
// program, and browsers over its pages.
package cli
