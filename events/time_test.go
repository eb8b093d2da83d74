package events_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"admitone/events"
)

// clockLog is a log of events with given positions and times.
type clockLog struct {
	events.Store // what is not overridden is not called
	recorded     []events.Recorded
	reads        int
	err          error
}

func (l *clockLog) Head(context.Context) (events.Position, error) {
	if l.err != nil {
		return 0, l.err
	}
	if len(l.recorded) == 0 {
		return 0, nil
	}
	return l.recorded[len(l.recorded)-1].Position, nil
}

func (l *clockLog) ReadAll(_ context.Context, from events.Position, dir events.Direction, limit int) (page []events.Recorded, err error) {
	l.reads++
	if l.err != nil {
		return nil, l.err
	}
	for i := range l.recorded {
		e := l.recorded[i]
		if dir == events.Backward {
			e = l.recorded[len(l.recorded)-1-i]
		}
		if len(page) < limit && (e.Position > from) == (dir == events.Forward) && e.Position != from {
			page = append(page, e)
		}
	}
	return page, nil
}

// drawClockLog makes a log with gaps in its positions and several events at one
// time.
func drawClockLog(t *rapid.T) *clockLog {
	l := &clockLog{}
	position, at := events.Position(0), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for range rapid.IntRange(0, 40).Draw(t, "events") {
		position += events.Position(rapid.IntRange(1, 5).Draw(t, "step"))
		at = at.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "pause")))
		l.recorded = append(l.recorded, events.Recorded{Position: position, Created: at})
	}
	return l
}

func TestPositionAtIsTheLastByThen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := drawClockLog(t)
		at := time.Date(2026, 1, 1, 0, 0, 0, rapid.IntRange(0, 130).Draw(t, "at"), time.UTC).Add(-5)
		want := events.Position(0)
		for _, e := range l.recorded {
			if !e.Created.After(at) {
				want = e.Position
			}
		}
		got, err := events.PositionAt(t.Context(), l, at)
		if err != nil || got != want {
			t.Fatalf("PositionAt %v is %d (%v), want %d", at, got, err, want)
		}
	})
}

func TestTimeOfIsTheLastUpTo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := drawClockLog(t)
		position := events.Position(rapid.Uint64Range(0, 220).Draw(t, "position"))
		if rapid.Bool().Draw(t, "far") {
			position = events.EndPosition - position
		}
		var want time.Time
		for _, e := range l.recorded {
			if e.Position <= position {
				want = e.Created
			}
		}
		got, err := events.TimeOf(t.Context(), l, position)
		if err != nil || !got.Equal(want) {
			t.Fatalf("TimeOf %d is %v (%v), want %v", position, got, err, want)
		}
	})
}

func TestPositionAtReadsLittle(t *testing.T) {
	l := &clockLog{}
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 10_000 {
		l.recorded = append(l.recorded, events.Recorded{Position: events.Position(i + 1), Created: start.Add(time.Duration(i))})
	}
	if got, err := events.PositionAt(t.Context(), l, start.Add(7000)); got != 7001 || err != nil || l.reads > 15 {
		t.Errorf("position %d (%v) after %d reads, want 7001 after 15 at most", got, err, l.reads)
	}
}

func TestTimeErrors(t *testing.T) {
	l := &clockLog{err: events.ErrUnavailable}
	if _, err := events.PositionAt(t.Context(), l, time.Now()); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("PositionAt: %v", err)
	}
	if _, err := events.TimeOf(t.Context(), l, 1); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("TimeOf: %v", err)
	}
}
