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

// model is a model of the log.
type model struct {
	all     []events.Recorded // without Created
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

// readAll implements the contract of ReadAll.
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

// read implements the contract of Read.
func (m *model) read(stream events.StreamID, from events.Revision, dir events.Direction, limit int) []events.Recorded {
	recorded := m.streams[stream]
	last := events.Revision(len(recorded) - 1)
	if dir == events.Backward && from == events.EndRevision {
		from = last
	}
	if from > last {
		return nil
	}
	var page []events.Recorded
	if dir == events.Forward {
		page = slices.Clone(recorded[max(from, 0):])
	} else {
		page = slices.Clone(recorded[:from+1])
		slices.Reverse(page)
	}
	return page[:max(min(limit, len(page)), 0)]
}

// checkEqual compares a page with that of the model.
func checkEqual(t *rapid.T, what string, got, want []events.Recorded) {
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

// modelTest has a log and its model. Its methods act on both and compare the results.
type modelTest struct {
	options Options
	store   *Store
	model   *model
}

var (
	modelStreams = rapid.SampledFrom([]events.StreamID{"a-1", "a-10", "a-2", "a", "b-1"})
	modelSizes   = rapid.OneOf(rapid.IntRange(1, 4), rapid.IntRange(1, 400))
	modelLimits  = rapid.OneOf(rapid.IntRange(0, 12), rapid.IntRange(0, 2000))
	modelDirs    = rapid.Map(rapid.Bool(), func(b bool) events.Direction { return events.Direction(b) })
	modelEnds    = rapid.SampledFrom([]bool{true, false, false, false})
)

// TestModel compares the results of random operations on a log and its model.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := &modelTest{
			options: Options{FS: vfs.NewMem(), Logger: discardLogger, memTable: 256 << 10},
			model:   &model{streams: make(map[events.StreamID][]events.Recorded)},
		}
		p.open(t)
		defer func() { _ = p.store.Close() }()
		t.Repeat(map[string]func(*rapid.T){
			"append": p.append, "read": p.read, "readAll": p.readAll, "follow": p.follow, "reopen": p.reopen,
		})
	})
}

func (p *modelTest) open(t *rapid.T) {
	var err error
	if p.store, err = Open("log", p.options); err != nil {
		t.Fatal(err)
	}
}

func (p *modelTest) append(t *rapid.T) {
	stream := modelStreams.Draw(t, "stream")
	head := events.Revision(len(p.model.streams[stream]) - 1)
	expected := max(head+events.Revision(rapid.SampledFrom([]int{0, 0, 0, 0, -1, 1}).Draw(t, "off")), events.NoStream)
	batch := modelBatch(t, modelSizes.Draw(t, "size"))
	appended, err := p.store.Append(context.Background(), stream, expected, batch)
	if expected != head {
		if !errors.Is(err, events.ErrConflict) {
			t.Fatalf("Append at revision %d of %d: %v, want %v", expected, head, err, events.ErrConflict)
		}
		return
	}
	p.model.append(stream, batch)
	want := events.Appended{Revision: head + events.Revision(len(batch)), Position: events.Position(len(p.model.all)),
		Consecutive: true}
	if err != nil || appended != want {
		t.Fatalf("Append = %v, %v; want %v", appended, err, want)
	}
}

func (p *modelTest) read(t *rapid.T) {
	stream, dir, limit := modelStreams.Draw(t, "stream"), modelDirs.Draw(t, "backward"), modelLimits.Draw(t, "limit")
	from := events.Revision(rapid.IntRange(0, len(p.model.streams[stream])+2).Draw(t, "from"))
	if modelEnds.Draw(t, "end") {
		from = events.EndRevision
	}
	page, err := p.store.Read(context.Background(), stream, from, dir, limit)
	if err != nil {
		t.Fatal(err)
	}
	checkEqual(t, fmt.Sprintf("%s from %d", stream, from), page, p.model.read(stream, from, dir, limit))
}

func (p *modelTest) readAll(t *rapid.T) {
	dir, limit := modelDirs.Draw(t, "backward"), modelLimits.Draw(t, "limit")
	from := events.Position(rapid.IntRange(0, len(p.model.all)+2).Draw(t, "from"))
	if modelEnds.Draw(t, "end") {
		from = events.EndPosition
	}
	page, err := p.store.ReadAll(context.Background(), from, dir, limit)
	if err != nil {
		t.Fatal(err)
	}
	checkEqual(t, fmt.Sprintf("all from %d", from), page, p.model.readAll(from, dir, limit))
}

func (p *modelTest) follow(t *rapid.T) {
	if len(p.model.all) == 0 {
		return
	}
	from := events.Position(rapid.IntRange(0, len(p.model.all)-1).Draw(t, "from"))
	want := p.model.readAll(from, events.Forward, len(p.model.all))
	var got []events.Recorded
	errStop := errors.New("stop")
	err := p.store.Follow(context.Background(), from, func(page []events.Recorded) error {
		got = append(got, page...)
		if len(got) >= len(want) {
			return errStop
		}
		return nil
	})
	if !errors.Is(err, errStop) {
		t.Fatal(err)
	}
	checkEqual(t, fmt.Sprintf("following from %d", from), got, want)
}

func (p *modelTest) reopen(t *rapid.T) {
	epoch := p.store.Epoch()
	if err := p.store.Close(); err != nil {
		t.Fatal(err)
	}
	p.open(t)
	head, err := p.store.Head(context.Background())
	if err != nil || p.store.Epoch() != epoch || head != events.Position(len(p.model.all)) {
		t.Fatalf("epoch %s, head %d, %v; want %s and %d", p.store.Epoch(), head, err, epoch, len(p.model.all))
	}
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
