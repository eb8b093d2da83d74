package row

import (
	"context"
	"errors"
	"testing"

	"admitone/events"
	"admitone/projections/logtest"
)

// unreadableLog is a log whose reads fail.
type unreadableLog struct{ events.Store }

func (unreadableLog) Read(context.Context, events.StreamID, events.Revision, events.Direction,
	int) ([]events.Recorded, error) {
	return nil, events.ErrUnavailable
}

// TestPerformanceAtOfAnUnreadableLog: a failed read is an error, not an incomplete map.
func TestPerformanceAtOfAnUnreadableLog(t *testing.T) {
	if _, _, err := PerformanceAt(t.Context(), unreadableLog{}, "a", 1, nil); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("PerformanceAt: %v, want ErrUnavailable", err)
	}
	m := &SeatMap{Position: 9, Layout: events.NewLayout(logtest.ModelSections), Marks: make([]byte, 8)}
	if _, err := m.readAll(t.Context(), unreadableLog{}, "a",
		[]events.SeatIndex{1, 2, 3}); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("readAll: %v, want ErrUnavailable", err)
	}
}
