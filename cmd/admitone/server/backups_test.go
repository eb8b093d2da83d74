package server

import (
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"admitone/events"
	"admitone/events/embedded"
)

// TestBackupsLeaveSpace: a backup is refused if it would leave too little space for the writes of the log, or
// if another backup is running.
func TestBackupsLeaveSpace(t *testing.T) {
	store := t.TempDir()
	s := startIn(t, store, io.Discard)
	t.Cleanup(func() { end(t, s) })
	send(t, s, "POST", "/v1/products", `{"id":"1","name":"Poster","stock":10,"price":9900}`)
	for range 3 {
		send(t, s, "POST", "/v1/products/1/reservations", `{"holder":"ada"}`)
	}
	b := &backupsBelow{store: s.Log.(*embedded.Store), dir: filepath.Join(store, BackupFolder),
		log: filepath.Join(store, "log"), limit: 9}
	for _, c := range []struct {
		free, total uint64
		want        bool // whether the backup is made
	}{{100 << 30, 1 << 40, true}, {5<<30 + 512<<20, 1 << 40, true}, {5 << 30, 1 << 40, false}, {0, 1 << 40, false},
		{1 << 30, 8 << 30, true}, {800 << 20, 8 << 30, false}} {
		b.space = func(string) (uint64, uint64, error) { return c.free, c.total, nil }
		path, _, err := b.backup(t.Context())
		if made := err == nil; made != c.want || !made && !strings.Contains(err.Error(), "MB left") {
			t.Errorf("backup with %d of %d free = %q, %v; want success: %t", c.free, c.total, path, err, c.want)
		}
	}
	b.one.Lock()
	if _, _, err := b.backup(t.Context()); err == nil || !strings.Contains(err.Error(), "another backup") {
		t.Errorf("a backup during another one: %v, want a refusal with %q", err, "another backup")
	}
	b.one.Unlock()
	b.space = func(string) (uint64, uint64, error) { return 0, 0, events.ErrUnavailable }
	if _, _, err := b.backup(t.Context()); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("a backup with an error of space: %v, want %v", err, events.ErrUnavailable)
	}
	linked, err := bytesToCopy(b.log, canLink(b.log, b.dir))
	all, allErr := bytesToCopy(b.log, false)
	if err != nil || allErr != nil || linked == 0 || all <= linked {
		t.Errorf("%d bytes to copy with links, %d without; %v, %v; want more than 0, and more without links",
			linked, all, err, allErr)
	}
	if canLink(b.log, filepath.Join(store, "none")) {
		t.Error("canLink of a missing folder = true, want false")
	}
}
