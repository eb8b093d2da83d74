package projections

import (
	"bytes"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"admitone/events"
	"admitone/projections/logtest"
	"admitone/projections/row"
)

// TestSeatChangesYieldTheMap: the changes of all pages, applied to free seats, yield the map at
// every position.
func TestSeatChangesYieldTheMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := logtest.NewMemory()
		c := logtest.NewBookingModel(func(stream events.StreamID, fact events.Fact) { log.Add(stream, fact) })
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			c.RandomAction(t)
		}
		p := openIn(t, log, vfs.NewMem())
		defer p.Close()
		foldEvents(t, p, log.Recorded)
		limit := rapid.IntRange(1, 20).Draw(t, "limit")
		for _, id := range []string{"a", "a-b", "c", "none"} {
			all := changesOf(t, p, events.PerformanceID(id), limit)
			for at := events.Position(1); all != nil && at <= events.Position(len(log.Recorded)); at++ {
				performance, want, err := row.PerformanceAt(t.Context(), log, events.PerformanceID(id), at, nil)
				if err != nil || (performance == nil) != (at < all.Created.Position) {
					t.Fatalf("%s at %d: %v, %v; want a row from its creation at %d on", id, at, performance, err, all.Created.Position)
				}
				if performance != nil {
					checkMap(t, want, all.Changes)
				}
			}
		}
	})
}

// changesOf returns the changes of all pages; nil if the performance does not exist.
func changesOf(t *rapid.T, p *Projections, id events.PerformanceID, limit int) *row.SeatChanges {
	var all *row.SeatChanges
	for after, more := events.Position(0), true; more; {
		var page *row.SeatChanges
		var err error
		if page, more, err = p.SeatChanges(t.Context(), id, after, limit); err != nil {
			t.Fatal(err)
		}
		if _, exists, _ := p.Performance(id); exists != (page != nil) {
			t.Fatalf("%s exists: %t, and its changes are %v; want changes only if it exists", id, exists, page)
		}
		if page == nil {
			return nil
		}
		if len(page.Changes) > limit || more && len(page.Changes) < limit {
			t.Fatalf("a page of %d changes, more %t; want %d, or fewer on the last", len(page.Changes), more, limit)
		}
		if after = page.Position; all == nil {
			all = page
			continue
		}
		all.Changes = append(all.Changes, page.Changes...)
	}
	return all
}

// checkMap applies the changes up to a map's position to free seats, and compares the result with the map.
func checkMap(t *rapid.T, want *row.SeatMap, changes []row.SeatChange) {
	got := bytes.Repeat([]byte{byte(row.MarkFree)}, want.Len())
	for _, c := range changes {
		if c.Position > want.Position {
			break
		}
		seat, ok := want.Layout.Find(c.Seat)
		if !ok || row.Mark(got[seat]).Status() != c.Was {
			t.Fatalf("change %+v of a seat whose mark was %q; want a change from that mark", c, got[seat])
		}
		got[seat] = map[events.SeatStatus]byte{"free": 'f', "held": 'h', "booked": 'b', "blocked": 'x'}[c.Status]
	}
	for seat, mark := range want.Marks {
		if byte(row.Mark(mark).Normalized()) != got[seat] {
			t.Fatalf("the changes up to %d yield %q, want %q", want.Position, got, want.Marks)
		}
	}
}
