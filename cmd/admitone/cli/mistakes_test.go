package cli

import (
	"strings"
	"testing"
)

// TestUsageErrorTexts: a usage error states the mistake and the remedy.
func TestUsageErrorTexts(t *testing.T) {
	for args, want := range map[string]string{
		"serve --max-sockets abc":                                    `--max-sockets is a whole number, not "abc"`,
		"serve --max-sockets 99999999999999999999":                   "--max-sockets is a whole number",
		"serve --idle-after soon":                                    "--idle-after is a time such as 10s",
		"serve --sign-every -1s":                                     "--sign-every is 0 or more",
		"serve --demo=perhaps":                                       "--demo is true or false",
		"load --holds half":                                          "--holds is a number",
		"log --after -1":                                             "--after is a whole number from 0 on",
		"serve --log-level loud":                                     `--log-level is debug, info, warn or error, not "loud"`,
		"serve --listen 8099":                                        "did you mean 127.0.0.1:8099?",
		"serve --auth jwt --listen 8099":                             "did you mean 127.0.0.1:8099?",
		"serve --listen localhost":                                   "--listen is an address and a port such as",
		"serve --listen 127.0.0.1:99999":                             "a port is from 0 to 65535",
		"serve --listen 127.0.0.1:-1":                                "a port is from 0 to 65535",
		"serve --listen 127.0.0.1:7 --operations-listen 127.0.0.1:7": "--listen and --operations-listen are both",
		"serve --profile-listen 127.0.0.1:99999":                     "--profile-listen 127.0.0.1:99999: a port",
		"serve --esdb-listen 127.0.0.1:99999":                        "--esdb-listen 127.0.0.1:99999: a port",
		"eventstore --listen 127.0.0.1:99999":                        "a port is from 0 to 65535",
		"serve --allow-origin shop.example":                          "--allow-origin is a scheme and a host",
		"serve --allow-origin https://shop.example/path":             "--allow-origin is a scheme and a host",
		"serve foo":       `admitone serve takes no arguments, and got "foo"`,
		"history":         "KIND/ID is missing; for example: admitone history product/1",
		"export":          "FILE is missing; for example: admitone export monday.jsonl.zst",
		"receipt check":   "FILE is missing; for example: admitone receipt check receipt.json",
		"history a/b c/d": `admitone history takes one KIND/ID, and got "c/d" too`,
		"replay now":      "admitone replay takes no arguments",
	} {
		_, stderr := must(t, exitUsage, strings.Fields(args)...)
		if !strings.Contains(stderr, want) || strings.Count(stderr, "\n") != 1 || strings.Contains(stderr, "strconv") {
			t.Errorf("%s: %q, want %q", args, stderr, want)
		}
	}
	for _, origin := range []string{"x y", "https://x y", "", "https://", "https://a@b"} {
		if err := checkOrigins([]string{origin}); statusOf(err) != exitUsage {
			t.Errorf("checkOrigins(%q): %v; want a usage error", origin, err)
		}
	}
	if err := checkOrigins([]string{"*", "https://shop.example", "http://127.0.0.1:3000", "http://[::1]:3000",
		"null"}); err != nil {
		t.Error(err)
	}
	t.Setenv("ADMITONE_MAX_SOCKETS", "many")
	if _, stderr := must(t, exitUsage, "serve"); !strings.Contains(stderr,
		`ADMITONE_MAX_SOCKETS: --max-sockets is a whole number, not "many"`) {
		t.Errorf("stderr %q; want %q", stderr, `ADMITONE_MAX_SOCKETS: --max-sockets is a whole number, not "many"`)
	}
}

// TestServerDoesNotAnswer: if a server does not answer, the error names the server, not the log.
func TestServerDoesNotAnswer(t *testing.T) {
	for _, args := range []string{"load --against http://127.0.0.1:1", "log --url http://127.0.0.1:1"} {
		_, stderr := must(t, exitUnavailable, strings.Fields(args)...)
		if !strings.Contains(stderr, "the server at http://127.0.0.1:1 does not answer") ||
			strings.Contains(stderr, "the log is unavailable") {
			t.Errorf("%s: %s; want %q and no %q",
				args, stderr, "the server at http://127.0.0.1:1 does not answer", "the log is unavailable")
		}
	}
}
