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

// TestBackupsLeaveSpace: the log's own writes must not find the disk full.
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
		made        bool
	}{{100 << 30, 1 << 40, true}, {5<<30 + 512<<20, 1 << 40, true}, {5 << 30, 1 << 40, false}, {0, 1 << 40, false},
		{1 << 30, 8 << 30, true}, {800 << 20, 8 << 30, false}} {
		b.space = func(string) (uint64, uint64, error) { return c.free, c.total, nil }
		path, _, err := b.backup(t.Context())
		if made := err == nil; made != c.made || !made && !strings.Contains(err.Error(), "MB left") {
			t.Errorf("backup with %d of %d free = %q, %v; want success: %t", c.free, c.total, path, err, c.made)
		}
	}
	b.one.Lock()
	if _, _, err := b.backup(t.Context()); err == nil || !strings.Contains(err.Error(), "another backup") {
		t.Errorf("a second backup at the same time: %v, want a refusal", err)
	}
	b.one.Unlock()
	b.space = func(string) (uint64, uint64, error) { return 0, 0, events.ErrUnavailable }
	if _, _, err := b.backup(t.Context()); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("with unknown disk space: %v, want %v", err, events.ErrUnavailable)
	}
	linked, err := bytesToCopy(b.log, canLink(b.log, b.dir))
	all, allErr := bytesToCopy(b.log, false)
	if err != nil || allErr != nil || linked == 0 || all <= linked {
		t.Errorf("%d bytes to copy, %d without links; %v, %v; want no errors, linked > 0 and all > linked",
			linked, all, err, allErr)
	}
	if canLink(b.log, filepath.Join(store, "none")) {
		t.Error("canLink of a missing folder = true, want false")
	}
}
