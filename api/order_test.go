package api

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
)

const someOrder = `,"reference":"R-1 größe","metadata":{"z":"2","channel":"box office"}`

// wantOrder checks the order data of a resource. metadata has names and values in turn; an empty reference
// means that there is none.
func (a answer) wantOrder(reference string, metadata ...string) map[string]any {
	a.t.Helper()
	v := a.is(a.status)
	if a.status > 299 {
		a.t.Fatalf("%s: got %d %s, want success", a.what, a.status, a.text)
	}
	got, _ := v["reference"].(string)
	pairs, _ := v["metadata"].(map[string]any)
	want := map[string]any{}
	for i := 0; i+1 < len(metadata); i += 2 {
		want[metadata[i]] = metadata[i+1]
	}
	if _, there := v["metadata"]; got != reference || !maps.Equal(pairs, want) || there != (len(want) > 0) {
		a.t.Errorf("%s: reference %q, metadata %v; want %q, %v", a.what, got, pairs, reference, want)
	}
	return v
}

// etag returns the ETag of an answer.
func (a answer) etag() string { return a.header.Get("ETag") }

// TestOrderOfReservations: order data of a reservation is in every answer about it, in every later
// state, and can be changed at any time.
func TestOrderOfReservations(t *testing.T) {
	w := newHarness(t, withEverything)
	w.product("p", 100, "")
	created := w.reserve("p", "ada", `,"hold":true`+someOrder, "Idempotency-Key", "k")
	id := created.wantOrder("R-1 größe", "z", "2", "channel", "box office")["id"].(string)
	one := "/v1/products/p/reservations/" + id
	w.reserve("p", "ada", `,"hold":true`+someOrder, "Idempotency-Key", "k").wantOrder("R-1 größe", "z", "2", "channel",
		"box office")
	w.reserve("p", "ada", `,"hold":true`, "Idempotency-Key", "k").problem(422, "idempotency_key_reused")
	w.reserve("p", "bob", "").wantOrder("")
	w.do("GET", one, "").wantOrder("R-1 größe", "z", "2", "channel", "box office")
	w.do("POST", one+"/confirm", "", "Idempotency-Key", "c").wantOrder("R-1 größe", "z", "2", "channel", "box office")

	edited := w.do("PATCH", one, `{"metadata":{"a":"b"}}`, "If-Match", created.etag())
	edited.wantOrder("R-1 größe", "a", "b")
	w.do("POST", one+"/confirm", "", "Idempotency-Key", "c").wantOrder("R-1 größe", "z", "2", "channel", "box office")
	w.reserve("p", "bob", "").is(201) // changes the product's ETag, but not this order data
	w.do("PATCH", one, `{"reference":"x"}`, "If-Match", created.etag()).problem(412, "stale_revision")
	w.do("PATCH", one, `{"reference":"x"}`, "If-Match", `"99"`).problem(412, "stale_revision")
	w.do("PATCH", one, `{"reference":"x"}`).problem(428, "revision_required")
	edited = w.do("PATCH", one, `{"reference":null}`, "If-Match", edited.etag())
	edited.wantOrder("", "a", "b")
	w.do("PATCH", one, `{}`, "If-Match", edited.etag()).wantOrder("", "a", "b")
	w.do("PATCH", one, `{}`, "If-Match", `"99"`).problem(412, "stale_revision")
	w.do("PATCH", one, `{}`, "If-Match", created.etag()).problem(412, "stale_revision")
	past := edited.is(200)["position"]

	w.do("DELETE", one, "").wantOrder("", "a", "b")
	w.do("DELETE", one, "").wantOrder("", "a", "b")
	ended := w.do("GET", one, "")
	ended.wantOrder("", "a", "b")
	last := w.do("PATCH", one, `{"reference":"late","metadata":null}`, "If-Match", ended.etag())
	last.wantOrder("late")
	for _, edit := range []string{`{"reference":"x"}`, `{}`} {
		w.do("PATCH", one, edit, "If-Match", ended.etag()).problem(412, "stale_revision")
	}
	w.do("PATCH", one, `{}`, "If-Match", last.etag()).wantOrder("late")
	w.do("GET", one, "").wantOrder("late")
	w.do("GET", fmt.Sprintf("%s?at=%v", one, past), "").wantOrder("", "a", "b")
	w.do("GET", one+"?at=2", "").wantOrder("R-1 größe", "z", "2", "channel", "box office")
	w.do("GET", one+"/receipt", "").is(200)
	if text := w.do("GET", "/v1/history/product/p", "").text; !strings.Contains(text, "were updated") {
		t.Errorf("got the history %s, want \"were updated\" in it", text)
	}
	w.stop()
	w.start() // from a snapshot or from the log
	w.do("GET", one, "").wantOrder("late")
}

// TestOrderEditsRace: of five edits with one ETag one succeeds, while units of the product are sold.
func TestOrderEditsRace(t *testing.T) {
	w := newHarness(t)
	w.product("p", 1000, "")
	created := w.reserve("p", "ada", "")
	one := "/v1/products/p/reservations/" + created.is(201)["id"].(string)
	var mu sync.Mutex
	var all sync.WaitGroup
	statuses := map[int]int{}
	for n := range 5 {
		all.Go(func() {
			for range 20 {
				w.reserve("p", "bob", "")
			}
			a := w.do("PATCH", one, fmt.Sprintf(`{"reference":"r%d"}`, n), "If-Match", created.etag())
			mu.Lock()
			defer mu.Unlock()
			statuses[a.status]++
		})
	}
	all.Wait()
	if statuses[http.StatusOK] != 1 || statuses[http.StatusPreconditionFailed] != 4 {
		t.Errorf("statuses %v, want one 200 and four 412", statuses)
	}
}

func TestOrderOfBookings(t *testing.T) {
	w := newHarness(t)
	w.do("POST", "/v1/performances", fmt.Sprintf(newHall, "hall")).is(201)
	book := func(seat, more string, headers ...string) answer {
		return w.do("POST", "/v1/performances/hall/bookings", fmt.Sprintf(`{"holder":"ada","seats":[%q]%s}`, seat, more),
			headers...)
	}
	book("A-1-2", "").wantOrder("")
	created := book("A-1-1", someOrder+`,"contact":{"name":"Ada"}`, "Idempotency-Key", "k")
	one := "/v1/bookings/" + created.wantOrder("R-1 größe", "z", "2", "channel", "box office")["id"].(string)
	book("A-1-1", someOrder+`,"contact":{"name":"Ada"}`, "Idempotency-Key", "k").wantOrder("R-1 größe", "z", "2",
		"channel", "box office")
	w.do("POST", "/v1/wallets/ada/charges", `{"amount":100}`).is(201)
	w.do("POST", one+"/payment", "").wantOrder("R-1 größe", "z", "2", "channel", "box office")
	got := w.do("GET", one, "")
	got.wantOrder("R-1 größe", "z", "2", "channel", "box office")
	w.do("PATCH", one, `{"reference":"R-2"}`, "If-Match", got.etag()).wantOrder("R-2", "z", "2", "channel",
		"box office")
	for _, edit := range []string{`{"reference":"R-3"}`, `{}`} {
		if now := w.do("PATCH", one, edit, "If-Match", got.etag()).problem(412, "stale_revision"); now["changes"] == nil {
			t.Errorf("got %v, want changes in it", now)
		}
	}
	w.do("PATCH", one, `{"reference":"R-3"}`).problem(428, "revision_required")
	w.do("PATCH", "/v1/bookings/none", `{"reference":"R-3"}`, "If-Match", `"1"`).problem(404, "not_found")
	w.do("DELETE", one, "").wantOrder("R-2", "z", "2", "channel", "box office")
	ended := w.do("GET", one, "")
	ended.wantOrder("R-2", "z", "2", "channel", "box office")
	w.do("PATCH", one, `{"metadata":null}`, "If-Match", ended.etag()).wantOrder("R-2")
	w.do("GET", fmt.Sprintf("%s?at=%v", one, got.is(200)["position"]), "").wantOrder("R-1 größe", "z", "2", "channel",
		"box office")
	list := w.do("GET", "/v1/holders/ada/bookings", "").is(200)["items"].([]any)
	if got := list[1].(map[string]any)["reference"]; got != "R-2" {
		t.Errorf("the holder's list has the reference %v; want R-2", got)
	}
	w.stop()
	w.start()
	w.do("GET", one, "").wantOrder("R-2")
}

// TestOrderOfEntries: the public sees the entry, but not its order data.
func TestOrderOfEntries(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Auth = secret })
	m := &matrix{harness: w, admin: bearer(t, "root", RoleAdmin)}
	ada, bob := bearer(t, "ada", RoleHolder), bearer(t, "bob", RoleHolder)
	cup, team := m.cup(), m.team("ada")
	path := "/v1/tournaments/" + cup + "/entries"
	w.do("POST", path, fmt.Sprintf(`{"team_id":%q%s}`, team, someOrder), "Authorization", ada).wantOrder("R-1 größe",
		"z", "2", "channel", "box office")
	for name, token := range map[string]string{"owner": ada, "auditor": bearer(t, "x", RoleAuditor),
		"service": bearer(t, "x", RoleService), "admin": m.admin} {
		for _, at := range []string{"", "?at=999"} {
			a := w.do("GET", path+"/"+team+at, "", "Authorization", token)
			a.what = name + at
			a.wantOrder("R-1 größe", "z", "2", "channel", "box office")
		}
	}
	w.do("GET", path+"/"+team, "", "Authorization", bob).wantOrder("")
	w.do("GET", path+"/"+team, "").wantOrder("")
	if list := w.do("GET", path, "", "Authorization", m.admin).text; strings.Contains(list, "R-1") {
		t.Errorf("the public list is %s, want no R-1 in it", list)
	}
	w.do("DELETE", path+"/"+team, "", "Authorization", ada).is(200)
	w.do("POST", path, fmt.Sprintf(`{"team_id":%q}`, team), "Authorization", ada).wantOrder("")
	w.do("GET", path+"/"+team, "", "Authorization", ada).wantOrder("")
}

func TestOrderFields(t *testing.T) {
	w := newHarness(t)
	w.product("p", 100, "")
	long := strings.Repeat("x", 129)
	pairs := func(n int) string {
		all := make([]string, n)
		for i := range all {
			all[i] = fmt.Sprintf(`"k%d":"v"`, i)
		}
		return `{` + strings.Join(all, ",") + `}`
	}
	for body, field := range map[string]string{
		`"reference":""`:             "reference",
		`"reference":"  "`:           "reference",
		`"reference":"` + long + `"`: "reference",
		`"reference":"a\u202eb"`:     "reference",
		`"reference":"a\nb"`:         "reference",
		`"reference":null`:           "reference",
		`"metadata":[]`:              "metadata",
		`"metadata":{"a":1}`:         "metadata",
		`"metadata":{"":"a"}`:        "metadata",
		`"metadata":{"a\n":"a"}`:     "metadata",
		`"metadata":` + pairs(17):    "metadata",
		`"metadata":{"a":"` + strings.Repeat("x", 1024) + `"}`: "metadata",
	} {
		if got := w.reserve("p", "ada", ","+body).problem(422, "invalid_field")["field"]; got != field {
			t.Errorf("%s: field = %v, want %v", excerpt(body), got, field)
		}
	}
	for _, body := range []string{`"reference":"` + long[1:] + `"`, `"metadata":{}`, `"metadata":` + pairs(16),
		`"metadata":{"a":"` + strings.Repeat("x", 1023) + `"}`, `"metadata":{"a":"\n\u0000="}`} {
		w.reserve("p", "ada", ","+body).is(201)
	}
	w.do("POST", "/v1/batch", `{"commands":[{"method":"POST","path":"/v1/products/p/reservations",
		"body":{"holder":"ada","reference":"in a batch"}}]}`).is(200)
	if text := w.do("GET", "/v1/streams/product-p/events?limit=500", "").text; !strings.Contains(text, "in a batch") {
		t.Errorf("got %s; want the reference of the command in the batch", text)
	}
}
