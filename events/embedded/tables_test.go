package embedded

import (
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
)

// TestTablesHaveOneKeySpace: events and index entries are in different tables, so that compactions do not rewrite
// events.
func TestTablesHaveOneKeySpace(t *testing.T) {
	s := mustOpen(t, "log", Options{FS: vfs.NewMem(), memTable: 256 << 10})
	for i := range 2000 {
		if err := appendNew(s, events.StreamID(fmt.Sprintf("product-%d", i*7919%2000)), sampleBatch(2)); err != nil {
			t.Fatal(err)
		}
	}
	levels, err := s.db.SSTables()
	if err != nil {
		t.Fatal(err)
	}
	tables := 0
	for _, level := range levels {
		for _, table := range level {
			tables++
			if first, last := table.Smallest.UserKey[0], table.Largest.UserKey[0]; first != last {
				t.Errorf("table %v has keys that begin with %q and %q, want a single key space", table.FileNum, first, last)
			}
		}
	}
	if tables < 4 {
		t.Errorf("%d tables, want at least 4, so that the test means something", tables)
	}
	closeStore(t, s)
}
