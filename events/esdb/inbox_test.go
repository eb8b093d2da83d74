package esdb

import (
	"context"
	"errors"
	"testing"

	"admitone/events"
)

// TestInboxIsBounded: an inbox bounds the number of its events and their bytes, and receive makes room.
func TestInboxIsBounded(t *testing.T) {
	for _, size := range []int{0, 1 << 20} {
		b := newInbox(logPosition{})
		ctx, cancel := context.WithCancel(t.Context())
		r := &events.Recorded{Event: events.Event{Data: make([]byte, size)}}
		fits := min(maxInbox, maxInboxBytes/max(size, 1))
		for range fits {
			r.Position++
			if err := b.put(ctx, r); err != nil {
				t.Fatal(err)
			}
		}
		waits := make(chan error, 1)
		go func() { waits <- b.put(ctx, r) }()
		cancel()
		if err := <-waits; !errors.Is(err, context.Canceled) {
			t.Errorf("put into a full inbox: %v, want %v", err, context.Canceled)
		}
		page, at := b.receive(nil)
		if len(page) != fits || at != (logPosition{uint64(fits), uint64(fits)}) {
			t.Errorf("%d events up to %v, want %d", len(page), at, fits)
		}
		if err := b.put(t.Context(), r); err != nil {
			t.Error(err)
		}
	}
}
