package logtest

import (
	"context"
	"slices"

	"admitone/events"
)

// Store is a read-only events.Store of the events in Log.
type Store struct {
	events.Store
	Log []events.Recorded
	// End is the result of Head.
	End events.Position
	// Fail is the error of ReadAll after the last event.
	Fail error
	// MaxRead is the largest number of events that ReadAll returns.
	MaxRead int
}

// Head implements events.Store.
func (s *Store) Head(context.Context) (events.Position, error) { return s.End, nil }

// ReadAll implements events.Store. A backward read returns a single event.
func (s *Store) ReadAll(_ context.Context, after events.Position, dir events.Direction,
	limit int) ([]events.Recorded, error) {
	if dir == events.Backward { // for events.TimeOf
		end := min(int(after)-1, len(s.Log))
		return s.Log[end-1 : end], nil
	}
	i, _ := slices.BinarySearchFunc(s.Log, after+1,
		func(e events.Recorded, p events.Position) int { return int(e.Position) - int(p) })
	if i == len(s.Log) {
		return nil, s.Fail
	}
	return s.Log[i:min(len(s.Log), i+min(limit, s.MaxRead))], nil
}

// Read implements events.Store, but only forward.
func (s *Store) Read(_ context.Context, stream events.StreamID, from events.Revision, _ events.Direction,
	limit int) (page []events.Recorded, err error) {
	for _, e := range s.Log {
		if e.Stream == stream && e.Revision >= from && len(page) < limit {
			page = append(page, e)
		}
	}
	return page, nil
}
