package api

import (
	"fmt"
	"strings"
	"testing"

	"admitone/events"
)

// TestHallOfPages: the pages read the map of a plan, and learn whether their copy is still current.
func TestHallOfPages(t *testing.T) {
	w := newHarness(t)
	w.do("GET", "/halls/parlour", "").problem(404, "not_found")
	w.do("POST", "/v1/plans", fmt.Sprintf(parlour, `"id":"parlour",`)).is(201)
	got := w.do("GET", "/halls/parlour", "")
	if shown := got.is(200); encoded(t, shown["numbers"]) != `[["1","2","3b"]]` {
		t.Errorf("got %s; want numbers = [[\"1\",\"2\",\"3b\"]]", got.text)
	}
	tag := got.header.Get("ETag")
	if packed := w.do("GET", "/halls/parlour", "", "Accept-Encoding", "gzip"); packed.status != 200 ||
		packed.header.Get("Content-Encoding") != "gzip" || packed.header.Get("ETag") != tag ||
		packed.header.Get("Cache-Control") != "no-cache" || len(packed.text) >= len(got.text) {
		t.Errorf("got %d %v, %d bytes; want 200, gzip, no-cache, ETag = %s, fewer than %d bytes",
			packed.status, packed.header, len(packed.text), tag, len(got.text))
	}
	if repeated := w.do("GET", "/halls/parlour", "", "If-None-Match", tag); repeated.status != 304 || repeated.text != "" {
		t.Errorf("got %d %s; want status = 304, text = empty", repeated.status, repeated.text)
	}
	w.do("POST", "/v1/plans", strings.Replace(fmt.Sprintf(parlour, `"id":"other",`), "3b", "3c", 1)).is(201)
	if other := w.do("GET", "/halls/other", "", "If-None-Match", tag); other.status != 200 {
		t.Errorf("got %d %s; want status = 200", other.status, other.text)
	}
}

// TestHallMapsAreBounded: a map is compiled once while it is cached, and the least recently shown map is
// dropped first.
func TestHallMapsAreBounded(t *testing.T) {
	var maps hallMaps
	plan, err := events.ParsePlan([]byte(`{"name":"Hall","size":{"width":1,"height":1},"categories":[{"name":"A"}],
		"zones":[{"name":"Z","position":{"x":0,"y":0},"rows":[{"row_number":"1","position":{"x":0,"y":0},
		"seats":[{"seat_guid":"1","seat_number":"1","position":{"x":0,"y":0},"category":"A"}]}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	compiled := ""
	show := func(digest string) {
		t.Helper()
		shown, err := maps.get(digest, func() (*events.Hall, error) { compiled += digest; return plan.Compile() })
		if err != nil || shown.digest != digest || len(shown.body) == 0 {
			t.Errorf("%s: got %+v (%v), want a map with this digest and a body", digest, shown, err)
		}
	}
	for i := range cachedMaps {
		show(string(rune('a' + i)))
	}
	compiled = ""
	show("a")
	show("Z")
	show("a")
	show("b")
	if compiled != "Zb" || len(maps.recent) != cachedMaps {
		t.Errorf("compiled %q, with %d cached; want \"Zb\", with %d cached", compiled, len(maps.recent), cachedMaps)
	}
	_, err = maps.get("X", func() (*events.Hall, error) { return nil, events.ErrNoPlan })
	if err != events.ErrNoPlan {
		t.Errorf("got the error %v, want %v", err, events.ErrNoPlan)
	}
}
