package api

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

// eventually waits until a condition holds.
func eventually(t *testing.T, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the condition did not become true in time")
		}
	}
}

// TestLargeBodiesAreBounded: only maxLarge large bodies are read at the same time. Another one is refused
// as overloaded.
func TestLargeBodiesAreBounded(t *testing.T) {
	w := newHarness(t)
	w.product("p", 50, "")
	body := `{"commands":[` + cmd("POST", reservations, `{"holder":"ada"}`) + `]}` + strings.Repeat(" ", 200<<10)
	startRequest := func() net.Conn {
		conn, err := net.Dial("tcp", w.address)
		w.must(err)
		t.Cleanup(func() { conn.Close() })
		fmt.Fprintf(conn,
			"POST /v1/batch HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n",
			w.address, len(body))
		return conn
	}
	var open []net.Conn
	for range maxLarge {
		open = append(open, startRequest())
	}
	large := &w.server.batches.large
	eventually(t, func() bool { large.mu.Lock(); defer large.mu.Unlock(); return len(large.inUse) == maxLarge })
	w.do("POST", "/v1/batch", body).problem(429, "overloaded")
	_, err := open[0].Write([]byte(body))
	w.must(err)
	w.answerFrom(open[0], "the first").answers(1)[0].is(201)
	w.do("POST", "/v1/batch", body).answers(1)[0].is(201)
}

// TestLargeBodyExpires: a large body whose client stopped sending counts only for its lifetime.
func TestLargeBodyExpires(t *testing.T) {
	var large largeBodies
	now, headers := time.Now(), make([]fasthttp.RequestHeader, maxLarge+1)
	for i := range headers {
		if got, want := large.acquire(&headers[i], now), i < maxLarge; got != want {
			t.Fatalf("acquire of body %d = %v, want %v", i, got, want)
		}
	}
	last := &headers[maxLarge]
	if large.has(last) || large.acquire(last, now.Add(largeLifetime)) {
		t.Error("acquire beyond the limit = true, want false")
	}
	if !large.acquire(last, now.Add(largeLifetime+1)) || !large.has(last) || large.has(&headers[0]) {
		t.Error("acquire after the lifetime of the others = false, want true")
	}
	if large.release(last); large.has(last) {
		t.Error("has after release = true, want false")
	}
}

// TestBatchWithoutALog: without the log, each command still gets its own answer, in time.
func TestBatchWithoutALog(t *testing.T) {
	w := newHarness(t)
	w.product("p", 50, "")
	w.hall("gig", 1, "")
	booked := w.book("gig", "ada", "A-1-1").is(201)["id"].(string)
	w.do("GET", "/v1/bookings/"+booked, "").is(200)
	w.must(w.store.Close())
	all := w.batch([]string{cmd("POST", reservations, `{"holder":"ada"}`), cmd("DELETE", "/v1/bookings/"+booked, ""),
		cmd("GET", reservations, ""), cmd("POST", reservations, `{"holder":"bob"}`)}).answers(4)
	all[0].wantCode(503, "log_unavailable")
	all[1].wantCode(503, "log_unavailable")
	all[2].wantCode(405, "method_not_allowed")
	all[3].wantCode(503, "log_unavailable")
}

// TestBatchOverload: commands to a product that is overloaded are refused one by one. Those to another
// product are executed.
func TestBatchOverload(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.desks.MaxPerEntity = 1 })
	w.product("p", 5000, "")
	w.product("q", 5000, "")
	commands := make([]string, 200)
	for i := range commands {
		commands[i] = cmd("POST", reservations, `{"holder":"ada"}`)
	}
	commands = append(commands, cmd("POST", "/v1/products/q/reservations", `{"holder":"ada"}`))
	sold := 0
	all := w.batch(commands).answers(len(commands))
	all[0].is(201)
	all[200].is(201)
	for _, a := range all[:200] {
		if a.status == 201 {
			sold++
			continue
		}
		a.wantCode(429, "overloaded")
	}
	if v := w.do("GET", "/v1/products/p", "").is(200); v["sold"] != float64(sold) || sold == 200 {
		t.Errorf("%d commands were accepted, want fewer than 200; got %v, want sold = %d", sold, v, sold)
	}
}

// TestBatchStartsNothingLate: a command whose turn comes after batchTimeout is not started.
func TestBatchStartsNothingLate(t *testing.T) {
	w := newHarness(t)
	w.product("p", 50, "")
	for _, path := range []string{reservations, reservations + "?x", "/v1/performances/gig/bookings"} {
		item := batchItem{
			Method: optionalText{"POST", true},
			Path:   optionalText{path, true},
			Body:   []byte(`{"holder":"ada"}`),
		}
		late := batchCommand{item: &item, batches: w.server.batches,
			request: &request{server: w.server, id: "late", start: time.Now().Add(-batchTimeout)}}
		if late.run(nil); late.status != 429 || !strings.Contains(string(late.body), "overloaded") {
			t.Errorf("%s: got %d %s; want 429 overloaded", path, late.status, late.body)
		}
	}
}

func TestBatchIsBounded(t *testing.T) {
	w := newHarness(t)
	w.product("p", 5000, "")
	one := []string{cmd("POST", reservations, `{"holder":"ada"}`)}
	for range maxBatches {
		w.server.batches.running <- struct{}{}
	}
	w.batch(one).problem(429, "overloaded")
	<-w.server.batches.running
	w.batch(one).answers(1)[0].is(201)
	for range maxSubmitting {
		w.server.batches.slots <- struct{}{}
	}
	done := make(chan answer)
	go func() { done <- w.batch(one) }()
	select {
	case a := <-done:
		t.Errorf("got the answer %s, want none while %d other batches run", a.text, maxSubmitting)
	case <-time.After(20 * time.Millisecond): // too short a time can only hide a fault
	}
	for range maxSubmitting {
		<-w.server.batches.slots
	}
	(<-done).answers(1)[0].is(201)
	full := make([]string, maxBatchCommands)
	for i := range full {
		full[i] = one[0]
	}
	for i, a := range w.batch(full).answers(len(full)) {
		if v := a.is(201); v["remaining"] != float64(5000-3-i) {
			t.Fatalf("command %d: %s; want remaining = %v", i, a.text, float64(5000-3-i))
		}
	}
	pool := &w.server.batches.pool
	pool.mu.Lock()
	defer pool.mu.Unlock()
	if len(pool.free) > batchWindow {
		t.Errorf("the pool keeps %d coroutines, want at most %d", len(pool.free), batchWindow)
	}
	for range maxBatches - 1 {
		<-w.server.batches.running
	}
}

func TestBatchInLogAndMetrics(t *testing.T) {
	w := newHarness(t)
	w.product("p", 1, "")
	one := cmd("POST", reservations, `{"holder":"ada"}`)
	w.batch([]string{one, one, one}, "X-Request-Id", "mine").answers(3)
	text := w.do("GET", "/metrics", "").text
	for _, line := range []string{
		`admitone_batch_commands_total{method="POST",route="/v1/products/:id/reservations",status="201"} 1`,
		`admitone_batch_commands_total{method="POST",route="/v1/products/:id/reservations",status="409"} 2`,
		`admitone_http_requests_total{method="POST",route="/v1/batch",status="200"} 1`,
		`admitone_problems_total{code="sold_out"} 2`,
	} {
		if !strings.Contains(text, line) {
			t.Errorf("got metrics without the line %s, want it", line)
		}
	}
	if strings.Contains(text, `admitone_http_requests_total{method="POST",route="/v1/products/:id/reservations"`) {
		t.Error("a command of a batch counts as an HTTP request, want only the batch to count")
	}
	eventually(t, func() bool { return strings.Contains(w.access.String(), `"commands":3`) })
	if n := strings.Count(w.access.String(), `"mine"`); n != 1 {
		t.Errorf("the access log has %d lines of the batch, want 1", n)
	}
}
