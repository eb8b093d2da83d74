package projections

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"admitone/events"
)

// TestLeads: what a line of a story leads to exists, and a booking and its seats lead
// to each other.
func TestLeads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := newMemoryLog()
		c := newClerk(func(stream events.StreamID, fact events.Fact) { log.add(stream, fact) })
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			c.something(t)
		}
		ledTo := map[string][]string{} // by stream
		for i := range log.recorded {
			e := &log.recorded[i]
			fact, err := e.Decode()
			if err != nil {
				t.Fatal(err)
			}
			ledTo[string(e.Stream)] = append(ledTo[string(e.Stream)], leadsOf(e, fact)...)
		}
		for stream, leads := range ledTo {
			for _, lead := range leads {
				kind, id, _ := strings.Cut(lead, "/")
				to := string(events.NewStreamID(kind, id))
				if _, exists := ledTo[to]; !exists && (kind == seatCategory || kind == performanceCategory) {
					t.Errorf("%s leads to %s, which nothing ever happened to", stream, lead)
				}
				if category := events.StreamID(stream).Category(); category != bookingCategory || kind != seatCategory {
					continue
				}
				if back := bookingCategory + "/" + events.StreamID(stream).Entity(); !slices.Contains(ledTo[to], back) {
					t.Errorf("%s leads to %s, which leads to %q alone", stream, lead, ledTo[to])
				}
			}
		}
	})
}

// TestLeadsOfARefusal: to what was asked, what was in the way, and who wanted it.
func TestLeadsOfARefusal(t *testing.T) {
	for _, test := range []struct {
		fact events.RefusalRecorded
		want string
	}{
		{events.RefusalRecorded{Stream: "booking-7", Holder: "bob", BeatenStream: "seat-gig~A-1-1"}, "seat/gig~A-1-1 booking/7 holder/bob"},
		{events.RefusalRecorded{Stream: "tournament-cup", TeamIDs: []string{"owls", "cats"}, BeatenStream: "tournament-cup"}, "tournament/cup team/owls team/cats"},
		{events.RefusalRecorded{Stream: "waitingroom-door-1", Holder: "eve"}, "waiting-room/door-1 holder/eve"},
	} {
		e := &events.Recorded{Stream: "refusals-2031-05-01"}
		if got := strings.Join(leadsOf(e, &test.fact), " "); got != test.want {
			t.Errorf("%+v leads to %q, want %q", test.fact, got, test.want)
		}
	}
}
