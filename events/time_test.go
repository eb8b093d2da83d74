package events_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"admitone/events"
)

// clockLog is a log of events with the positions and times in recorded.
type clockLog struct {
	events.Store // nil: other methods are not called
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

func (l *clockLog) ReadAll(_ context.Context, from events.Position, dir events.Direction,
	limit int) (page []events.Recorded, err error) {
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

// drawClockLog returns a log that can have gaps between positions and several events at the same time.
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

func TestPositionAt(t *testing.T) {
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
			t.Fatalf("PositionAt(%v) = %d, %v; want %d", at, got, err, want)
		}
	})
}

// skewedLog is a clockLog whose times may decrease.
type skewedLog struct{ *clockLog }

func (skewedLog) SeveralClocks() bool { return true }

// TestPositionAtWithSeveralClocks: PositionAt returns the position before the first event with a later time.
func TestPositionAtWithSeveralClocks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := drawClockLog(t)
		at := time.Date(2026, 1, 1, 0, 0, 0, rapid.IntRange(0, 130).Draw(t, "at"), time.UTC).Add(-5)
		for i := range l.recorded {
			l.recorded[i].Created = l.recorded[i].Created.Add(-time.Duration(rapid.IntRange(0, 20).Draw(t, "back")))
		}
		want := events.Position(0)
		for _, e := range l.recorded {
			if e.Created.After(at) {
				break
			}
			want = e.Position
		}
		got, err := events.PositionAt(t.Context(), skewedLog{l}, at)
		if err != nil || got != want {
			t.Fatalf("PositionAt(%v) = %d, %v; want %d", at, got, err, want)
		}
	})
}

func TestTimeOf(t *testing.T) {
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
			t.Fatalf("TimeOf(%d) = %v, %v; want %v", position, got, err, want)
		}
	})
}

func TestPositionAtTakesFewReads(t *testing.T) {
	l := &clockLog{}
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 10_000 {
		l.recorded = append(l.recorded, events.Recorded{Position: events.Position(i + 1),
			Created: start.Add(time.Duration(i))})
	}
	if got, err := events.PositionAt(t.Context(), l, start.Add(7000)); got != 7001 || err != nil || l.reads > 15 {
		t.Errorf("PositionAt = %d, %v after %d reads; want 7001 after at most 15", got, err, l.reads)
	}
}

func TestTimeErrors(t *testing.T) {
	l := &clockLog{err: events.ErrUnavailable}
	if _, err := events.PositionAt(t.Context(), l, time.Now()); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("PositionAt: %v, want %v", err, events.ErrUnavailable)
	}
	if _, err := events.TimeOf(t.Context(), l, 1); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("TimeOf: %v, want %v", err, events.ErrUnavailable)
	}
}

// TestParseTime: ParseTime accepts RFC 3339 and nothing else. Other programs could interpret the other texts that
// time.Parse accepts differently.
func TestParseTime(t *testing.T) {
	for text, want := range map[string]string{
		"2031-05-01T20:00:00Z":               "2031-05-01T20:00:00Z",
		"2031-05-01t20:00:00z":               "2031-05-01T20:00:00Z",
		"2031-05-01T20:00:00.5Z":             "2031-05-01T20:00:00.5Z",
		"2031-05-01T20:00:00.1234567891234Z": "2031-05-01T20:00:00.123456789Z",
		"2031-05-01T20:00:00+02:00":          "2031-05-01T18:00:00Z",
		"2031-05-01T20:00:00-00:00":          "2031-05-01T20:00:00Z",
		"2031-05-01T20:00:00+23:59":          "2031-04-30T20:01:00Z",
		"2031-05-01T20:00:00-23:59":          "2031-05-02T19:59:00Z",
		"2032-02-29T00:00:00Z":               "2032-02-29T00:00:00Z",
		"1998-12-31T23:59:60Z":               "1999-01-01T00:00:00Z",
		"1998-12-31T15:59:60.25-08:00":       "1999-01-01T00:00:00.25Z",
		"0000-01-01T00:00:00Z":               "0000-01-01T00:00:00Z",
	} {
		got, err := events.ParseTime(text)
		if err != nil || got.Format(time.RFC3339Nano) != want || got.Location() != time.UTC {
			t.Errorf("ParseTime(%s) = %v, %v; want %s", text, got, err, want)
		}
	}
	for _, bad := range []string{
		"", "2031-05-01", "2031-05-01T20:00Z", "2031-05-01T20:00:00", "2031-05-01 20:00:00Z", "2031-05-01_20:00:00Z",
		"2031-05-01T20:00:00+24:00", "2031-05-01T20:00:00-24:00", "2031-05-01T20:00:00+99:00", "2031-05-01T20:00:00+02:60",
		"2031-05-01T20:00:00+0200", "2031-05-01T20:00:00+02", "2031-05-01T20:00:00 02:00", "2031-05-01T20:00:00+2:00",
		"2031-05-01T20:00:00,5Z", "2031-05-01T20:00:00.Z", "2031-05-01T20:00:00.5", "2031-05-01T20:00:00.5,5Z",
		"2031-05-01T24:00:00Z", "2031-05-01T20:60:00Z", "2031-05-01T20:00:61Z", "2031-05-01T8:00:00Z", "2031-5-1T20:00:00Z",
		"2031-02-30T20:00:00Z", "2031-02-29T20:00:00Z", "2031-13-01T20:00:00Z", "2031-00-01T20:00:00Z",
		"2031-01-00T20:00:00Z",
		"2031-04-31T20:00:00Z", "12031-05-01T20:00:00Z", "+2031-05-01T20:00:00Z", "-031-05-01T20:00:00Z",
		"1998-12-31T23:58:60Z", "1998-12-31T22:59:60Z", "1998-12-30T23:59:60Z", "1998-12-31T23:59:60+01:00",
		"2031-05-01T20:00:00Z ", " 2031-05-01T20:00:00Z", "2031-05-01T20:00:00ZZ", "2031-05-01T20:00:00Z+00:00",
		"2031-05-01T20:00:00+00:00Z",
		"2031-05-01T20:00:00CET", "２031-05-01T20:00:00Z", "2031-05-01T20:00:00." + strings.Repeat("1", 1000) + "Z",
	} {
		if got, err := events.ParseTime(bad); err == nil {
			t.Errorf("ParseTime(%q) = %v, want an error", bad, got)
		}
	}
}
