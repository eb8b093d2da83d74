package server

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestRoomsWaitForDamagedViews: if damage of the views is found only when a starting server reads the rooms, the
// views are rebuilt and the server continues.
func TestRoomsWaitForDamagedViews(t *testing.T) {
	store := t.TempDir()
	var text bytes.Buffer
	s := startIn(t, store, &text)
	for i := range 300 {
		send(t, s, "PUT", fmt.Sprintf("/v1/waiting-rooms/r%03d", i),
			`{"admit_per_second":1,"max_active":1,"active_seconds":600,"heartbeat_seconds":600,"status":"open"}`)
	}
	end(t, s)
	tables, err := filepath.Glob(filepath.Join(store, ViewsFolder, "*.sst"))
	if err != nil || len(tables) == 0 {
		t.Fatalf("%d tables in %s, %v; want at least one", len(tables), store, err)
	}
	for _, name := range tables {
		table, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		copy(table[len(table)/4:], strings.Repeat("x", len(table)/4)) // not the first and last blocks, which are read when the views are opened
		if err := os.WriteFile(name, table, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s = startIn(t, store, &text)
	select {
	case err := <-s.Failed():
		t.Errorf("the server failed: %v; want it to continue", err)
	case <-time.After(2 * time.Second):
	}
	end(t, s)
	if !strings.Contains(text.String(), "are rebuilt from the log") {
		t.Errorf("the server logs %s; want that the views are rebuilt", &text)
	}
}
