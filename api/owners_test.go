package api

import (
	"strings"
	"testing"
)

// TestTeamOwner: owners may enter and withdraw their own teams, services and admins any team. Answers don't
// disclose the owner.
func TestTeamOwner(t *testing.T) {
	w := newHarness(t)
	w.teams("old")
	w.stop()
	w.config.Auth = secret // from now on teams have owners
	w.start()
	admin, ada, bob := bearer(t, "root", RoleAdmin), bearer(t, "ada", RoleHolder), bearer(t, "bob", RoleHolder)
	shop, auditor, door := bearer(t, "shop", RoleService), bearer(t, "audit", RoleAuditor), bearer(t, "gate", RoleDoor)
	as := func(actor, method, path, body string) answer {
		t.Helper()
		return w.do(method, path, body, "Authorization", actor)
	}
	const teams, entries = "/v1/teams", "/v1/tournaments/cup/entries"
	as(admin, "POST", "/v1/tournaments",
		`{"id":"cup","name":"n","team_limit":99,"register_deadline":"2099-01-01T00:00:00Z"}`).is(201)

	created := as(ada, "POST", teams, `{"id":"adas","name":"Owls"}`)
	if created.is(201); strings.Contains(created.text, "ada\"") {
		t.Errorf("got %s, want no owner in it", created.text)
	}
	as(ada, "POST", teams, `{"id":"adas","name":"Owls"}`).is(200)
	as(ada, "POST", teams, `{"id":"adas","name":"Owls","holder":"ada"}`).is(200)
	as(bob, "POST", teams, `{"id":"adas","name":"Owls"}`).problem(409, "already_exists")
	as(bob, "POST", teams, `{"name":"Owls","holder":"ada"}`).problem(403, "forbidden")
	as(door, "POST", teams, `{"name":"Owls"}`).problem(403, "forbidden")
	as(shop, "POST", teams, `{"id":"bobs","name":"Cats","holder":"bob"}`).is(201)
	as(shop, "POST", teams, `{"id":"shops","name":"Cats"}`).is(201)
	as(admin, "POST", teams, `{"id":"audits","name":"Cats","holder":"audit"}`).is(201)
	as(admin, "POST", teams, `{"name":"Cats","holder":"key:shop"}`).problem(422, "invalid_field")
	for _, actor := range []string{"", ada, bob} {
		for _, path := range []string{teams + "/adas", teams + "/adas?at=9"} {
			if a := as(actor, "GET", path, ""); a.is(200)["owner"] != nil || a.is(200)["holder"] != nil {
				t.Errorf("%s: got %s, want no owner and no holder", a.what, a.text)
			}
		}
	}

	enter := func(actor, team string) answer {
		t.Helper()
		return as(actor, "POST", entries, `{"team_id":"`+team+`"}`)
	}
	withdraw := func(actor, team string) answer { t.Helper(); return as(actor, "DELETE", entries+"/"+team, "") }
	for _, team := range []string{"adas", "shops", "audits"} {
		if v := enter(bob, team).problem(403, "forbidden"); v["team_id"] != team {
			t.Errorf("got %v; want team_id = %v", v, team)
		}
	}
	as(bob, "POST", entries, `{"team_ids":["bobs","adas"]}`).problem(403, "forbidden")
	as(bob, "POST", "/v1/tournaments/none/entries", `{"team_id":"adas"}`).problem(404, "not_found")
	as(bob, "DELETE", "/v1/tournaments/none/entries/adas", "").problem(404, "not_found")
	enter(bob, "none").problem(404, "not_found")
	enter(auditor, "adas").problem(403, "forbidden")
	enter(door, "old").problem(403, "forbidden")
	enter(auditor, "audits").is(201)
	enter(ada, "adas").is(201)
	enter(bob, "bobs").is(201)
	enter(shop, "shops").is(201)
	withdraw(bob, "adas").problem(403, "forbidden")
	withdraw(auditor, "adas").problem(403, "forbidden")
	withdraw(ada, "adas").is(200)
	for _, actor := range []string{shop, admin} { // may act for others
		enter(actor, "adas").is(201)
		withdraw(actor, "adas").is(200)
	}
	for _, actor := range []string{ada, bob, auditor} { // any holder may use a team without an owner
		enter(actor, "old").is(201)
		withdraw(actor, "old").is(200)
		as(actor, "POST", teams, `{"id":"old","name":"The old"}`).is(200)
	}
	// The fact has the owner, by which commands are authorized even before the views have the team.
	if v := as(auditor, "GET", "/v1/streams/team-adas/events",
		"").is(200)["items"].([]any)[0].(map[string]any)["data"].(map[string]any); v["owner"] != "ada" {
		t.Errorf("got %v; want owner = ada", v)
	}
	for _, path := range []string{"/v1/history/team/adas", "/v1/history/holder/ada"} {
		if a := as(auditor, "GET", path, ""); a.status != 200 || !strings.Contains(a.text, "a team of ada") {
			t.Errorf("%s: got %d %s; want 200 and a team of ada", a.what, a.status, a.text)
		}
	}
	if v := as(auditor, "GET", "/v1/streams/team-old/events",
		"").is(200)["items"].([]any)[0].(map[string]any)["data"].(map[string]any); len(v) != 2 {
		t.Errorf("the fact of a team without an owner: got %v, want 2 members", v)
	}
}

// TestTeamOwnerBeforeViews: the owner is known before the views have the team.
func TestTeamOwnerBeforeViews(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Auth, w.blind = secret, true })
	admin := bearer(t, "root", RoleAdmin)
	w.do("POST", "/v1/tournaments",
		`{"id":"cup","name":"n","team_limit":9,"register_deadline":"2099-01-01T00:00:00Z"}`, "Authorization",
		admin).is(201)
	w.do("POST", "/v1/teams", `{"id":"adas","name":"n"}`, "Authorization", bearer(t, "ada", RoleHolder)).is(201)
	w.do("POST", "/v1/tournaments/cup/entries", `{"team_id":"adas"}`, "Authorization",
		bearer(t, "bob", RoleHolder)).problem(403, "forbidden")
	w.do("POST", "/v1/tournaments/cup/entries", `{"team_id":"adas"}`, "Authorization", bearer(t, "ada", RoleHolder)).is(
		201,
	)
}

// TestPricedProductIsHeld: a holder's reservation of a product with a price is held until a service confirms it.
func TestPricedProductIsHeld(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Auth = secret })
	admin, ada := bearer(t, "root", RoleAdmin), bearer(t, "ada", RoleHolder)
	auditor, shop := bearer(t, "audit", RoleAuditor), bearer(t, "shop", RoleService)
	w.do("POST", "/v1/products", `{"id":"free","name":"n","stock":99}`, "Authorization", admin).is(201)
	w.do("POST", "/v1/products", `{"id":"dear","name":"n","stock":99,"price":1}`, "Authorization", admin).is(201)
	for _, c := range []struct {
		actor, product, hold string
		status               int
		want                 string
	}{
		{ada, "free", ``, 201, "confirmed"}, {ada, "free", `"hold":false`, 201, "confirmed"}, {ada, "free",
			`"hold":true`, 201, "held"},
		{ada, "dear", ``, 201, "held"}, {ada, "dear", `"hold":false`, 403, ""}, {ada, "dear", `"hold":true`, 201,
			"held"},
		{auditor, "dear", ``, 201, "held"}, {auditor, "dear", `"hold":false`, 403, ""},
		{shop, "dear", ``, 201, "confirmed"}, {shop, "dear", `"hold":false`, 201, "confirmed"}, {shop, "dear",
			`"hold":true`, 201, "held"},
		{admin, "dear", ``, 201, "confirmed"}, {admin, "dear", `"hold":true`, 201, "held"},
	} {
		a := w.do("POST", "/v1/products/"+c.product+"/reservations", "{"+c.hold+"}", "Authorization", c.actor)
		if c.status == 403 {
			a.problem(403, "forbidden")
			continue
		}
		v := a.is(c.status)
		if v["status"] != c.want {
			t.Errorf("%s with %q: got status = %v, want %s", c.product, c.hold, v["status"], c.want)
		}
		if c.want != "held" {
			continue
		}
		confirm := "/v1/products/" + c.product + "/reservations/" + v["id"].(string) + "/confirm"
		if c.product == "dear" && (c.actor == ada || c.actor == auditor) {
			w.do("POST", confirm, "", "Authorization", c.actor).problem(403, "forbidden")
			w.do("POST", confirm, "", "Authorization", shop).is(200)
		} else {
			w.do("POST", confirm, "", "Authorization", c.actor).is(200)
		}
	}
	w.do("POST", "/v1/products/none/reservations", `{"hold":false}`, "Authorization", ada).problem(404, "not_found")
	open := newHarness(t)
	open.product("dear", 9, `,"price":1`)
	if v := open.reserve("dear", "ada", "").is(201); v["status"] != "confirmed" {
		t.Errorf("an open server: got %v, want status = confirmed", v)
	}
}
