package api

import (
	"fmt"
	"strings"
	"testing"
)

func init() { answersOfKinds = append(answersOfKinds, exerciseAreas) }

// exerciseAreas sends every kind of request that blocks places or resizes areas.
func exerciseAreas(_ *testing.T, send func(method, path, body string, headers ...string) answer) {
	plan, show := standingPlan("arena")
	send("POST", "/v1/plans", plan).is(201)
	send("POST", "/v1/performances", show).is(201)
	const one, blocks = "/v1/performances/arena", "/v1/performances/arena/blocks"
	send("PUT", blocks, `{"areas":{"floor":20},"label":"press"}`).is(200)
	send("PUT", blocks, `{"areas":{"floor":31},"label":"press"}`).problem(422, "invalid_field")
	send("PUT", blocks, `{"areas":{"floor":11},"label":"crew"}`).problem(409, "sold_out")
	send("POST", one+"/bookings", `{"holder":"eve","areas":{"floor":11}}`).problem(409, "sold_out")
	send("POST", one+"/bookings", `{"holder":"eve","areas":{"floor":2},"label":"press"}`).is(201)
	send("GET", blocks, "")
	send("GET", one, "").is(200)
	send("PATCH", one, `{"areas":{"floor":19}}`, "If-Match", `"e0"`).problem(409, "limit_exceeded")
	send("PATCH", one, `{"areas":{"floor":31}}`, "If-Match", `"e0"`).problem(422, "invalid_field")
	send("PATCH", one, `{"areas":{"floor":20}}`, "If-Match", `"e0"`).is(200)
	send("PATCH", one, `{"areas":{"floor":25}}`, "If-Match", `"e0"`).problem(412, "stale_revision")
	send("DELETE", blocks+"?label=press", "").is(200)
}

// TestAreasAreResizedAndBlocked: the performance shows the blocked places and the capacities, and an
// edit is applied as a whole or not at all.
func TestAreasAreResizedAndBlocked(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Auth = secret })
	admin, service, ada := bearer(t, "root", RoleAdmin), bearer(t, "shop", RoleService), bearer(t, "ada", RoleHolder)
	plan, show := standingPlan("arena")
	w.do("POST", "/v1/plans", plan, "Authorization", admin).is(201)
	created := w.do("POST", "/v1/performances", show, "Authorization", admin).is(201)
	const one, blocks = "/v1/performances/arena", "/v1/performances/arena/blocks"
	expectAreas := func(want string) map[string]any {
		t.Helper()
		now := w.do("GET", one, "").is(200)
		if got := encoded(t, now["areas"]); got != want {
			t.Errorf("the areas are %s, want %s", got, want)
		}
		return now
	}
	w.do("PUT", blocks, `{"rows":["A-1"],"areas":{"floor":20},"label":"press"}`, "Authorization", admin).is(200)
	expectAreas(`[{"area":"floor","blocked":20,"booked":0,"capacity":30,"held":0,"remaining":10}]`)
	held := w.do("POST", one+"/bookings", `{"holder":"bob","areas":{"floor":22},"label":"press"}`, "Authorization", service).is(201)
	w.do("POST", one+"/bookings", `{"areas":{"floor":1},"label":"press"}`, "Authorization", ada).problem(403, "forbidden")
	expectAreas(`[{"area":"floor","booked":0,"capacity":30,"held":22,"remaining":8}]`)
	refused := w.do("PATCH", one, `{"title":"Other","areas":{"floor":21}}`, "Authorization", admin,
		"If-Match", `"`+created["edit_tag"].(string)+`"`).problem(409, "limit_exceeded")
	if refused["area"] != "floor" || refused["held"] != 22.0 {
		t.Errorf("got %v; want area = floor, held = 22", refused)
	}
	now := expectAreas(`[{"area":"floor","booked":0,"capacity":30,"held":22,"remaining":8}]`)
	if now["title"] == "Other" || now["edit_tag"] != created["edit_tag"] {
		t.Errorf("after a refused edit: got %v; want the old title, edit_tag = %v", now, created["edit_tag"])
	}
	edited := w.do("PATCH", one, `{"title":"Other","areas":{"floor":22}}`, "Authorization", admin,
		"If-Match", `"`+created["edit_tag"].(string)+`"`).is(200)
	now = expectAreas(`[{"area":"floor","booked":0,"capacity":22,"held":22,"remaining":0}]`)
	if edited["title"] != "Other" || encoded(t, edited["areas"]) != encoded(t, now["areas"]) ||
		edited["edit_tag"] != now["edit_tag"] || edited["edit_tag"] == created["edit_tag"] {
		t.Errorf("the edit answered %v, a read %v; want the same areas and edit_tag, title = Other, edit_tag ≠ %v",
			edited, now, created["edit_tag"])
	}
	w.do("DELETE", "/v1/bookings/"+held["id"].(string), "", "Authorization", service).is(200)
	a := w.do("GET", blocks, "", "Authorization", service)
	if !strings.Contains(a.text, `"areas":{"floor":20}`) {
		t.Errorf("got blocks %s; want 20 places on the floor", a.text)
	}
	deleted := w.do("DELETE", blocks+"?label=press", "", "Authorization", admin).is(200)
	if encoded(t, deleted["areas"]) != `{"floor":20}` {
		t.Errorf("got unblocked %v; want 20 places on the floor", deleted)
	}
	expectAreas(`[{"area":"floor","booked":0,"capacity":22,"held":0,"remaining":22}]`)
}

// TestBadAreas: invalid numbers of places are refused, and nothing changes.
func TestBadAreas(t *testing.T) {
	w := newHarness(t)
	plan, show := standingPlan("arena")
	w.do("POST", "/v1/plans", plan).is(201)
	w.do("POST", "/v1/performances", show).is(201)
	manyAreas := make([]string, 60_000)
	for i := range manyAreas {
		manyAreas[i] = fmt.Sprintf(`"a%d":1`, i)
	}
	for _, areas := range []string{`null`, `{}`, `3`, `[]`, `{"floor":0}`, `{"floor":-1}`, `{"floor":1.5}`, `{"floor":1e308}`,
		`{"floor":9223372036854775807}`, `{"floor":"3"}`, `{"floor":null}`, `{"floor":[3]}`, `{"floor":31}`, `{"yard":1}`,
		`{"":1}`, `{"floor":1,"yard":1}`, `{"floor":1,"floor":2}`, `{` + strings.Join(manyAreas, ",") + `}`} {
		for _, change := range [][2]string{{"PUT", "/blocks"}, {"PATCH", ""}} {
			body := `{"areas":` + areas + `}`
			if change[0] == "PUT" {
				body = `{"label":"press","areas":` + areas + `}`
			}
			a := w.do(change[0], "/v1/performances/arena"+change[1], body, "If-Match", `"e0"`)
			if a.status != 422 && a.status != 400 && a.status != 413 {
				t.Errorf("%s %.100s: got %d %.300s; want status 422, 400 or 413",
					change[0], body, a.status, a.text)
			}
		}
	}
	now := w.do("GET", "/v1/performances/arena", "").is(200)
	if now["edit_tag"] != "e0" || encoded(t, now["areas"]) !=
		`[{"area":"floor","booked":0,"capacity":30,"held":0,"remaining":30}]` {
		t.Errorf("got %v; want edit_tag = e0 and 30 remaining places on the floor", now)
	}
	w.do("POST", "/v1/performances", fmt.Sprintf(newHall, "hall")).is(201)
	w.do("PATCH", "/v1/performances/hall", `{"areas":{"floor":1}}`, "If-Match", `"e0"`).problem(422, "invalid_field")
	w.do("PATCH", "/v1/performances/none", `{"areas":{"floor":1}}`, "If-Match", `"e0"`).problem(404, "not_found")
	w.do("PATCH", "/v1/performances/arena", `{"areas":{"floor":1}}`).problem(428, "revision_required")
}
