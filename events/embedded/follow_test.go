package embedded

import (
	"bytes"
	"errors"
	"testing"

	"admitone/events"
)

// TestFollowPagesAreBoundedInBytes: a stalled follower holds about one page, however large the
// events are, both from memory and from disk.
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
	check := func(from string) {
		errStop := errors.New("stop")
		next := events.Position(1)
		err := store.Follow(t.Context(), 0, func(page []events.Recorded) error {
			if weight := len(page) * size; weight > followBytes+size {
				t.Errorf("from %s: a page of %d bytes, at most %d and one event", from, weight, followBytes)
			}
			for i := range page {
				if page[i].Position != next {
					t.Fatalf("from %s: position %d, want %d", from, page[i].Position, next)
				}
				next++
			}
			if next > count {
				return errStop
			}
			return nil
		})
		if !errors.Is(err, errStop) {
			t.Errorf("from %s: %v, want %v", from, err, errStop)
		}
	}
	check("memory")
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	store = mustOpen(t, dir, Options{})
	defer store.Close()
	check("disk")
}
