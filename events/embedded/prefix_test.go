package embedded

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"admitone/events"
)

// drawLog makes random appends to a few streams of a store, and returns its events.
func drawLog(t *rapid.T, s *Store) []events.Recorded {
	last := map[events.StreamID]events.Revision{}
	for n := range rapid.IntRange(1, 12).Draw(t, "appends") {
		stream := events.StreamID(fmt.Sprint("lamp-", rapid.IntRange(0, 3).Draw(t, "stream")))
		expected, ok := last[stream]
		if !ok {
			expected = events.NoStream
		}
		batch := make([]events.Event, rapid.IntRange(1, 5).Draw(t, "events"))
		for i := range batch {
			batch[i] = events.Event{ID: events.EventID(fmt.Sprint(n), i), Type: "lamp.lit.v1", Data: []byte("{}")}
		}
		appended, err := s.Append(t.Context(), stream, expected, batch)
		if err != nil {
			t.Fatal(err)
		}
		last[stream] = appended.Revision
	}
	log, err := s.ReadAll(t.Context(), 0, events.Forward, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// TestPrefix: however it is read, a prefix has the events up to its end and no others.
func TestPrefix(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, err := Open("log", Options{FS: vfs.NewMem(), memTable: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		log := drawLog(t, s)
		end := events.Position(rapid.IntRange(0, len(log)+2).Draw(t, "end"))
		p := events.Prefix(s, end)
		then := log[:min(int(end), len(log))]
		if head, err := p.Head(t.Context()); err != nil || int(head) != len(then) {
			t.Fatalf("head = %d, %v; want %d", head, err, len(then))
		}
		dir := events.Direction(rapid.Bool().Draw(t, "backward"))
		limit := rapid.IntRange(1, 8).Draw(t, "limit")
		from := events.Position(rapid.IntRange(0, len(log)+3).Draw(t, "from"))
		got, err := p.ReadAll(t.Context(), from, dir, limit)
		checkPage(t, got, err, then, limit, dir, func(e *events.Recorded) bool {
			return dir == events.Forward && e.Position > from || dir == events.Backward && e.Position < from
		})
		stream := events.StreamID(fmt.Sprint("lamp-", rapid.IntRange(0, 4).Draw(t, "which")))
		revision := rapid.SampledFrom([]events.Revision{0, 1, 2, 5, events.EndRevision}).Draw(t, "revision")
		got, err = p.Read(t.Context(), stream, revision, dir, limit)
		count := events.Revision(0)
		for i := range then {
			if then[i].Stream == stream {
				count++
			}
		}
		beyond := dir == events.Backward && revision >= count && revision != events.EndRevision
		checkPage(t, got, err, then, limit, dir, func(e *events.Recorded) bool {
			return !beyond && e.Stream == stream &&
				(dir == events.Forward && e.Revision >= revision || dir == events.Backward && e.Revision <= revision)
		})
		checkFollow(t, p, then)
		batch := []events.Event{{Type: "lamp.lit.v1"}}
		if _, err := p.Append(t.Context(), "lamp-0", events.NoStream, batch); !errors.Is(err, events.ErrUnavailable) {
			t.Fatalf("an append to the past: %v, want %v", err, events.ErrUnavailable)
		}
	})
}

func checkPage(t *rapid.T, got []events.Recorded, err error, then []events.Recorded, limit int, dir events.Direction,
	match func(*events.Recorded) bool) {
	t.Helper()
	var positions, want []events.Position
	for i := range got {
		positions = append(positions, got[i].Position)
	}
	for i := range then {
		if match(&then[i]) {
			want = append(want, then[i].Position)
		}
	}
	if dir == events.Backward {
		slices.Reverse(want)
	}
	if want = want[:min(limit, len(want))]; err != nil || !slices.Equal(positions, want) {
		t.Fatalf("positions %v, %v; want %v", positions, err, want)
	}
}

// checkFollow checks that Follow delivers all events and then waits until it is cancelled.
func checkFollow(t *rapid.T, p events.Store, then []events.Recorded) {
	ctx, stop := context.WithCancel(t.Context())
	seen := 0
	if len(then) == 0 {
		stop()
	}
	err := p.Follow(ctx, 0, func(batch []events.Recorded) error {
		if seen += len(batch); seen == len(then) {
			stop()
		}
		return nil
	})
	stop()
	if !errors.Is(err, context.Canceled) || seen != len(then) {
		t.Fatalf("followed %d of %d events, then %v; want all and Canceled", seen, len(then), err)
	}
}

// TestLatest compares with reading the streams backward, for any position and number of events.
func TestLatest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, err := Open("log", Options{FS: vfs.NewMem(), memTable: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		log := drawLog(t, s)
		streams := []events.StreamID{"lamp-2", "lamp-0", "lamp-9", "lamp-3", "lamp-1"}
		at := events.Position(rapid.IntRange(0, len(log)+2).Draw(t, "at"))
		end := events.Position(rapid.IntRange(0, len(log)+2).Draw(t, "end"))
		most := rapid.IntRange(1, 4).Draw(t, "most")
		want := make([][]events.Position, len(streams))
		for _, e := range slices.Backward(log) {
			if i := slices.Index(streams, e.Stream); e.Position <= min(at, end) && len(want[i]) < most {
				want[i] = append(want[i], e.Position)
			}
		}
		for name, store := range map[string]events.Store{"fast": events.Prefix(s, end),
			"slow": events.Prefix(struct{ events.Store }{s}, end)} {
			got := make([][]events.Position, len(streams))
			err = events.ReadLatest(t.Context(), store, streams, at, func(i int, e *events.Recorded) (bool, error) {
				if e.Stream != streams[i] {
					t.Errorf("Latest returned an event of %s for stream %s", e.Stream, streams[i])
				}
				got[i] = append(got[i], e.Position)
				return len(got[i]) < most, nil
			})
			if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("%s: %v, %v, want %v", name, got, err, want)
			}
		}
	})
}
