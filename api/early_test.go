package api

import (
	"strings"
	"testing"
)

// TestTheBestSeatsBeforeTheViewsKnowTheHall: who has just put a performance on sale may
// be faster than the views.
func TestTheBestSeatsBeforeTheViewsKnowTheHall(t *testing.T) {
	w := newWorld(t, func(w *world) { w.blind = true })
	w.hall("h", 1, "")
	const best = `{"holder":"ada","best_available":{"quantity":2}}`
	w.do("POST", "/v1/performances/h/bookings", best).problem(503, "projection_behind")
}

// TestTheAccessLogOpensNoPlace: the id of a visitor is all that it takes to give the
// place up, or to ask for the pass.
func TestTheAccessLogOpensNoPlace(t *testing.T) {
	w := newWorld(t)
	w.room("r", "")
	path, _ := w.joins("r", "ada")
	visitor := path[strings.LastIndex(path, "/")+1:]
	w.do("GET", path, "")
	w.do("DELETE", path, "").is(200)
	w.do("PUT", path, "")
	w.stop()
	if log := w.access.String() + w.log.String(); strings.Contains(log, visitor) || !strings.Contains(log, "/v1/waiting-rooms/r/visitors") {
		t.Errorf("the logs are\n%s", log)
	}
}
