package projections

import (
	"bytes"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"admitone/events"
)

// TestSeatChangesMakeTheMap: the changes, page after page, applied to free seats, are
// the map that is read at every position.
func TestSeatChangesMakeTheMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := newMemoryLog()
		c := newClerk(func(stream events.StreamID, fact events.Fact) { log.add(stream, fact) })
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			c.something(t)
		}
		p := openIn(t, log, vfs.NewMem())
		defer p.Close()
		folded(t, p, log.recorded)
		limit := rapid.IntRange(1, 20).Draw(t, "limit")
		for _, id := range []string{"a", "a-b", "c", "none"} {
			all := changesOf(t, p, id, limit)
			for at := events.Position(1); all != nil && at <= events.Position(len(log.recorded)); at++ {
				row, want, err := PerformanceAt(t.Context(), log, id, at, nil)
				if err != nil || (row == nil) != (at < all.Created.Position) {
					t.Fatalf("%s at %d: %v, %v; it was created at %d", id, at, row, err, all.Created.Position)
				}
				if row != nil {
					madeOf(t, want, all.Changes)
				}
			}
		}
	})
}

// changesOf reads all pages; nil if there is no such performance.
func changesOf(t *rapid.T, p *Projections, id string, limit int) *SeatChanges {
	var all *SeatChanges
	for after, more := events.Position(0), true; more; {
		var page *SeatChanges
		var err error
		if page, more, err = p.SeatChanges(t.Context(), id, after, limit); err != nil {
			t.Fatal(err)
		}
		if _, exists, _ := p.Performance(id); exists != (page != nil) {
			t.Fatalf("%s exists: %t; its changes: %v", id, exists, page)
		}
		if page == nil {
			return nil
		}
		if len(page.Changes) > limit || more && len(page.Changes) < limit {
			t.Fatalf("%d changes on a page of %d", len(page.Changes), limit)
		}
		if after = page.Position; all == nil {
			all = page
			continue
		}
		all.Changes = append(all.Changes, page.Changes...)
	}
	return all
}

// madeOf applies the changes up to a map's position, and compares.
func madeOf(t *rapid.T, want *SeatMap, changes []SeatChange) {
	got := bytes.Repeat([]byte{byte(markFree)}, want.Len())
	for _, c := range changes {
		if c.Position > want.Position {
			break
		}
		seat, _, ok := want.layout.find(c.Seat)
		if !ok || seatMark(got[seat]).status() != c.Was {
			t.Fatalf("%+v, but the seat was %q", c, got[seat])
		}
		got[seat] = map[events.SeatStatus]byte{"free": 'f', "held": 'h', "booked": 'b', "blocked": 'x'}[c.Status]
	}
	for seat, mark := range want.marks {
		if byte(seatMark(mark).settled()) != got[seat] {
			t.Fatalf("at %d %q, want %q", want.Position, got, want.marks)
		}
	}
}
