package api

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestOverload: overload is refused with 429, and a refused command has no effect.
func TestOverload(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.desks.MaxInFlight = 1 })
	w.product("p", 10_000, "")
	var mu sync.Mutex
	statuses := map[int]int{}
	for statuses[429] == 0 {
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				a := w.reserve("p", "ada", "")
				if a.status == 429 {
					a.problem(429, "overloaded")
				}
				mu.Lock()
				defer mu.Unlock()
				statuses[a.status]++
			})
		}
		all.Wait()
	}
	v := w.do("GET", "/v1/products/p", "").is(200)
	if len(statuses) != 2 || v["sold"] != float64(statuses[201]) {
		t.Errorf("got the statuses %v and sold = %v; want 201 and 429, sold = %v", statuses, v["sold"], float64(statuses[201]))
	}
}

// TestOutage: without a log, commands and queries about the past are answered with 503, never 500.
func TestOutage(t *testing.T) {
	w := newHarness(t)
	w.product("p", 10, "")
	w.reserve("p", "ada", "").is(201)
	w.do("GET", "/v1/products/p", "").is(200) // the views now have the reservation
	w.must(w.store.Close())
	w.reserve("p", "ada", "").problem(503, "log_unavailable")
	w.do("POST", "/v1/products", `{"name":"n","stock":1}`).problem(503, "log_unavailable")
	w.do("GET", "/v1/products/p?at=1", "").problem(503, "log_unavailable")
	w.do("GET", "/v1/events", "").problem(503, "log_unavailable")
	w.do("GET", "/v1/streams/product-p/events", "").problem(503, "log_unavailable")
	w.do("GET", "/readyz", "").problem(503, "log_unavailable")
	if v := w.do("GET", "/v1/products/p", "").is(200); v["sold"] != float64(1) {
		t.Errorf("from the views: got %v, want sold = 1", v)
	}
}

// TestLaggingViews: while the views are being rebuilt, queries are answered with projection_behind instead of
// not_found, and commands with their results.
func TestLaggingViews(t *testing.T) {
	w := newHarness(t)
	w.product("p", 10, "")
	w.reserve("p", "ada", "").is(201)
	w.stop()
	w.must(os.RemoveAll(filepath.Join(w.dir, "views")))
	w.blind, w.patience = true, 20*time.Millisecond
	w.start()
	w.do("GET", "/v1/products/p", "").problem(503, "projection_behind")
	w.do("GET", "/v1/products", "").problem(503, "projection_behind")
	v := w.do("PATCH", "/v1/products/p", `{"stock":12}`, "If-Match", `"1"`).is(200)
	if v["stock"] != float64(12) || v["remaining"] != float64(11) || v["sold"] != float64(1) ||
		v["revision"] != float64(2) {
		t.Errorf("after the edit: %v; want stock = 12, remaining = 11, sold = 1, revision = 2", v)
	}
}

// TestPastIsBounded: the number of concurrent queries about the past is bounded; other requests continue.
func TestPastIsBounded(t *testing.T) {
	w := newHarness(t)
	w.product("p", 10, "")
	for range maxCostly {
		w.server.reading <- struct{}{}
	}
	for _, path := range []string{"/v1/products/p?at=1", "/v1/products?at=1", "/v1/history/product/p"} {
		w.do("GET", path, "").problem(429, "overloaded")
	}
	w.do("GET", "/v1/products/p", "").is(200)
	for range maxCostly {
		<-w.server.reading
	}
	w.do("GET", "/v1/products/p?at=1", "").is(200)
	w.do("GET", "/v1/products/p?at=1", "").is(200)
}

// blockedWriter is an access log whose first write blocks until release is closed.
type blockedWriter struct {
	begun   chan struct{} // closed when the first write begins
	release chan struct{}
	once    sync.Once
	text    bytes.Buffer // owned by the log's writer until it is closed
}

func (b *blockedWriter) Write(p []byte) (int, error) {
	b.once.Do(func() { close(b.begun); <-b.release })
	return b.text.Write(p)
}

// TestAccessLogNeverWaits: an access log that can't keep up drops lines, counts them, and delays no
// request.
func TestAccessLogNeverWaits(t *testing.T) {
	out := &blockedWriter{begun: make(chan struct{}), release: make(chan struct{})}
	a := newAccessLog(out)
	s := bareServer()
	r := fake(t, s, "GET", "/"+strings.Repeat("a", 60_000), "")
	a.record(r, 200, time.Millisecond)
	<-out.begun
	for range 100 { // six megabytes
		a.record(r, 200, time.Millisecond)
	}
	close(out.release)
	a.close(t.Context())
	a.record(r, 200, 0) // has no effect after close
	a.close(t.Context())
	lines := strings.Count(out.text.String(), "\n")
	if !strings.Contains(out.text.String(), `access log lines dropped","count":`) || lines < 50 || lines > 90 {
		t.Errorf("got %d lines, which end in %s; want 50 to 90, and the count of the dropped ones", lines, out.text.String()[out.text.Len()-100:])
	}
	none := newAccessLog(nil)
	none.record(r, 200, 0)
	none.close(t.Context())
	failing := newAccessLog(brokenPipe{})
	failing.record(r, 200, 0)
	failing.close(t.Context())
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.Join(io.ErrClosedPipe) }

// TestPanicIsAnswered: if a handler panics, the answer is 500 without the cause, which is logged.
func TestPanicIsAnswered(t *testing.T) {
	w := newHarness(t, func(w *harness) {
		w.routes = func(s *Server) {
			s.handle("GET", "/boom", func(*request) error { panic("a secret") })
		}
	})
	a := w.do("GET", "/boom", "")
	if a.problem(500, "internal"); strings.Contains(a.text, "secret") {
		t.Errorf("got %s; want no text of the panic in it", a.text)
	}
	if log := w.log.String(); !strings.Contains(log, "a secret") ||
		!strings.Contains(log, a.header.Get("X-Request-Id")) {
		t.Errorf("got the log %s, want the panic and the request id in it", log)
	}
	w.log.clear() // the panic is intended here
}
