package actors

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// hangingStore is a store whose reads block, even after their context ends, until free is closed.
type hangingStore struct {
	events.Store
	free chan struct{}
}

func (d hangingStore) Read(
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
	store := hangingStore{Store: newMemory(), free: make(chan struct{})}
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
			t.Fatalf("got %v, want not_found or %v", err, ErrUnavailable)
		}
	}
}

// gated is a store whose appends report their start on asked and then wait for free.
type gated struct {
	events.Store
	asked chan struct{}
	free  chan struct{}
}

func (g gated) Append(
	ctx context.Context,
	stream events.StreamID,
	expected events.Revision,
	batch []events.Event,
) (events.Appended, error) {
	g.asked <- struct{}{}
	<-g.free
	return g.Store.Append(ctx, stream, expected, batch)
}

// TestPanicWhileWriting: a view that waits for a batch to become durable is answered, even if the
// core panics meanwhile.
func TestPanicWhileWriting(t *testing.T) {
	d, log, _ := openPanickingDesk(t, nil)
	mustCreate(t, d, 10)
	store := gated{Store: log, asked: make(chan struct{}), free: make(chan struct{})}
	d.config.Store = store
	answers := make(chan error, 2)
	go func() { _, err := ask(d, one("ann")); answers <- err }()
	<-store.asked
	var once sync.Once
	seen := make(chan struct{})
	go func() {
		_, err := d.View(context.Background(), lamp, func(core.Core) { once.Do(func() { close(seen) }) })
		answers <- err
	}()
	<-seen
	if _, err := ask(d, &breakIn{"Decide"}); !errors.Is(err, ErrBroken) {
		t.Fatalf("got %v, want %v", err, ErrBroken)
	}
	close(store.free)
	for range cap(answers) {
		select {
		case err := <-answers:
			must(t, err)
		case <-time.After(time.Minute):
			t.Fatal("no answer within a minute, want two")
		}
	}
}
