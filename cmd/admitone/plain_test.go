package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"admitone/events"
	"admitone/projections"
)

func TestPlain(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{errors.New("esdb: connecting: events: the log is unavailable: esdb: refused"), "connecting: the log is unavailable: refused"},
		{fmt.Errorf("--at: %w, not %q", projections.ErrBadMoment, "events"), `--at: a moment is a position in the log, or an RFC 3339 time such as 2031-05-01T20:00:00Z, not "events"`},
		{errors.Join(events.ErrClosed, events.ErrDamaged), "the log is closed\nthe log is damaged"},
		{errors.New("embedded: merkle: two at once"), "two at once"},
		{errors.New("the events: some"), "the events: some"},
		{errors.New("events: the log is damaged: block 7" + carrier), "the log is damaged: block 7"},
	} {
		if got := plain(test.err); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}

// TestEveryPackageIsPlain: the list of names has every package whose errors begin with
// theirs, but for the cores, whose names are words of the domain.
func TestEveryPackageIsPlain(t *testing.T) {
	seen := 0
	for _, folder := range []string{"events", "events/*", "projections", "projections/*", "actors", "api", "api/*", "*"} {
		files, err := filepath.Glob(filepath.Join("..", "..", folder, "*.go"))
		if strings.HasPrefix(folder, "*") {
			files, err = filepath.Glob("*/*.go")
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			name := filepath.Base(filepath.Dir(file))
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(file, "_test.go") || name == "storetest" || !strings.Contains(string(text), `("`+name+": ") {
				continue
			}
			if seen++; plain(errors.New(name+": it")) != "it" {
				t.Errorf("%s: errors begin with %q, which plain leaves", file, name+": ")
			}
		}
	}
	if seen < 10 {
		t.Errorf("only %d files with such errors were found", seen)
	}
}

// TestErrorsSayWhatToDoNext: no name of a package, and where it helps the next step.
func TestErrorsSayWhatToDoNext(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "nowhere")
	for _, test := range []struct {
		args   string
		status int
		says   string
	}{
		{"history foo/1 --store " + dir, exitUnavailable, "there is no log in"},
		{"migrate --from a --to a", exitUsage, "the same"},
		{"verify --store http://x", exitUsage, "http://x"},
		{"token --store " + dir + " --sub a --role boss", exitUsage, "holder, auditor"},
	} {
		_, stderr := must(t, test.status, strings.Fields(test.args)...)
		if !strings.Contains(stderr, test.says) || packages.MatchString(strings.TrimPrefix(stderr, "admitone: ")) {
			t.Errorf("%s: %q, want %q in it", test.args, stderr, test.says)
		}
		if _, err := os.Stat(dir); err == nil {
			t.Fatalf("%s has made %s", test.args, dir)
		}
	}
}

// TestADamagedLogIsToldInWords: a line says what is wrong with the files and a line what
// to do, and none shows the program from inside.
func TestADamagedLogIsToldInWords(t *testing.T) {
	dir := sold(t, 2500)
	must(t, exitDone, "verify", "--store", dir) // what was in memory is in a table now
	tables, err := filepath.Glob(filepath.Join(dir, "log", "*.sst"))
	if err != nil || len(tables) == 0 {
		t.Fatal(tables, err)
	}
	for _, table := range tables {
		body := []byte(contents(t, table))
		body[len(body)/2] ^= 1
		if err := os.WriteFile(table, body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range []string{"verify", "log", "serve --listen 127.0.0.1:0"} {
		stdout, stderr := must(t, exitFoundWrong, append(strings.Fields(args), "--store", dir)...)
		if strings.Contains(stdout+stderr, "detail carrier") || strings.Contains(stderr, "stack") || strings.Count(stderr, "\n") > 4 {
			t.Errorf("%s: %s%s", args, stdout, stderr)
		}
		if args == "verify" && !strings.Contains(stdout, "VIOLATION ") || args != "verify" && !strings.Contains(stderr, "damaged") {
			t.Errorf("%s: %s%s", args, stdout, stderr)
		}
	}
}
