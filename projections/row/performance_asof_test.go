package row

import (
	"context"
	"errors"
	"testing"

	"admitone/events"
	"admitone/projections/logtest"
)

// unread is a log whose reads fail.
type unread struct{ events.Store }

func (unread) Read(context.Context, events.StreamID, events.Revision, events.Direction,
	int) ([]events.Recorded, error) {
	return nil, events.ErrUnavailable
}

// TestUnreadablePast: a map that was read in part is an error.
func TestUnreadablePast(t *testing.T) {
	if _, _, err := PerformanceAt(t.Context(), unread{}, "a", 1, nil); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("a performance: %v", err)
	}
	m := &SeatMap{Position: 9, Layout: events.NewLayout(logtest.ModelSections), Marks: make([]byte, 8)}
	if _, err := m.readAll(t.Context(), unread{}, "a",
		[]events.SeatIndex{1, 2, 3}); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("its seats: %v", err)
	}
}
