package api

import (
	"testing"

	"admitone/api/sockets/sockettest"
)

// exerciseTournaments requests every operation of teams and tournaments, and causes their codes.
func exerciseTournaments(send func(method, path, body string, headers ...string) answer) {
	for _, team := range []string{"a", "b", "c", "d"} {
		send("POST", "/v1/teams", `{"id":"`+team+`","name":"The team"}`).is(201)
	}
	send("POST", "/v1/teams", `{"id":"a","name":"The team"}`).is(200)
	send("POST", "/v1/teams", `{"id":"a","name":"Another"}`).problem(409, "already_exists")
	send("GET", "/v1/teams/a", "").is(200)
	send("GET", "/v1/teams/none", "").problem(404, "not_found")

	const cup = `{"id":"cup","name":"Cup","team_limit":2,"register_deadline":"2999-01-01T00:00:00Z","waitlist":true,` +
		`"waitlist_rule":"strict"}`
	send("POST", "/v1/tournaments", cup).is(201)
	send("POST", "/v1/tournaments", cup).is(200)
	send("POST", "/v1/tournaments",
		`{"id":"small","name":"Small","team_limit":1,"register_deadline":"2999-01-01T00:00:00Z"}`,
		"Idempotency-Key", "k").is(201)
	send("POST", "/v1/tournaments", `{"name":"x","team_limit":0,"register_deadline":"2999-01-01T00:00:00Z"}`).problem(
		422,
		"invalid_field",
	)

	const entries = "/v1/tournaments/cup/entries"
	send("POST", entries, `{"team_ids":["a","b"]}`).is(201)
	send("POST", entries, `{"team_ids":["c","d"]}`, "Idempotency-Key", "e").is(201)
	send("POST", entries, `{"team_id":"a"}`).problem(409, "already_entered")
	send("POST", entries, `{"team_id":"none"}`).problem(404, "not_found")
	send("POST", "/v1/tournaments/small/entries", `{"team_id":"a"}`).is(201)
	send("POST", "/v1/tournaments/small/entries", `{"team_id":"b"}`).problem(409, "tournament_full")
	send("PATCH", "/v1/tournaments/small", `{"status":"closed"}`, "If-Match", `"1"`).is(200)
	send("POST", "/v1/tournaments/small/entries", `{"team_id":"b"}`).problem(409, "registration_closed")
	send("PATCH", "/v1/tournaments/small", `{"register_deadline":"2001-01-01T00:00:00Z"}`, "If-Match", `"2"`).is(200)
	send("POST", "/v1/tournaments/small/entries", `{"team_id":"b"}`).problem(409, "deadline_passed")
	send("PATCH", "/v1/tournaments/cup", `{"team_limit":1}`, "If-Match", `"2"`).problem(409, "limit_exceeded")
	send("PATCH", "/v1/tournaments/cup", `{"team_limit":3}`, "If-Match", `"0"`).problem(412, "stale_revision")
	for _, path := range []string{"/v1/tournaments", "/v1/tournaments?limit=1", "/v1/tournaments/cup", entries,
		entries + "?limit=1",
		entries + "?status=waitlisted", entries + "/a", entries +
			"/d", "/v1/history/tournament/cup", "/v1/history/team/a"} {
		send("GET", path, "").is(200)
	}
	send("DELETE", entries+"/a", "").is(200)
	send("DELETE", entries+"/b", "").is(200)
	send("DELETE", entries+"/b", "").problem(404, "not_found")
	const late = "?at=9223372036854775807"
	for _, path := range []string{"/v1/tournaments", "/v1/tournaments/cup", entries, entries + "/c", "/v1/teams/a"} {
		send("GET", path+late, "").is(200)
	}
	send("GET", entries+"?status=gone", "").problem(400, "bad_parameter")
	send("GET", "/tournaments/none", "").problem(404, "not_found")
}

// TestTournamentFramesAreAsDescribed checks the frames of tournaments and teams against the
// description.
func TestTournamentFramesAreAsDescribed(t *testing.T) {
	w, d := newHarness(t), describe(t)
	w.teams("a", "b", "c")
	w.tournament("cup", 1, `,"waitlist":true`)
	expect := func(p *sockettest.Peer, event, schema string) sockettest.Data {
		t.Helper()
		f, received := p.Next()
		if f.Event != event {
			t.Fatalf("got %s %s, want %s", f.Event, f.Data, event)
		}
		d.check("a "+event, "#/components/schemas/"+schema, f.Data)
		return received
	}
	cup, team := w.dial("/ws"), w.dial("/ws")
	cup.Send(`{"event":"subscribe","data":{"topics":["tournament:cup"]}}`)
	team.Send(`{"event":"subscribe","data":{"topics":["team:c"]}}`)
	expect(cup, "snapshot", "TournamentSnapshot")
	expect(team, "snapshot", "TeamSnapshot")
	step := func(cause, teamCause string) {
		t.Helper()
		if got := expect(cup, "delta", "TournamentDelta"); got.Cause != cause {
			t.Errorf("the tournament's cause is %s, want %s", got.Cause, cause)
		}
		if teamCause == "" {
			return
		}
		if got := expect(team, "delta", "TeamDelta"); got.Cause != teamCause {
			t.Errorf("the team's cause is %s, want %s", got.Cause, teamCause)
		}
	}
	w.enter("cup", "a").is(201)
	step("entered", "")
	w.enter("cup", "b").is(201)
	step("waitlisted", "")
	w.enter("cup", "c").is(201)
	step("waitlisted", "waitlisted")
	w.withdraw("cup", "b").is(200)
	step("withdrawn", "moved")
	w.withdraw("cup", "a").is(200) // promotes c in the same append, so there is one frame
	step("mixed", "promoted")
	w.editTournament("cup", `{"name":"New"}`).is(200)
	step("edited", "")
	w.withdraw("cup", "c").is(200)
	step("withdrawn", "withdrawn")
	repeated := w.dial("/ws")
	repeated.Send(`{"event":"subscribe","data":{"topics":["team:c"]}}`)
	expect(repeated, "snapshot", "TeamSnapshot")
	repeated.Send(`{"event":"subscribe","data":{"topics":["team:none","tournament:none"]}}`)
	expect(repeated, "error", "SocketError")
	expect(repeated, "error", "SocketError")
}
