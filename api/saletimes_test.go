package api

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// after returns the time d from now, in the API's format.
func after(d time.Duration) string { return time.Now().Add(d).UTC().Format(time.RFC3339Nano) }

// productFacts counts the facts of a product by their names.
func (w *harness) productFacts(id string) map[string]int {
	w.t.Helper()
	count := map[string]int{}
	for _, item := range w.do("GET", "/v1/streams/product-"+id+"/events?limit=500", "").is(200)["items"].([]any) {
		count[item.(map[string]any)["type"].(string)]++
	}
	return count
}

func TestProductTimes(t *testing.T) {
	w := newHarness(t)
	opens, closes := after(time.Hour), after(2*time.Hour)
	created := fmt.Sprintf(`{"id":"a","name":"A","stock":5,"opens_at":%q,"closes_at":%q}`, opens, closes)
	if v := w.do("POST", "/v1/products", created).is(201); v["opens_at"] != opens || v["closes_at"] != closes ||
		v["edit_tag"] != "e0" {
		t.Errorf("got %v; want opens_at = %v, closes_at = %v, edit_tag = e0", v, opens, closes)
	}
	w.do("POST", "/v1/products", created).is(200)
	w.do("POST", "/v1/products", `{"id":"a","name":"A","stock":5}`).problem(409, "already_exists")

	early := w.reserve("a", "ann", "")
	if v := early.problem(409, "not_open"); v["opens_at"] != opens {
		t.Errorf("got %v; want opens_at = %v", v, opens)
	}
	if seconds, err := strconv.Atoi(early.header.Get("Retry-After")); err != nil || seconds < 3590 || seconds > 3600 {
		t.Errorf("Retry-After is %q, want 3590 to 3600", early.header.Get("Retry-After"))
	}
	edit := func(tag, body string) answer { return w.do("PATCH", "/v1/products/a", body, "If-Match", tag) }
	if v := edit(`"e0"`, `{"opens_at":null}`).is(200); v["opens_at"] != nil || v["closes_at"] != closes ||
		v["edit_tag"] != "e1" {
		t.Errorf("got %v; want opens_at = nil, closes_at = %v, edit_tag = e1", v, closes)
	}
	held := w.reserve("a", "ann", `,"hold":true`).is(201)
	past := after(-time.Minute)
	if v := edit(`"e1"`, `{"closes_at":"`+past+`"}`).is(200); v["closes_at"] != past || v["edit_tag"] != "e3" {
		t.Errorf("got %v; want closes_at = %v, edit_tag = e3", v, past)
	}
	if v := w.reserve("a", "bob", "").problem(409, "sale_closed"); v["closes_at"] != past {
		t.Errorf("got %v; want closes_at = %v", v, past)
	}
	w.do("POST", "/v1/products/a/reservations/"+held["id"].(string)+"/confirm", "").is(200)
	if v := edit(`"e3"`, `{"opens_at":"`+past+`"}`).problem(422, "invalid_field"); v["field"] != "closes_at" {
		t.Errorf("got %v; want field = closes_at", v)
	}
	for body, field := range map[string]string{
		`{"opens_at":"soon"}`: "opens_at", `{"closes_at":7}`: "closes_at", `{"closes_at":""}`: "closes_at",
		`{"stock":null}`: "stock",
	} {
		if v := edit(`"e3"`, body).problem(422, "invalid_field"); v["field"] != field {
			t.Errorf("%s: got %v; want field = %v", body, v, field)
		}
	}
	for _, body := range []string{`"opens_at":null`, `"opens_at":"x"`, `"closes_at":1`,
		`"opens_at":"2031-01-01T00:00:00Z","closes_at":"2031-01-01T00:00:00Z"`} {
		w.do("POST", "/v1/products", `{"name":"B","stock":5,`+body+`}`).problem(422, "invalid_field")
	}
	// The state as of position 1.
	if v := w.do("GET", "/v1/products/a?at=1", "").is(200); v["opens_at"] != opens || v["edit_tag"] != "e0" {
		t.Errorf("got %v; want opens_at = %v, edit_tag = e0", v, opens)
	}
}

// TestEditTag: an edit with the edit tag succeeds although sales have changed the ETag.
func TestEditTag(t *testing.T) {
	w := newHarness(t)
	w.product("a", 100, "")
	edit := func(tag string, stock int) answer {
		return w.do("PATCH", "/v1/products/a", fmt.Sprintf(`{"stock":%d}`, stock), "If-Match", tag)
	}
	w.reserve("a", "ann", "").is(201)
	edit(`"0"`, 90).problem(412, "stale_revision")
	if v := edit(`"e0"`, 90).is(200); v["edit_tag"] != "e2" || v["stock"] != 90.0 {
		t.Errorf("got %v; want edit_tag = e2, stock = 90", v)
	}
	for _, tag := range []string{`"e0"`, `"e1"`, `e2`, `"E2"`, `"e02"`, `W/"e2"`, `"e"`, `"e-2"`, `"ee2"`, `"e2","e2"`} {
		edit(tag, 80).problem(412, "stale_revision")
	}
	w.reserve("a", "bob", "").is(201)
	if v := edit(`"e2"`, 80).is(200); v["edit_tag"] != "e4" {
		t.Errorf("got %v; want edit_tag = e4", v)
	}
	if v := edit(`"4"`, 70).is(200); v["edit_tag"] != "e5" { // the ETag is still accepted
		t.Errorf("got %v; want edit_tag = e5", v)
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	for i := range 5 {
		all.Go(func() {
			w.reserve("a", fmt.Sprint("holder", i), "").is(201)
			a := edit(`"e5"`, 60+i)
			mu.Lock()
			defer mu.Unlock()
			statuses[a.status]++
		})
	}
	all.Wait()
	if statuses[200] != 1 || statuses[412] != 4 {
		t.Errorf("five edits of one tag got the statuses %v, want 200 once and 412 four times", statuses)
	}
	w.do("PATCH", "/v1/products/none", `{"stock":1}`, "If-Match", `"e0"`).problem(404, "not_found")
}

// TestBoundsAreRecordedOnce: the opening and the end of a sale are recorded once, also if they are in the past at
// the creation or pass while no server runs.
func TestBoundsAreRecordedOnce(t *testing.T) {
	t.Parallel() // it mostly waits
	w := newHarness(t)
	peer := w.dial("/ws")
	w.product("a", 5, fmt.Sprintf(`,"opens_at":%q,"closes_at":%q`, after(300*time.Millisecond),
		after(600*time.Millisecond)))
	w.product("past", 5, fmt.Sprintf(`,"opens_at":%q`, after(-time.Hour)))
	if got := w.productFacts("past"); got["product.opened.v1"] != 1 {
		t.Errorf("got %v; want one product.opened.v1", got)
	}
	peer.Send(`{"event":"subscribe","data":{"topics":["product:a"]}}`)
	causes := ""
	for !strings.Contains(causes, "closed") {
		if _, data := peer.Next(); data.Cause != "" {
			causes += data.Cause + " "
		}
	}
	if causes != "opened closed " {
		t.Errorf("got the causes %q, want \"opened closed \"", causes)
	}
	w.product("b", 5, fmt.Sprintf(`,"opens_at":%q,"closes_at":%q`, after(400*time.Millisecond), after(time.Hour)))
	w.product("c", 5, fmt.Sprintf(`,"opens_at":%q`, after(2*time.Second)))
	w.stop()
	time.Sleep(500 * time.Millisecond) // the bound of b passes while no server runs
	w.start()
	w.wait(func() bool { return w.productFacts("b")["product.opened.v1"] == 1 })
	w.wait(func() bool { return w.productFacts("c")["product.opened.v1"] == 1 })
	w.do("PATCH", "/v1/products/c", `{"opens_at":"`+after(100*time.Millisecond)+`"}`, "If-Match", `"e0"`).is(200)
	w.wait(func() bool { return w.productFacts("c")["product.opened.v1"] == 2 })
	for id, want := range map[string]string{"a": "1 1", "b": "1 0", "c": "2 0", "past": "1 0"} {
		got := w.productFacts(id)
		if got := fmt.Sprint(got["product.opened.v1"], got["product.closed.v1"]); got != want {
			t.Errorf("%s: got %s times opened and closed, want %s", id, got, want)
		}
	}
}

func TestTournamentOpening(t *testing.T) {
	w := newHarness(t)
	w.teams("a", "b")
	opens := after(time.Hour)
	w.tournament("cup", 2, fmt.Sprintf(`,"opens_at":%q,"status":"closed"`, opens))
	if v := w.do("GET", "/v1/tournaments/cup?min_position=3", "").is(200); v["opens_at"] != opens ||
		v["status"] != "closed" || v["edit_tag"] != "e0" {
		t.Errorf("got %v; want opens_at = %v, status = closed, edit_tag = e0", v, opens)
	}
	if v := w.enter("cup", "a").problem(409, "not_open"); v["opens_at"] != opens {
		t.Errorf("got %v; want opens_at = %v", v, opens)
	}
	edit := func(tag, body string) answer { return w.do("PATCH", "/v1/tournaments/cup", body, "If-Match", tag) }
	soon := after(300 * time.Millisecond)
	if v := edit(`"e0"`, `{"opens_at":"`+soon+`"}`).is(200); v["opens_at"] != soon || v["edit_tag"] != "e1" {
		t.Errorf("got %v; want opens_at = %v, edit_tag = e1", v, soon)
	}
	opened := func() bool {
		list := w.do("GET", "/v1/streams/tournament-cup/events", "").is(200)["items"].([]any)
		return list[len(list)-1].(map[string]any)["type"] == "tournament.opened.v1"
	}
	w.wait(opened)
	w.enter("cup", "a").problem(409, "registration_closed")
	edit(`"1"`, `{"status":"open"}`).problem(412, "stale_revision")
	if v := edit(`"e1"`, `{"status":"open","opens_at":null}`).is(200); v["opens_at"] != nil || v["edit_tag"] != "e3" {
		t.Errorf("got %v; want opens_at = nil, edit_tag = e3", v)
	}
	w.enter("cup", "a").is(201)
	for _, body := range []string{`{"opens_at":"soon"}`, `{"status":"ajar"}`, `{"status":null}`} {
		edit(`"e3"`, body).problem(422, "invalid_field")
	}
	w.do("POST", "/v1/tournaments",
		`{"name":"C","team_limit":1,"register_deadline":"9999-01-01T00:00:00Z","status":"ajar"}`).
		problem(422, "invalid_field")
}
