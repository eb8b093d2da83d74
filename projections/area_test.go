package projections

import (
	"testing"

	"admitone/events"
	"admitone/projections/live"
	"admitone/projections/logtest"
	"admitone/projections/row"
)

// TestAreas: rows, frames and resumed deltas have the counts of an area's facts; a fact that does
// not add up stops the views and changes nothing.
func TestAreas(t *testing.T) {
	log, p, _ := testPerformance(t)
	waitFor(t, p, 1)
	k := viewOf[*boxOffice](p)
	p.mu.Lock()
	entry, err := k.performances.find("a")
	if err != nil || entry == nil {
		t.Fatal(err)
	}
	entry.row.Layout = entry.row.Layout.WithAreas([]events.Area{{ID: "yard", Capacity: 5}, {ID: "floor", Capacity: 10}})
	entry.row.Areas = row.AreasOf(entry.row.Layout)
	p.mu.Unlock()
	frames := watch(t, p, "performance:a")
	until := logtest.NewForgery().Now
	counts := func(remaining, held, booked int64) events.AreaCounts {
		return events.AreaCounts{Remaining: remaining, Held: held, Booked: booked}
	}
	const floor = events.StreamID("area-a~floor")
	log.Add(floor, // together, so that one frame has them all
		&events.AreaHeld{HoldID: "x.1", BookingID: "x", Holder: "cy", Places: 3, AreaCounts: counts(7, 3, 0),
			ExpiresAt: until},
		&events.AreaExtended{HoldID: "x.1", ExpiresAt: until},
		&events.AreaBooked{HoldID: "x.1", BookingID: "x", Places: 3, AreaCounts: counts(7, 0, 3)},
		&events.AreaReleased{HoldID: "x.1", Was: events.AreaIsBooked, Places: 1, Left: 2,
			Reason: events.ReleasedReturned, AreaCounts: counts(8, 0, 2)},
		&events.AreaResized{Places: 4, AreaCounts: counts(2, 0, 2)})
	waitFor(t, p, 6)
	performance, _, err := p.Performance("a")
	if err != nil || performance.Areas[1].AreaCounts != counts(2, 0, 2) ||
		performance.Areas[0].AreaCounts != counts(5, 0, 0) ||
		performance.Position != 6 {
		t.Errorf("areas at %d: %+v, %v; want 5 remaining in the yard, 2 and 2 booked on the floor at 6",
			performance.Position, performance.Areas, err)
	}
	again, err := row.DecodePerformance("a", row.AppendPerformance(nil, &performance))
	if err != nil || len(again.Areas) != 2 || again.Areas[1] != performance.Areas[1] {
		t.Errorf("decoded areas: %+v, %v; want %+v", again.Areas, err, performance.Areas)
	}
	p.mu.Lock()
	missed := k.resumeDelta("a", 2)
	p.mu.Unlock()
	if d := missed.Delta.(*live.PerformanceDelta); len(d.Areas) != 1 || d.Areas[0].Counts != counts(2, 0, 2) ||
		d.Cause != live.CauseMixed {
		t.Errorf("resumeDelta: %+v, want the floor with 2 remaining and 2 booked, cause mixed", d)
	}
	checkFrames(t, frames.all(t, p, "performance:a")[1:2], []string{
		`{"event":"delta","data":{"topic":"performance:a","position":6,"previous":1,"remaining":8,"held":0,"sold":0,"blocked":0,` +
			`"change":0,"cause":"mixed","sections":[],` +
			`"areas":[{"area":"floor","capacity":4,"remaining":2,"held":0,"booked":2}]}}`,
	})
	for _, id := range []string{"a~floor", "a~yard"} {
		at, err := row.AreaAt(t.Context(), log, id, 5)
		if err != nil || (at == nil) != (id == "a~yard") ||
			at != nil && (at.AreaCounts != counts(8, 0, 2) || at.Position != 5) {
			t.Errorf("AreaAt(%s, 5) = %+v, %v; want 8 remaining and 2 booked on the floor, none for the yard", id, at, err)
		}
	}
	if has, ok, err := k.holdings.get("x"); err != nil || !ok || has.seats != 2 {
		t.Errorf("the booking has %+v, %t, %v; want 2 places", has, ok, err)
	}
}
