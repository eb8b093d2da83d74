package cli

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

	"admitone/cmd/admitone/server"
	"admitone/events"
	"admitone/events/embedded"
)

// TestHelp: each command prints its help, with an example, and ends with status 0.
func TestHelp(t *testing.T) {
	for _, cmd := range newRoot().Commands() {
		stdout, _ := must(t, exitDone, cmd.Name(), "--help")
		for _, text := range []string{"Usage:\n  admitone " + cmd.Name(), "Examples:\n  admitone " + cmd.Name(), "--config"} {
			if !strings.Contains(stdout, text) {
				t.Errorf("%s --help prints\n%s\nwant %q", cmd.Name(), stdout, text)
			}
		}
		if cmd.Short == "" || strings.Contains(stdout, "%!") {
			t.Errorf("%s: Short = %q and --help prints\n%s\nwant a short description, and no %q",
				cmd.Name(), cmd.Short, stdout, "%!")
		}
	}
	stdout, _ := must(t, exitDone)
	for _, cmd := range newRoot().Commands() {
		if !strings.Contains(stdout, "\n  "+cmd.Name()+" ") {
			t.Errorf("admitone without arguments does not list %s:\n%s", cmd.Name(), stdout)
		}
	}
}

func TestBadUsage(t *testing.T) {
	for _, args := range []string{
		"sell", "log more", "log --colour", "log --limit many", "log --limit -1", "log --since yesterday", "history",
		"history a/b c/d", "history /1", "history product/",
		"show", "verify now", "token --for 1", "serve now", "serve --auth none", "--colour",
	} {
		if _, stderr := must(t, exitUsage, strings.Fields(args)...); !strings.HasPrefix(stderr, "admitone: ") ||
			strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: stderr = %q, want one line that begins with admitone:", args, stderr)
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
		{errCheckFailed, exitProblemsFound},
		{fmt.Errorf("more: %w", events.ErrDamaged), exitProblemsFound},
		{events.ErrUnavailable, exitUnavailable},
		{errors.New("something"), exitUnavailable},
	} {
		if got := statusOf(test.err); got != test.want {
			t.Errorf("statusOf(%v) = %d, want %d", test.err, got, test.want)
		}
	}
}

// TestExitStatuses runs the program in a process of its own, once for each status.
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
	appendSales(t, log, "1", 3)
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		want int
		args []string
	}{
		{exitDone, []string{"verify", "--store", dir}},
		{exitProblemsFound, []string{"show", "product/2", "--store", dir}},
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

// TestServeThatCannotStart: the reason is printed, and determines the exit status.
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
		text   string
		status int
		args   []string
	}{
		{"can't listen", exitUnavailable, []string{"--listen", running.Address(), "--store", dir + "/new"}},
		{"can't listen", exitUnavailable, []string{"--auth", "jwt", "--listen", "192.0.2.1:8080", "--store", dir + "/new"}},
		{"another server is using the log", exitUnavailable, []string{"--store", running.store}},
		{"not a directory", exitUnavailable, []string{"--store", file}},
		{"the log", exitUnavailable, []string{"--store", dir + "/junk"}},
		{"--store", exitUsage, []string{"--store", ""}},
		{"--idle-after", exitUsage, []string{"--store", dir + "/new", "--idle-after", "-1s"}},
		{"--max-sockets", exitUsage, []string{"--store", dir + "/new", "--max-sockets", "0"}},
	} {
		var out, errs bytes.Buffer
		args := append([]string{"serve", "--listen", "127.0.0.1:0"}, test.args...)
		ctx, cancel := context.WithTimeout(t.Context(), patience) // in case it runs
		status := runTo(ctx, args, &out, &errs)
		cancel()
		if status != test.status || !strings.Contains(errs.String(), test.text) {
			t.Errorf("%q ended with %d, want %d with %q\n%s", args, status, test.status, test.text, errs.String())
		}
	}
}

// TestServeOverDamagedViews: the views are rebuilt, whatever the damage.
func TestServeOverDamagedViews(t *testing.T) {
	dir := t.TempDir()
	first := serveIn(t, dir, nil)
	first.sell("p")
	want := first.send("GET", "/v1/products/p", "")
	first.end()
	corrupted := 0
	for _, pattern := range []string{"OPTIONS-*", "MANIFEST-*", "*.sst", "*.log"} {
		files, err := filepath.Glob(filepath.Join(dir, server.ViewsFolder, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			corrupted++
			if err := os.WriteFile(file, []byte("junk"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		again := serveIn(t, dir, nil)
		if got := again.send("GET", "/v1/products/p?min_position=1", ""); got != want {
			t.Errorf("with corrupted %s: %s, want %s", pattern, got, want)
		}
		again.end()
	}
	if corrupted < 3 {
		t.Errorf("%d files were corrupted, want at least 3", corrupted)
	}
}

// TestStatusOfEndedServer: a server that ends because of damage has another exit status than verify.
func TestStatusOfEndedServer(t *testing.T) {
	damaged := fmt.Errorf("the waiting rooms: %w", events.ErrDamaged)
	if got := statusOf(serverStopped{damaged}); got != exitUnavailable {
		t.Errorf("statusOf(serverStopped) = %d, want %d", got, exitUnavailable)
	}
	if got := statusOf(damaged); got != exitProblemsFound {
		t.Errorf("statusOf(%v) = %d, want %d", damaged, got, exitProblemsFound)
	}
}
