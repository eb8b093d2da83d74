package main

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestBackup: a copy from a running server, and one from a directory; both open, and
// go on by themselves.
func TestBackup(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	s.sell("1")
	stdout, _ := must(t, exitDone, "backup", "--url", s.url)
	first := regexp.MustCompile(`^\S+`).FindString(stdout)
	if filepath.Dir(first) != filepath.Join(s.store, backupFolder) || !strings.Contains(stdout, "up to position 5") {
		t.Fatal(stdout)
	}
	s.sell("2") // behind the copy
	if again, _ := must(t, exitDone, "backup", "--url", s.url); strings.HasPrefix(again, first+" ") || !strings.Contains(again, "up to position 10") {
		t.Errorf("the second: %s", again)
	}
	s.end()

	second := filepath.Join(t.TempDir(), "new", "copy")
	must(t, exitDone, "backup", "--store", s.store, "--to", second)
	for dir, want := range map[string]uint64{first: 5, second: 10} {
		if v := verified(t, exitDone, "--store", dir); v.Events != want {
			t.Errorf("%s has %d events, want %d", dir, v.Events, want)
		}
		copied := serveIn(t, dir, nil)
		copied.sell("3")
		copied.end()
		if v := verified(t, exitDone, "--store", dir); v.Events != want+5 || uint64(v.Views) != want+5 {
			t.Errorf("%s after more sales: %+v", dir, v)
		}
	}
	if v := verified(t, exitDone, "--store", s.store); v.Events != 10 {
		t.Errorf("the original has %d events", v.Events)
	}
	must(t, exitUsage, "backup", "--store", s.store)
	must(t, exitUsage, "backup", "--store", s.store, "--to", second)
	must(t, exitUsage, "backup", "--url", s.url, "--to", second+"2")
	must(t, exitUnavailable, "backup", "--url", s.url)
}
