package cli

import (
	"strings"
	"testing"
)

// TestReplayInPlan: replay creates each seating plan of the performances once, also for performances created
// before the replayed range.
func TestReplayInPlan(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	s.send("POST", "/v1/plans", hallPlan())
	for _, id := range []string{"first", "second"} {
		s.send("POST", "/v1/performances", `{"id":"`+id+`","title":"T","venue":"V","plan":"hall",
			"starts_at":"2999-01-01T20:00:00Z","prices":{"Seat":30,"Floor":[{"type":"adult","amount":20},
			{"type":"child","amount":10}]}}`)
	}
	s.send("POST", "/v1/performances/first/bookings", `{"holder":"ada","seats":["A-1-1"],
		"areas":{"floor":[{"price_type":"child","quantity":2}]}}`)
	s.end()
	for _, from := range []string{"1", "6"} {
		other := serveIn(t, t.TempDir(), nil)
		stdout, _ := must(t, exitDone, "replay", "--store", s.store, "--against", other.url, "--speed", "0", "--from", from)
		if strings.Contains(stdout, "different:") || strings.Contains(stdout, "another outcome") {
			t.Errorf("from %s: %s; want no %q and no %q", from, stdout, "different:", "another outcome")
		}
		if first := other.send("GET", "/v1/performances/first", ""); !strings.Contains(first,
			`"area":"floor","capacity":`) || !strings.Contains(first, `"held":2`) {
			t.Errorf("from %s: %s; want %q and %q", from, first, `"area":"floor","capacity":`, `"held":2`)
		}
		other.end()
		must(t, exitDone, "verify", "--store", other.store)
	}
}
