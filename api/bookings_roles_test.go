package api

import "testing"

// TestBookingRoles: a holder books and pays only for itself, an admin for every holder.
func TestBookingRoles(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Auth = secret })
	admin, ada, bob := bearer(t, "root", RoleAdmin), bearer(t, "ada", RoleHolder), bearer(t, "bob", RoleHolder)
	auditor := bearer(t, "audit", RoleAuditor)
	as := func(actor, method, path, body string) answer {
		t.Helper()
		return w.do(method, path, body, "Authorization", actor)
	}
	const hall = `{"id":"h","title":"t","venue":"v","starts_at":"2031-05-01T20:00:00Z","sections":[{"id":"A",` +
		`"rows":1,"seats_per_row":9,"price":100}]}`
	as("", "POST", "/v1/performances", hall).problem(401, "unauthenticated")
	as(ada, "POST", "/v1/performances", hall).problem(403, "forbidden")
	as(admin, "POST", "/v1/performances", hall).is(201)
	for _, path := range []string{"/v1/performances", "/v1/performances/h", "/v1/performances/h/seats"} {
		as("", "GET", path, "").is(200)
	}
	const block, bookings = "/v1/performances/h/seats/A-1-9/block", "/v1/performances/h/bookings"
	as(ada, "PUT", block, "").problem(403, "forbidden")
	as(ada, "DELETE", block, "").problem(403, "forbidden")
	as(admin, "PUT", block, "").is(200)

	as("", "POST", bookings, `{"seats":["A-1-1"]}`).problem(401, "unauthenticated")
	as(ada, "POST", bookings, `{"holder":"bob","seats":["A-1-1"]}`).problem(403, "forbidden")
	as(ada, "POST", bookings, `{"seats":["A-1-9"]}`).problem(409, "seat_taken")
	created := as(ada, "POST", bookings, `{"seats":["A-1-1"]}`).is(201)
	path := "/v1/bookings/" + created["id"].(string)
	if created["holder"] != "ada" {
		t.Errorf("got %v; want holder = ada", created)
	}
	if v := as(admin, "POST", bookings, `{"holder":"bob","seats":["A-1-2"]}`).is(201); v["holder"] != "bob" {
		t.Errorf("got %v; want holder = bob", v)
	}
	for _, ours := range []string{path, "/v1/holders/ada/bookings"} {
		as("", "GET", ours, "").problem(401, "unauthenticated")
		as(bob, "GET", ours, "").problem(403, "forbidden")
		for _, actor := range []string{ada, auditor, admin} {
			as(actor, "GET", ours, "").is(200)
		}
	}
	for _, actor := range []string{bob, auditor} {
		as(actor, "POST", path+"/extension", "").problem(403, "forbidden")
		as(actor, "POST", path+"/payment", "").problem(403, "forbidden")
		as(actor, "DELETE", path, "").problem(403, "forbidden")
	}

	const charges, wallet = "/v1/wallets/ada/charges", "/v1/wallets/ada"
	as("", "POST", charges, `{"amount":100}`).problem(401, "unauthenticated")
	as(bob, "POST", charges, `{"amount":100}`).problem(403, "forbidden")
	as(auditor, "POST", charges, `{"amount":100}`).problem(403, "forbidden")
	as(ada, "POST", charges, `{"amount":100}`).problem(403, "forbidden")
	as(bearer(t, "shop", RoleService), "POST", charges, `{"amount":100}`).is(201)
	as(admin, "POST", charges, `{"amount":100}`).is(201)
	as(bob, "GET", wallet, "").problem(403, "forbidden")
	as(bob, "GET", wallet+"/entries", "").problem(403, "forbidden")
	if v := as(auditor, "GET", wallet, "").is(200); v["balance"] != float64(200) {
		t.Errorf("got %v; want balance = 200", v)
	}
	as(ada, "POST", path+"/payment", "").is(200)
	as(admin, "DELETE", path, "").is(200)
}

// TestHoldersCharge: with HoldersCharge, holders and auditors may charge their own wallets, and no others.
func TestHoldersCharge(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Auth, w.config.HoldersCharge = secret, true })
	for role, own := range map[Role]int{RoleHolder: 201, RoleAuditor: 201, RoleService: 201, RoleAdmin: 201,
		RoleDoor: 403} {
		other := 403
		if role == RoleService || role == RoleAdmin {
			other = 201
		}
		for holder, want := range map[string]int{"me": own, "you": other} {
			if a := w.do("POST", "/v1/wallets/"+holder+"/charges", `{"amount":1}`, "Authorization", bearer(t, "me",
				role)); a.status != want {
				t.Errorf("%s charges the wallet of %s: got status %d, want %d", role, holder, a.status, want)
			}
		}
	}
}

func TestPerformanceBodies(t *testing.T) {
	w := newHarness(t)
	const good = `"title":"t","venue":"v","starts_at":"2031-05-01T20:00:00Z"`
	for body, field := range map[string]string{
		`{"title":"","venue":"v"}`: "title", `{"title":"t"}`: "venue", `{"title":"t","venue":"v"}`: "starts_at",
		`{` + good + `}`:               "sections",
		`{` + good + `,"sections":[]}`: "sections",
		`{` + good + `,"sections":[{"id":"A B","rows":1,"seats_per_row":1,` +
			`"price":1}]}`: "sections.0.id",
		`{` + good + `,"sections":[{"id":"A","rows":0,"seats_per_row":1,` +
			`"price":1}]}`: "sections.0.rows",
		`{` + good + `,"sections":[{"id":"A","rows":1,"seats_per_row":1}]}`: "sections.0.price",
		`{` + good + `,"sections":[{"id":"A","rows":1,"seats_per_row":1,"price":1},{"id":"A","rows":1,` +
			`"seats_per_row":1,"price":1}]}`: "sections",
		`{` + good + `,"sections":[{"id":"A","rows":1000,"seats_per_row":101,` +
			`"price":1}]}`: "sections",
		`{` + good + `,"hold_seconds":0,"sections":[{"id":"A","rows":1,"seats_per_row":1,` +
			`"price":1}]}`: "hold_seconds",
	} {
		if v := w.do("POST", "/v1/performances", body).problem(422, "invalid_field"); v["field"] != field {
			t.Errorf("%s: got field %v, want %s", body, v["field"], field)
		}
	}
	created := w.do("POST", "/v1/performances",
		`{`+good+`,"sections":[{"id":"A","rows":1000,"seats_per_row":100,"price":0}]}`).is(201)
	if created["remaining"] != float64(100_000) || created["hold_seconds"] != float64(300) {
		t.Errorf("got %v; want remaining = 100_000, hold_seconds = 300", created)
	}
	for query, n := range map[string]int{"": 1, "?from=2031-05-01": 1, "?to=2031-05-01": 1,
		"?to=2031-05-01T20:00:00Z": 1, "?from=2031-05-02": 0, "?to=2031-04-30": 0, "?at=1": 1} {
		if v := w.do("GET", "/v1/performances"+query, "").is(200); len(v["items"].([]any)) != n {
			t.Errorf("%s: got %v, want %d performances", query, v, n)
		}
	}
}
