package api

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"admitone/actors/waitingroom/pass"
)

// requireRoom creates a product, a performance and a tournament that require passes of a room, and the teams.
func (w *harness) requireRoom(room string, teams ...string) {
	w.t.Helper()
	member := fmt.Sprintf(`,"waiting_room":%q`, room)
	w.product("p", 5000, `,"hold_seconds":600`+member)
	w.do("POST", "/v1/performances", `{"id":"gig","title":"Gig","venue":"Hall","starts_at":"2999-01-01T20:00:00Z",
		"sections":[{"id":"A","rows":5,"seats_per_row":10,"price":10}]`+member+`}`).is(201)
	w.do("POST", "/v1/tournaments",
		`{"id":"cup","name":"Cup","team_limit":9,"register_deadline":"2999-01-01T00:00:00Z"`+member+`}`).is(201)
	for _, team := range teams {
		w.do("POST", "/v1/teams", fmt.Sprintf(`{"id":%q,"name":"The team"}`, team)).is(201)
	}
}

// TestGuardedCommands: every command that acquires something needs a valid pass of the room for the holder.
func TestGuardedCommands(t *testing.T) {
	w := newHarness(t)
	w.room("r", "")
	w.room("other", "")
	w.requireRoom("r", "ada", "bob")
	for _, path := range []string{"/v1/products/p", "/v1/performances/gig", "/v1/tournaments/cup"} {
		if v := w.do("GET", path, "").is(200); v["waiting_room"] != "r" {
			t.Errorf("%s: got %v; want waiting_room = r", path, v)
		}
	}
	good, bobs, others := w.passOf("r", "ada"), w.passOf("r", "bob"), w.passOf("other", "ada")
	visitor := pass.Visitor{Ticket: 1, Holder: pass.HolderOf("ada")}
	raw, err := base64.RawURLEncoding.DecodeString(good)
	w.must(err)
	raw[9]++ // a byte of the expiry
	stranger, err := pass.NewKeyring(pass.NewKey(1))
	w.must(err)
	bad := map[string]string{
		"bob's":               bobs,
		"of a different room": others,
		"expired":             w.keys.Pass("r", visitor, time.Now().Add(-time.Second)),
		"extended":            base64.RawURLEncoding.EncodeToString(raw),
		"forged":              stranger.Pass("r", visitor, time.Now().Add(time.Hour)),
		"a visitor's id":      w.keys.VisitorID("r", visitor),
		"no pass at all":      "x",
		"cut short":           good[:len(good)-1],
		"sent twice":          good + good,
	}
	for _, command := range []struct{ path, body string }{
		{"/v1/products/p/reservations", `{"holder":"ada","hold":true}`},
		{"/v1/performances/gig/bookings", `{"holder":"ada","seats":["A-1-1"]}`},
		{"/v1/performances/gig/bookings", `{"holder":"ada","best_available":{"quantity":2}}`},
		{"/v1/tournaments/cup/entries", `{"team_ids":["ada","bob"]}`},
	} {
		if v := w.do("POST", command.path, command.body).problem(403, "pass_required"); v["waiting_room"] != "r" {
			t.Errorf("%s: got %v; want waiting_room = r", command.path, v)
		}
		for what, shown := range bad {
			a := w.do("POST", command.path, command.body, headerPass, shown)
			if v := a.problem(403, "pass_invalid"); v["waiting_room"] != "r" {
				t.Errorf("%s with a pass that is %s: %v; want waiting_room = r", a.what, what, v)
			}
		}
		w.do("POST", command.path, command.body, headerPass, good).is(201)
	}
	if v := w.do("GET", "/v1/products/p", "").is(200); v["held"] != 1. || v["sold"] != 0. {
		t.Errorf("after the refused commands: got %v; want held = 1, sold = 0", v)
	}
}

// TestGuardBeforeViews: a pass is required and accepted while the views lag.
func TestGuardBeforeViews(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.blind = true })
	w.room("r", "")
	w.requireRoom("r")
	w.reserve("p", "ada", "").problem(403, "pass_required")
	good := w.passOf("r", "ada")
	w.reserve("p", "ada", `,"hold":true`, headerPass, good).is(201)
	w.do("POST", "/v1/performances/gig/bookings", `{"holder":"ada","seats":["A-1-1"]}`, headerPass, good).is(201)
}

// TestMissingRoom: commands are refused while the room of their resource does not exist, with that reason.
func TestMissingRoom(t *testing.T) {
	w := newHarness(t)
	w.product("p", 10, `,"waiting_room":"later"`)
	for shown, code := range map[string]string{"": "pass_required", "x": "pass_invalid"} {
		v := w.reserve("p", "ada", "", headerPass, shown).problem(403, code)
		if detail := v["detail"].(string); v["waiting_room"] != "later" ||
			!strings.Contains(detail, "does not exist") {
			t.Errorf("with the pass %q: got %v; want waiting_room = later, and that it does not exist", shown, v)
		}
	}
	w.room("later", "")
	w.reserve("p", "ada", "", headerPass, w.passOf("later", "ada")).is(201)
	v := w.reserve("p", "bob", "").problem(403, "pass_required")
	if strings.Contains(v["detail"].(string), "does not exist") {
		t.Errorf("got %v; want no \"does not exist\" in detail", v)
	}
}

// TestEditOfGuard: an edit adds or removes the room of a product or a tournament.
func TestEditOfGuard(t *testing.T) {
	w := newHarness(t)
	w.room("r", "")
	w.product("p", 10, "")
	w.do("POST", "/v1/tournaments",
		`{"id":"cup","name":"Cup","team_limit":9,"register_deadline":"2999-01-01T00:00:00Z"}`).is(201)
	w.do("POST", "/v1/teams", `{"id":"ada","name":"Ada"}`).is(201)
	w.reserve("p", "ada", "", headerPass, "ignored").is(201)
	for path, bad := range map[string]string{"/v1/products/p": `{"waiting_room":"a b"}`,
		"/v1/tournaments/cup": `{"waiting_room":"a b"}`} {
		w.do("PATCH", path, bad, "If-Match", `"0"`).problem(422, "invalid_field")
		tag := w.do("GET", path, "").header.Get("ETag")
		if v := w.do("PATCH", path, `{"waiting_room":"r"}`, "If-Match", tag).is(200); v["waiting_room"] != "r" {
			t.Errorf("got %v; want waiting_room = r", v)
		}
	}
	w.reserve("p", "ada", "").problem(403, "pass_required")
	w.do("POST", "/v1/tournaments/cup/entries", `{"team_id":"ada"}`).problem(403, "pass_required")
	w.stop()
	w.start() // from the log
	w.reserve("p", "ada", "").problem(403, "pass_required")
	for _, path := range []string{"/v1/products/p", "/v1/tournaments/cup"} {
		tag := w.do("GET", path, "").header.Get("ETag")
		if v := w.do("PATCH", path, `{"waiting_room":""}`, "If-Match", tag).is(200); v["waiting_room"] != nil {
			t.Errorf("got %v; want no waiting_room", v)
		}
	}
	w.reserve("p", "ada", "").is(201)
	w.do("POST", "/v1/tournaments/cup/entries", `{"team_id":"ada"}`).is(201)
}

// TestOnePassTwoHolders: of a thousand concurrent uses of one pass by two holders, only its
// owner's succeed.
func TestOnePassTwoHolders(t *testing.T) {
	w := newHarness(t)
	w.room("r", "")
	w.requireRoom("r")
	good := w.passOf("r", "ada")
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 64, MaxIdleConnsPerHost: 64}}
	defer client.CloseIdleConnections()
	var accepted, refused atomic.Int64
	var all sync.WaitGroup
	for i := range 1000 {
		all.Go(func() {
			holder := []string{"ada", "bob"}[i%2]
			a := w.doWith(client, "POST", "/v1/products/p/reservations",
				fmt.Sprintf(`{"holder":%q,"hold":true}`, holder), headerPass, good)
			switch {
			case a.status == 201 && holder == "ada":
				accepted.Add(1)
			case a.status == 403 && holder == "bob":
				refused.Add(1)
			default:
				t.Errorf("%s: status %d: %s; want 201 for ada, 403 for bob", a.what, a.status, a.text)
			}
		})
	}
	all.Wait()
	if accepted.Load() != 500 || refused.Load() != 500 {
		t.Errorf("%d uses were accepted and %d refused, want 500 each", accepted.Load(), refused.Load())
	}
	if v := w.do("GET", "/v1/products/p", "").is(200); v["held"] != 500. {
		t.Errorf("got %v; want held = 500", v)
	}
}

// TestOnePassBuysOnce: of many purchases with one pass, concurrent and later ones, one succeeds, and
// its retry gets the same answer.
func TestOnePassBuysOnce(t *testing.T) {
	w := newHarness(t)
	w.room("r", "")
	w.requireRoom("r")
	good := w.passOf("r", "ada")
	var bought, refused atomic.Int64
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			a := w.doWith(http.DefaultClient, "POST", "/v1/products/p/reservations", `{"holder":"ada"}`, headerPass,
				good, "Idempotency-Key", fmt.Sprint("key-", i%25))
			switch {
			case a.status == 201 && a.header.Get("Idempotent-Replay") == "":
				bought.Add(1)
			case a.status == 403:
				refused.Add(1)
			case a.status != 201:
				t.Errorf("status %d: %s; want 201 or 403", a.status, a.text)
			}
		})
	}
	all.Wait()
	if bought.Load() != 1 || refused.Load() < 48 {
		t.Errorf("%d purchases succeeded and %d were refused, want 1 and at least 48", bought.Load(), refused.Load())
	}
	w.reserve("p", "ada", "", headerPass, good).problem(403, "pass_invalid")
	if v := w.do("GET", "/v1/products/p", "").is(200); v["sold"] != 1. {
		t.Errorf("got %v; want sold = 1", v)
	}
}
