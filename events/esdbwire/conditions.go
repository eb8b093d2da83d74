package esdbwire

import (
	"context"
	"sync"

	"admitone/events"
)

const (
	// maxConditions is the size of each of the two generations.
	maxConditions = 1 << 14
	// maxMetadata is the size in bytes of the largest cached metadata.
	maxMetadata = 4 << 10
)

// conditions caches the conditions of recently written streams, so that an append needs no read. If
// another writer has used the stream, a cached condition is out of date, and the Store refuses the
// append. No write is refused because of a cached condition; see Server.settle. Only the write whose
// turn it is in the stream's queue uses a condition.
type conditions struct {
	mu         sync.Mutex
	young, old map[events.StreamID]*condition
}

// take removes and returns the condition of a stream, nil if it is not cached.
func (m *conditions) take(stream events.StreamID) *condition {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.young[stream]
	if c == nil {
		c = m.old[stream]
	}
	delete(m.young, stream)
	delete(m.old, stream)
	return c
}

// put caches c, unless it is large or belongs to a metadata stream.
func (m *conditions) put(c *condition) {
	if c.origin != nil || len(c.metadata) > maxMetadata {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.young == nil || len(m.young) >= maxConditions {
		m.old, m.young = m.young, make(map[events.StreamID]*condition)
	}
	m.young[c.stream] = c
}

// settle decides on a write with the cached condition if that permits the write, otherwise with the
// condition in the log. Errors: those of decide.
func (s *Server) settle(ctx context.Context, stream events.StreamID, expected expectation,
	ids []events.ID) (*condition, decision, error) {
	if origin, ok := originOf(stream); ok {
		s.conditions.take(origin) // the write changes it
	} else if c := s.conditions.take(stream); c != nil {
		if v, err := s.decide(ctx, c, expected, ids); err == nil && !v.repeated {
			return c, v, nil
		}
	}
	c, err := s.condition(ctx, stream)
	if err != nil {
		return nil, decision{}, err
	}
	v, err := s.decide(ctx, c, expected, ids)
	return c, v, err
}
