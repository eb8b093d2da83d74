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

	"admitone/actors"
	"admitone/actors/booking"
	"admitone/actors/bookings"
	"admitone/actors/waitingroom/pass"
)

// guardedBy makes a product, a performance and a tournament behind a room, and a team
// of each name.
func (w *world) guardedBy(room string, teams ...string) {
	w.t.Helper()
	behind := fmt.Sprintf(`,"waiting_room":%q`, room)
	w.product("p", 5000, `,"hold_seconds":600`+behind)
	w.do("POST", "/v1/performances", `{"id":"gig","title":"Gig","venue":"Hall","starts_at":"2999-01-01T20:00:00Z",
		"sections":[{"id":"A","rows":5,"seats_per_row":10,"price":10}]`+behind+`}`).is(201)
	w.do("POST", "/v1/tournaments", `{"id":"cup","name":"Cup","team_limit":9,"register_deadline":"2999-01-01T00:00:00Z"`+behind+`}`).is(201)
	for _, team := range teams {
		w.do("POST", "/v1/teams", fmt.Sprintf(`{"id":%q,"name":"The team"}`, team)).is(201)
	}
}

// TestWhatARoomGuards: every command that takes something needs the pass of that room,
// of that holder, that is not over; what comes after needs none.
func TestWhatARoomGuards(t *testing.T) {
	w := newWorld(t)
	w.room("r", "")
	w.room("other", "")
	w.guardedBy("r", "ada", "bob")
	for _, path := range []string{"/v1/products/p", "/v1/performances/gig", "/v1/tournaments/cup"} {
		if v := w.do("GET", path, "").is(200); v["waiting_room"] != "r" {
			t.Errorf("%s: %v", path, v)
		}
	}
	good, bobs, others := w.passOf("r", "ada"), w.passOf("r", "bob"), w.passOf("other", "ada")
	visitor := pass.Visitor{Ticket: 1, Holder: pass.HolderOf("ada")}
	raw, err := base64.RawURLEncoding.DecodeString(good)
	w.must(err)
	raw[9]++ // two years later
	stranger, err := pass.NewRing(pass.NewKey(1))
	w.must(err)
	bad := map[string]string{
		"bob's":              bobs,
		"of another room":    others,
		"over":               w.keys.Pass("r", visitor, time.Now().Add(-time.Second)),
		"extended":           base64.RawURLEncoding.EncodeToString(raw),
		"forged":             stranger.Pass("r", visitor, time.Now().Add(time.Hour)),
		"a visitor's id":     w.keys.VisitorID("r", visitor),
		"no pass at all":     "x",
		"cut short":          good[:len(good)-1],
		"with another prize": good + good,
	}
	for _, command := range []struct{ path, body string }{
		{"/v1/products/p/reservations", `{"holder":"ada","hold":true}`},
		{"/v1/performances/gig/bookings", `{"holder":"ada","seats":["A-1-1"]}`},
		{"/v1/performances/gig/bookings", `{"holder":"ada","best_available":{"quantity":2}}`},
		{"/v1/tournaments/cup/entries", `{"team_ids":["ada","bob"]}`},
	} {
		if v := w.do("POST", command.path, command.body).problem(403, "pass_required"); v["waiting_room"] != "r" {
			t.Errorf("%s: %v", command.path, v)
		}
		for what, shown := range bad {
			a := w.do("POST", command.path, command.body, headerPass, shown)
			if v := a.problem(403, "pass_invalid"); v["waiting_room"] != "r" {
				t.Errorf("%s with a pass that is %s: %v", a.what, what, v)
			}
		}
		w.do("POST", command.path, command.body, headerPass, good).is(201)
	}
	if v := w.do("GET", "/v1/products/p", "").is(200); v["held"] != 1. || v["sold"] != 0. {
		t.Errorf("a refused command has done something: %v", v)
	}
}

// TestTheRoomIsTheEntitysOwn: nobody gets in without a pass while the views are
// behind, and who has one does.
func TestTheRoomIsTheEntitysOwn(t *testing.T) {
	w := newWorld(t, func(w *world) { w.blind = true })
	w.room("r", "")
	w.guardedBy("r")
	w.reserve("p", "ada", "").problem(403, "pass_required")
	good := w.passOf("r", "ada")
	w.reserve("p", "ada", `,"hold":true`, headerPass, good).is(201)
	w.do("POST", "/v1/performances/gig/bookings", `{"holder":"ada","seats":["A-1-1"]}`, headerPass, good).is(201)
}

// TestARoomThatIsNotThere: who is refused for the want of a pass that nobody can have is
// told so, and once the room is there all goes its way.
func TestARoomThatIsNotThere(t *testing.T) {
	w := newWorld(t)
	w.product("p", 10, `,"waiting_room":"later"`)
	for _, shown := range []string{"", "x"} {
		v := w.reserve("p", "ada", "", headerPass, shown).is(403)
		if detail := v["detail"].(string); v["waiting_room"] != "later" || !strings.Contains(detail, "not been set up") {
			t.Errorf("with the pass %q: %v", shown, v)
		}
	}
	w.room("later", "")
	w.reserve("p", "ada", "", headerPass, w.passOf("later", "ada")).is(201)
	if v := w.reserve("p", "bob", "").problem(403, "pass_required"); strings.Contains(v["detail"].(string), "not been set up") {
		t.Error(v)
	}
}

// TestARoomIsTakenAwayAndSet: an edit guards a product, or sets it free.
func TestARoomIsTakenAwayAndSet(t *testing.T) {
	w := newWorld(t)
	w.room("r", "")
	w.product("p", 10, "")
	w.do("POST", "/v1/tournaments", `{"id":"cup","name":"Cup","team_limit":9,"register_deadline":"2999-01-01T00:00:00Z"}`).is(201)
	w.do("POST", "/v1/teams", `{"id":"ada","name":"Ada"}`).is(201)
	w.reserve("p", "ada", "", headerPass, "of no interest here").is(201)
	for path, bad := range map[string]string{"/v1/products/p": `{"waiting_room":"a b"}`, "/v1/tournaments/cup": `{"waiting_room":"a b"}`} {
		w.do("PATCH", path, bad, "If-Match", `"0"`).problem(422, "invalid_field")
		tag := w.do("GET", path, "").header.Get("ETag")
		if v := w.do("PATCH", path, `{"waiting_room":"r"}`, "If-Match", tag).is(200); v["waiting_room"] != "r" {
			t.Error(v)
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
			t.Error(v)
		}
	}
	w.reserve("p", "ada", "").is(201)
	w.do("POST", "/v1/tournaments/cup/entries", `{"team_id":"ada"}`).is(201)
}

// TestOnePassTwoHolders: of a thousand uses of one pass at once, by two holders, those
// of its owner get through and no other.
func TestOnePassTwoHolders(t *testing.T) {
	w := newWorld(t)
	w.room("r", "")
	w.guardedBy("r")
	good := w.passOf("r", "ada")
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 64, MaxIdleConnsPerHost: 64}}
	defer client.CloseIdleConnections()
	var in, out atomic.Int64
	var all sync.WaitGroup
	for i := range 1000 {
		all.Go(func() {
			holder := []string{"ada", "bob"}[i%2]
			a := w.doWith(client, "POST", "/v1/products/p/reservations", fmt.Sprintf(`{"holder":%q,"hold":true}`, holder), headerPass, good)
			switch {
			case a.status == 201 && holder == "ada":
				in.Add(1)
			case a.status == 403 && holder == "bob":
				out.Add(1)
			default:
				t.Errorf("%s: %d %s", a.what, a.status, a.text)
			}
		})
	}
	all.Wait()
	if in.Load() != 500 || out.Load() != 500 {
		t.Errorf("%d got in and %d did not, want 500 each", in.Load(), out.Load())
	}
	if v := w.do("GET", "/v1/products/p", "").is(200); v["held"] != 500. {
		t.Error(v)
	}
}

// TestOnePassBuysOnce: of many purchases with one pass, at once and afterwards, one
// comes through, and a retry of it gets its answer again.
func TestOnePassBuysOnce(t *testing.T) {
	w := newWorld(t)
	w.room("r", "")
	w.guardedBy("r")
	good := w.passOf("r", "ada")
	var bought, refused atomic.Int64
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			a := w.doWith(http.DefaultClient, "POST", "/v1/products/p/reservations", `{"holder":"ada"}`, headerPass, good, "Idempotency-Key", fmt.Sprint("wish-", i%25))
			switch {
			case a.status == 201 && a.header.Get("Idempotent-Replay") == "":
				bought.Add(1)
			case a.status == 403:
				refused.Add(1)
			case a.status != 201:
				t.Errorf("%d %s", a.status, a.text)
			}
		})
	}
	all.Wait()
	if bought.Load() != 1 || refused.Load() < 48 {
		t.Errorf("%d bought and %d were refused", bought.Load(), refused.Load())
	}
	w.reserve("p", "ada", "", headerPass, good).problem(403, "pass_invalid")
	if v := w.do("GET", "/v1/products/p", "").is(200); v["sold"] != 1. {
		t.Error(v)
	}
}

// TestOldPassesOutliveTheirKey: a new key signs, and what the old one has signed is
// good until its end.
func TestOldPassesOutliveTheirKey(t *testing.T) {
	w := newWorld(t)
	w.room("r", "")
	w.guardedBy("r")
	old := w.passOf("r", "ada")
	w.keys = w.keys.Rotate()
	w.server.config.Rooms.SetKeys(w.keys)
	fresh := w.passOf("r", "bob")
	w.reserve("p", "ada", `,"hold":true`, headerPass, old).is(201)
	w.reserve("p", "bob", `,"hold":true`, headerPass, fresh).is(201)
	forgetful, err := pass.NewRing(pass.NewKey(7))
	w.must(err)
	w.server.config.Rooms.SetKeys(forgetful)
	w.reserve("p", "ada", `,"hold":true`, headerPass, old).problem(403, "pass_invalid")
}

// TestWhoIsDoneMakesRoom: a purchase that is finished ends the pass, and the next
// visitor comes in; one that is not does not. Finishing needs no pass.
func TestWhoIsDoneMakesRoom(t *testing.T) {
	w := newWorld(t)
	w.room("r", `"max_active":1,"active_seconds":86400,"heartbeat_seconds":3600`)
	w.guardedBy("r", "t1")
	names := []string{"buys", "confirms", "pays", "t1", "waits"}
	paths := map[string]string{}
	for _, name := range names {
		paths[name], _ = w.joins("r", name)
	}
	pass := func(name string) string { return w.until(paths[name], "admitted")["pass"].(string) }
	waiting := func(want float64) {
		t.Helper()
		if v := w.do("GET", "/v1/waiting-rooms/r", "").is(200); v["waiting"] != want || v["active"] != 1. {
			t.Fatalf("%v wait, want %v: %v", v["waiting"], want, v)
		}
	}
	shown := pass("buys")
	waiting(4)
	w.reserve("p", "buys", "", headerPass, shown, "Idempotency-Key", "k").is(201)
	second := pass("confirms")
	// The retry of what was bought is answered again; the pass is over.
	if a := w.reserve("p", "buys", "", headerPass, shown, "Idempotency-Key", "k"); a.status != 201 || a.header.Get("Idempotent-Replay") != "true" {
		t.Errorf("%s: %d %s", a.what, a.status, a.text)
	}
	w.reserve("p", "buys", "", headerPass, shown).problem(403, "pass_invalid")
	w.until(paths["buys"], "left")

	held := w.reserve("p", "confirms", `,"hold":true`, headerPass, second).is(201)["id"].(string)
	waiting(3)
	w.do("POST", "/v1/products/p/reservations/"+held+"/confirm", "").is(200)

	third := pass("pays")
	w.do("POST", "/v1/wallets/pays/charges", `{"amount":100}`).is(201)
	booking := w.do("POST", "/v1/performances/gig/bookings", `{"holder":"pays","seats":["A-1-1","A-1-2"]}`, headerPass, third).is(201)["id"].(string)
	waiting(2)
	w.do("POST", "/v1/bookings/"+booking+"/payment", "{}").is(200)

	w.do("POST", "/v1/tournaments/cup/entries", `{"team_id":"t1"}`, headerPass, pass("t1")).is(201)
	pass("waits")
	waiting(0)
}

// TestSeatsArePaidWhenThePassIsOver: who holds them must be able to.
func TestSeatsArePaidWhenThePassIsOver(t *testing.T) {
	w := newWorld(t)
	w.room("r", "")
	w.guardedBy("r")
	path, _ := w.joins("r", "ada")
	shown := w.until(path, "admitted")["pass"].(string)
	w.do("POST", "/v1/wallets/ada/charges", `{"amount":100}`).is(201)
	booking := w.do("POST", "/v1/performances/gig/bookings", `{"holder":"ada","seats":["A-1-1"]}`, headerPass, shown).is(201)["id"].(string)
	w.do("DELETE", path, "").is(200)
	w.until(path, "left")
	w.do("POST", "/v1/performances/gig/bookings", `{"holder":"ada","seats":["A-1-2"]}`, headerPass, shown).problem(403, "pass_invalid")
	w.do("POST", "/v1/bookings/"+booking+"/extension", "{}").is(200)
	if v := w.do("POST", "/v1/bookings/"+booking+"/payment", "{}").is(200); v["status"] != "booked" {
		t.Error(v)
	}
}

// TestAPurchaseThatIsResumedEndsThePass: whoever asked has gone, and so has the server
// that was asked.
func TestAPurchaseThatIsResumedEndsThePass(t *testing.T) {
	w := newWorld(t)
	w.room("r", "")
	w.guardedBy("r")
	path, _ := w.joins("r", "ada")
	shown := w.until(path, "admitted")["pass"].(string)
	w.do("POST", "/v1/wallets/ada/charges", `{"amount":100}`).is(201)
	id := w.do("POST", "/v1/performances/gig/bookings", `{"holder":"ada","seats":["A-1-1"]}`, headerPass, shown).is(201)["id"].(string)
	_, err := w.server.config.Desk.Ask(t.Context(), actors.Request{Stream: booking.Stream(id), Command: &booking.StartPayment{}, ID: actors.NewCommandID()})
	w.must(err)
	w.must(w.server.config.Bookings.Resume(t.Context(), bookings.Origin{ID: actors.NewCommandID(), Actor: "system"}, id))
	if v := w.do("GET", "/v1/bookings/"+id, "").is(200); v["status"] != "booked" {
		t.Error(v)
	}
	w.until(path, "left")
}

// TestWhosePassOfAnEntry: without tokens a team speaks for itself, unless the body says
// who does.
func TestWhosePassOfAnEntry(t *testing.T) {
	w := newWorld(t)
	w.room("r", "")
	w.guardedBy("r", "owls", "crows", "rooks")
	const entries = "/v1/tournaments/cup/entries"
	captains, owls := w.passOf("r", "captain"), w.passOf("r", "owls")
	w.do("POST", entries, `{"team_id":"owls"}`, headerPass, captains).problem(403, "pass_invalid")
	w.do("POST", entries, `{"team_id":"owls","holder":"captain"}`, headerPass, owls).problem(403, "pass_invalid")
	w.do("POST", entries, `{"team_id":"owls","holder":"a/b"}`, headerPass, captains).problem(422, "invalid_field")
	w.do("POST", entries, `{"team_id":"owls"}`, headerPass, owls).is(201)
	w.do("POST", entries, `{"team_ids":["crows","rooks"],"holder":"captain"}`, headerPass, captains).is(201)
	if v := w.do("GET", "/v1/history/tournament/cup", "").is(200); v["items"].([]any)[2].(map[string]any)["actor"] != "captain" {
		t.Error(v)
	}
}

// TestWhosePassWithTokens: the holder of a pass is who the token says, or for whom an
// admin acts.
func TestWhosePassWithTokens(t *testing.T) {
	w := newWorld(t, func(w *world) { w.config.Auth = secret })
	admin, ada, bob := bearer(t, "root", RoleAdmin), bearer(t, "ada", RoleHolder), bearer(t, "bob", RoleHolder)
	as := func(token, method, path, body string, headers ...string) answer {
		return w.do(method, path, body, append(headers, "Authorization", token)...)
	}
	as(admin, "PUT", "/v1/waiting-rooms/r", `{"admit_per_second":100,"max_active":10,"active_seconds":600,"heartbeat_seconds":30}`).is(201)
	as(admin, "POST", "/v1/products", `{"id":"p","name":"n","stock":9,"waiting_room":"r"}`).is(201)
	as(admin, "POST", "/v1/tournaments", `{"id":"cup","name":"Cup","team_limit":9,"register_deadline":"2999-01-01T00:00:00Z","waiting_room":"r"}`).is(201)
	as(ada, "POST", "/v1/teams", `{"id":"owls","name":"Owls"}`).is(201)
	as(bob, "POST", "/v1/tournaments/cup/entries", `{"team_id":"owls","holder":"ada"}`).problem(403, "forbidden")
	path := as(ada, "POST", "/v1/waiting-rooms/r/visitors", `{}`).header.Get("Location")
	shown := w.until(path, "admitted")["pass"].(string)
	const hold, entry = `{"hold":true}`, `{"team_id":"owls"}`
	as(bob, "POST", "/v1/products/p/reservations", hold, headerPass, shown).problem(403, "pass_invalid")
	as(admin, "POST", "/v1/products/p/reservations", hold).problem(403, "pass_required")
	as(admin, "POST", "/v1/products/p/reservations", hold, headerPass, shown).problem(403, "pass_invalid")
	as(admin, "POST", "/v1/products/p/reservations", `{"holder":"ada","hold":true}`, headerPass, shown).is(201)
	as(ada, "POST", "/v1/products/p/reservations", hold, headerPass, shown).is(201)
	as(bob, "POST", "/v1/tournaments/cup/entries", entry, headerPass, shown).problem(403, "pass_invalid")
	as(ada, "POST", "/v1/tournaments/cup/entries", entry, headerPass, shown).is(201)
}

// TestARetryEndsNoNewPass: who has come in again and asks once more for what was bought
// before keeps the new pass.
func TestARetryEndsNoNewPass(t *testing.T) {
	w := newWorld(t)
	w.room("r", "")
	w.guardedBy("r")
	old, _ := w.joins("r", "ada")
	shown := w.until(old, "admitted")["pass"].(string)
	w.reserve("p", "ada", "", headerPass, shown, "Idempotency-Key", "k").is(201)
	w.until(old, "left")
	path, _ := w.joins("r", "ada")
	again := w.until(path, "admitted")["pass"].(string)
	if a := w.reserve("p", "ada", "", headerPass, again, "Idempotency-Key", "k"); a.status != 201 || a.header.Get("Idempotent-Replay") != "true" {
		t.Fatalf("%s: %d %s", a.what, a.status, a.text)
	}
	// Whoever leaves does so behind what the retry could have begun.
	bob, _ := w.joins("r", "bob")
	w.until(bob, "admitted")
	w.do("DELETE", bob, "").is(200)
	w.until(bob, "left")
	w.until(path, "admitted")
	w.reserve("p", "ada", `,"hold":true`, headerPass, again).is(201)
}
