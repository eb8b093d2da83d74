package esdbwire

import (
	"context"
	"fmt"
	"testing"

	"admitone/events"
)

// TestBounds: the caches are bounded for any number of streams.
func TestBounds(t *testing.T) {
	var c conditions
	for i := range 5 * maxConditions {
		c.put(&condition{stream: events.StreamID(fmt.Sprint("s-", i))})
	}
	if n := len(c.young) + len(c.old); n > 2*maxConditions || c.take("s-0") != nil {
		t.Errorf("%d conditions are cached, want at most %d without the oldest", n, 2*maxConditions)
	}
	last := events.StreamID(fmt.Sprint("s-", 5*maxConditions-1))
	if c.take(last) == nil || c.take(last) != nil {
		t.Error("take did not return the newest condition exactly once")
	}
	c.put(&condition{stream: "large", metadata: make([]byte, maxMetadata+1)})
	c.put(&condition{stream: "$$s", origin: &condition{}})
	if c.take("large") != nil || c.take("$$s") != nil {
		t.Error("large metadata or a metadata stream was cached")
	}
	var r recent
	for i := range 3 * recentTotal / recentIDs {
		r.put(events.StreamID(fmt.Sprint("s-", i)), &newest{ids: make([]events.ID, recentIDs)})
	}
	count := 0
	for _, generation := range []map[events.StreamID]*newest{r.young, r.old} {
		for _, n := range generation {
			count += len(n.ids)
		}
	}
	if count > 2*recentTotal || r.get("s-0") != nil {
		t.Errorf("%d ids are cached, want at most %d without the oldest", count, 2*recentTotal)
	}
}

// TestRecentIsAWindow: the newest ids of a long stream are known, both those that were read and those
// that were appended.
func TestRecentIsAWindow(t *testing.T) {
	store := newMemlog()
	server := New(store, Config{Logger: discardLogger})
	ids := make([]events.ID, 2*recentIDs)
	var batch []events.Event
	for i := range ids {
		ids[i] = events.EventID("window", i)
		batch = append(batch, events.Event{ID: ids[i], Type: "made"})
	}
	if _, err := store.Append(t.Context(), "a", events.NoStream, batch); err != nil {
		t.Fatal(err)
	}
	check := func(n *newest, last int) {
		t.Helper()
		for i, id := range ids[:last+1] {
			at, known := n.find(id)
			if known != (i > last-recentIDs) || known && at != events.Revision(i) {
				t.Fatalf("event %d is known: %t, at %d; want only the newest up to %d", i, known, at, last)
			}
		}
	}
	half := 3 * recentIDs / 2
	n, err := server.newest(t.Context(), &condition{stream: "a", last: events.Revision(half - 1)})
	if err != nil {
		t.Fatal(err)
	}
	check(n, half-1)
	server.recent.appended("a", events.Revision(half-1), batch[half:])
	check(server.recent.get("a"), len(ids)-1)
	server.recent.appended("a", 3, batch[:1]) // not the end of the stream
	check(server.recent.get("a"), len(ids)-1)
}

// TestQueues: tickets are served in order, an abandoned ticket does not block others, and an empty queue
// is removed.
func TestQueues(t *testing.T) {
	var l queues
	first, second, third, other := l.join("a"), l.join("$$a"), l.join("a"), l.join("b")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, p := range []*ticket{first, other} {
		if err := p.wait(ended); err != nil {
			t.Errorf("wait of the first ticket: %v, want success", err)
		}
	}
	for _, p := range []*ticket{second, third} {
		if err := p.wait(ended); err == nil {
			t.Error("wait of a later ticket returned before its turn, want an error")
		}
	}
	second.leave() // abandoned while the first is still active
	select {
	case <-third.before:
		t.Error("the third ticket may proceed before the first has left")
	default:
	}
	first.leave()
	if err := third.wait(t.Context()); err != nil {
		t.Error(err)
	}
	third.leave()
	other.leave()
	if len(l.last) != 0 {
		t.Errorf("%d queues are left, want 0", len(l.last))
	}
}
