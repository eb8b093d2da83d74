package api

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// listed is a page of a list.
type listed struct {
	Items []struct {
		ID        string
		Remaining int64
	}
	Next *string
	AsOf *struct {
		Position int64
		Time     time.Time
	} `json:"as_of"`
}

func (a answer) page() (p listed) {
	a.t.Helper()
	a.is(200)
	if err := json.Unmarshal([]byte(a.text), &p); err != nil {
		a.t.Fatal(err)
	}
	return p
}

func TestListBounds(t *testing.T) {
	w := newHarness(t)
	if p := w.do("GET", "/v1/products", "").page(); len(p.Items) != 0 || p.Next != nil {
		t.Errorf("an empty list: got %+v; want no items, next = nil", p)
	}
	for i := range 51 {
		w.product(fmt.Sprintf("p%02d", i), 1, "")
	}
	for _, path := range []string{"/v1/products", "/v1/events", "/v1/streams/product-p00/events"} {
		for _, limit := range []string{"0", "-1", "501", "1e1", "ten", "9999999999999999999", "1.0", "%ff", "0x10"} {
			w.do("GET", path+"?limit="+limit, "").problem(400, "bad_parameter")
		}
		for _, cursor := range []string{"%21", "a", "====", "_-8", url.QueryEscape("ä")} {
			w.do("GET", path+"?cursor="+cursor, "").problem(400, "bad_cursor")
		}
		w.do("GET", path+"?limit=500", "").page()
	}
	if p := w.do("GET", "/v1/products", "").page(); len(p.Items) != 50 || p.Next == nil {
		t.Errorf("the default page has %d items, next %v; want 50, and a next page", len(p.Items), p.Next)
	}
	if p := w.do("GET", "/v1/products?limit=51", "").page(); len(p.Items) != 51 || p.Next != nil {
		t.Errorf("a page of exactly all items: got %d items, next %v; want 51, nil", len(p.Items), p.Next)
	}
}

// TestListParameters: a list refuses unknown parameters and repeated ones. If they were ignored, a misspelt filter
// would list everything.
func TestListParameters(t *testing.T) {
	w := newHarness(t)
	w.product("p", 1, "")
	w.do("POST", "/v1/performances", `{"id":"gig","title":"Gig","venue":"Hall","starts_at":"2999-01-01T20:00:00Z",
		"sections":[{"id":"A","rows":1,"seats_per_row":2,"price":0}]}`).is(201)
	for path, refused := range map[string][]string{
		"/v1/products/p/reservations": {"reference=a", "state=held", "Status=held", "=held", "a", "status=held&status=confirmed",
			"limit=1&limit=2"},
		"/v1/reservations?reference=a":  {"quantity=1", "reference=b"},
		"/v1/performances/gig/bookings": {"reference=a", "seat=A-1-1"},
		"/v1/bookings?reference=a":      {"stauts=held"},
		"/v1/refunds":                   {"state=owed", "holder=ada", "at=1"},
	} {
		separator := "?"
		if strings.Contains(path, "?") {
			separator = "&"
		} else {
			w.do("GET", path, "").is(200)
			w.do("GET", path+"?limit=1&format=json", "").is(200)
		}
		for _, query := range refused {
			w.do("GET", path+separator+query, "").problem(400, "bad_parameter")
		}
	}
}

// TestCursorWalk: a walk sees each initial item exactly once, whatever is created meanwhile.
func TestCursorWalk(t *testing.T) {
	w := newHarness(t)
	for i := range 40 {
		w.product(fmt.Sprintf("old-%02d", i), 1, "")
	}
	var creating sync.WaitGroup
	creating.Go(func() {
		for i := range 40 {
			w.product(fmt.Sprintf("%c-new-%02d", 'a'+i%26, i), 1, "")
		}
	})
	seen := map[string]int{}
	for cursor := ""; ; {
		p := w.do("GET", "/v1/products?limit=3&cursor="+cursor, "").page()
		for _, item := range p.Items {
			seen[item.ID]++
		}
		if p.Next == nil {
			break
		}
		cursor = *p.Next
	}
	creating.Wait()
	for i := range 40 {
		if id := fmt.Sprintf("old-%02d", i); seen[id] != 1 {
			t.Errorf("%s was listed %d times, want once", id, seen[id])
		}
	}
	for id, times := range seen {
		if times != 1 {
			t.Errorf("%s was listed %d times, want once", id, times)
		}
	}
	events, cursor := map[float64]bool{}, ""
	for more := true; more; {
		v := w.do("GET", "/v1/events?limit=7&cursor="+cursor, "").is(200)
		for _, e := range v["items"].([]any) {
			events[e.(map[string]any)["position"].(float64)] = true
		}
		cursor, more = v["next"].(string)
	}
	if len(events) != 80 {
		t.Errorf("the walk along the log saw %d events, want 80", len(events))
	}
}

func TestAsOf(t *testing.T) {
	w := newHarness(t)
	w.product("p", 10, "") // position 1
	held := w.reserve("p", "ada", `,"quantity":3,"hold":true`).is(201)
	rid := held["id"].(string)
	w.product("q", 1, "") // 3
	w.do("POST", "/v1/products/p/reservations/"+rid+"/confirm", "").is(200)
	w.do("PATCH", "/v1/products/p", `{"name":"new"}`, "If-Match", `"2"`).is(200) // 5
	w.do("DELETE", "/v1/products/p/reservations/"+rid, "").is(200)               // 6
	one := func(path string) map[string]any { return w.do("GET", path, "").is(200) }
	for at, want := range map[string]string{
		"1": "10 10 0 0 the p 1", "2": "10 7 3 0 the p 2", "3": "10 7 3 0 the p 3", "4": "10 7 0 3 the p 4",
		"5": "10 7 0 3 new 5", "6": "10 10 0 0 new 6", "7": "10 10 0 0 new 6", "9223372036854775807": "10 10 0 0 new 6",
	} {
		v := one("/v1/products/p?at=" + at)
		if got := fmt.Sprintf("%v %v %v %v %v %v", v["stock"], v["remaining"], v["held"], v["sold"], v["name"],
			v["as_of"].(map[string]any)["position"]); got != want {
			t.Errorf("at %s: got %s, want %s", at, got, want)
		}
	}
	for at, want := range map[string]string{"2": "held", "3": "held", "4": "confirmed", "6": "released"} {
		if v := one("/v1/products/p/reservations/" + rid + "?at=" + at); v["status"] != want || v["as_of"] == nil {
			t.Errorf("the reservation at %s: %v; want status = %v, and as_of", at, v, want)
		}
	}
	w.do("GET", "/v1/products/p/reservations/"+rid+"?at=1", "").problem(404, "not_found")
	w.do("GET", "/v1/products/q?at=2", "").problem(404, "not_found")
	w.do("GET", "/v1/products/nothing?at=2", "").problem(404, "not_found")
	if p := w.do("GET", "/v1/products?at=2", "").page(); len(p.Items) != 1 || p.Items[0].Remaining != 7 ||
		p.AsOf == nil ||
		p.AsOf.Position != 2 {
		t.Errorf("the list at 2: %+v; want one item with 7 remaining, as of position 2", p)
	}
	events := one("/v1/events")["items"].([]any)
	for i, e := range events {
		recorded := e.(map[string]any)["recorded"].(string)
		v := one("/v1/products/p?at=" + url.QueryEscape(recorded))["as_of"].(map[string]any)
		if position := int(v["position"].(float64)); position < i+1 || v["time"] != recorded {
			t.Errorf("at the time of event %d: %v; want position ≥ %v, time = %v", i+1, v, i+1, recorded)
		}
		decided := e.(map[string]any)["time"].(string) // the time shown in histories
		if v := one("/v1/products/p?at=" +
			url.QueryEscape(decided))["as_of"].(map[string]any); v["position"].(float64) < float64(i+1) {
			t.Errorf("at the time at which event %d was decided: %v; want position ≥ %v", i+1, v, float64(i+1))
		}
	}
	for _, path := range []string{"/v1/products/p", "/v1/products/p/reservations/" + rid} {
		w.do("GET", path+"?at=0", "").problem(404, "not_found")
	}
	if p := w.do("GET", "/v1/products?at=0", "").page(); len(p.Items) != 0 || p.AsOf == nil || p.AsOf.Position != 0 {
		t.Errorf("the list before everything: %+v; want no items, as of position 0", p)
	}
	one("/v1/products/p?at=99999999999999999999")
	first, err := time.Parse(time.RFC3339Nano, events[0].(map[string]any)["time"].(string))
	w.must(err)
	w.do("GET", "/v1/products/p?at="+url.QueryEscape(first.Add(-time.Nanosecond).Format(time.RFC3339Nano)), "").problem(
		404,
		"not_found",
	)
	requested := time.Now()
	future := one("/v1/products/p?at=9999-12-31T23:59:59-12:00")["as_of"].(map[string]any)
	if past, err := time.Parse(time.RFC3339Nano, future["time"].(string)); err != nil || past.Before(requested) ||
		past.After(time.Now()) ||
		future["position"] != float64(6) {
		t.Errorf("the future: got as_of = %v, want now and position 6", future)
	}
	one("/v1/products/p?at=2999-01-01T00:00:00+02:00") // an unescaped +
	for _, bad := range []string{"-1", "1.5", "yesterday", "2026-01-01", "0000-01-01T00:00:00%2B12:00", "%00"} {
		for _, path := range []string{"/v1/products/p", "/v1/products", "/v1/products/p/reservations/" + rid} {
			w.do("GET", path+"?at="+bad, "").problem(400, "bad_parameter")
		}
	}
}

func TestMinPosition(t *testing.T) {
	w := newHarness(t)
	w.product("p", 1000, "")
	for i := range 50 {
		v := w.reserve("p", "ada", "").is(201)
		if got := w.do("GET", "/v1/products/p", "").is(200); got["sold"] != float64(i+1) {
			t.Fatalf("after %d reservations: got %v; want sold = %v", i+1, got, float64(i+1))
		}
		w.do("GET", fmt.Sprintf("/v1/products/p?min_position=%v", v["position"]), "").is(200)
	}
	for _, path := range []string{"/v1/products/p", "/v1/products",
		"/v1/products/p/reservations/0190cafe-0000-7000-8000-00000000abcd"} {
		for _, bad := range []string{"-1", "x", "9223372036854775808", "1.0"} {
			w.do("GET", path+"?min_position="+bad, "").problem(400, "bad_parameter")
		}
	}
	var waiting sync.WaitGroup
	// A query waits for a position that is not reached yet.
	waiting.Go(func() {
		if v := w.do("GET", "/v1/products/p?min_position=52", "").is(200); v["sold"] != float64(51) {
			t.Errorf("got %v; want sold = 51", v)
		}
	})
	w.reserve("p", "ada", "").is(201)
	waiting.Wait()
	w.server.viewsTimeout = 20 * time.Millisecond // no request is in progress
	for _, path := range []string{"/v1/products/p", "/v1/products"} {
		w.do("GET", path+"?min_position=1000000", "").problem(503, "projection_behind")
	}
}
