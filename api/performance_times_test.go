package api

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"admitone/events"
	"admitone/projections/verify"
)

// gig puts a performance on sale that starts in two hours.
func (w *harness) gig(id, more string) answer {
	return w.do("POST", "/v1/performances", fmt.Sprintf(`{"id":%q,"title":"Gig","venue":"Hall","starts_at":%q,
		"sections":[{"id":"A","rows":1,"seats_per_row":9,"price":100}]%s}`, id, startOfGig, more))
}

var startOfGig = after(2 * time.Hour)

func (w *harness) bookSeat(id, holder, seat string) answer {
	return w.do("POST", "/v1/performances/"+id+"/bookings", fmt.Sprintf(`{"holder":%q,"seats":[%q]}`, holder, seat))
}

// typesOf counts the facts of a performance's own stream by their names.
func (w *harness) typesOf(id string) map[string]int {
	w.t.Helper()
	count := map[string]int{}
	for _, item := range w.do("GET", "/v1/streams/performance-"+id+"/events", "").is(200)["items"].([]any) {
		count[item.(map[string]any)["type"].(string)]++
	}
	return count
}

// verifyLog checks the whole log against all rules.
func (w *harness) verifyLog() {
	w.t.Helper()
	v := verify.New(true)
	for after := events.Position(0); ; {
		page, err := w.store.ReadAll(w.t.Context(), after, events.Forward, 1000)
		if err != nil {
			w.t.Fatal(err)
		}
		if len(page) == 0 {
			return
		}
		for i := range page {
			if err := v.Check(&page[i]); err != nil {
				w.t.Fatal(err)
			}
		}
		after = page[len(page)-1].Position
	}
}

func TestPerformanceTimes(t *testing.T) {
	w := newHarness(t)
	opens := after(time.Hour)
	more := fmt.Sprintf(`,"opens_at":%q`, opens)
	if v := w.gig("a", more).is(201); v["opens_at"] != opens || v["closes_at"] != startOfGig || v["edit_tag"] != "e0" {
		t.Errorf("got %v; want opens_at = %v, closes_at = %v, edit_tag = e0", v, opens, startOfGig)
	}
	w.gig("a", more).is(200)
	w.gig("a", "").problem(409, "already_exists")
	early := w.bookSeat("a", "ann", "A-1-1")
	if v := early.problem(409, "not_open"); v["opens_at"] != opens {
		t.Errorf("got %v; want opens_at = %v", v, opens)
	}
	if seconds, err := strconv.Atoi(early.header.Get("Retry-After")); err != nil || seconds < 3590 || seconds > 3600 {
		t.Errorf("Retry-After is %q, want 3590 to 3600", early.header.Get("Retry-After"))
	}
	edit := func(tag, body string) answer { return w.do("PATCH", "/v1/performances/a", body, "If-Match", tag) }
	if v := edit(`"e0"`, `{"opens_at":null}`).is(200); v["opens_at"] != nil || v["closes_at"] != startOfGig ||
		v["edit_tag"] != "e1" {
		t.Errorf("got %v; want opens_at = nil, closes_at = %v, edit_tag = e1", v, startOfGig)
	}
	held := w.bookSeat("a", "ann", "A-1-1").is(201)
	moved := after(3 * time.Hour)
	if v := edit(`"e1"`, `{"starts_at":"`+moved+`"}`).is(200); v["closes_at"] != moved || v["held"] != 1.0 {
		t.Errorf("got %v; want closes_at = %v, held = 1", v, moved)
	}
	past := after(-time.Minute)
	if v := edit(`"e2"`, `{"closes_at":"`+past+`"}`).is(200); v["closes_at"] != past || v["edit_tag"] != "e3" {
		t.Errorf("got %v; want closes_at = %v, edit_tag = e3", v, past)
	}
	if v := w.bookSeat("a", "bob", "A-1-1").problem(409, "sale_closed"); v["closes_at"] != past {
		t.Errorf("got %v; want closes_at = %v", v, past)
	}
	w.do("POST", "/v1/wallets/ann/charges", `{"amount":100}`).is(201)
	w.do("POST", "/v1/bookings/"+held["id"].(string)+"/payment", "").is(200)
	if v := edit(`"e3"`, `{"closes_at":null,"title":"New","venue":"Barn","hold_seconds":9,"limit_per_holder":2,
		"prices":{"A":70}}`).is(200); v["closes_at"] != nil || v["title"] != "New" || v["venue"] != "Barn" ||
		v["hold_seconds"] != 9.0 || v["limit_per_holder"] != 2.0 || v["booked"] != 1.0 ||
		v["sections"].([]any)[0].(map[string]any)["price"] != 70.0 {
		t.Errorf("got %v; want all edited members, and 1 booked", v)
	}
	if v := w.bookSeat("a", "bob", "A-1-2").is(201); v["amount"] != 70.0 {
		t.Errorf("got %v; want amount = 70", v)
	}
	// The state as of position 1.
	if v := w.do("GET", "/v1/performances/a?at=1", "").is(200); v["opens_at"] != opens || v["edit_tag"] != "e0" ||
		v["title"] != "Gig" || v["sections"].([]any)[0].(map[string]any)["price"] != 100.0 {
		t.Errorf("got %v; want opens_at = %v, edit_tag = e0, title = Gig, sections[0].price = 100", v, opens)
	}
	w.gig("never", `,"closes_at":null`).is(201)
	if v := w.gig("over", `,"closes_at":"`+past+`"`).is(201); v["closes_at"] != past || v["edit_tag"] != "e0" {
		t.Errorf("got %v; want closes_at = %v, edit_tag = e0", v, past)
	}
	w.bookSeat("over", "ann", "A-1-1").problem(409, "sale_closed")
	w.bookSeat("never", "ann", "A-1-1").is(201)
	w.verifyLog()
}

// TestPerformanceEditsAreChecked: an invalid edit is refused, and nothing changes.
func TestPerformanceEditsAreChecked(t *testing.T) {
	w := newHarness(t)
	w.gig("a", "").is(201)
	edit := func(tag, body string) answer { return w.do("PATCH", "/v1/performances/a", body, "If-Match", tag) }
	for body, field := range map[string]string{
		`{"opens_at":"soon"}`: "opens_at", `{"closes_at":7}`: "closes_at", `{"starts_at":null}`: "starts_at",
		`{"starts_at":"x"}`: "starts_at", `{"title":""}`: "title", `{"venue":"\n"}`: "venue", `{"hold_seconds":0}`: "hold_seconds",
		`{"limit_per_holder":-1}`: "limit_per_holder", `{"prices":{"B":1}}`: "prices", `{"prices":{"A":-1}}`: "prices",
		`{"prices":{"A":null}}`: "prices.A", `{"prices":[1]}`: "prices", `{"opens_at":"2999-01-01T00:00:00Z"}`: "closes_at",
	} {
		if v := edit(`"e0"`, body).problem(422, "invalid_field"); v["field"] != field {
			t.Errorf("%s: got %v; want field = %v", body, v, field)
		}
	}
	edit(`"e0"`, `{"sections":[]}`).problem(422, "unknown_field")
	w.do("PATCH", "/v1/performances/a", `{"title":"T"}`).problem(428, "revision_required")
	w.do("PATCH", "/v1/performances/none", `{"title":"T"}`, "If-Match", `"e0"`).problem(404, "not_found")
	one := w.do("GET", "/v1/performances/a", "").header.Get("ETag")
	for _, tag := range []string{one, `"0"`, `"1"`, `"e1"`, `e0`, `W/"e0"`, `"E0"`, `"e00"`, `"e0","e0"`} {
		edit(tag, `{"title":"T"}`).problem(412, "stale_revision")
	}
	if v := edit(`"e0"`, `{}`).is(200); v["edit_tag"] != "e0" || v["title"] != "Gig" {
		t.Errorf("got %v; want edit_tag = e0, title = Gig", v)
	}
	for i := range 3 { // the sale has begun
		w.bookSeat("a", "ann", fmt.Sprint("A-1-", i+1)).is(201)
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	for i := range 5 {
		all.Go(func() {
			w.bookSeat("a", "bob", fmt.Sprint("A-1-", i+4)).is(201)
			a := edit(`"e0"`, fmt.Sprintf(`{"title":"T%d"}`, i))
			mu.Lock()
			defer mu.Unlock()
			statuses[a.status]++
		})
	}
	all.Wait()
	if statuses[200] != 1 || statuses[412] != 4 {
		t.Errorf("five edits of one tag got the statuses %v, want 200 once and 412 four times", statuses)
	}
	w.verifyLog()
}

// TestPerformanceBoundsAreRecordedOnce: the opening and the end of a sale are recorded once, also if they pass
// while no server runs.
func TestPerformanceBoundsAreRecordedOnce(t *testing.T) {
	t.Parallel() // it mostly waits
	w := newHarness(t)
	peer := w.dial("/ws")
	w.gig("a", fmt.Sprintf(`,"opens_at":%q,"closes_at":%q`, after(300*time.Millisecond), after(600*time.Millisecond))).
		is(201)
	peer.Send(`{"event":"subscribe","data":{"topics":["performance:a"]}}`)
	causes := ""
	for !strings.Contains(causes, "closed") {
		if _, data := peer.Next(); data.Cause != "" {
			causes += data.Cause + " "
		}
	}
	if causes != "opened closed " {
		t.Errorf("got the causes %q, want \"opened closed \"", causes)
	}
	w.gig("b", fmt.Sprintf(`,"closes_at":%q`, after(400*time.Millisecond))).is(201)
	w.stop()
	time.Sleep(500 * time.Millisecond) // the bound of b passes while no server runs
	w.start()
	w.wait(func() bool { return w.typesOf("b")["performance.closed.v1"] == 1 })
	for id, want := range map[string]string{"a": "1 1", "b": "0 1"} {
		got := w.typesOf(id)
		if got := fmt.Sprint(got["performance.opened.v1"], got["performance.closed.v1"]); got != want {
			t.Errorf("%s: got %s times opened and closed, want %s", id, got, want)
		}
	}
	w.verifyLog()
}
