package api

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// tournament creates a tournament; more are further members.
func (w *harness) tournament(id string, slots int, more string) {
	w.t.Helper()
	w.do(
		"POST",
		"/v1/tournaments",
		fmt.Sprintf(`{"id":%q,"name":"the %s","team_limit":%d,"register_deadline":"9999-01-01T00:00:00Z"%s}`, id,
			id, slots, more),
	).is(201)
}

// teams creates teams.
func (w *harness) teams(ids ...string) {
	w.t.Helper()
	for _, id := range ids {
		w.do("POST", "/v1/teams", fmt.Sprintf(`{"id":%q,"name":"The %s"}`, id, id)).is(201)
	}
}

// enter enters one team, or a group.
func (w *harness) enter(tournament string, teams ...string) answer {
	w.t.Helper()
	body := fmt.Sprintf(`{"team_id":%q}`, teams[0])
	if len(teams) > 1 {
		body = fmt.Sprintf(`{"team_ids":["%s"]}`, strings.Join(teams, `","`))
	}
	return w.do("POST", "/v1/tournaments/"+tournament+"/entries", body)
}

func (w *harness) withdraw(tournament, team string) answer {
	w.t.Helper()
	return w.do("DELETE", "/v1/tournaments/"+tournament+"/entries/"+team, "")
}

// editTournament edits the newest revision.
func (w *harness) editTournament(id, body string) answer {
	w.t.Helper()
	tag := w.do("GET", "/v1/tournaments/"+id, "").header.Get("ETag")
	return w.do("PATCH", "/v1/tournaments/"+id, body, "If-Match", tag)
}

// listTeams returns the teams of a list of entries in order, page by page.
func (w *harness) listTeams(tournament, query string) (teams []string) {
	w.t.Helper()
	for cursor := ""; ; {
		v := w.do("GET", "/v1/tournaments/"+tournament+"/entries?limit=7&cursor="+cursor+query, "").is(200)
		for _, item := range v["items"].([]any) {
			teams = append(teams, item.(map[string]any)["team_id"].(string))
		}
		next, more := v["next"].(string)
		if !more {
			return teams
		}
		cursor = next
	}
}

const waiting = "&status=waitlisted"

// wantEntries checks the entered and waitlisted teams, both in order.
func (w *harness) wantEntries(tournament, entered, waitlisted string) {
	w.t.Helper()
	if got := strings.Join(w.listTeams(tournament, ""), " "); got != entered {
		w.t.Errorf("entered are %q, want %q", got, entered)
	}
	if got := strings.Join(w.listTeams(tournament, waiting), " "); got != waitlisted {
		w.t.Errorf("waitlisted are %q, want %q", got, waitlisted)
	}
}

func TestTeamLifecycle(t *testing.T) {
	w := newHarness(t)
	a := w.do("POST", "/v1/teams", `{"id":"owls","name":"The Öwls"}`)
	v := a.is(201)
	fields(t, v, "id name position revision")
	if a.header.Get("Location") != "/v1/teams/owls" || a.header.Get("ETag") != `"0"` || v["name"] != "The Öwls" {
		t.Errorf("got %v %v; want Location = /v1/teams/owls, ETag = \"0\", name = The Öwls", v, a.header)
	}
	if repeated := w.do("POST", "/v1/teams", `{"id":"owls","name":"The Öwls"}`); repeated.status != 200 ||
		repeated.text != a.text {
		t.Errorf("repeated: got %d %s; want 200 %v", repeated.status, repeated.text, a.text)
	}
	w.do("POST", "/v1/teams", `{"id":"owls","name":"Others"}`).problem(409, "already_exists")
	if got := w.do("GET", "/v1/teams/owls", ""); got.text != a.text {
		t.Errorf("read back: %s, want %s", got.text, a.text)
	}
	if created := w.do("POST", "/v1/teams", `{"name":"n"}`).is(201); len(created["id"].(string)) != 36 {
		t.Errorf("got %v; want an id of 36 characters", created)
	}
	if v := w.do("GET", "/v1/teams/none", "").problem(404, "not_found"); v["resource"] != "team" {
		t.Errorf("got %v; want resource = team", v)
	}
	if v := w.do("GET", "/v1/teams/owls?at=1", "").is(200); v["as_of"] == nil {
		t.Errorf("got %v; want as_of", v)
	}
	if a := w.do("GET", "/v1/teams/owls", "", "If-None-Match", `"0"`); a.status != 304 {
		t.Errorf("with its ETag: got status %d, want 304", a.status)
	}
}

func TestTournamentLifecycle(t *testing.T) {
	const names = "edit_tag entered id name position register_deadline remaining revision status team_limit waitlist " +
		"waitlist_rule waitlisted"
	w := newHarness(t)
	body := `{"id":"cup","name":"Cup","team_limit":2,"register_deadline":"2999-05-01T22:00:00.5+02:00"}`
	a := w.do("POST", "/v1/tournaments", body)
	v := a.is(201)
	fields(t, v, names)
	if a.header.Get("Location") != "/v1/tournaments/cup" || a.header.Get("ETag") != `"0"` ||
		v["remaining"] != float64(2) || v["status"] != "open" ||
		v["register_deadline"] != "2999-05-01T20:00:00.5Z" ||
		v["waitlist"] != false ||
		v["waitlist_rule"] != "strict" {
		t.Errorf("got %v %v; want an open tournament with 2 slots and no waitlist, ETag = \"0\"", v, a.header)
	}
	if repeated := w.do("POST", "/v1/tournaments", strings.Replace(body, "22:00:00.5+02:00", "20:00:00.5Z",
		1)); repeated.status != 200 ||
		repeated.text != a.text {
		t.Errorf("repeated with another time zone: got %d %s; want 200 %v", repeated.status, repeated.text, a.text)
	}
	w.do("POST", "/v1/tournaments", strings.Replace(body, ":2,", ":3,", 1)).problem(409, "already_exists")
	if got := w.do("GET", "/v1/tournaments/cup", ""); got.text != a.text {
		t.Errorf("read back: %s, want %s", got.text, a.text)
	}
	w.teams("a", "b")
	w.enter("cup", "a").is(201)
	w.enter("cup", "b").is(201)
	edit := func(revision int, body string) answer {
		return w.do("PATCH", "/v1/tournaments/cup", body, "If-Match", fmt.Sprintf(`"%d"`, revision))
	}
	if v := edit(2, `{"team_limit":1}`).problem(409, "limit_exceeded"); v["entered"] != float64(2) {
		t.Errorf("got %v; want entered = 2", v)
	}
	v = edit(2, `{"name":"New","team_limit":5,"status":"closed"}`).is(200)
	if fields(t, v, names); v["name"] != "New" || v["remaining"] != float64(3) || v["status"] != "closed" ||
		v["revision"] != float64(3) {
		t.Errorf("got %v; want name = New, remaining = 3, status = closed, revision = 3", v)
	}
	edit(3, `{"waitlist":true}`).problem(422, "unknown_field")
	if v := edit(2, `{"team_limit":9}`).problem(412, "stale_revision"); !strings.Contains(
		strings.Join(changeTexts(t, v), "; "),
		"New",
	) {
		t.Errorf("the changes are %q, want New in them", changeTexts(t, v))
	}
	page := w.do("GET", "/v1/tournaments", "").is(200)
	if items := page["items"].([]any); len(items) != 1 || items[0].(map[string]any)["entered"] != float64(2) ||
		page["next"] != nil {
		t.Errorf("got %v; want one item, items[0].entered = 2, next = nil", page)
	}
}

// TestStatusFollowsTheDeadline: the deadline passes without an event, and is shown even to a
// client with the newest revision.
func TestStatusFollowsTheDeadline(t *testing.T) {
	w := newHarness(t)
	w.tournament("cup", 2, "")
	if v := w.editTournament("cup", `{"register_deadline":"2001-01-01T00:00:00Z"}`).is(200); v["status"] != "closed" {
		t.Errorf("got %v; want status = closed", v)
	}
	a := w.do("GET", "/v1/tournaments/cup", "", "If-None-Match", `"1"`)
	if v := a.is(200); v["status"] != "closed" || a.header.Get("ETag") != `"1"` {
		t.Errorf("got %v; want status = closed, ETag = \"1\"", v)
	}
	if v := w.do("GET", "/v1/tournaments", "").is(200); v["items"].([]any)[0].(map[string]any)["status"] != "closed" {
		t.Errorf("got %v; want items[0].status = closed", v)
	}
	if v := w.do("GET", "/v1/tournaments/cup?at=1", "").is(200); v["status"] != "open" {
		t.Errorf("before the edit: %v; want status = open", v)
	}
	// Answers about the past have the status at that time.
	inAnHour := time.Now().Add(time.Hour).UTC()
	w.editTournament("cup", fmt.Sprintf(`{"register_deadline":%q}`, inAnHour.Format(time.RFC3339Nano))).is(200)
	if v := w.do("GET", "/v1/tournaments/cup?at=3", "").is(200); v["status"] != "open" {
		t.Errorf("got %v; want status = open", v)
	}
}

// TestConcurrentEdits: of two edits of one revision one succeeds; the other gets the changes.
func TestConcurrentEdits(t *testing.T) {
	w := newHarness(t)
	w.tournament("cup", 4, "")
	var all sync.WaitGroup
	answers := make([]answer, 2)
	for i := range answers {
		all.Go(func() {
			answers[i] = w.do("PATCH", "/v1/tournaments/cup", fmt.Sprintf(`{"name":"admin %d's"}`, i), "If-Match", `"0"`)
		})
	}
	all.Wait()
	won, lost := 0, 1
	if answers[0].status != 200 {
		won, lost = 1, 0
	}
	answers[won].is(200)
	v := answers[lost].problem(412, "stale_revision")
	if got := changeTexts(t, v); len(got) != 1 || !strings.Contains(got[0], fmt.Sprintf("admin %d's", won)) ||
		v["current_revision"] != float64(1) {
		t.Errorf("got %v; want one change, by admin %d, and current_revision = 1", v, won)
	}
}

// TestEntryRoles: reading is public; holders create teams and enter them; only admins create and
// edit tournaments.
func TestEntryRoles(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Auth = secret })
	admin, ada, auditor := bearer(t, "root", RoleAdmin), bearer(t, "ada", RoleHolder), bearer(t, "audit", RoleAuditor)
	w.do("POST", "/v1/teams", `{"id":"in","name":"n"}`, "Authorization", ada).is(201)
	const cup, entries = "/v1/tournaments/cup", "/v1/tournaments/cup/entries"
	const create = `{"id":"cup","name":"n","team_limit":9,"register_deadline":"2999-01-01T00:00:00Z"}`
	w.do("POST", "/v1/tournaments", create, "Authorization", admin).is(201)
	w.do("POST", entries, `{"team_id":"in"}`, "Authorization", ada).is(201)
	for _, r := range []struct {
		method, path, body          string
		nobody, ada, auditor, admin int
	}{
		{"GET", "/v1/tournaments", "", 200, 200, 200, 200},
		{"GET", cup, "", 200, 200, 200, 200},
		{"GET", cup + "?at=3", "", 200, 200, 200, 200},
		{"GET", entries, "", 200, 200, 200, 200},
		{"GET", entries + "/in", "", 200, 200, 200, 200},
		{"GET", "/v1/teams/in", "", 200, 200, 200, 200},
		{"GET", "/tournaments/cup", "", 200, 200, 200, 200},
		{"POST", "/v1/teams", `{"name":"n"}`, 401, 201, 201, 201},
		{"POST", "/v1/teams", `broken`, 401, 400, 400, 400},
		{"POST", "/v1/tournaments", `broken`, 401, 403, 403, 400},
		{"PATCH", cup, `{"team_limit":8}`, 401, 403, 403, 412},
		{"POST", entries, `{"team_id":"in"}`, 401, 409, 403, 409},
		{"POST", entries, `broken`, 401, 400, 400, 400},
		{"DELETE", entries + "/none", "", 401, 404, 404, 404},
		{"GET", "/v1/history/team/in", "", 401, 403, 200, 200},
	} {
		for token, want := range map[string]int{"": r.nobody, ada: r.ada, auditor: r.auditor, admin: r.admin} {
			a := w.do(r.method, r.path, r.body, "Authorization", token, "If-Match", `"777"`)
			if a.status != want {
				t.Errorf("%s with the token %s: status %d, want %d: %s", a.what, excerpt(token), a.status, want, a.text)
			}
		}
	}
	// The log has the caller as the actor.
	w.do("DELETE", entries+"/in", "", "Authorization", ada).is(200)
	last := w.do("GET", "/v1/streams/tournament-cup/events?from=2", "", "Authorization",
		auditor).is(200)["items"].([]any)[0].(map[string]any)
	if last["actor"] != "ada" || last["type"] != "tournament.withdrawn.v1" {
		t.Errorf("got %v; want actor = ada, type = tournament.withdrawn.v1", last)
	}
}

func TestBadTournaments(t *testing.T) {
	w := newHarness(t)
	w.teams("a", "b")
	w.tournament("cup", 2, "")
	const teams, create, edit, enter = "POST /v1/teams", "POST /v1/tournaments", "PATCH /v1/tournaments/cup", "POST " +
		"/v1/tournaments/cup/entries"
	check := func(route, format, field string, values ...string) {
		t.Helper()
		for _, value := range values {
			method, path, _ := strings.Cut(route, " ")
			a := w.do(method, path, strings.ReplaceAll(format, "%s", value), "If-Match", `"0"`)
			if v := a.problem(422, "invalid_field"); v["field"] != field {
				t.Errorf("%s: field %v, want %s", a.what, v["field"], field)
			}
		}
	}
	texts := []string{`""`, `" "`, `"a\u0000b"`, `"` + strings.Repeat("ä", 201) + `"`, "null", "1"}
	ids := []string{`""`, `"a b"`, `"a/b"`, `"` + strings.Repeat("a", 65) + `"`, "null", "7"}
	limits := []string{"0", "-1", "1000001", "1.5", `"1"`, "null"}
	times := []string{
		`""`,
		`"tomorrow"`,
		`"2031-05-01"`,
		`"1969-12-31T23:59:59Z"`,
		`"9999-12-31T23:59:59-01:00"`,
		`"1970-01-01T00:00:00+01:00"`,
		"null",
		"7",
	}
	const until = `"register_deadline":"2999-01-01T00:00:00Z"`
	check(teams, `{"name":%s}`, "name", texts...)
	check(teams, `{"id":%s,"name":"n"}`, "id", ids...)
	check(create, `{"name":%s,"team_limit":1,`+until+`}`, "name", texts...)
	check(create, `{"id":%s,"name":"n","team_limit":1,`+until+`}`, "id", ids...)
	check(create, `{"name":"n","team_limit":%s,`+until+`}`, "team_limit", limits...)
	check(create, `{"name":"n",`+until+`%s}`, "team_limit", "")
	check(create, `{"name":"n","team_limit":1,"register_deadline":%s}`, "register_deadline", times...)
	check(create, `{"name":"n","team_limit":1%s}`, "register_deadline", "")
	check(create, `{"name":"n","team_limit":1,`+until+`,"waitlist":%s}`, "waitlist", `"yes"`, "1", "null")
	check(create, `{"name":"n","team_limit":1,`+until+`,"waitlist_rule":%s}`, "waitlist_rule", `""`, `"Strict"`, "1", "null")
	check(edit, `{"name":%s}`, "name", texts...)
	check(edit, `{"team_limit":%s}`, "team_limit", limits...)
	check(edit, `{"register_deadline":%s}`, "register_deadline", times...)
	check(edit, `{"status":%s}`, "status", `""`, `"full"`, "true", "null")
	check(enter, `{"team_id":%s}`, "team_id", ids...)
	check(enter, `{%s}`, "team_id", "")
	check(enter, `{"team_id":"a","team_ids":["a","b"]%s}`, "team_ids", "")
	check(enter, `{"team_ids":%s}`, "team_ids", "[]", `["a"]`, `["a","a"]`, `["a",""]`, `"a"`,
		`["a`+strings.Repeat(`","b`, 16)+`"]`, "null")
	for _, bad := range badBodies {
		for route, good := range map[string]string{teams: `"name":"n"`, create: `"name":"n","team_limit":1,` + until,
			edit: `"name":"n"`, enter: `"team_id":"a"`} {
			method, path, _ := strings.Cut(route, " ")
			a := w.do(method, path, strings.ReplaceAll(bad.body, "%s", good), "If-Match", `"0"`)
			if bad.status == 0 {
				if a.status < 400 || a.status >= 500 {
					t.Errorf("%s: %s: got status %d, want 4xx", bad.name, a.what, a.status)
				}
				continue
			}
			a.problem(bad.status, bad.code)
		}
	}
	for _, id := range []string{"a%2Fb", "%00", strings.Repeat("a", 65), "a.b", "ä"} {
		for _, path := range []string{"/v1/teams/" + id, "/v1/tournaments/" + id, "/v1/tournaments/" + id + "/entries",
			"/v1/tournaments/cup/entries/" + id, "/tournaments/" + id} {
			w.do("GET", path, "").problem(404, "not_found")
		}
		w.withdraw("cup", id).problem(404, "not_found")
		w.withdraw(id, "a").problem(404, "not_found")
		w.do("PATCH", "/v1/tournaments/"+id, `{"team_limit":1}`, "If-Match", `"0"`).problem(404, "not_found")
	}
	if v := w.do("GET", "/v1/tournaments/cup", "").is(200); v["revision"] != float64(0) {
		t.Errorf("after the refused bodies: got %v, want revision = 0", v)
	}
	// Values at the bounds are accepted.
	w.do("POST", "/v1/tournaments", `{"id":"`+strings.Repeat("a", 64)+`","name":"`+strings.Repeat("ä", 200)+
		`","team_limit":1000000,"register_deadline":"9999-12-31T23:59:59.999999999Z","waitlist":true,`+
		`"waitlist_rule":"fill"}`).is(201)
	w.do("POST", "/v1/tournaments", `{"name":"n","team_limit":1,"register_deadline":"1970-01-01T00:00:00Z"}`).is(201)
}
