package kinds

import (
	"reflect"
	"testing"
	"time"

	"admitone/actors/area"
	"admitone/actors/core"
	"admitone/events"
	"admitone/projections/demand"
)

func init() {
	partOf["area"] = "/v1/performances/{id}/bookings"
	ownCommands["area"] = "events.BookingHeld"
	ownRequests["area"] = "events.BookingCategory"
	noTopic["area"] = "performance:<performance> shows them"
}

// TestAreaCommandsReproduceFacts: the commands derived from the facts of an area's changes lead to the same facts,
// even if a change was undone.
func TestAreaCommandsReproduceFacts(t *testing.T) {
	recorded, replayed, now := area.New(), area.New(), time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)
	for i, cmd := range []core.Command{
		&area.Resize{Capacity: 6, Change: 1},
		&area.Resize{Capacity: 10, Change: 1, Undo: true},
		&area.Resize{Capacity: 10, Change: 2, Undo: true}, // arrives before the change that it undoes
		&area.Resize{Capacity: 8, Change: 2},
		&area.Block{Label: "press", Places: 4, Capacity: 10, Change: 3},
		&area.Unblock{Label: "press", Change: 3, Undo: true},
		&area.Resize{Capacity: 7},
	} {
		facts, err := recorded.Decide(cmd, now)
		if err != nil {
			t.Fatal(err)
		}
		for _, fact := range facts {
			recorded.Evolve(fact)
			derived, err := areaCommand(&demand.Request{Stream: "area-gala~floor", Fact: fact}, "")
			if err != nil {
				t.Fatal(err)
			}
			got, err := replayed.Decide(derived, now)
			if want := []events.Fact{fact}; err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("command %d: %+v leads to %v, %v; want %v", i, derived, got, err, want)
			}
			replayed.Evolve(fact)
		}
	}
}
