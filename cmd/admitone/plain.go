package main

import "regexp"

// packages are the names with which errors of this module begin: for who reads the
// code. They say nothing to a user.
var packages = regexp.MustCompile(`(^|[:;] |\n)(?:(?:actors|api|archive|contacts|demand|embedded|esdb|esdbwire|events|merkle|projections|replay|whatif): )+`)

// plain is an error as a user reads it.
func plain(err error) string { return packages.ReplaceAllString(err.Error(), "$1") }
