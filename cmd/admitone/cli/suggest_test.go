package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestMainDidYouMean(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, []byte("sotre: /var/lib\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		"sevre":                      `unknown command "sevre" (did you mean serve?); see admitone --help`,
		"verfy":                      "did you mean verify?",
		"receipt chek":               "did you mean check?",
		"serve --lsiten 127.0.0.1:0": "did you mean --listen?",
		"serve --demos":              "did you mean --demo?",
		"load --scenaro seats":       "did you mean --scenario?",
		"verify --confg x":           "did you mean --config?",
		"verify --config " + file:    "did you mean store?",
		"--versoin":                  "did you mean --version?",
	} {
		_, stderr := must(t, exitUsage, strings.Fields(args)...)
		if !strings.Contains(stderr, want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: %q, want %q", args, stderr, want)
		}
	}
	for _, args := range []string{"xyzzy", "serve --xyzzy", "serve -x", "x", "receipt xyzzy", "serve --yardstic"} {
		if _, stderr := must(t, exitUsage, strings.Fields(args)...); strings.Contains(stderr, "did you mean") {
			t.Errorf("%s: %q; want no %q", args, stderr, "did you mean")
		}
	}
}

func TestEditDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"serve", "serve", 0}, {"sevre", "serve", 1}, {"kitten", "sitting", 3},
		{"verfy", "verify", 1}} {
		if got, back := editDistance(c.a, c.b), editDistance(c.b, c.a); got != c.want || back != c.want {
			t.Errorf("editDistance of %q and %q = %d, and %d in the other order; want %d", c.a, c.b, got, back, c.want)
		}
	}
}

// TestMainTakenAddress: the error for an address in use names the flag.
func TestMainTakenAddress(t *testing.T) {
	taken := serveIn(t, t.TempDir(), nil).Address()
	for _, test := range []struct {
		flag string
		args []string
	}{
		{"listen", []string{"serve", "--listen", taken}},
		{"esdb-listen", []string{"serve", "--listen", "127.0.0.1:0", "--esdb-listen", taken}},
		{"profile-listen", []string{"serve", "--listen", "127.0.0.1:0", "--profile-listen", taken}},
		{"listen", []string{"eventstore", "--listen", taken}},
	} {
		args := append(test.args, map[string]string{"serve": "--store", "eventstore": "--dir"}[test.args[0]], t.TempDir())
		ctx, cancel := context.WithTimeout(t.Context(), patience) // in case it runs
		var out, errs bytes.Buffer
		status := runTo(ctx, args, &out, &errs)
		cancel()
		want := "can't listen on " + taken + ": the address is in use by another program; " +
			"give another with --" + test.flag + ","
		if status != exitUnavailable || !strings.Contains(errs.String(), want) {
			t.Errorf("%q: status = %d, stderr %s; want %d and %q", args, status, errs.String(), exitUnavailable, want)
		}
	}
}

func TestMainVersion(t *testing.T) {
	text, _ := must(t, exitDone, "version")
	for _, want := range []string{"version  ", "\nrevision ", "\ngo       " + runtime.Version() + "\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("version printed %q, want %q", text, want)
		}
	}
	text, _ = must(t, exitDone, "version", "--json")
	var b map[string]any
	err := json.Unmarshal([]byte(text), &b)
	if err != nil || b["go"] != runtime.Version() || b["version"] == "" || b["revision"] == nil || b["modified"] == nil {
		t.Errorf("version --json printed %s (%v); want go %s, version, revision and modified", text, err, runtime.Version())
	}
}

// TestMainIgnoredByGit: git ignores the output of go build in the root, but not the source.
func TestMainIgnoredByGit(t *testing.T) {
	ignored := func(path string) bool {
		check := exec.Command("git", "check-ignore", "--no-index", "-q", path)
		check.Dir = "../../.."
		err := check.Run()
		if err != nil && check.ProcessState.ExitCode() != 1 {
			t.Fatal(err)
		}
		return err == nil
	}
	if !ignored("admitone") || ignored("cmd/admitone/main.go") || ignored("cmd/admitone/new.go") {
		t.Errorf("ignored: admitone %t, cmd/admitone/main.go %t, cmd/admitone/new.go %t; want only the first",
			ignored("admitone"), ignored("cmd/admitone/main.go"), ignored("cmd/admitone/new.go"))
	}
}
