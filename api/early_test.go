package api

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"admitone/actors/bookings"
	"admitone/actors/core"
	"admitone/projections"
)

// TestBestSeatsBeforeViews: the first booking of a new performance may be faster than the views.
func TestBestSeatsBeforeViews(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.blind, w.patience = true, 20*time.Millisecond })
	w.hall("h", 1, "")
	const best = `{"holder":"ada","best_available":{"quantity":2}}`
	w.do("POST", "/v1/performances/h/bookings", best).problem(503, "projection_behind")
	repeated := w.do("POST", "/v1/performances/h/bookings", best, "Idempotency-Key", "k") // it may be a retry
	if repeated.problem(503, "projection_behind"); repeated.header.Get("Retry-After") == "" {
		t.Error("the answer has no Retry-After")
	}
	w.do("POST", "/v1/products", `{"id":"p","name":"n","stock":1}`, "Idempotency-Key", "k").problem(503, "projection_behind")
}

// TestOvertakenRequests: an overtaken request is not answered as sold out.
func TestOvertakenRequests(t *testing.T) {
	for err, code := range map[error]core.Code{
		bookings.ErrOvertaken: "overloaded", projections.ErrBehind: "projection_behind",
	} {
		p := problemOf(fmt.Errorf("booking: %w", err), nil)
		if p.code != code || retryAfter[p.code] == "" || strings.Contains(p.detail, "in flight") {
			t.Errorf("%v is answered as %s, %q; want p.code = %v, retryAfter[p.code] ≠ empty, no in flight in p.detail",
				err, p.code, p.detail, code)
		}
	}
}

// TestListsWaitForViews: a list shows resources that the caller has just created, although the
// views lag slightly.
func TestListsWaitForViews(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.blind = true })
	w.product("p", 1, "")
	w.tournament("cup", 2, "")
	w.hall("hall", 1, "")
	w.room("r", "")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w.background.Go(func() {
		time.Sleep(200 * time.Millisecond) // the page has been requested by then
		w.views.Run(ctx)
	})
	w.do("GET", "/", "").has(t, 200, `data-id="p"`)
	w.do("GET", "/tournaments", "").has(t, 200, `data-id="cup"`)
	w.do("GET", "/performances", "").has(t, 200, `data-id="hall"`)
	w.do("GET", "/waiting-rooms", "").has(t, 200, `data-id="r"`)
}

// TestListsWithStalledViews: with views far behind, lists are shown in the state of the views.
func TestListsWithStalledViews(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.blind, w.patience = true, 20*time.Millisecond })
	w.product("p", 1, "")
	w.do("GET", "/", "").has(t, 200, "Nothing is on sale yet")
	w.do("GET", "/performances", "").has(t, 200, "There is no performance")
}

// TestAccessLogHidesVisitorIDs: the id of a visitor suffices to give up the place, or to get the
// pass.
func TestAccessLogHidesVisitorIDs(t *testing.T) {
	w := newHarness(t)
	w.room("r", "")
	path, _ := w.joinRoom("r", "ada")
	visitor := path[strings.LastIndex(path, "/")+1:]
	w.do("GET", path, "")
	w.do("DELETE", path, "").is(200)
	w.do("PUT", path, "")
	w.stop()
	if log := w.access.String() + w.log.String(); strings.Contains(log, visitor) ||
		!strings.Contains(log, "/v1/waiting-rooms/r/visitors") {
		t.Errorf("the logs are\n%s; want no visitor in log, /v1/waiting-rooms/r/visitors in log", log)
	}
}
