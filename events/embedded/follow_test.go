package embedded

import (
	"bytes"
	"errors"
	"testing"

	"admitone/events"
)

// TestFollowPagesAreBoundedInBytes: pages of large events are bounded in bytes, both from memory and from disk.
func TestFollowPagesAreBoundedInBytes(t *testing.T) {
	const count, size = 60, 100 << 10
	dir := t.TempDir()
	store := mustOpen(t, dir, Options{})
	for i := range count {
		batch := []events.Event{{ID: events.EventID("large", i), Type: "large", Data: bytes.Repeat([]byte{'x'}, size)}}
		if _, err := store.Append(t.Context(), "large-1", events.Revision(i)-1, batch); err != nil {
			t.Fatal(err)
		}
	}
	checkPages := func(source string) {
		errStop := errors.New("stop")
		next := events.Position(1)
		err := store.Follow(t.Context(), 0, func(page []events.Recorded) error {
			if weight := len(page) * size; weight > followBytes+size {
				t.Errorf("from %s: a page of %d bytes, want at most %d", source, weight, followBytes+size)
			}
			for i := range page {
				if page[i].Position != next {
					t.Fatalf("from %s: position %d, want %d", source, page[i].Position, next)
				}
				next++
			}
			if next > count {
				return errStop
			}
			return nil
		})
		if !errors.Is(err, errStop) {
			t.Errorf("from %s: Follow: %v, want %v", source, err, errStop)
		}
	}
	checkPages("memory")
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	store = mustOpen(t, dir, Options{})
	defer store.Close()
	checkPages("disk")
}
