package projections

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"admitone/events"
)

// TestStoryByPages: whatever the size of the pages, a story has the same lines: the
// events of its own stream, what is about a booking elsewhere, and what was refused.
func TestStoryByPages(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := newMemoryLog()
		c := newClerk(func(stream events.StreamID, fact events.Fact) { log.add(stream, fact) })
		day := events.StreamID("")
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			c.something(t)
			if day == "" && len(log.recorded) > 0 {
				day = events.RefusalsOf(log.recorded[0].Created)
			}
			if day != "" && rapid.IntRange(0, 3).Draw(t, "refused") == 0 {
				log.add(day, &events.RefusalRecorded{Stream: "performance-a", Code: "seat_taken", Holder: "bob", Seats: []string{"A-1-1"},
					BeatenStream: "seat-a~A-1-1", BeatenRevision: 0, BeatenPosition: 1})
			}
		}
		for i := range log.recorded {
			e := &log.recorded[i]
			e.Metadata, _ = events.Seal(nil, events.Hash{}, e.Stream, e.Revision, &e.Event, &events.Metadata{Actor: "ada", At: e.Created})
		}
		kinds := [][2]string{{"performance", "a"}, {"seat", "a~A-1-1"}, {"wallet", "ada"}}
		for _, id := range c.order {
			kinds = append(kinds, [2]string{"booking", id})
		}
		for _, of := range kinds {
			want := storyOf(t, log, of, 10_000)
			size := rapid.IntRange(1, 5).Draw(t, "size")
			if got := storyOf(t, log, of, size); !slices.Equal(got, want) {
				t.Fatalf("%s by %d: %v, at once %v", of, size, got, want)
			}
			expect(t, log, of, want)
		}
	})
}

// storyOf reads a story and returns the positions of its lines.
func storyOf(t *rapid.T, log events.Store, of [2]string, size int) (all []events.Position) {
	for after, more := events.Position(0), true; more; {
		page, next, again, err := Story(t.Context(), log, of[0], of[1], after, size)
		if err == ErrNoHistory && after == 0 {
			return nil
		}
		if err != nil || len(page) > size || again && next <= after {
			t.Fatalf("%s: %d lines, next %d behind %d, %v", of, len(page), next, after, err)
		}
		for i := range page {
			all = append(all, page[i].Position)
		}
		after, more = next, again
	}
	slices.Sort(all)
	return all
}

// expect checks that what must be told of is.
func expect(t *rapid.T, log *memoryLog, of [2]string, told []events.Position) {
	for i := range log.recorded {
		e := &log.recorded[i]
		fact, err := e.Decode()
		if err != nil {
			t.Fatal(err)
		}
		_, refused := fact.(*events.RefusalRecorded)
		mine := e.Stream == events.NewStreamID(of[0], of[1]) || of[0] == "booking" && bookingOf(fact) == of[1] && e.Stream.Category() != "booking"
		if refused && len(told) > 0 {
			mine = of[0] == "performance" || of[0] == "seat"
		}
		if mine != slices.Contains(told, e.Position) {
			t.Fatalf("%s: position %d, %s in %s, told: %t", of, e.Position, e.Type, e.Stream, !mine)
		}
	}
}
