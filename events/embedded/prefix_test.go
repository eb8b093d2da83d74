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

// drawLog makes random appends to a few streams of a store and returns its events.
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

// TestPrefix: all kinds of reads of a prefix return the events up to its end and no others.
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
		visible := log[:min(int(end), len(log))]
		if head, err := p.Head(t.Context()); err != nil || int(head) != len(visible) {
			t.Fatalf("Head = %d, %v; want %d", head, err, len(visible))
		}
		dir := events.Direction(rapid.Bool().Draw(t, "backward"))
		limit := rapid.IntRange(1, 8).Draw(t, "limit")
		from := events.Position(rapid.IntRange(0, len(log)+3).Draw(t, "from"))
		got, err := p.ReadAll(t.Context(), from, dir, limit)
		checkPage(t, got, err, visible, limit, dir, func(e *events.Recorded) bool {
			return dir == events.Forward && e.Position > from || dir == events.Backward && e.Position < from
		})
		stream := events.StreamID(fmt.Sprint("lamp-", rapid.IntRange(0, 4).Draw(t, "which")))
		revision := rapid.SampledFrom([]events.Revision{0, 1, 2, 5, events.EndRevision}).Draw(t, "revision")
		got, err = p.Read(t.Context(), stream, revision, dir, limit)
		count := events.Revision(0)
		for i := range visible {
			if visible[i].Stream == stream {
				count++
			}
		}
		beyond := dir == events.Backward && revision >= count && revision != events.EndRevision
		checkPage(t, got, err, visible, limit, dir, func(e *events.Recorded) bool {
			return !beyond && e.Stream == stream &&
				(dir == events.Forward && e.Revision >= revision || dir == events.Backward && e.Revision <= revision)
		})
		checkFollow(t, p, visible)
		batch := []events.Event{{Type: "lamp.lit.v1"}}
		if _, err := p.Append(t.Context(), "lamp-0", events.NoStream, batch); !errors.Is(err, events.ErrUnavailable) {
			t.Fatalf("Append to a prefix: %v, want %v", err, events.ErrUnavailable)
		}
	})
}

// checkPage compares a page with the visible events that match.
func checkPage(t *rapid.T, got []events.Recorded, err error, visible []events.Recorded, limit int, dir events.Direction,
	match func(*events.Recorded) bool) {
	t.Helper()
	var positions, want []events.Position
	for i := range got {
		positions = append(positions, got[i].Position)
	}
	for i := range visible {
		if match(&visible[i]) {
			want = append(want, visible[i].Position)
		}
	}
	if dir == events.Backward {
		slices.Reverse(want)
	}
	if want = want[:min(limit, len(want))]; err != nil || !slices.Equal(positions, want) {
		t.Fatalf("positions %v, %v; want %v", positions, err, want)
	}
}

// checkFollow checks that Follow delivers all visible events and then waits until its context ends.
func checkFollow(t *rapid.T, p events.Store, visible []events.Recorded) {
	ctx, stop := context.WithCancel(t.Context())
	seen := 0
	if len(visible) == 0 {
		stop()
	}
	err := p.Follow(ctx, 0, func(batch []events.Recorded) error {
		if seen += len(batch); seen == len(visible) {
			stop()
		}
		return nil
	})
	stop()
	if !errors.Is(err, context.Canceled) || seen != len(visible) {
		t.Fatalf("Follow delivered %d of %d events and returned %v, want all and %v", seen, len(visible), err,
			context.Canceled)
	}
}

// TestLatest: both implementations of Latest return the last events of each stream up to a position.
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
		limit := rapid.IntRange(1, 4).Draw(t, "limit")
		want := make([][]events.Position, len(streams))
		for _, e := range slices.Backward(log) {
			if i := slices.Index(streams, e.Stream); e.Position <= min(at, end) && len(want[i]) < limit {
				want[i] = append(want[i], e.Position)
			}
		}
		for name, store := range map[string]events.Store{"store's Latest": events.Prefix(s, end),
			"generic": events.Prefix(struct{ events.Store }{s}, end)} {
			got := make([][]events.Position, len(streams))
			err = events.ReadLatest(t.Context(), store, streams, at, func(i int, e *events.Recorded) (bool, error) {
				if e.Stream != streams[i] {
					t.Errorf("%s: visit got an event of %s, want %s", name, e.Stream, streams[i])
				}
				got[i] = append(got[i], e.Position)
				return len(got[i]) < limit, nil
			})
			if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("%s: ReadLatest: positions %v, %v; want %v", name, got, err, want)
			}
		}
	})
}
