package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMissingKeysAreReported: a server without the log's pass keys logs an error, and names the rooms with
// visitors.
func TestMissingKeysAreReported(t *testing.T) {
	store := t.TempDir()
	s := startIn(t, store, io.Discard)
	send(t, s, "PUT", "/v1/waiting-rooms/r",
		`{"admit_per_second":1,"max_active":1,"active_seconds":600,"heartbeat_seconds":600,"status":"open"}`)
	end(t, s)
	output := func() string { // what a server logs until its rooms have resumed
		t.Helper()
		var text bytes.Buffer
		p := startIn(t, store, &text)
		limit, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		if err := errors.Join(p.resumeRooms(limit), p.Stop(limit)); err != nil {
			t.Fatal(err)
		}
		return text.String()
	}
	if text := output(); strings.Contains(text, "keys of passes") {
		t.Errorf("with its keys the server logs %s; want no %q", text, "keys of passes")
	}
	kept, err := os.ReadFile(filepath.Join(store, PassKeysFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(store, PassKeysFile)); err != nil {
		t.Fatal(err)
	}
	// The log names the keys once a first room was created.
	if text := output(); !strings.Contains(text, `"level":"ERROR"`) || !strings.Contains(text, "none of this server's keys") {
		t.Errorf("without visitors the server logs %s; want %q and %q", text, `"level":"ERROR"`, "none of this server's keys")
	}
	if err := os.WriteFile(filepath.Join(store, PassKeysFile), kept, 0o600); err != nil {
		t.Fatal(err)
	}
	s = startIn(t, store, io.Discard)
	send(t, s, "POST", "/v1/waiting-rooms/r/visitors", `{"holder":"ada"}`)
	end(t, s)
	if text := output(); strings.Contains(text, "keys of passes") {
		t.Errorf("with its keys the server logs %s; want no %q", text, "keys of passes")
	}
	if err := os.Remove(filepath.Join(store, PassKeysFile)); err != nil {
		t.Fatal(err)
	}
	if text := output(); !strings.Contains(text, `"level":"ERROR"`) ||
		!strings.Contains(text, "earlier places and passes") || !strings.Contains(text, `"room":"r"`) {
		t.Errorf("with a visitor the server logs %q; want %q, %q and %q", text, `"level":"ERROR"`, "earlier places and passes", `"room":"r"`)
	}
}
