package cli

import (
	"fmt"
	"strings"
)

// banner returns the addresses of a server's pages, the location of its log and the most useful
// flags, for a terminal.
func banner(url, log string, demo bool) string {
	var b strings.Builder
	line := func(name, about string) { fmt.Fprintf(&b, "  %-15s %s\n", name, about) }
	b.WriteString("\n")
	line("live page", url+"/")
	line("performances", url+"/performances")
	line("tournaments", url+"/tournaments")
	line("waiting rooms", url+"/waiting-rooms")
	line("audit", url+"/audit")
	line("API", url+"/docs")
	if demo {
		line("wallet", fmt.Sprintf("%s/v1/wallets/%s (holder %[2]s, filled with %d.%02d)",
			url, demoHolder, demoBalance/100, demoBalance%100))
	}
	line("log", log)
	b.WriteString("\nUseful flags:\n")
	if !demo {
		line("--demo", "example products on sale")
	}
	line("--access-log", "a line here for each request")
	line("--listen", "another address or port")
	line("--store", "another directory for the log")
	line("--auth jwt", "tokens and roles; needed to listen on other than loopback addresses")
	b.WriteString("\nCtrl-C stops the server. All flags: admitone serve --help\n\n")
	return b.String()
}
