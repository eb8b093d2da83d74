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

// TestBestSeatsBeforeViews: a booking of the best seats that comes before the views know the performance gets
// projection_behind.
func TestBestSeatsBeforeViews(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.blind, w.patience = true, 20*time.Millisecond })
	w.hall("h", 1, "")
	const best = `{"holder":"ada","best_available":{"quantity":2}}`
	w.do("POST", "/v1/performances/h/bookings", best).problem(503, "projection_behind")
	repeated := w.do("POST", "/v1/performances/h/bookings", best, "Idempotency-Key", "k")
	if repeated.problem(503, "projection_behind"); repeated.header.Get("Retry-After") == "" {
		t.Error("got no Retry-After, want one")
	}
	w.do("POST", "/v1/products", `{"id":"p","name":"n","stock":1}`, "Idempotency-Key", "k").problem(503, "projection_behind")
}

// TestOvertakenRequests: a request that others have overtaken may be retried, and is not answered as sold out.
func TestOvertakenRequests(t *testing.T) {
	for err, code := range map[error]core.Code{
		bookings.ErrOvertaken: "overloaded", projections.ErrBehind: "projection_behind",
	} {
		p := problemOf(fmt.Errorf("booking: %w", err), nil)
		if p.code != code || retryAfter[p.code] == "" || strings.Contains(p.detail, "in flight") {
			t.Errorf("%v: got %s, %q; want %s with a Retry-After and without in flight", err, p.code, p.detail, code)
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

// TestListsWithStalledViews: if the views are far behind, pages show the lists as the views have them.
func TestListsWithStalledViews(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.blind, w.patience = true, 20*time.Millisecond })
	w.product("p", 1, "")
	w.do("GET", "/", "").has(t, 200, "Nothing is on sale yet")
	w.do("GET", "/performances", "").has(t, 200, "There is no performance")
}

// TestAccessLogHidesVisitorIDs: no log has the id of a visitor, because it suffices for giving up the place and for
// getting the pass.
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
		t.Errorf("got the logs\n%s\nwant the paths of visitors, but no id in them", log)
	}
}
