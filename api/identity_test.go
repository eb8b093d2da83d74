package api

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
)

// TestRequestID: the id of a request is in its response, in the events that it caused and in the access log.
func TestRequestID(t *testing.T) {
	w := newHarness(t)
	a := w.do("POST", "/v1/products", `{"id":"p","name":"n","stock":9}`, "X-Request-Id", "my-id~1")
	if a.is(201); a.header.Get("X-Request-Id") != "my-id~1" {
		t.Errorf("X-Request-Id = %q, want my-id~1", a.header.Get("X-Request-Id"))
	}
	issued := map[string]bool{}
	for _, hostile := range []string{"", "a b", "ä", strings.Repeat("a", 129), "a\tb"} {
		a := w.reserve("p", "ada", "", "X-Request-Id", hostile)
		id := a.header.Get("X-Request-Id")
		if a.is(201); len(id) != 36 || issued[id] {
			t.Errorf("X-Request-Id = %q for %q, want a new UUID", id, hostile)
		}
		issued[id] = true
	}
	w.do("GET", "/v1/nothing", "", "X-Request-Id", "lost").problem(404, "not_found")
	w.reserve("q", "ada", "", "X-Request-Id", "refused").problem(404, "not_found")
	events := w.do("GET", "/v1/events", "").is(200)["items"].([]any)
	seen := map[string]bool{}
	for _, e := range events {
		seen[e.(map[string]any)["correlationid"].(string)] = true
	}
	for id := range issued {
		if !seen[id] {
			t.Errorf("no event has the correlation id %s, want one", id)
		}
	}
	if !seen["my-id~1"] || len(events) != 6 {
		t.Errorf("got %d events with the correlation ids %v; want 6, and my-id~1", len(events), seen)
	}
	w.stop() // flushes the access log
	logged := map[string]int{}
	for line := range strings.Lines(w.access.String()) {
		var l struct {
			RequestID string `json:"request_id"`
			Status    int
			Method    string
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil || l.Method == "" || l.Status == 0 {
			t.Errorf("the access log has %q (%v), want JSON with method and status", line, err)
		}
		logged[l.RequestID]++
	}
	for _, id := range []string{"my-id~1", "lost", "refused"} {
		if logged[id] != 1 {
			t.Errorf("the access log has %q %d times, want once", id, logged[id])
		}
	}
}

func TestETags(t *testing.T) {
	w := newHarness(t)
	w.product("p", 9, "")
	rid := w.reserve("p", "ada", `,"hold":true`).is(201)["id"].(string)
	paths := []string{
		"/v1/products/p",
		"/v1/products/p?at=2",
		"/v1/products/p/reservations/" + rid,
		"/v1/products/p/reservations/" + rid + "?at=2",
	}
	for _, path := range paths {
		a := w.do("GET", path, "")
		tag := a.header.Get("ETag")
		if v := a.is(200); tag != fmt.Sprintf(`"%v"`, v["revision"]) {
			t.Errorf("%s: ETag %s, revision %v; want tag = %v", path, tag, v["revision"], fmt.Sprintf(`"%v"`, v["revision"]))
		}
		for _, have := range []string{tag, "W/" + tag, `"77", ` + tag, "*"} {
			if a := w.do("GET", path, "", "If-None-Match", have); a.status != 304 || a.text != "" ||
				a.header.Get("ETag") != tag {
				t.Errorf("%s: status %d %s for If-None-Match %s; want status = 304, text = empty, ETag = %v",
					path, a.status, a.text, have, tag)
			}
		}
		for _, have := range []string{`"77"`, "garbage", strings.Trim(tag, `"`), ","} {
			w.do("GET", path, "", "If-None-Match", have).is(200)
		}
	}
}

func TestIfMatch(t *testing.T) {
	w := newHarness(t)
	w.product("p", 9, "")
	edit := func(tag string) answer { return w.do("PATCH", "/v1/products/p", `{"price":5}`, "If-Match", tag) }
	edit("").problem(428, "revision_required")
	edit("*").problem(428, "revision_required")
	// None of these tags was issued. Tags are compared byte by byte, so that even 00 is not 0.
	for _, tag := range []string{"0", `"`, `"0", "1"`, `"0`, `0"`, `" 0"`, `W/0`, `w/"0"`, `"0""`, `"0",`, `"00"`,
		`"-0"`, `"+0"`, `"0.0"`, `"1e0"`, `"0x0"`, `""`, `"a"`, `W/"0"`, `"9223372036854775807"`,
		`"9223372036854775808"`} {
		v := edit(tag).problem(412, "stale_revision")
		if v["current_revision"] != float64(0) ||
			!strings.Contains(v["detail"].(string), "not exactly a tag") && tag != `"9223372036854775807"` {
			t.Errorf("%s: got %v; want current_revision = 0, and a detail that calls an invalid tag invalid", tag, v)
		}
	}
	w.do("PATCH", "/v1/products/q", `{"price":5}`, "If-Match", `"00"`).problem(404, "not_found")
	if v := edit(`"7"`).problem(412, "stale_revision"); v["current_revision"] != float64(0) {
		t.Errorf("got %v; want current_revision = 0", v)
	}
	a := edit(`"0"`)
	if v := a.is(200); v["revision"] != float64(1) || v["price"] != float64(5) || a.header.Get("ETag") != `"1"` {
		t.Errorf("got %v %v; want revision = 1, price = 5, ETag = \"1\"", v, a.header)
	}
	w.do("PATCH", "/v1/products/q", `{"price":5}`, "If-Match", `"0"`).problem(404, "not_found")

	var mu sync.Mutex
	var all sync.WaitGroup
	statuses := map[int]int{}
	for range 5 {
		all.Go(func() {
			a := w.do("PATCH", "/v1/products/p", `{"stock":20}`, "If-Match", `"1"`)
			mu.Lock()
			defer mu.Unlock()
			if statuses[a.status]++; a.status == 412 && a.is(412)["current_revision"] != float64(2) {
				t.Errorf("a stale edit got %s, want current_revision = 2", a.text)
			}
		})
	}
	if all.Wait(); statuses[200] != 1 || statuses[412] != 4 {
		t.Errorf("five edits of one revision got the statuses %v, want 200 once and 412 four times", statuses)
	}
}

func TestIdempotencyKey(t *testing.T) {
	w := newHarness(t)
	w.product("p", 5, "")
	w.product("q", 1, "")
	same := func(first, repeated answer) {
		t.Helper()
		if repeated.status != first.status || repeated.text != first.text ||
			repeated.header.Get("ETag") != first.header.Get("ETag") ||
			repeated.header.Get("Location") != first.header.Get("Location") ||
			repeated.header.Get("Idempotent-Replay") != "true" {
			t.Errorf("%s: the retry got %d %s %v, want the replay of %d %s %v", first.what,
				repeated.status, repeated.text, repeated.header, first.status, first.text, first.header)
		}
		if first.header.Get("Idempotent-Replay") != "" {
			t.Errorf("%s: got Idempotent-Replay on the first answer, want none", first.what)
		}
	}
	key := []string{"Idempotency-Key", "k~" + strings.Repeat("x", 126)}
	first := w.reserve("p", "ada", `,"hold":true`, key...)
	rid := first.is(201)["id"].(string)
	same(first, w.reserve("p", "ada", `,"hold":true`, key...))
	w.reserve("p", "ada", "", key...).problem(422, "idempotency_key_reused")
	bob := w.reserve("p", "bob", `,"hold":true`, key...) // the same key, a different holder
	bobs := bob.is(201)["id"].(string)
	if bobs == rid || bob.header.Get("Idempotent-Replay") != "" {
		t.Errorf("bob got %s with ada's key, want a reservation of his own", bob.text)
	}
	confirm := func(id string) answer {
		return w.do("POST", "/v1/products/p/reservations/"+id+"/confirm", "{}", key...)
	}
	confirmed := confirm(rid)
	confirmed.is(200)
	confirm(bobs).is(200)
	same(confirmed, confirm(rid))
	created := w.do("POST", "/v1/products", `{"name":"n","stock":1}`, key...)
	created.is(201)
	same(created, w.do("POST", "/v1/products", `{"name":"n","stock":1}`, key...))
	w.do("POST", "/v1/products", `{"name":"n","stock":2}`, key...).problem(422, "idempotency_key_reused")
	for _, bad := range []string{strings.Repeat("x", 129), "a b", "ä", "a\tb"} {
		w.reserve("p", "ada", "", "Idempotency-Key", bad).problem(400, "bad_parameter")
		w.do("POST", "/v1/products", `{"name":"n","stock":2}`, "Idempotency-Key", bad).problem(400, "bad_parameter")
	}
	// A refusal is not stored: once a unit is available, the same key gets it.
	taken := w.reserve("q", "ada", "").is(201)["id"].(string)
	w.reserve("q", "bob", "", key...).problem(409, "sold_out")
	w.do("DELETE", "/v1/products/q/reservations/"+taken, "").is(200)
	late := w.reserve("q", "bob", "", key...)
	late.is(201)
	w.stop()
	w.start()
	same(first, w.reserve("p", "ada", `,"hold":true`, key...))
	same(confirmed, confirm(rid))
	same(late, w.reserve("q", "bob", "", key...))
	same(created, w.do("POST", "/v1/products", `{"name":"n","stock":1}`, key...))
	w.reserve("p", "ada", "", key...).problem(422, "idempotency_key_reused")
	if v := w.do("GET", "/v1/products/p", "").is(200); v["sold"] != float64(2) || v["held"] != float64(0) {
		t.Errorf("after the retries: got %v; want sold = 2, held = 0", v)
	}
}

// TestIdempotencyKeyRace: of concurrent requests with one key one is decided, and all get its answer.
func TestIdempotencyKeyRace(t *testing.T) {
	w := newHarness(t)
	w.product("p", 100, "")
	var all sync.WaitGroup
	var mu sync.Mutex
	texts := map[string]int{}
	for range 20 {
		all.Go(func() {
			a := w.reserve("p", "ada", "", "Idempotency-Key", "one")
			mu.Lock()
			defer mu.Unlock()
			texts[a.text]++
		})
	}
	all.Wait()
	if v := w.do("GET", "/v1/products/p", "").is(200); len(texts) != 1 || v["sold"] != float64(1) {
		t.Errorf("got %d distinct answers: %v, sold = %v; want 1, sold = 1", len(texts), texts, v["sold"])
	}
}
