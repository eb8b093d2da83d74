package cli

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"admitone/cmd/admitone/server"
)

// TestBackup: backups of a running server and of a directory can be opened, and accept new events
// independently of the original.
func TestBackup(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	s.sell("1")
	stdout, _ := must(t, exitDone, "backup", "--url", s.url)
	first := regexp.MustCompile(`^\S+`).FindString(stdout)
	if filepath.Dir(first) != filepath.Join(s.store, server.BackupFolder) ||
		!strings.Contains(stdout, "up to position 5") {
		t.Fatalf("backup printed %q, want a folder in %s, up to position 5", stdout, s.store)
	}
	s.sell("2") // after the copy
	if again, _ := must(t, exitDone, "backup", "--url", s.url); strings.HasPrefix(again, first+" ") ||
		!strings.Contains(again, "up to position 10") {
		t.Errorf("the second backup printed %q; want a folder other than %s, and %q", again, first, "up to position 10")
	}
	s.end()

	second := filepath.Join(t.TempDir(), "new", "copy")
	must(t, exitDone, "backup", "--store", s.store, "--to", second)
	for dir, want := range map[string]uint64{first: 5, second: 10} {
		if v := runVerify(t, exitDone, "--store", dir); v.Events != want {
			t.Errorf("%s has %d events, want %d", dir, v.Events, want)
		}
		copied := serveIn(t, dir, nil)
		copied.sell("3")
		copied.end()
		if v := runVerify(t, exitDone, "--store", dir); v.Events != want+5 || uint64(v.Views) != want+5 {
			t.Errorf("%s after more sales: %+v; want %d events and views", dir, v, want+5)
		}
	}
	if v := runVerify(t, exitDone, "--store", s.store); v.Events != 10 {
		t.Errorf("the original has %d events, want 10", v.Events)
	}
	must(t, exitUsage, "backup", "--store", s.store)
	must(t, exitUsage, "backup", "--store", s.store, "--to", second)
	must(t, exitUsage, "backup", "--url", s.url, "--to", second+"2")
	must(t, exitUnavailable, "backup", "--url", s.url)
}

// TestHeadAgainstBackup: a backup has no head key; verify --against says how to check it against a head
// of the original log.
func TestHeadAgainstBackup(t *testing.T) {
	store, copied := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	s := serveSigned(t, store)
	s.sell("1")
	s.end()
	head, _ := must(t, exitDone, "head", "--store", store)
	against := write(t, "head", head)
	must(t, exitDone, "backup", "--store", store, "--to", copied)
	_, stderr := must(t, exitUsage, "verify", "--store", copied, "--against", against)
	if !strings.Contains(stderr, "copy (backup)") || !strings.Contains(stderr, "admitone receipt key") {
		t.Errorf("stderr %q; want %q and %q", stderr, "copy (backup)", "admitone receipt key")
	}
	key, _ := must(t, exitDone, "receipt", "key", "--store", store)
	must(t, exitDone, "verify", "--store", copied, "--against", against, "--key", strings.TrimSpace(key))
}

// TestBackupOfEventStore: the error of a backup of a log in an EventStoreDB says what to do instead.
func TestBackupOfEventStore(t *testing.T) {
	log := newEventStore(t).address()
	s := nodeIn(t, server.Settings{Listen: "127.0.0.1:0", Store: log, Data: t.TempDir()})
	for _, source := range [][]string{{"--store", log, "--to", filepath.Join(t.TempDir(), "copy")}, {"--url", s.url}} {
		if _, text := must(t, exitUsage, append([]string{"backup"}, source...)...); !strings.Contains(text,
			"admitone export FILE "+source[0]) {
			t.Errorf("admitone backup %q: %q, want what to do instead", source, text)
		}
	}
	if stdout, _ := must(t, exitDone, "backup", "--help"); strings.Contains(stdout, "esdb://") {
		t.Errorf("admitone backup --help: %q, want no esdb://", stdout)
	}
}
