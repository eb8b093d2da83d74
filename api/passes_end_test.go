package api

import (
	"context"
	"testing"

	"admitone/actors"
	"admitone/actors/admission"
	"admitone/actors/booking"
	"admitone/actors/bookings"
	"admitone/actors/waitingroom/pass"
	"admitone/events"
)

func (w *harness) useKeys(ring *pass.Keyring) {
	w.must(w.server.config.Rooms.UseKeys(context.Background(), ring, admission.KeysIfKnown))
}

// TestPassOfFormerKey: after a rotation a pass signed with the former key stays valid.
func TestPassOfFormerKey(t *testing.T) {
	w := newHarness(t)
	w.room("r", "")
	w.requireRoom("r")
	old := w.passOf("r", "ada")
	w.keys = w.keys.Rotate()
	w.useKeys(w.keys)
	fresh := w.passOf("r", "bob")
	w.reserve("p", "ada", `,"hold":true`, headerPass, old).is(201)
	w.reserve("p", "bob", `,"hold":true`, headerPass, fresh).is(201)
	otherKeys, err := pass.NewKeyring(pass.NewKey(7))
	w.must(err)
	w.useKeys(otherKeys)
	w.reserve("p", "ada", `,"hold":true`, headerPass, old).problem(403, "pass_invalid")
}

// TestPurchaseEndsPass: a completed purchase ends the pass, and the next visitor is admitted; a hold does
// not. Completing a purchase needs no pass.
func TestPurchaseEndsPass(t *testing.T) {
	w := newHarness(t)
	w.room("r", `"max_active":1,"active_seconds":86400,"heartbeat_seconds":3600`)
	w.requireRoom("r", "t1")
	names := []string{"buys", "confirms", "pays", "t1", "waits"}
	paths := map[string]string{}
	for _, name := range names {
		paths[name], _ = w.joinRoom("r", name)
	}
	pass := func(name string) string { return w.awaitVisit(paths[name], "admitted")["pass"].(string) }
	waiting := func(want float64) {
		t.Helper()
		if v := w.do("GET", "/v1/waiting-rooms/r", "").is(200); v["waiting"] != want || v["active"] != 1. {
			t.Fatalf("got %v; want waiting = %v, active = 1", v, want)
		}
	}
	shown := pass("buys")
	waiting(4)
	w.reserve("p", "buys", "", headerPass, shown, "Idempotency-Key", "k").is(201)
	second := pass("confirms")
	// A retry of the purchase gets its answer; the pass has ended.
	if a := w.reserve("p", "buys", "", headerPass, shown, "Idempotency-Key", "k"); a.status != 201 ||
		a.header.Get("Idempotent-Replay") != "true" {
		t.Errorf("%s: got %d %s; want status = 201, Idempotent-Replay = true", a.what, a.status, a.text)
	}
	w.reserve("p", "buys", "", headerPass, shown).problem(403, "pass_invalid")
	w.awaitVisit(paths["buys"], "left")

	held := w.reserve("p", "confirms", `,"hold":true`, headerPass, second).is(201)["id"].(string)
	waiting(3)
	w.do("POST", "/v1/products/p/reservations/"+held+"/confirm", "").is(200)

	third := pass("pays")
	w.do("POST", "/v1/wallets/pays/charges", `{"amount":100}`).is(201)
	booking := w.do("POST", "/v1/performances/gig/bookings", `{"holder":"pays","seats":["A-1-1","A-1-2"]}`, headerPass,
		third).is(201)["id"].(string)
	waiting(2)
	w.do("POST", "/v1/bookings/"+booking+"/payment", "{}").is(200)

	w.do("POST", "/v1/tournaments/cup/entries", `{"team_id":"t1"}`, headerPass, pass("t1")).is(201)
	pass("waits")
	waiting(0)
}

// TestPaymentAfterPass: held seats can be paid after the pass has ended.
func TestPaymentAfterPass(t *testing.T) {
	w := newHarness(t)
	w.room("r", "")
	w.requireRoom("r")
	path, _ := w.joinRoom("r", "ada")
	shown := w.awaitVisit(path, "admitted")["pass"].(string)
	w.do("POST", "/v1/wallets/ada/charges", `{"amount":100}`).is(201)
	booking := w.do("POST", "/v1/performances/gig/bookings", `{"holder":"ada","seats":["A-1-1"]}`, headerPass,
		shown).is(201)["id"].(string)
	w.do("DELETE", path, "").is(200)
	w.awaitVisit(path, "left")
	w.do("POST", "/v1/performances/gig/bookings", `{"holder":"ada","seats":["A-1-2"]}`, headerPass, shown).problem(
		403,
		"pass_invalid",
	)
	w.do("POST", "/v1/bookings/"+booking+"/extension", "{}").is(200)
	if v := w.do("POST", "/v1/bookings/"+booking+"/payment", "{}").is(200); v["status"] != "booked" {
		t.Errorf("got %v; want status = booked", v)
	}
}

// TestResumedPurchaseEndsPass: a payment that is resumed after an interruption ends the pass too.
func TestResumedPurchaseEndsPass(t *testing.T) {
	w := newHarness(t)
	w.room("r", "")
	w.requireRoom("r")
	path, _ := w.joinRoom("r", "ada")
	shown := w.awaitVisit(path, "admitted")["pass"].(string)
	w.do("POST", "/v1/wallets/ada/charges", `{"amount":100}`).is(201)
	id := w.do("POST", "/v1/performances/gig/bookings", `{"holder":"ada","seats":["A-1-1"]}`, headerPass,
		shown).is(201)["id"].(string)
	_, err := w.server.config.Desk.Ask(
		t.Context(),
		actors.Request{
			Stream:  booking.Stream(events.BookingID(id)),
			Command: &booking.StartPayment{},
			ID:      actors.NewCommandID(),
		},
	)
	w.must(err)
	w.must(
		w.server.config.Bookings.Resume(t.Context(), bookings.Origin{ID: actors.NewCommandID(), Actor: "system"},
			events.BookingID(id)),
	)
	if v := w.do("GET", "/v1/bookings/"+id, "").is(200); v["status"] != "booked" {
		t.Errorf("got %v; want status = booked", v)
	}
	w.awaitVisit(path, "left")
}

// TestHolderOfEntryPass: on an open server, the pass for an entry has to be the team's, or that of the holder
// whom the body names.
func TestHolderOfEntryPass(t *testing.T) {
	w := newHarness(t)
	w.room("r", "")
	w.requireRoom("r", "owls", "crows", "rooks")
	const entries = "/v1/tournaments/cup/entries"
	captains, owls := w.passOf("r", "captain"), w.passOf("r", "owls")
	w.do("POST", entries, `{"team_id":"owls"}`, headerPass, captains).problem(403, "pass_invalid")
	w.do("POST", entries, `{"team_id":"owls","holder":"captain"}`, headerPass, owls).problem(403, "pass_invalid")
	w.do("POST", entries, `{"team_id":"owls","holder":".."}`, headerPass, captains).problem(422, "invalid_field")
	w.do("POST", entries, `{"team_id":"owls"}`, headerPass, owls).is(201)
	w.do("POST", entries, `{"team_ids":["crows","rooks"],"holder":"captain"}`, headerPass, captains).is(201)
	if v := w.do("GET", "/v1/history/tournament/cup",
		"").is(200); v["items"].([]any)[2].(map[string]any)["actor"] != "captain" {
		t.Errorf("got %v; want items[2].actor = captain", v)
	}
}

// TestHolderOfPassWithTokens: the pass has to be of the token's holder, or of the holder for whom an admin acts.
func TestHolderOfPassWithTokens(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Auth = secret })
	admin, ada, bob := bearer(t, "root", RoleAdmin), bearer(t, "ada", RoleHolder), bearer(t, "bob", RoleHolder)
	as := func(token, method, path, body string, headers ...string) answer {
		return w.do(method, path, body, append(headers, "Authorization", token)...)
	}
	as(admin, "PUT", "/v1/waiting-rooms/r",
		`{"admit_per_second":100,"max_active":10,"active_seconds":600,"heartbeat_seconds":30}`).is(201)
	as(admin, "POST", "/v1/products", `{"id":"p","name":"n","stock":9,"waiting_room":"r"}`).is(201)
	as(
		admin,
		"POST",
		"/v1/tournaments",
		`{"id":"cup","name":"Cup","team_limit":9,"register_deadline":"2999-01-01T00:00:00Z","waiting_room":"r"}`,
	).is(201)
	as(ada, "POST", "/v1/teams", `{"id":"owls","name":"Owls"}`).is(201)
	as(bob, "POST", "/v1/tournaments/cup/entries", `{"team_id":"owls","holder":"ada"}`).problem(403, "forbidden")
	path := as(ada, "POST", "/v1/waiting-rooms/r/visitors", `{}`).header.Get("Location")
	shown := w.awaitVisit(path, "admitted")["pass"].(string)
	const hold, entry = `{"hold":true}`, `{"team_id":"owls"}`
	as(bob, "POST", "/v1/products/p/reservations", hold, headerPass, shown).problem(403, "pass_invalid")
	as(admin, "POST", "/v1/products/p/reservations", hold).problem(403, "pass_required")
	as(admin, "POST", "/v1/products/p/reservations", hold, headerPass, shown).problem(403, "pass_invalid")
	as(admin, "POST", "/v1/products/p/reservations", `{"holder":"ada","hold":true}`, headerPass, shown).is(201)
	as(ada, "POST", "/v1/products/p/reservations", hold, headerPass, shown).is(201)
	as(bob, "POST", "/v1/tournaments/cup/entries", entry, headerPass, shown).problem(403, "forbidden")
	as(bob, "POST", "/v1/teams", `{"id":"bats","name":"Bats"}`).is(201)
	as(bob, "POST", "/v1/tournaments/cup/entries", `{"team_id":"bats"}`, headerPass, shown).problem(403, "pass_invalid")
	as(ada, "POST", "/v1/tournaments/cup/entries", entry, headerPass, shown).is(201)
}

// TestRetryKeepsNewPass: a retry of an earlier purchase does not end a newer pass.
func TestRetryKeepsNewPass(t *testing.T) {
	w := newHarness(t)
	w.room("r", "")
	w.requireRoom("r")
	old, _ := w.joinRoom("r", "ada")
	shown := w.awaitVisit(old, "admitted")["pass"].(string)
	w.reserve("p", "ada", "", headerPass, shown, "Idempotency-Key", "k").is(201)
	w.awaitVisit(old, "left")
	path, _ := w.joinRoom("r", "ada")
	newer := w.awaitVisit(path, "admitted")["pass"].(string)
	if a := w.reserve("p", "ada", "", headerPass, newer, "Idempotency-Key", "k"); a.status != 201 ||
		a.header.Get("Idempotent-Replay") != "true" {
		t.Fatalf("%s: got %d %s; want status = 201, Idempotent-Replay = true", a.what, a.status, a.text)
	}
	// Once bob has left, everything that the retry may have started is done.
	bob, _ := w.joinRoom("r", "bob")
	w.awaitVisit(bob, "admitted")
	w.do("DELETE", bob, "").is(200)
	w.awaitVisit(bob, "left")
	w.awaitVisit(path, "admitted")
	w.reserve("p", "ada", `,"hold":true`, headerPass, newer).is(201)
}
