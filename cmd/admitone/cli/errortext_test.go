package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestErrorTextsOfCommands: an error of a command names its subject.
func TestErrorTextsOfCommands(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "nowhere")
	for _, test := range []struct {
		args   string
		status int
		text   string
	}{
		{"history foo/1 --store " + dir, exitUnavailable, "there is no log in"},
		{"migrate --from a --to a", exitUsage, "the same"},
		{"verify --store http://x", exitUsage, "http://x"},
		{"token --store " + dir + " --sub a --role boss", exitUsage, "holder, auditor"},
	} {
		_, stderr := must(t, test.status, strings.Fields(test.args)...)
		if !strings.Contains(stderr, test.text) {
			t.Errorf("%s: %q, want %q in it", test.args, stderr, test.text)
		}
		if _, err := os.Stat(dir); err == nil {
			t.Fatalf("%s created %s; want no directory", test.args, dir)
		}
	}
}

// TestErrorTextOfDamagedLog: the message names the damage, without the "detail carrier" of Pebble's
// errors and without a stack trace.
func TestErrorTextOfDamagedLog(t *testing.T) {
	dir := soldLog(t, 2500)
	must(t, exitDone, "verify", "--store", dir) // flushes the memtable to a table
	tables, err := filepath.Glob(filepath.Join(dir, "log", "*.sst"))
	if err != nil || len(tables) == 0 {
		t.Fatalf("the log has the tables %v, %v; want at least one", tables, err)
	}
	for _, table := range tables {
		body := []byte(contents(t, table))
		body[len(body)/2] ^= 1
		if err := os.WriteFile(table, body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range []string{"verify", "log", "serve --listen 127.0.0.1:0"} {
		status := exitProblemsFound
		if strings.HasPrefix(args, "serve") {
			status = exitUnavailable
		}
		stdout, stderr := must(t, status, append(strings.Fields(args), "--store", dir)...)
		if strings.Contains(stdout+stderr, "detail carrier") || strings.Contains(stderr, "stack") ||
			strings.Count(stderr, "\n") > 4 {
			t.Errorf("%s: output %s%s, want at most 4 lines without internals", args, stdout, stderr)
		}
		if args == "verify" && !strings.Contains(stdout, "VIOLATION ") || args != "verify" &&
			!strings.Contains(stderr, "damaged") {
			t.Errorf("%s: output %s%s, want the damage named", args, stdout, stderr)
		}
	}
}
