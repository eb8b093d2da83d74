package main

import (
	"regexp"
	"strings"
)

// packages are the names with which errors of this module begin: for who reads the
// code. They say nothing to a user.
var packages = regexp.MustCompile(`(^|[:;] |\n)(?:(?:actors|api|archive|contacts|demand|embedded|esdb|esdbwire|events|merkle|projections|replay|whatif): )+`)

// plain is an error as a user reads it.
func plain(err error) string {
	text := strings.ReplaceAll(err.Error(), carrier, "")
	return strings.TrimSpace(packages.ReplaceAllString(text, "$1"))
}

// carrier is what errors of the embedded store end with that carry more than words.
const carrier = "\n<corruption detail carrier>"
