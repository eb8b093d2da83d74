package esdbwire

import (
	"context"
	"sync"

	"admitone/events"
)

const (
	// maxConditions is how many streams each of the two generations has.
	maxConditions = 1 << 14
	// maxDescription is the largest metadata in bytes that are remembered.
	maxDescription = 4 << 10
)

// conditions remembers what the streams written lately look like, so that an append
// needs no reading. A remembered condition may be out of date when somebody else
// writes to the stream: then the Store refuses the append. And nothing is refused
// because of it: see Server.settle. Whoever uses one has its turn in the stream's
// line, and nobody else touches it meanwhile.
type conditions struct {
	mu         sync.Mutex
	young, old map[events.StreamID]*condition
}

// take returns what is remembered of a stream, nil if nothing is, and forgets it.
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

// put remembers c, unless it is about a metadata stream or large.
func (m *conditions) put(c *condition) {
	if c.origin != nil || len(c.description) > maxDescription {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.young == nil || len(m.young) >= maxConditions {
		m.old, m.young = m.young, make(map[events.StreamID]*condition)
	}
	m.young[c.stream] = c
}

// settle decides on a write, from what is remembered of the stream if that lets it
// pass, else from what the log says. Errors: as decide's.
func (s *Server) settle(ctx context.Context, stream events.StreamID, expected expectation, ids []events.ID) (*condition, verdict, error) {
	if origin, ok := originOf(stream); ok {
		s.conditions.take(origin) // it is about to change
	} else if c := s.conditions.take(stream); c != nil {
		if v, err := s.decide(ctx, c, expected, ids); err == nil && !v.repeated {
			return c, v, nil
		}
	}
	c, err := s.condition(ctx, stream)
	if err != nil {
		return nil, verdict{}, err
	}
	v, err := s.decide(ctx, c, expected, ids)
	return c, v, err
}
