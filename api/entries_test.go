package api

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"admitone/actors"
)

// TestOrderOfRefusals: if several reasons apply, the first in this order is answered.
func TestOrderOfRefusals(t *testing.T) {
	w := newHarness(t)
	w.teams("in", "waits", "late")
	w.tournament("cup", 1, `,"waitlist":true`)
	w.enter("cup", "in").is(201)
	w.enter("cup", "waits").is(201)
	w.tournament("full", 1, "")
	w.enter("full", "in").is(201)
	refused := func(a answer, status int, code, field, value string) {
		t.Helper()
		if v := a.problem(status, code); field != "" && fmt.Sprint(v[field]) != value {
			t.Errorf("%s: %s is %v, want %s", a.what, field, v[field], value)
		}
	}
	refused(w.enter("none", "nobody"), 404, "not_found", "resource", "tournament")
	refused(w.enter("none", "late"), 404, "not_found", "resource", "tournament")
	refused(w.enter("full", "nobody"), 404, "not_found", "resource", "team")
	refused(w.enter("full", "late", "nobody"), 404, "not_found", "team_id", "nobody")
	refused(w.enter("full", "in"), 409, "already_entered", "entry", "entered")
	refused(w.enter("full", "late"), 409, "tournament_full", "remaining", "0")
	refused(w.enter("cup", "waits"), 409, "already_entered", "entry", "waitlisted")
	refused(w.enter("cup", "late", "waits"), 409, "already_entered", "team_id", "waits")
	for _, id := range []string{"cup", "full"} {
		w.editTournament(id, `{"status":"closed"}`).is(200)
		refused(w.enter(id, "nobody"), 404, "not_found", "resource", "team")
		refused(w.enter(id, "in"), 409, "already_entered", "team_id", "in")
		refused(w.enter(id, "late"), 409, "registration_closed", "", "")
		w.editTournament(id, `{"register_deadline":"2001-01-01T00:00:00Z"}`).is(200)
		refused(w.enter(id, "in"), 409, "already_entered", "team_id", "in")
		refused(w.enter(id, "late"), 409, "deadline_passed", "register_deadline", "2001-01-01T00:00:00Z")
		refused(w.enter(id, "nobody"), 404, "not_found", "resource", "team")
	}
	refused(w.withdraw("cup", "late"), 404, "not_found", "resource", "entry")
	refused(w.withdraw("none", "late"), 404, "not_found", "resource", "tournament")
	w.wantEntries("cup", "in", "waits")
}

func TestWaitlist(t *testing.T) {
	w := newHarness(t)
	w.teams("a", "b", "c", "d", "e", "f")
	w.tournament("cup", 2, `,"waitlist":true`)
	w.enter("cup", "a").is(201)
	a := w.enter("cup", "b")
	v := a.is(201)
	fields(t, v, "entered position remaining revision status team_id tournament_id waitlisted")
	if a.header.Get("Location") != "/v1/tournaments/cup/entries/b" || a.header.Get("ETag") != `"2"` ||
		v["status"] != "entered" ||
		v["remaining"] != float64(0) {
		t.Errorf("got %v %v; want Location = /v1/tournaments/cup/entries/b, ETag = \"2\", status = entered, remaining = 0",
			v, a.header)
	}
	for place, team := range []string{"c", "d", "e", "f"} {
		v := w.enter("cup", team).is(201)
		if fields(t, v, "entered place position remaining revision status team_id tournament_id "+
			"waitlisted"); v["place"] != float64(place+1) ||
			v["waitlisted"] != float64(place+1) {
			t.Errorf("got %v; want place = %v, waitlisted = %v", v, float64(place+1), float64(place+1))
		}
	}
	w.wantEntries("cup", "a b", "c d e f")
	entry := func(team string) map[string]any { return w.do("GET", "/v1/tournaments/cup/entries/"+team, "").is(200) }
	if v := entry("e"); v["status"] != "waitlisted" || v["place"] != float64(3) || v["name"] != "The e" {
		t.Errorf("got %v; want status = waitlisted, place = 3, name = The e", v)
	}
	const e = "/v1/tournaments/cup/entries/e"
	tag := w.do("GET", e, "").header.Get("ETag")
	if a := w.do("GET", e, "", "If-None-Match", tag); a.status != 304 {
		t.Errorf("%s with its tag: %d; want status = 304", a.what, a.status)
	}
	v = w.withdraw("cup", "a").is(200)
	fields(t, v, "entered position promoted remaining revision status team_id tournament_id waitlisted")
	if fmt.Sprint(v["promoted"]) != "[c]" || v["status"] != "withdrawn" || v["entered"] != float64(2) ||
		v["waitlisted"] != float64(3) {
		t.Errorf("got %v; want promoted = [c], status = withdrawn, entered = 2, waitlisted = 3", v)
	}
	w.wantEntries("cup", "b c", "d e f")
	// e has no event itself, but its place has changed, and so has the ETag.
	a = w.do("GET", e, "", "If-None-Match", tag)
	if v := a.is(200); v["place"] != float64(2) || a.header.Get("ETag") != fmt.Sprintf(`"%v"`, v["revision"]) {
		t.Errorf("got %v %v; want place = 2, ETag = %v", v, a.header, fmt.Sprintf(`"%v"`, v["revision"]))
	}
	if v := entry("c"); v["status"] != "entered" || v["place"] != nil {
		t.Errorf("got %v; want status = entered, no place", v)
	}
	w.do("GET", "/v1/tournaments/cup/entries/a", "").problem(404, "not_found")
	if v := w.withdraw("cup", "e").is(200); len(v["promoted"].([]any)) != 0 {
		t.Errorf("got %v; want no promoted teams", v)
	}
	w.withdraw("cup", "e").problem(404, "not_found")
	if v := w.editTournament("cup", `{"team_limit":3}`).is(200); v["entered"] != float64(3) ||
		v["waitlisted"] != float64(1) {
		t.Errorf("got %v; want entered = 3, waitlisted = 1", v)
	}
	w.wantEntries("cup", "b c d", "f")
	// No team is promoted while the tournament is closed; opening it promotes them.
	w.editTournament("cup", `{"status":"closed"}`).is(200)
	w.withdraw("cup", "b").is(200)
	w.wantEntries("cup", "c d", "f")
	w.editTournament("cup", `{"status":"open"}`).is(200)
	w.wantEntries("cup", "c d f", "")
	if v := w.enter("cup", "a").is(201); v["status"] != "waitlisted" || v["place"] != float64(1) {
		t.Errorf("a team that enters again: got %v; want status = waitlisted, place = 1", v)
	}
}

// TestGroups: a group gets all of its slots or none, and is waitlisted as a whole.
func TestGroups(t *testing.T) {
	for rule, want := range map[string]string{"strict": "a b", "fill": "a b e"} {
		t.Run(rule, func(t *testing.T) {
			w := newHarness(t)
			w.teams("a", "b", "c", "d", "e")
			w.tournament("cup", 3, fmt.Sprintf(`,"waitlist":true,"waitlist_rule":%q`, rule))
			a := w.enter("cup", "a", "b")
			v := a.is(201)
			fields(t, v, "entered position remaining revision status team_ids tournament_id waitlisted")
			if a.header.Get("Location") != "/v1/tournaments/cup/entries" || fmt.Sprint(v["team_ids"]) != "[a b]" {
				t.Errorf("got %v %v; want Location = /v1/tournaments/cup/entries, team_ids = [a b]", v, a.header)
			}
			if v := w.enter("cup", "c", "d").is(201); v["status"] != "waitlisted" || v["place"] != float64(1) ||
				v["remaining"] != float64(1) ||
				v["waitlisted"] != float64(2) {
				t.Errorf("got %v; want status = waitlisted, place = 1, remaining = 1, waitlisted = 2", v)
			}
			w.enter("cup", "e").is(201)
			if got := strings.Join(w.listTeams("cup", ""), " "); got != want {
				t.Errorf("entered are %q, want %q", got, want)
			}
			w.withdraw("cup", "a").is(200)
			w.withdraw("cup", "b").is(200)
			if got := w.listTeams("cup", ""); !slices.Contains(got, "c") || !slices.Contains(got, "d") ||
				!slices.Contains(got, "e") {
				t.Errorf("entered = %v, want c, d and e among them", got)
			}
		})
	}
	w := newHarness(t)
	w.teams("a", "b", "c")
	w.tournament("cup", 2, "")
	if v := w.enter("cup", "a", "b", "c").problem(409, "tournament_full"); v["remaining"] != float64(2) {
		t.Errorf("got %v; want remaining = 2", v)
	}
	w.wantEntries("cup", "", "")
}

// TestNewTeamEntersImmediately: a team or tournament missing from the views is looked up in its
// stream. Here the views are empty.
func TestNewTeamEntersImmediately(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.blind = true })
	w.teams("a")
	w.tournament("cup", 1, "")
	if v := w.enter("cup", "b").problem(404, "not_found"); v["resource"] != "team" {
		t.Errorf("got %v; want resource = team", v)
	}
	if v := w.enter("none", "b").problem(404, "not_found"); v["resource"] != "tournament" {
		t.Errorf("got %v; want resource = tournament", v)
	}
	w.enter("cup", "a").is(201)
}

// TestDeadlineToTheNanosecond: a team can enter exactly at the deadline.
func TestDeadlineToTheNanosecond(t *testing.T) {
	deadline := time.Date(2031, 5, 1, 20, 0, 0, 7, time.UTC)
	var mu sync.Mutex
	now := deadline.Add(-time.Hour)
	w := newHarness(t, func(w *harness) {
		w.desks = actors.Config{Now: func() time.Time { mu.Lock(); defer mu.Unlock(); return now }}
	})
	w.teams("a", "b", "c")
	w.tournament("cup", 9, "")
	w.editTournament("cup", fmt.Sprintf(`{"register_deadline":%q}`, deadline.Format(time.RFC3339Nano))).is(200)
	at := func(t time.Time) { mu.Lock(); defer mu.Unlock(); now = t }
	at(deadline)
	w.enter("cup", "a").is(201)
	at(deadline.Add(1))
	w.enter("cup", "b").problem(409, "deadline_passed")
	if v := w.withdraw("cup", "a").is(200); v["status"] != "withdrawn" {
		t.Errorf("got %v; want status = withdrawn", v)
	}
	at(deadline) // the time of an entity does not run backwards with the clock
	w.enter("cup", "c").problem(409, "deadline_passed")
}

func TestTournamentAsOf(t *testing.T) {
	w := newHarness(t)
	w.teams("a", "b", "c")                     // positions 1 to 3
	w.tournament("cup", 1, `,"waitlist":true`) // 4
	w.enter("cup", "a").is(201)                // 5
	w.enter("cup", "b").is(201)                // 6
	w.tournament("later", 9, "")               // 7
	w.withdraw("cup", "a").is(200)             // 8 and 9
	w.enter("cup", "c").is(201)                // 10
	for at, want := range map[string]string{"4": "0 0||", "5": "1 0|a|", "6": "1 1|a|b", "7": "1 1|a|b", "9": "1 0|b|",
		"10": "1 1|b|c"} {
		v := w.do("GET", "/v1/tournaments/cup?at="+at, "").is(200)
		got := fmt.Sprintf("%v %v|%s|%s", v["entered"], v["waitlisted"],
			strings.Join(w.listTeams("cup", "&at="+at), " "),
			strings.Join(w.listTeams("cup", waiting+"&at="+at), " "))
		if got != want {
			t.Errorf("at %s: %s, want %s", at, got, want)
		}
		if position := v["as_of"].(map[string]any)["position"]; fmt.Sprint(position) != at {
			t.Errorf("at %s: got as_of.position = %v, want %s", at, position, at)
		}
	}
	entry := func(team, at string) answer { return w.do("GET", "/v1/tournaments/cup/entries/"+team+"?at="+at, "") }
	if v := entry("b", "7").is(200); v["status"] != "waitlisted" || v["place"] != float64(1) || v["as_of"] == nil {
		t.Errorf("got %v; want status = waitlisted, place = 1, and as_of", v)
	}
	if v := entry("b", "9").is(200); v["status"] != "entered" {
		t.Errorf("got %v; want status = entered", v)
	}
	entry("a", "9").problem(404, "not_found")
	entry("b", "5").problem(404, "not_found")
	for _, path := range []string{"", "/entries", "/entries/a"} {
		w.do("GET", "/v1/tournaments/cup"+path+"?at=3", "").problem(404, "not_found")
		w.do("GET", "/v1/tournaments/cup"+path+"?at=yesterday", "").problem(400, "bad_parameter")
	}
	if p := w.do("GET", "/v1/tournaments?at=6", "").page(); len(p.Items) != 1 || p.AsOf == nil {
		t.Errorf("got %+v; want one item, and as_of", p)
	}
	w.do("GET", "/v1/tournaments/none/entries", "").problem(404, "not_found")
	w.do("GET", "/v1/tournaments/cup/entries?status="+url.QueryEscape("in"), "").problem(400, "bad_parameter")
}

// TestEntryKeys: a retry gets the same answer, even after a restart; two teams may use the same
// key.
func TestEntryKeys(t *testing.T) {
	w := newHarness(t)
	w.teams("a", "b")
	w.tournament("cup", 1, `,"waitlist":true`)
	enter := func(team string) answer {
		return w.do("POST", "/v1/tournaments/cup/entries", fmt.Sprintf(`{"team_id":%q}`, team), "Idempotency-Key", "k")
	}
	a, b := enter("a"), enter("b")
	if a.is(201)["status"] != "entered" || b.is(201)["status"] != "waitlisted" {
		t.Errorf("got %s %s; want status = entered, status = waitlisted", a.text, b.text)
	}
	w.do("POST", "/v1/tournaments/cup/entries", `{"team_ids":["a","b"]}`, "Idempotency-Key", "k").problem(
		422,
		"idempotency_key_reused",
	)
	w.stop()
	w.start()
	for _, first := range []answer{a, b} {
		repeated := enter(first.is(201)["team_id"].(string))
		if repeated.text != first.text || repeated.status != 201 || repeated.header.Get("Idempotent-Replay") != "true" {
			t.Errorf("repeated: got %d %s; want 201 %s, as a replay", repeated.status, repeated.text, first.text)
		}
	}
	w.wantEntries("cup", "a", "b")
}

// TestConcurrentEntries: 3,000 concurrent teams for 64 slots, then 32 concurrent withdrawals.
func TestConcurrentEntries(t *testing.T) {
	const teams, slots, leave = 3000, 64, 32
	w := newHarness(t)
	w.tournament("cup", slots, `,"waitlist":true`)
	each := func(n int, do func(i int)) {
		var all sync.WaitGroup
		next := make(chan int)
		for range 256 {
			all.Go(func() {
				for i := range next {
					do(i)
				}
			})
		}
		for i := range n {
			next <- i
		}
		close(next)
		all.Wait()
	}
	name := func(i int) string { return fmt.Sprintf("t%04d", i) }
	each(teams, func(i int) { w.teams(name(i)) })
	order := make([]string, teams+1) // by revision
	status := make([]string, teams+1)
	each(teams, func(i int) {
		v := w.enter("cup", name(i)).is(201)
		revision := int(v["revision"].(float64))
		order[revision], status[revision] = name(i), fmt.Sprint(v["status"], " ", v["place"])
	})
	for revision := 1; revision <= teams; revision++ {
		want := "entered <nil>"
		if revision > slots {
			want = fmt.Sprintf("waitlisted %d", revision-slots)
		}
		if status[revision] != want {
			t.Fatalf("revision %d: %s is %s, want %s", revision, order[revision], status[revision], want)
		}
	}
	in, waits := order[1:slots+1], order[slots+1:]
	if got := w.listTeams("cup", ""); !slices.Equal(got, in) {
		t.Errorf("entered are %v, want %v", got, in)
	}
	if got := w.do("GET", "/v1/tournaments/cup/entries?limit=500"+waiting, "").is(200)["items"].([]any); len(got) != 500 ||
		got[499].(map[string]any)["team_id"] != waits[499] ||
		got[499].(map[string]any)["place"] != float64(500) {
		t.Errorf("the 500th team on the waitlist is %v, want %s", got[len(got)-1], waits[499])
	}
	each(leave, func(i int) {
		if v := w.withdraw("cup", in[2*i]).is(200); len(v["promoted"].([]any)) != 1 || v["entered"] != float64(slots) {
			t.Errorf("got %v; want one promoted team, entered = %v", v, float64(slots))
		}
	})
	var want []string
	for i := range leave {
		want = append(want, in[2*i+1])
	}
	want = append(want, waits[:leave]...)
	if got := w.listTeams("cup", ""); !slices.Equal(got, want) {
		t.Errorf("entered are %v, want %v", got, want)
	}
	if v := w.do("GET", "/v1/tournaments/cup", "").is(200); v["entered"] != float64(slots) ||
		v["waitlisted"] != float64(teams-slots-leave) {
		t.Errorf("got %v; want entered = %v, waitlisted = %v", v, float64(slots), float64(teams-slots-leave))
	}
}
