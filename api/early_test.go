package api

import (
	"context"
	"strings"
	"testing"
	"time"
)

// TestTheBestSeatsBeforeTheViewsKnowTheHall: who has just put a performance on sale may
// be faster than the views.
func TestTheBestSeatsBeforeTheViewsKnowTheHall(t *testing.T) {
	w := newWorld(t, func(w *world) { w.blind, w.patience = true, 20*time.Millisecond })
	w.hall("h", 1, "")
	const best = `{"holder":"ada","best_available":{"quantity":2}}`
	w.do("POST", "/v1/performances/h/bookings", best).problem(503, "projection_behind")
}

// TestListsWaitForTheViews: who has just made something finds it on the page that lists
// it, though the views take a moment.
func TestListsWaitForTheViews(t *testing.T) {
	w := newWorld(t, func(w *world) { w.blind = true })
	w.product("p", 1, "")
	w.tournament("cup", 2, "")
	w.hall("hall", 1, "")
	w.room("r", "")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w.background.Go(func() {
		time.Sleep(200 * time.Millisecond) // the page is asked for by then
		w.views.Run(ctx)
	})
	w.do("GET", "/", "").has(t, 200, `data-id="p"`)
	w.do("GET", "/tournaments", "").has(t, 200, `data-id="cup"`)
	w.do("GET", "/performances", "").has(t, 200, `data-id="hall"`)
	w.do("GET", "/waiting-rooms", "").has(t, 200, `data-id="r"`)
}

// TestListsOutliveTheViews: where the views have fallen far behind, the lists are as
// old as they are.
func TestListsOutliveTheViews(t *testing.T) {
	w := newWorld(t, func(w *world) { w.blind, w.patience = true, 20*time.Millisecond })
	w.product("p", 1, "")
	w.do("GET", "/", "").has(t, 200, "Nothing is on sale yet")
	w.do("GET", "/performances", "").has(t, 200, "There is no performance")
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
