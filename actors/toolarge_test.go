package actors

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/events"
)

// smallStore is a log with a small limit for appends.
type smallStore struct {
	events.Store
	limit   int64
	refused int
	largest int64
	mu      sync.Mutex
}

func (s *smallStore) Append(ctx context.Context, stream events.StreamID, expected events.Revision,
	batch []events.Event) (events.Appended, error) {
	size := int64(0)
	for _, e := range batch {
		size += int64(len(e.Data) + len(e.Metadata) + 2*len(e.Type))
	}
	s.mu.Lock()
	if size > s.limit {
		s.refused++
		s.mu.Unlock()
		return events.Appended{}, &events.TooLargeError{Limit: s.limit}
	}
	s.largest = max(s.largest, size)
	s.mu.Unlock()
	return s.Store.Append(ctx, stream, expected, batch)
}

// TestSmallAppends: a batch that is too large for the store is split between commands and sent
// again; a command that is too large on its own is refused with a reason, and the others are decided
// again.
func TestSmallAppends(t *testing.T) {
	store := &smallStore{Store: openLog(t, t.TempDir()), limit: 4 << 10}
	engine, err := NewEngine()
	if err != nil {
		t.Fatal(err)
	}
	d := NewDesk(engine, Config{Store: store, Kinds: []core.Kind{product.Kind}})
	defer d.Close(t.Context())
	stream := product.Stream("a")
	ask := func(command core.Command) (Answer, error) {
		id := NewCommandID()
		return d.Ask(t.Context(), Request{Stream: stream, Command: command, ID: id, CorrelationID: string(id), Actor: "ann"})
	}
	create := &product.Create{ID: "a", Name: "A", Stock: 1000}
	if _, err := ask(create); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for n := range 200 {
		all.Go(func() {
			holder := events.Holder(fmt.Sprint("h", n))
			if n%50 == 7 { // larger than the store ever accepts
				holder = events.Holder(strings.Repeat("x", 5<<10))
			}
			_, err := ask(&product.Reserve{ReservationID: NewID(), Holder: holder, Quantity: 1})
			var refusal *core.Refusal
			switch refused := errors.As(err, &refusal); {
			case n%50 == 7 && (!refused || refusal.Code != core.CodeTooLarge):
				t.Errorf("large command %d: %v, want %s", n, err, core.CodeTooLarge)
			case n%50 != 7 && err != nil:
				t.Errorf("command %d: %v, want success", n, err)
			}
		})
	}
	all.Wait()
	var remaining int64
	look := func(c core.Core) { remaining = c.(*product.Product).Remaining() }
	if _, err := d.View(t.Context(), stream, look); err != nil || remaining != 1000-196 {
		t.Errorf("remaining = %d, %v, want %d", remaining, err, 1000-196)
	}
	if store.largest > store.limit || store.refused == 0 {
		t.Errorf("the largest append had %d bytes, %d were refused; want at most %d, some refused", store.largest, store.refused, store.limit)
	}
}
