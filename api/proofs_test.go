package api

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"admitone/actors/product"
	"admitone/events"
	"admitone/events/merkle"
)

func withProofs(w *harness) { w.signed = true }

// receipt gets a receipt and verifies it with the public key alone.
func (w *harness) receipt(path, wantType string, wantPosition any) merkle.Receipt {
	w.t.Helper()
	a := w.do("GET", path+"/receipt", "")
	a.is(200)
	verifier, err := merkle.NewVerifier(w.do("GET", "/v1/log/head", "").is(200)["key"].(string))
	w.must(err)
	r, err := merkle.CheckReceipt([]byte(a.text), verifier)
	if err != nil || r.Event.Type != wantType || wantPosition != nil && float64(r.Event.Position) != wantPosition {
		w.t.Errorf("%s: got %s at %d, want %s at %v (%v)", path, r.Event.Type, r.Event.Position, wantType, wantPosition, err)
	}
	return r
}

// TestReservationReceipts: in every state, the receipt proves the last event about the
// reservation.
func TestReservationReceipts(t *testing.T) {
	w := newHarness(t, withProofs)
	w.product("p", 5000, `,"hold_seconds":1`)
	w.product("q", 5000, "")
	of := func(product string, reserved map[string]any) string {
		return "/v1/products/" + product + "/reservations/" + reserved["id"].(string)
	}
	var all sync.WaitGroup
	sell := func() { // adds events that a search has to skip
		for range 400 {
			all.Go(func() { w.reserve("q", "ada", "").is(201) })
		}
		all.Wait()
	}
	sell()
	sold := w.reserve("q", "ada", "").is(201)
	held := w.reserve("q", "bob", `,"hold":true`).is(201)
	kept := w.reserve("q", "cid", `,"hold":true`).is(201)
	sell()
	confirmed := w.do("POST", of("q", held)+"/confirm", "").is(200)
	sell()
	w.receipt(of("q", sold), "product.reserved.v1", sold["position"])
	w.receipt(of("q", kept), "product.held.v1", kept["position"])
	r := w.receipt(of("q", held), "product.confirmed.v1", confirmed["position"])
	if r.Head.Position() < r.Event.Position || !strings.Contains(string(r.Event.Data), "bob") {
		t.Errorf("got %+v; want a head at position %v or later, and bob in the event", r, r.Event.Position)
	}
	released := w.do("DELETE", of("q", sold), "").is(200)
	w.receipt(of("q", sold), "product.released.v1", released["position"])
	brief := w.reserve("p", "dan", `,"hold":true`).is(201)
	for status := "held"; status != "expired"; {
		status = w.do("GET", of("p", brief), "").is(200)["status"].(string)
	}
	w.receipt(of("p", brief), "product.expired.v1", nil)
	for _, path := range []string{"/v1/products/q/reservations/none", "/v1/products/none/reservations/" +
		sold["id"].(string), of("p", sold)} {
		w.do("GET", path+"/receipt", "").problem(404, "not_found")
	}
}

// TestReceiptAfterClockSetBack: an event is found although the time in its reservation's id is in the future.
func TestReceiptAfterClockSetBack(t *testing.T) {
	w := newHarness(t, withProofs)
	stream := product.Stream("p")
	facts := []events.Fact{&events.ProductCreated{ProductID: "p", DisplayName: "p", Stock: 90}}
	future := "0fffffff-ffff-7fff-bfff-ffffffffffff"
	for n := range 20 {
		id := events.EventID("r", n).String()
		if n == 7 {
			id = future
		}
		facts = append(
			facts,
			&events.ProductReserved{
				ReservationID: events.ReservationID(id),
				Holder:        "ada",
				Quantity:      1,
				Remaining:     int64(89 - n),
			},
		)
	}
	var batch []events.Event
	var prev events.Hash
	for n, fact := range facts {
		e := events.Event{ID: events.EventID("c", n), Type: fact.Name(), Data: events.AppendFact(nil, fact)}
		e.Metadata, prev = events.Seal(nil, prev, stream, events.Revision(n), &e,
			&events.Metadata{CommandID: "c", Actor: "ada", At: time.Unix(1, 0)})
		batch = append(batch, e)
	}
	if _, err := w.store.Append(t.Context(), stream, events.NoStream, batch); err != nil {
		t.Fatal(err)
	}
	w.receipt("/v1/products/p/reservations/"+future, "product.reserved.v1", 9.0)
}

func TestEntryReceipts(t *testing.T) {
	w := newHarness(t, withProofs)
	w.teams("a", "b", "c")
	w.tournament("cup", 1, `,"waitlist":true`)
	const entries = "/v1/tournaments/cup/entries"
	first := w.do("POST", entries, `{"team_id":"a"}`).is(201)
	second := w.do("POST", entries, `{"team_id":"b"}`).is(201)
	w.receipt(entries+"/a", "tournament.entered.v1", first["position"])
	w.receipt(entries+"/b", "tournament.waitlisted.v1", second["position"])
	w.do("DELETE", entries+"/a", "").is(200)
	w.receipt(entries+"/b", "tournament.promoted.v1", nil)
	for _, path := range []string{entries + "/a", entries + "/c", "/v1/tournaments/none/entries/a"} {
		w.do("GET", path+"/receipt", "").problem(404, "not_found")
	}
}

func TestBookingReceipts(t *testing.T) {
	w := newHarness(t, withProofs)
	w.do(
		"POST",
		"/v1/performances",
		`{"id":"hall","title":"Winterreise","venue":"Town hall","starts_at":"2999-05-01T20:00:00Z",
		"sections":[{"id":"A","rows":1,"seats_per_row":2,"price":100}]}`,
	).is(201)
	created := w.do("POST", "/v1/performances/hall/bookings", `{"holder":"ada","seats":["A-1-1"]}`).is(201)
	path := "/v1/bookings/" + created["id"].(string)
	w.receipt(path, "booking.held.v1", created["position"])
	w.do("POST", "/v1/wallets/ada/charges", `{"amount":250}`).is(201)
	w.receipt(path, "booking.held.v1", created["position"])
	w.do("POST", path+"/payment", "").is(200)
	if r := w.receipt(path, "booking.booked.v1", nil); r.Event.Stream.Entity() != created["id"] {
		t.Errorf("got %+v; want r.Event.Stream.Entity() = %v", r.Event, created["id"])
	}
	// Revision 0 is the event with the seats.
	first := w.do("GET", path+"/receipt?revision=0", "")
	first.is(200)
	verifier, err := merkle.NewVerifier(w.do("GET", "/v1/log/head", "").is(200)["key"].(string))
	w.must(err)
	if r, err := merkle.CheckReceipt([]byte(first.text), verifier); err != nil || r.Event.Type != "booking.held.v1" ||
		!strings.Contains(string(r.Event.Data), "A-1-1") {
		t.Errorf("got %+v, %v; want booking.held.v1 with A-1-1", r, err)
	}
	w.do("GET", path+"/receipt?revision=9", "").problem(404, "not_found")
	w.do("GET", path+"/receipt?revision=x", "").problem(400, "bad_parameter")
	w.do("GET", "/v1/bookings/none/receipt", "").problem(404, "not_found")
}

// TestReceiptRoles: a receipt is for the holder, auditors and admins; heads are public.
func TestReceiptRoles(t *testing.T) {
	w := newHarness(t, withProofs, func(w *harness) { w.config.Auth = secret })
	as := func(sub string, role Role) string {
		token, err := secret.Token(sub, role, time.Now(), time.Hour)
		w.must(err)
		return "Bearer " + token
	}
	w.do("POST", "/v1/products", `{"id":"p","name":"p","stock":9}`, "Authorization", as("boss", RoleAdmin)).is(201)
	id := w.do("POST", "/v1/products/p/reservations", `{}`, "Authorization", as("ada", RoleHolder)).is(201)["id"]
	path := fmt.Sprintf("/v1/products/p/reservations/%s/receipt", id)
	for _, token := range []string{as("ada", RoleHolder), as("eve", RoleAuditor), as("boss", RoleAdmin)} {
		w.do("GET", path, "", "Authorization", token).is(200)
	}
	w.do(
		"POST",
		"/v1/performances",
		`{"id":"hall","title":"W","venue":"T","starts_at":"2999-05-01T20:00:00Z","sections":[{"id":"A","rows":1,`+
			`"seats_per_row":2,"price":1}]}`,
		"Authorization",
		as("boss", RoleAdmin),
	).is(201)
	booked := w.do("POST", "/v1/performances/hall/bookings", `{"seats":["A-1-1"]}`, "Authorization", as("ada",
		RoleHolder)).is(201)["id"]
	w.do("GET", fmt.Sprintf("/v1/bookings/%s/receipt", booked), "", "Authorization", as("ada", RoleHolder)).is(200)
	w.do("GET", fmt.Sprintf("/v1/bookings/%s/receipt", booked), "", "Authorization", as("eve", RoleHolder)).problem(
		403,
		"forbidden",
	)
	w.do("GET", path, "", "Authorization", as("eve", RoleHolder)).problem(403, "forbidden")
	w.do("GET", path, "").problem(401, "unauthenticated")
	w.do("GET", "/v1/log/head", "").is(200)
}

// TestEntryReceiptRoles: a receipt of an entry is for the team's owner, the holder who entered the team, auditors
// and admins, because it names that holder.
func TestEntryReceiptRoles(t *testing.T) {
	w := newHarness(t, withProofs)
	w.teams("old", "odd")
	w.stop()
	w.config.Auth = secret
	w.start()
	as := func(sub string, role Role) string { return bearer(t, sub, role) }
	send := func(actor, method, path, body string) answer {
		t.Helper()
		return w.do(method, path, body, "Authorization", actor)
	}
	admin := as("boss", RoleAdmin)
	ada, bob, eve, shop := as("ada", RoleHolder), as("bob", RoleHolder), as("eve", RoleHolder), as("shop", RoleService)
	send(admin, "POST", "/v1/tournaments",
		`{"id":"cup","name":"n","team_limit":3,"register_deadline":"2099-01-01T00:00:00Z","waitlist":true}`).is(201)
	const entries = "/v1/tournaments/cup/entries"
	send(ada, "POST", "/v1/teams", `{"id":"adas","name":"n"}`).is(201)
	send(ada, "POST", "/v1/teams", `{"id":"more","name":"n"}`).is(201)
	enter := func(actor, team string) { t.Helper(); send(actor, "POST", entries, `{"team_id":"`+team+`"}`).is(201) }
	enter(ada, "adas")
	enter(shop, "more")
	enter(bob, "old")
	enter(bob, "odd") // waitlisted, until eve promotes it
	all := map[string]string{"nobody": "", "ada": ada, "bob": bob, "eve": eve, "shop": shop,
		"door": as("gate", RoleDoor), "auditor": as("audit", RoleAuditor), "admin": admin}
	wantReaders := func(team, allowed string) {
		t.Helper()
		for name, token := range all {
			a := send(token, "GET", entries+"/"+team+"/receipt", "")
			switch {
			case strings.Contains(allowed+" auditor admin", name):
				a.is(200)
			case name == "nobody":
				a.problem(401, "unauthenticated")
			default:
				a.problem(403, "forbidden")
			}
		}
	}
	wantReaders("adas", "ada")
	wantReaders("more", "ada shop")
	wantReaders("old", "bob")
	wantReaders("odd", "bob")
	send(eve, "DELETE", entries+"/old", "").is(200) // any holder may withdraw a team without an owner
	wantReaders("odd", "bob")
	send(admin, "DELETE", entries+"/odd", "").is(200)
	enter(eve, "odd")
	wantReaders("odd", "eve")
	send(ada, "GET", entries+"/old/receipt", "").problem(404, "not_found")
}

// TestExpiryReceiptNamesNoOther: if holds of several holders expire in one fact, their receipts are of the holds
// and not of that fact, which names all holders.
func TestExpiryReceiptNamesNoOther(t *testing.T) {
	w := newHarness(t, withProofs, func(w *harness) { w.config.Auth = secret })
	admin, ada, bob := bearer(t, "boss", RoleAdmin), bearer(t, "ada", RoleHolder), bearer(t, "bob", RoleHolder)
	w.do("POST", "/v1/products", `{"id":"p","name":"p","stock":9,"hold_seconds":1}`, "Authorization", admin).is(201)
	const reservations = "/v1/products/p/reservations"
	held := func(actor string) string {
		return reservations + "/" + w.do("POST", reservations, `{"hold":true}`, "Authorization",
			actor).is(201)["id"].(string)
	}
	expired := func(actor, path string) {
		for status := "held"; status != "expired"; {
			status = w.do("GET", path, "", "Authorization", actor).is(200)["status"].(string)
		}
	}
	// Commands of one batch are decided within microseconds, so both are almost always due before
	// one is processed.
	var adas, bobs string
	for together := false; !together; {
		both := w.do("POST", "/v1/batch", `{"commands":[`+
			`{"method":"POST","path":"`+reservations+`","body":{"holder":"ada","hold":true}},`+
			`{"method":"POST","path":"`+reservations+`","body":{"holder":"bob","hold":true}}]}`, "Authorization", admin).is(200)
		id := func(i int) string {
			return reservations + "/" + both["answers"].([]any)[i].(map[string]any)["body"].(map[string]any)["id"].(string)
		}
		adas, bobs = id(0), id(1)
		expired(ada, adas)
		expired(bob, bobs)
		together = strings.Contains(w.do("GET", adas+"/receipt", "", "Authorization", admin).text, "bob")
	}
	for actor, path := range map[string]string{ada: adas, bob: bobs} {
		a := w.do("GET", path+"/receipt", "", "Authorization", actor)
		event := a.is(200)["event"].(map[string]any)
		if event["type"] != "product.held.v1" {
			t.Errorf("got a receipt of %v, want product.held.v1", event["type"])
		}
	}
	single := held(ada)
	expired(ada, single)
	if event := w.do("GET", single+"/receipt", "", "Authorization",
		ada).is(200)["event"].(map[string]any); event["type"] != "product.expired.v1" {
		t.Errorf("of a single hold: got a receipt of %v, want product.expired.v1", event["type"])
	}
}

// lateProofs has no head, and no receipt before the deadline.
type lateProofs struct{}

func (lateProofs) AppendHead(_ context.Context, dst []byte) ([]byte, error) {
	return dst, events.ErrUnavailable
}

func (lateProofs) Receipt(ctx context.Context, _ events.Position) ([]byte, error) {
	<-ctx.Done()
	return nil, fmt.Errorf("waiting: %w", ctx.Err())
}

// TestLateProofs: a late receipt is answered with projection_behind, not with internal. Without proofs there
// are no routes for them.
func TestLateProofs(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Proofs, w.patience = lateProofs{}, 20*time.Millisecond })
	w.product("p", 3, "")
	path := "/v1/products/p/reservations/" + w.reserve("p", "ada", "").is(201)["id"].(string)
	w.do("GET", path+"/receipt", "").problem(503, "projection_behind")
	w.do("GET", "/v1/log/head", "").problem(503, "log_unavailable")
	w.stop()

	w = newHarness(t)
	w.product("p", 3, "")
	path = "/v1/products/p/reservations/" + w.reserve("p", "ada", "").is(201)["id"].(string)
	w.do("GET", path+"/receipt", "").problem(404, "not_found")
	w.do("GET", "/v1/log/head", "").problem(404, "not_found")
}

// TestLogHead: the answer has the signed head of this log.
func TestLogHead(t *testing.T) {
	w := newHarness(t, withProofs)
	empty := w.do("GET", "/v1/log/head", "").is(200)
	fields(t, empty, "counts epoch key note position root size")
	if empty["size"] != 0.0 || empty["epoch"] != w.store.Epoch() {
		t.Errorf("of an empty log: got %v; want size = 0, epoch = %v", empty, w.store.Epoch())
	}
	w.product("p", 3, "")
	for size := 0.0; size < 1; {
		size = w.do("GET", "/v1/log/head", "").is(200)["size"].(float64)
	}
	v := w.do("GET", "/v1/log/head", "").is(200)
	verifier, err := merkle.NewVerifier(v["key"].(string))
	w.must(err)
	if h, err := merkle.OpenHead(v["note"].(string), verifier); err != nil || float64(h.Size) != v["size"] ||
		h.Root.String() != v["root"] {
		t.Errorf("%v: got the head %+v (%v), want size = %v, root = %v", v, h, err, v["size"], v["root"])
	}
}
