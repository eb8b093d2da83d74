package history_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"admitone/events"
	"admitone/projections/history"
	"admitone/projections/logtest"
)

// TestLinks: the seats and performances that a line links exist, and a booking and its seats link each other.
func TestLinks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := logtest.NewMemory()
		c := logtest.NewBookingModel(func(stream events.StreamID, fact events.Fact) { log.Add(stream, fact) })
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			c.RandomAction(t)
		}
		links := map[string][]string{} // by stream
		log.Seal()
		for i := range log.Recorded {
			e := &log.Recorded[i]
			line, err := history.Describe(e)
			if err != nil {
				t.Fatal(err)
			}
			links[string(e.Stream)] = append(links[string(e.Stream)], line.Related...)
		}
		for stream, targets := range links {
			for _, target := range targets {
				kind, id, _ := strings.Cut(target, "/")
				to := string(events.NewStreamID(kind, id))
				if _, exists := links[to]; !exists && (kind == events.SeatCategory || kind == events.PerformanceCategory) {
					t.Errorf("%s links %s, which has no events", stream, target)
				}
				if category := events.StreamID(stream).Category(); category != events.BookingCategory ||
					kind != events.SeatCategory {
					continue
				}
				if back := events.BookingCategory + "/" + events.StreamID(stream).Entity(); !slices.Contains(links[to], back) {
					t.Errorf("%s links %s, which links only %q", stream, target, links[to])
				}
			}
		}
	})
}
