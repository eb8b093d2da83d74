package actors

import (
	"context"
	"errors"
	"testing"
	"time"

	"admitone/events"
)

// hangingStore is a store whose reads block, even after their context ends, until free is closed.
type deaf struct {
	events.Store
	free chan struct{}
}

func (d deaf) Read(
	ctx context.Context,
	stream events.StreamID,
	from events.Revision,
	dir events.Direction,
	limit int,
) ([]events.Recorded, error) {
	<-d.free
	return d.Store.Read(ctx, stream, from, dir, limit)
}

// TestLoadThatHangs: while the store's reads hang, commands fail with ErrUnavailable; once they
// return, the entity works again.
func TestLoadThatHangs(t *testing.T) {
	store := deaf{Store: newMemory(), free: make(chan struct{})}
	d := openDesk(t, store, func(c *Config) { c.LoadTimeout = 200 * time.Millisecond })
	for range 2 {
		if _, err := ask(d, one("ann")); !errors.Is(err, ErrUnavailable) {
			t.Fatalf("got %v, want %v", err, ErrUnavailable)
		}
	}
	close(store.free)
	for {
		_, err := ask(d, one("ann"))
		if code(err) == "not_found" { // the log was read: there is no such product
			return
		}
		if !errors.Is(err, ErrUnavailable) {
			t.Fatal(err)
		}
	}
}
