package api

import (
	"fmt"
	"testing"

	"admitone/events"
)

// TestLogSkipsInternalStreams: pages of the log have the events of entities, and not those of a store's
// internal streams.
func TestLogSkipsInternalStreams(t *testing.T) {
	w := newHarness(t)
	w.product("p", 10, "")
	for i := range 7 {
		stream := events.StreamID(fmt.Sprintf("$$x-%d", i))
		_, err := w.store.Append(t.Context(), stream, events.NoStream,
			[]events.Event{{ID: events.EventID("x", i), Type: "$metadata", Data: []byte("{}")}})
		w.must(err)
	}
	w.reserve("p", "ada", "").is(201)
	seen := []any{}
	for path := "/v1/events?limit=2"; path != ""; {
		page := w.do("GET", path, "").is(200)
		for _, item := range page["items"].([]any) {
			seen = append(seen, item.(map[string]any)["position"])
		}
		path = ""
		if next, ok := page["next"].(string); ok {
			path = "/v1/events?limit=2&cursor=" + next
		}
	}
	if fmt.Sprint(seen) != "[1 9]" {
		t.Errorf("got the positions %v, want [1 9]", seen)
	}
	w.do("GET", "/v1/streams/$$x-1/events", "").problem(404, "not_found")
}
