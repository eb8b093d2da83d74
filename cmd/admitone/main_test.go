package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"admitone/events"
	"admitone/events/embedded"
)

// TestHelp: each command says what it does, with an example, and that is no failure.
func TestHelp(t *testing.T) {
	for _, cmd := range newRoot().Commands() {
		stdout, _ := must(t, exitDone, cmd.Name(), "--help")
		for _, text := range []string{"Usage:\n  admitone " + cmd.Name(), "Examples:\n  admitone " + cmd.Name(), "--config"} {
			if !strings.Contains(stdout, text) {
				t.Errorf("%s --help has no %q:\n%s", cmd.Name(), text, stdout)
			}
		}
		if cmd.Short == "" || strings.Contains(stdout, "%!") {
			t.Errorf("%s --help:\n%s", cmd.Name(), stdout)
		}
	}
	stdout, _ := must(t, exitDone)
	for _, cmd := range newRoot().Commands() {
		if !strings.Contains(stdout, "\n  "+cmd.Name()+" ") {
			t.Errorf("admitone alone does not name %s", cmd.Name())
		}
	}
}

func TestBadUsage(t *testing.T) {
	for _, args := range []string{
		"sell", "log more", "log --colour", "log --limit many", "log --limit -1", "log --since yesterday", "history", "history a/b c/d", "history /1", "history product/",
		"show", "verify now", "token --for 1", "serve now", "serve --auth none", "--colour",
	} {
		if _, stderr := must(t, exitUsage, strings.Fields(args)...); !strings.HasPrefix(stderr, "admitone: ") || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: %q", args, stderr)
		}
	}
}

func TestStatusOf(t *testing.T) {
	for _, test := range []struct {
		err  error
		want int
	}{
		{nil, exitDone},
		{usagef("no"), exitUsage},
		{fmt.Errorf("more: %w", usagef("no")), exitUsage},
		{errFoundWrong, exitFoundWrong},
		{fmt.Errorf("more: %w", events.ErrDamaged), exitFoundWrong},
		{events.ErrUnavailable, exitUnavailable},
		{errors.New("something"), exitUnavailable},
	} {
		if got := statusOf(test.err); got != test.want {
			t.Errorf("%v: %d, want %d", test.err, got, test.want)
		}
	}
}

// TestExitStatuses: the real program, once with each status.
func TestExitStatuses(t *testing.T) {
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	log, err := embedded.Open(dir, embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	pour(t, log, "1", 3)
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		want int
		args []string
	}{
		{exitDone, []string{"verify", "--store", dir}},
		{exitFoundWrong, []string{"show", "product/2", "--store", dir}},
		{exitUsage, []string{"verify", "--colour"}},
		{exitUnavailable, []string{"verify", "--store", dir + "/nothing"}},
	} {
		out, err := exec.Command(program, test.args...).CombinedOutput()
		status := 0
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
			status = exit.ExitCode()
		} else if err != nil {
			t.Fatal(err)
		}
		if status != test.want {
			t.Errorf("admitone %s ended with %d, want %d\n%s", strings.Join(test.args, " "), status, test.want, out)
		}
	}
}

// TestServeThatCannotStart says why, and ends with the status for it.
func TestServeThatCannotStart(t *testing.T) {
	running := serveIn(t, t.TempDir(), nil)
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.WriteFile(file, nil, 0o600))
	must(os.MkdirAll(filepath.Join(dir, "junk", "log"), 0o700))
	must(os.WriteFile(filepath.Join(dir, "junk", "log", "CURRENT"), []byte("junk"), 0o600))
	for _, test := range []struct {
		says   string
		status int
		args   []string
	}{
		{"can't listen", exitUnavailable, []string{"--listen", running.address(), "--store", dir + "/new"}},
		{"can't listen", exitUnavailable, []string{"--listen", "localhost:99999", "--store", dir + "/new"}},
		{"another server is using the log", exitUnavailable, []string{"--store", running.store}},
		{"not a directory", exitUnavailable, []string{"--store", file}},
		{"the log", exitUnavailable, []string{"--store", dir + "/junk"}},
		{"--store", exitUsage, []string{"--store", ""}},
		{"--idle-after", exitUsage, []string{"--store", dir + "/new", "--idle-after", "-1s"}},
		{"--max-sockets", exitUsage, []string{"--store", dir + "/new", "--max-sockets", "0"}},
	} {
		var out, errs bytes.Buffer
		args := append([]string{"serve", "--listen", "127.0.0.1:0"}, test.args...)
		ctx, cancel := context.WithTimeout(t.Context(), patience) // should it run after all
		status := runTo(ctx, args, &out, &errs)
		cancel()
		if status != test.status || !strings.Contains(errs.String(), test.says) {
			t.Errorf("%q ended with %d, want %d with %q\n%s", args, status, test.status, test.says, errs.String())
		}
	}
}

// TestServeOverSpoiltViews: the views are made anew, whatever has become of them.
func TestServeOverSpoiltViews(t *testing.T) {
	dir := t.TempDir()
	first := serveIn(t, dir, nil)
	first.sell("p")
	want := first.send("GET", "/v1/products/p", "")
	first.end()
	spoilt := 0
	for _, pattern := range []string{"OPTIONS-*", "MANIFEST-*", "*.sst", "*.log"} {
		files, err := filepath.Glob(filepath.Join(dir, viewsFolder, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			spoilt++
			if err := os.WriteFile(file, []byte("junk"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		again := serveIn(t, dir, nil)
		if got := again.send("GET", "/v1/products/p?min_position=1", ""); got != want {
			t.Errorf("with spoilt %s: %s, want %s", pattern, got, want)
		}
		again.end()
	}
	if spoilt < 3 {
		t.Errorf("only %d files could be spoilt", spoilt)
	}
}
