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

// model is the log as slices.
type model struct {
	all     []events.Recorded // Created left out
	streams map[events.StreamID][]events.Recorded
}

func (m *model) append(stream events.StreamID, batch []events.Event) {
	for _, e := range batch {
		r := events.Recorded{
			Event:    e,
			Stream:   stream,
			Revision: events.Revision(len(m.streams[stream])),
			Position: events.Position(len(m.all) + 1),
		}
		m.all = append(m.all, r)
		m.streams[stream] = append(m.streams[stream], r)
	}
}

// readAll is what the contract says about ReadAll.
func (m *model) readAll(from events.Position, dir events.Direction, limit int) []events.Recorded {
	var page []events.Recorded
	for _, r := range m.all {
		if (dir == events.Forward && r.Position > from) || (dir == events.Backward && r.Position < from) {
			page = append(page, r)
		}
	}
	if dir == events.Backward {
		slices.Reverse(page)
	}
	return page[:max(min(limit, len(page)), 0)]
}

// read is what the contract says about Read.
func (m *model) read(stream events.StreamID, from events.Revision, dir events.Direction, limit int) []events.Recorded {
	of := m.streams[stream]
	last := events.Revision(len(of) - 1)
	if dir == events.Backward && from == events.EndRevision {
		from = last
	}
	if from > last {
		return nil
	}
	var page []events.Recorded
	if dir == events.Forward {
		page = slices.Clone(of[max(from, 0):])
	} else {
		page = slices.Clone(of[:from+1])
		slices.Reverse(page)
	}
	return page[:max(min(limit, len(page)), 0)]
}

// same compares a page with the model's.
func same(t *rapid.T, what string, got, want []events.Recorded) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d events, want %d", what, len(got), len(want))
	}
	for i := range got {
		got[i].Created = want[i].Created
		if !sameRecorded(got[i], want[i]) {
			t.Fatalf("%s: event %d is %v, want %v", what, i, got[i], want[i])
		}
	}
}

// TestModel does at random what a user of the log can do, and compares.
func TestModel(t *testing.T) {
	streams := rapid.SampledFrom([]events.StreamID{"a-1", "a-10", "a-2", "a", "b-1"})
	sizes := rapid.OneOf(rapid.IntRange(1, 4), rapid.IntRange(1, 400))
	limits := rapid.OneOf(rapid.IntRange(0, 12), rapid.IntRange(0, 2000))
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		options := Options{FS: vfs.NewMem(), Logger: quiet, memTable: 256 << 10}
		s, err := Open("log", options)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		m := &model{streams: make(map[events.StreamID][]events.Recorded)}
		dirs := rapid.Map(rapid.Bool(), func(b bool) events.Direction { return events.Direction(b) })
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				stream := streams.Draw(t, "stream")
				head := events.Revision(len(m.streams[stream]) - 1)
				expected := max(head+events.Revision(rapid.SampledFrom([]int{0, 0, 0, 0, -1, 1}).Draw(t, "off")), events.NoStream)
				batch := modelBatch(t, sizes.Draw(t, "size"))
				appended, err := s.Append(ctx, stream, expected, batch)
				if expected != head {
					if !errors.Is(err, events.ErrConflict) {
						t.Fatalf("%v, want ErrConflict", err)
					}
					return
				}
				m.append(stream, batch)
				want := events.Appended{Revision: head + events.Revision(len(batch)), Position: events.Position(len(m.all))}
				if err != nil || appended != want {
					t.Fatalf("%v and %v, want %v", appended, err, want)
				}
			},
			"read": func(t *rapid.T) {
				stream, dir, limit := streams.Draw(t, "stream"), dirs.Draw(t, "backward"), limits.Draw(t, "limit")
				from := events.Revision(rapid.IntRange(0, len(m.streams[stream])+2).Draw(t, "from"))
				if rapid.IntRange(0, 3).Draw(t, "end") == 0 {
					from = events.EndRevision
				}
				page, err := s.Read(ctx, stream, from, dir, limit)
				if err != nil {
					t.Fatal(err)
				}
				same(t, fmt.Sprintf("%s from %d", stream, from), page, m.read(stream, from, dir, limit))
			},
			"readAll": func(t *rapid.T) {
				dir, limit := dirs.Draw(t, "backward"), limits.Draw(t, "limit")
				from := events.Position(rapid.IntRange(0, len(m.all)+2).Draw(t, "from"))
				if rapid.IntRange(0, 3).Draw(t, "end") == 0 {
					from = events.EndPosition
				}
				page, err := s.ReadAll(ctx, from, dir, limit)
				if err != nil {
					t.Fatal(err)
				}
				same(t, fmt.Sprintf("all from %d", from), page, m.readAll(from, dir, limit))
			},
			"follow": func(t *rapid.T) {
				if len(m.all) == 0 {
					return
				}
				from := events.Position(rapid.IntRange(0, len(m.all)-1).Draw(t, "from"))
				want := m.readAll(from, events.Forward, len(m.all))
				var got []events.Recorded
				enough := errors.New("enough")
				err := s.Follow(ctx, from, func(page []events.Recorded) error {
					got = append(got, page...)
					if len(got) >= len(want) {
						return enough
					}
					return nil
				})
				if !errors.Is(err, enough) {
					t.Fatal(err)
				}
				same(t, fmt.Sprintf("following from %d", from), got, want)
			},
			"reopen": func(t *rapid.T) {
				epoch := s.Epoch()
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				if s, err = Open("log", options); err != nil {
					t.Fatal(err)
				}
				if head, _ := s.Head(ctx); s.Epoch() != epoch || head != events.Position(len(m.all)) {
					t.Fatalf("epoch %s, head %d; want %s and %d", s.Epoch(), head, epoch, len(m.all))
				}
			},
		})
	})
}

func modelBatch(t *rapid.T, n int) []events.Event {
	tag := rapid.Uint64().Draw(t, "tag")
	batch := make([]events.Event, n)
	for i := range batch {
		batch[i] = events.Event{
			ID:       events.EventID(fmt.Sprint(tag), i),
			Type:     fmt.Sprintf("model%d.v1", (tag+uint64(i))%5),
			Data:     fmt.Appendf(nil, "%x/%d", tag, i),
			Metadata: fmt.Appendf(nil, "%d", i),
		}
		if tag%3 == 0 {
			batch[i].Metadata = nil
		}
	}
	return batch
}
