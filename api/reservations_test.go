package api

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
)

// fields checks that an object has exactly these members.
func fields(t *testing.T, v map[string]any, names string) {
	t.Helper()
	if have := slices.Sorted(maps.Keys(v)); strings.Join(have, " ") != names {
		t.Errorf("the fields are %v, want %s", have, names)
	}
}

func TestProductLifecycle(t *testing.T) {
	const names = "edit_tag held hold_seconds id limit_per_holder name position price remaining revision sold stock"
	w := newHarness(t)
	body := `{"id":"p","name":"Tëst","stock":10,"price":250,"limit_per_holder":4,"hold_seconds":60}`
	a := w.do("POST", "/v1/products", body)
	v := a.is(201)
	fields(t, v, names)
	if a.header.Get("Location") != "/v1/products/p" || a.header.Get("ETag") != `"0"` || v["position"] != float64(1) ||
		v["remaining"] != float64(10) {
		t.Errorf("got %v %v; want Location = /v1/products/p, ETag = \"0\", position = 1, remaining = 10", v, a.header)
	}
	repeated := w.do("POST", "/v1/products", body)
	fields(t, repeated.is(200), names)
	w.do("POST", "/v1/products", strings.Replace(body, "250", "251", 1)).problem(409, "already_exists")
	fields(t, w.do("GET", "/v1/products/p", "").is(200), names)
	fresh := w.do("POST", "/v1/products", `{"name":"n","stock":0}`).is(201)
	if id := fresh["id"].(string); len(id) != 36 || id[14] != '7' || fresh["hold_seconds"] != float64(300) ||
		fresh["price"] != float64(0) {
		t.Errorf("a product with an id of the server's: %v; want len(id) = 36, id[14] = '7', hold_seconds = 300, price = 0",
			fresh)
	}
	w.reserve("p", "ada", `,"quantity":3`).is(201)
	w.reserve("p", "ada", `,"quantity":1,"hold":true`).is(201)
	edit := func(revision int, body string) answer {
		return w.do("PATCH", "/v1/products/p", body, "If-Match", fmt.Sprintf(`"%d"`, revision))
	}
	if v := edit(2, `{"stock":3}`).problem(409, "limit_exceeded"); v["held"] != float64(1) || v["sold"] != float64(3) {
		t.Errorf("got %v; want held = 1, sold = 3", v)
	}
	edited := edit(2, `{"stock":4,"name":"new","price":0,"limit_per_holder":0}`).is(200)
	if fields(t, edited, names); edited["remaining"] != float64(0) || edited["name"] != "new" ||
		edited["limit_per_holder"] != float64(0) {
		t.Errorf("got %v; want remaining = 0, name = new, limit_per_holder = 0", edited)
	}
	edit(3, `{"id":"q"}`).problem(422, "unknown_field")
	edit(3, `{"hold_seconds":1}`).problem(422, "unknown_field")
	// A retry of the creation is compared with the creation, despite later edits.
	if repeated := w.do("POST", "/v1/products", body).is(200); repeated["name"] != "new" {
		t.Errorf("got %v; want name = new", repeated)
	}
	w.do("POST", "/v1/products", strings.Replace(body, "Tëst", "new", 1)).problem(409, "already_exists")
}

func TestReservationLifecycle(t *testing.T) {
	const names = "holder id position product_id quantity remaining revision status"
	const heldNames = "expires_at " + names
	w := newHarness(t)
	w.product("p", 10, `,"limit_per_holder":5`)
	a := w.reserve("p", "ada", `,"quantity":2`)
	v := a.is(201)
	fields(t, v, names)
	rid := v["id"].(string)
	path := "/v1/products/p/reservations/" + rid
	if a.header.Get("Location") != path || a.header.Get("ETag") != `"1"` || v["status"] != "confirmed" ||
		v["remaining"] != float64(8) ||
		v["quantity"] != float64(2) || v["holder"] != "ada" ||
		v["product_id"] != "p" {
		t.Errorf("got %v %v; want 2 units confirmed for ada at %s, 8 remaining, ETag = \"1\"", v, a.header, path)
	}
	if got := w.do("GET", path, ""); got.text != a.text {
		t.Errorf("read back: got %s, want %s", got.text, a.text)
	}
	w.do("POST", path+"/confirm", "").problem(409, "already_confirmed")

	held := w.reserve("p", "ada", `,"quantity":3,"hold":true`).is(201)
	fields(t, held, heldNames)
	if v := w.reserve("p", "ada", "").problem(409, "limit_exceeded"); v["limit"] != float64(5) ||
		v["taken"] != float64(5) {
		t.Errorf("got %v; want limit = 5, taken = 5", v)
	}
	if v := w.reserve("p", "bob", `,"quantity":6`).problem(409, "limit_exceeded"); v["taken"] != float64(0) {
		t.Errorf("got %v; want taken = 0", v)
	}
	w.reserve("p", "bob", `,"quantity":5`).is(201)
	if v := w.reserve("p", "eve", "").problem(409, "sold_out"); v["remaining"] != float64(0) {
		t.Errorf("got %v; want remaining = 0", v)
	}
	path = "/v1/products/p/reservations/" + held["id"].(string)
	fields(t, w.do("GET", path, "").is(200), heldNames)
	confirmed := w.do("POST", path+"/confirm", "{}").is(200)
	if fields(t, confirmed, names); confirmed["status"] != "confirmed" || confirmed["quantity"] != float64(3) {
		t.Errorf("got %v; want status = confirmed, quantity = 3", confirmed)
	}
	w.do("POST", path+"/confirm", "").problem(409, "already_confirmed")
	released := w.do("DELETE", path, "")
	if v := released.is(200); v["status"] != "released" || v["remaining"] != float64(3) {
		t.Errorf("got %v; want status = released, remaining = 3", v)
	}
	w.reserve("p", "eve", "").is(201)
	for range 2 {
		repeated := w.do("DELETE", path, "")
		if repeated.is(200); repeated.text != released.text || repeated.header.Get("ETag") != released.header.Get("ETag") {
			t.Errorf("released again: got %s, want %s", repeated.text, released.text)
		}
	}
	if got := w.do("GET", path, ""); got.text != released.text {
		t.Errorf("read after the release: %s, want %s", got.text, released.text)
	}
	w.do("POST", path+"/confirm", "").problem(410, "released")
	w.do("DELETE", "/v1/products/p/reservations/0190cafe-0000-7000-8000-00000000abcd", "").problem(404, "not_found")
	w.stop()
	w.start()
	if repeated := w.do("DELETE", path, ""); repeated.text != released.text {
		t.Errorf("released again after a restart: %s, want %s", repeated.text, released.text)
	}
	w.do("POST", path+"/confirm", "").problem(410, "released")
	if v := w.do("GET", "/v1/products/p", "").is(200); v["sold"] != float64(8) || v["held"] != float64(0) ||
		v["remaining"] != float64(2) {
		t.Errorf("got %v; want sold = 8, held = 0, remaining = 2", v)
	}
}

func TestLastUnit(t *testing.T) {
	w := newHarness(t)
	w.product("p", 1, "")
	var mu sync.Mutex
	var all sync.WaitGroup
	statuses := map[int]int{}
	for i := range 100 {
		all.Go(func() {
			a := w.reserve("p", fmt.Sprintf("holder-%d", i), "")
			if a.status == 409 {
				a.problem(409, "sold_out")
			}
			mu.Lock()
			defer mu.Unlock()
			statuses[a.status]++
		})
	}
	if all.Wait(); statuses[201] != 1 || statuses[409] != 99 {
		t.Errorf("100 requests for the last unit got the statuses %v, want 201 once and 409 99 times", statuses)
	}
	if v := w.do("GET", "/v1/products/p", "").is(200); v["remaining"] != float64(0) || v["sold"] != float64(1) {
		t.Errorf("got %v; want remaining = 0, sold = 1", v)
	}
}

func TestHoldExpires(t *testing.T) {
	w := newHarness(t)
	w.product("p", 5, `,"hold_seconds":1`)
	p := w.dial("/ws")
	p.Send(`{"event":"subscribe","data":{"topics":["product:p"]}}`)
	p.Expect("snapshot")
	v := w.reserve("p", "ada", `,"quantity":2,"hold":true`).is(201)
	path := "/v1/products/p/reservations/" + v["id"].(string)
	if d := p.Expect("delta"); d.Cause != "held" || d.Held != 2 || d.Remaining != 3 || d.Change != -2 {
		t.Errorf("got %+v; want cause = held, held = 2, remaining = 3, change = -2", d)
	}
	if d := p.Expect("delta"); d.Cause != "expired" || d.Held != 0 || d.Remaining != 5 || d.Change != 2 {
		t.Errorf("got %+v; want cause = expired, held = 0, remaining = 5, change = 2", d)
	}
	for range 2 {
		if v := w.do("POST", path+"/confirm", "").problem(410, "hold_expired"); v["expired_at"] == nil {
			t.Errorf("got %v; want an expired_at", v)
		}
		w.do("DELETE", path, "").problem(410, "hold_expired")
		if v := w.do("GET", path, "").is(200); v["status"] != "expired" || v["expires_at"] == nil {
			t.Errorf("got %v; want status = expired, and expires_at", v)
		}
	}
}

// TestReleaseRace: of concurrent releases of one hold, one returns its units, and all get the same answer.
func TestReleaseRace(t *testing.T) {
	w := newHarness(t)
	w.product("p", 1, "")
	path := "/v1/products/p/reservations/" + w.reserve("p", "ada", `,"hold":true`).is(201)["id"].(string)
	var all sync.WaitGroup
	var mu sync.Mutex
	texts := map[string]int{}
	for range 20 {
		all.Go(func() {
			a := w.do("DELETE", path, "")
			mu.Lock()
			defer mu.Unlock()
			texts[fmt.Sprint(a.status, a.text)]++
		})
	}
	if all.Wait(); len(texts) != 1 {
		t.Errorf("20 releases of one hold got the answers %v, want the same for all", texts)
	}
	if v := w.do("GET", "/v1/products/p", "").is(200); v["remaining"] != float64(1) {
		t.Errorf("got %v; want remaining = 1", v)
	}
}
