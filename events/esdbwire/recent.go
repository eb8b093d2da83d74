package esdbwire

import (
	"context"
	"slices"
	"sync"

	"admitone/events"
)

const (
	// recentIDs is the number of a stream's newest events that are recognized by id in appends that
	// expect any revision.
	recentIDs = 256
	// recentBytes bounds the bytes of the events that are read to get these ids.
	recentBytes = 4 << 20
	// recentTotal bounds the ids in each of the two generations. Together they need 8 MiB, as in
	// EventStoreDB.
	recentTotal = 1 << 18
)

// recent caches the ids of the newest events of streams. Evicting the whole older generation approximates
// an LRU cache.
type recent struct {
	mu         sync.Mutex
	young, old map[events.StreamID]*newest
	total      int // ids in young
}

// newest has the ids of a stream's newest events, in order.
type newest struct {
	last events.Revision // of the newest event
	ids  []events.ID
}

// find returns the revision of the first event with an id.
func (n *newest) find(id events.ID) (events.Revision, bool) {
	i := slices.Index(n.ids, id)
	return n.last - events.Revision(len(n.ids)-1-i), i >= 0
}

// newest returns the newest ids of c's stream. It reads them from the log if they are not cached, or if
// another writer has used the stream.
func (s *Server) newest(ctx context.Context, c *condition) (*newest, error) {
	if n := s.recent.get(c.stream); n != nil && n.last == c.last {
		return n, nil
	}
	n := &newest{last: c.last}
	var page pager
	from, bytes := c.last, 0
	for from >= 0 && len(n.ids) < recentIDs && bytes < recentBytes {
		found, err := s.store.Read(ctx, c.stream, from, events.Backward, page.limit(uint64(recentIDs-len(n.ids))))
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			break
		}
		bytes += page.record(found)
		for i := range found {
			n.ids = append(n.ids, found[i].ID)
		}
		from = found[len(found)-1].Revision - 1
	}
	slices.Reverse(n.ids)
	s.recent.put(c.stream, n)
	return n, nil
}

func (r *recent) get(stream events.StreamID) *newest {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := r.young[stream]; n != nil {
		return n
	}
	n := r.old[stream]
	if n != nil {
		delete(r.old, stream)
		r.add(stream, n)
	}
	return n
}

// put replaces the ids of a stream.
func (r *recent) put(stream events.StreamID, n *newest) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(stream, n)
}

// add caches the ids of a stream. mu must be held.
func (r *recent) add(stream events.StreamID, n *newest) {
	if before := r.young[stream]; before != nil {
		r.total -= len(before.ids) + 1
	}
	if r.young == nil || r.total+len(n.ids)+1 > recentTotal {
		r.old, r.young, r.total = r.young, make(map[events.StreamID]*newest), 0
	}
	r.young[stream] = n
	r.total += len(n.ids) + 1
}

// appended adds the ids of a batch that was appended after revision last, if the stream's ids up to last are
// cached. It does not change slices that concurrent readers use.
func (r *recent) appended(stream events.StreamID, last events.Revision, batch []events.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.young[stream]
	if n == nil {
		n = r.old[stream]
	}
	if n == nil || n.last != last {
		return
	}
	all := slices.Grow(slices.Clip(n.ids), len(batch))
	for i := range batch {
		all = append(all, batch[i].ID)
	}
	if len(all) > recentIDs {
		all = slices.Clone(all[len(all)-recentIDs:])
	}
	r.add(stream, &newest{last: last + events.Revision(len(batch)), ids: all})
}
