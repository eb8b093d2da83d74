package projections

import (
	"strings"
	"testing"
	"time"

	"admitone/events"
	"admitone/projections/live"
	"admitone/projections/logtest"
)

// TestFramesOfAnEditedPerformance: the frame of an edit has all editable members, and a client that resumes gets
// them in one delta.
func TestFramesOfAnEditedPerformance(t *testing.T) {
	log, p, c := testPerformance(t)
	opens, stream := time.Date(2031, 5, 1, 20, 0, 0, 0, time.UTC), logtest.PerformanceStream("a")
	counts, seats := watch(t, p, "performance:a"), watch(t, p, "seats:a")
	step := func(do func()) {
		do()
		waitFor(t, p, events.Position(len(log.Recorded)))
		counts.all(t, p, "performance:a")
		seats.all(t, p, "seats:a")
	}
	step(func() { c.Block("a", "A-2-3") })
	step(func() {
		log.Add(stream, &events.PerformanceEdited{Title: "New", Venue: "W", StartsAt: opens.Add(time.Hour), HoldSeconds: 9,
			Prices:    []events.SectionPrice{{Section: "A", Price: 8}, {Section: "B-x", Price: 1}},
			SaleTimes: events.SaleTimes{OpensAt: opens, ClosesAt: opens.Add(time.Hour)}})
	})
	step(func() { log.Add(stream, &events.PerformanceOpened{OpensAt: opens}) })
	step(func() { log.Add(stream, &events.PerformanceClosed{ClosesAt: opens.Add(time.Hour)}) })
	const edited = `"title":"New","venue":"W","starts_at":"2031-05-01T21:00:00Z","opens_at":"2031-05-01T20:00:00Z","closes_at":"2031-05-01T21:00:00Z",`
	const priced = `"sections":[{"id":"A","price":8,"remaining":5,"held":0,"booked":0,"blocked":1},{"id":"B-x","price":1,"remaining":2,"held":0,"booked":0,"blocked":0}]}}`
	const of = `,"remaining":7,"held":0,"sold":0,"blocked":1,"change":0,`
	checkFrames(t, counts.all(t, p, "performance:a")[2:], []string{
		`{"event":"delta","data":{"topic":"performance:a","position":3,"previous":2` + of + `"cause":"edited",` + edited + priced,
		`{"event":"delta","data":{"topic":"performance:a","position":4,"previous":3` + of + `"cause":"opened","sections":[]}}`,
		`{"event":"delta","data":{"topic":"performance:a","position":5,"previous":4` + of + `"cause":"closed","sections":[]}}`,
	})
	checkFrames(t, seats.all(t, p, "seats:a")[2:], []string{
		`{"event":"delta","data":{"topic":"seats:a","position":3,"previous":2` + of + `"cause":"edited","seats":{}}}`,
		`{"event":"delta","data":{"topic":"seats:a","position":4,"previous":3` + of + `"cause":"opened","seats":{}}}`,
		`{"event":"delta","data":{"topic":"seats:a","position":5,"previous":4` + of + `"cause":"closed","seats":{}}}`,
	})
	for topic, want := range map[string]string{
		"performance:a": `"cause":"mixed",` + edited + priced, "seats:a": `"cause":"mixed","seats":{}}}`,
	} {
		again := newFrameRecorder()
		if _, err := p.Subscribe(topic, live.Resume{Epoch: "first", Since: 2}, again); err != nil {
			t.Fatal(err)
		}
		if got := again.all(t, p, topic); len(got) != 1 || !strings.HasSuffix(string(got[0].Bytes()), want) {
			t.Errorf("resuming %s gave %d frames, want one that ends in %s", topic, len(got), want)
		}
	}
	fresh := watch(t, p, "performance:a")
	if got := string(fresh.all(t, p, "performance:a")[0].Bytes()); !strings.Contains(got, edited+`"capacity":8,`) ||
		!strings.Contains(got, `"price":8`) {
		t.Errorf("the snapshot is %s, want the edited members", got)
	}
	list, _, err := p.Performances(opens, opens.Add(2*time.Hour), "", 9)
	if err != nil || len(list) != 1 || list[0].Edited != 1 || list[0].Revision != 3 {
		t.Errorf("Performances of the new date: %+v, %v; want a, edited at revision 1, now at 3", list, err)
	}
	if list, _, err = p.Performances(opens.Add(24*time.Hour), time.Time{}, "", 9); err != nil || len(list) != 0 {
		t.Errorf("Performances of the old date: %+v, %v; want none", list, err)
	}
}
