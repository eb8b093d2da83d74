package api

import (
	"context"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"admitone/api/contacts"
	"admitone/events"
)

const adasContact = `{"name":"Ada L.","email":"ada@example.org","phone":"+44 20 7946 0001"}`

// checkContact checks the contact of a resource; "" means no contact.
func checkContact(t *testing.T, a answer, want string) {
	t.Helper()
	got := ""
	if contact := a.is(200)["contact"]; contact != nil {
		text, err := json.Marshal(contact)
		if err != nil {
			t.Fatal(err)
		}
		got = string(text)
	}
	var expected any
	if want != "" {
		if err := json.Unmarshal([]byte(want), &expected); err != nil {
			t.Fatal(err)
		}
		text, _ := json.Marshal(expected)
		want = string(text)
	}
	if got != want {
		t.Errorf("%s: got contact %q, want %q", a.what, got, want)
	}
}

func TestContactRoles(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Auth = secret })
	admin, ada, bob := bearer(t, "root", RoleAdmin), bearer(t, "ada", RoleHolder), bearer(t, "bob", RoleHolder)
	auditor := bearer(t, "audit", RoleAuditor)
	send := func(actor, method, path, body string) answer {
		t.Helper()
		return w.do(method, path, body, "Authorization", actor)
	}
	send(admin, "POST", "/v1/products", `{"id":"p","name":"n","stock":9}`).is(201)
	send(
		admin,
		"POST",
		"/v1/performances",
		`{"id":"gig","title":"t","venue":"v","starts_at":"2099-01-01T20:00:00Z","sections":[{"id":"A","rows":1,`+
			`"seats_per_row":4,"price":0}]}`,
	).is(201)
	send(admin, "POST", "/v1/tournaments",
		`{"id":"cup","name":"n","team_limit":4,"register_deadline":"2099-01-01T00:00:00Z"}`).is(201)
	send(ada, "POST", "/v1/teams", `{"id":"a","name":"A"}`).is(201)
	send(ada, "POST", "/v1/teams", `{"id":"b","name":"B"}`).is(201)
	with := `,"contact":` + adasContact + `}`
	reservation := send(ada, "POST", "/v1/products/p/reservations", `{"quantity":1`+with).is(201)
	booking := send(ada, "POST", "/v1/performances/gig/bookings", `{"seats":["A-1-1"]`+with).is(201)
	entry := send(ada, "POST", "/v1/tournaments/cup/entries", `{"team_ids":["a","b"]`+with).is(201)
	for what, created := range map[string]map[string]any{"a reservation": reservation, "a booking": booking,
		"an entry": entry} {
		if created["contact"] != nil {
			t.Errorf("the answer to %s contains the contact, want none", what)
		}
	}
	paths := []string{
		"/v1/products/p/reservations/" + reservation["id"].(string),
		"/v1/bookings/" + booking["id"].(string),
		"/v1/tournaments/cup/entries/a",
		"/v1/tournaments/cup/entries/b",
	}
	for i, path := range paths {
		for _, actor := range []string{ada, admin, auditor} {
			checkContact(t, send(actor, "GET", path, ""), adasContact)
		}
		if i < 2 {
			send(bob, "GET", path, "").problem(403, "forbidden")
			continue
		}
		checkContact(t, send(bob, "GET", path, ""), "")
		checkContact(t, w.do("GET", path, ""), "")
	}

	tag := send(ada, "GET", paths[0], "").header.Get("ETag")
	send(bob, "DELETE", "/v1/holders/ada/contact", "").problem(403, "forbidden")
	send(auditor, "DELETE", "/v1/holders/ada/contact", "").problem(403, "forbidden")
	w.do("DELETE", "/v1/holders/ada/contact", "").problem(401, "unauthenticated")
	if v := send(ada, "DELETE", "/v1/holders/ada/contact", "").is(200); v["forgotten"] != true {
		t.Errorf("with a contact: got %v; want forgotten = true", v)
	}
	if v := send(admin, "DELETE", "/v1/holders/ada/contact", "").is(200); v["forgotten"] != false {
		t.Errorf("without a contact: got %v; want forgotten = false", v)
	}
	for _, path := range paths {
		for _, actor := range []string{ada, admin} {
			checkContact(t, send(actor, "GET", path, ""), "")
		}
	}
	// The answer to a conditional request must not be 304, or a cache would still show the contact.
	checkContact(t, w.do("GET", paths[0], "", "Authorization", ada, "If-None-Match", tag), "")
}

func TestRetryWithAContact(t *testing.T) {
	w := newHarness(t)
	w.product("p", 9, "")
	more := `,"contact":` + adasContact
	first := w.reserve("p", "ada", more, "Idempotency-Key", "k")
	path := "/v1/products/p/reservations/" + first.is(201)["id"].(string)
	if repeated := w.reserve("p", "ada", more, "Idempotency-Key", "k"); repeated.text != first.text ||
		repeated.header.Get("Idempotent-Replay") != "true" {
		t.Errorf("the retry: got %s, want %s", repeated.text, first.text)
	}
	w.reserve("p", "ada", `,"contact":{"phone":"1"}`, "Idempotency-Key", "k").problem(422, "idempotency_key_reused")
	w.reserve("p", "ada", `,"quantity":2`+more, "Idempotency-Key", "k").problem(422, "idempotency_key_reused")
	checkContact(t, w.do("GET", path, ""), adasContact)
	w.do("DELETE", "/v1/holders/ada/contact", "").is(200)
	// A retry does not restore the contact of a forgotten holder.
	if repeated := w.reserve("p", "ada", more, "Idempotency-Key", "k"); repeated.text != first.text {
		t.Errorf("the retry: got %s, want %s", repeated.text, first.text)
	}
	checkContact(t, w.do("GET", path, ""), "")
}

// TestCommandIDExcludesContact: the command id does not depend on the contact, because a telephone number could be
// found from its hash by trying all numbers.
func TestCommandIDExcludesContact(t *testing.T) {
	ids := map[string]bool{}
	for _, phone := range []string{"1", "2"} {
		w := newHarness(t)
		w.product("p", 9, "")
		w.reserve("p", "ada", `,"contact":{"phone":"`+phone+`"}`, "Idempotency-Key", "k").is(201)
		page, err := w.store.Read(context.Background(), "product-p", 1, events.Forward, 1)
		if err != nil || len(page) != 1 {
			t.Fatalf("got %v %v; want no error, one event", err, len(page))
		}
		meta, err := events.ParseMetadata(page[0].Metadata)
		if err != nil || !strings.HasPrefix(meta.CommandID, "k") {
			t.Fatalf("got %v %v; want a command id that begins with k, and no error", meta.CommandID, err)
		}
		ids[meta.CommandID] = true
	}
	if len(ids) != 1 {
		t.Errorf("got command ids %v for two contacts, want the same one", ids)
	}
}

func TestBadContacts(t *testing.T) {
	w := newHarness(t)
	w.product("p", 9, "")
	for contact, field := range map[string]string{
		`{}`:                        "contact",
		`{"email":"nobody"}`:        "contact.email",
		`{"phone":""}`:              "contact.phone",
		`{"name":"a\u0007"}`:        "contact.name",
		`{"name":7}`:                "contact.name",
		`"ada@example.org"`:         "contact",
		`{"phone":null,"name":"a"}`: "contact.phone",
		`{"phone":"` + strings.Repeat("1", 41) + `"}`: "contact.phone",
	} {
		if v := w.reserve("p", "ada", `,"contact":`+contact).problem(422, "invalid_field"); v["field"] != field {
			t.Errorf("%s: got field %v, want %s", contact, v["field"], field)
		}
	}
	w.reserve("p", "ada", `,"contact":{"fax":"1"}`).problem(422, "unknown_field")
	if v := w.do("GET", "/v1/products/p", "").is(200); v["sold"] != 0.0 {
		t.Errorf("after refused contacts: got %v; want sold = 0", v)
	}
}

func TestServerWithoutContacts(t *testing.T) {
	w := newHarness(t)
	w.product("p", 9, "")
	w.server.config.Contacts = nil
	w.reserve("p", "ada", `,"contact":{"phone":"1"}`).problem(422, "invalid_field")
	w.reserve("p", "ada", "").is(201)
}

// TestContactStoreFailure: if the contact can't be stored, the answer is 503, and a retry stores it.
func TestContactStoreFailure(t *testing.T) {
	w := newHarness(t)
	w.product("p", 9, "")
	w.contacts.Close()
	w.reserve("p", "ada", `,"contact":`+adasContact, "Idempotency-Key", "k").problem(503, "log_unavailable")
	for _, log := range []*record{w.log, w.access} {
		if strings.Contains(log.String(), "example.org") {
			t.Errorf("got the log %s; want no contact in it", log)
		}
	}
	w.contacts = mustOpen(t, w)
	w.server.config.Contacts = w.contacts
	path := "/v1/products/p/reservations/" + w.reserve("p", "ada", `,"contact":`+adasContact, "Idempotency-Key",
		"k").is(201)["id"].(string)
	checkContact(t, w.do("GET", path, ""), adasContact)
}

// mustOpen opens the contacts of a harness.
func mustOpen(t *testing.T, w *harness) *contacts.Book {
	t.Helper()
	book, err := contacts.Open(filepath.Join(w.dir, "contacts"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return book
}
