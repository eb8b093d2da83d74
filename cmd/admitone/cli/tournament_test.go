package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// enterTeams creates a tournament of two slots, enters four teams and withdraws the first.
func (s *testServer) enterTeams(id string) {
	s.t.Helper()
	s.send("POST", "/v1/tournaments", fmt.Sprintf(
		`{"id":%q,"name":"The %s","team_limit":2,"register_deadline":"2999-01-01T00:00:00Z","waitlist":true}`, id, id))
	for _, team := range []string{"a", "b", "c", "d"} {
		s.send("POST", "/v1/teams", fmt.Sprintf(`{"id":%q,"name":"Team %s"}`, team, team))
		s.send("POST", "/v1/tournaments/"+id+"/entries", fmt.Sprintf(`{"team_id":%q}`, team))
	}
	s.send("DELETE", "/v1/tournaments/"+id+"/entries/a", "")
}

// TestReadingTournaments: each command prints the expected output, and the same with --store as with --url.
func TestReadingTournaments(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	s.enterTeams("cup")
	fromServer := map[string]string{}
	for _, test := range []struct {
		args  string
		want  int
		lines int
		texts []string // expected in the output
	}{
		{"log --stream tournament-cup", 0, 7, []string{"tournament.created.v2",
			`tournament-cup@6  tournament.promoted.v1  a  {"rows":[["c"]]`}},
		{"log --type team.registered.v1", 0, 4, []string{`{"team_id":"d","name":"Team d"}`}},
		{"history tournament/cup", 0, 7, []string{"tournament-cup@5  ", "(by a, request req-7)"}},
		{"history team/c", 0, 3, []string{"team-c@0  ", "tournament-cup@3  ", "tournament-cup@6  "}},
		{"history tournament/none", 1, 0, []string{"nothing has happened to tournament/none"}},
		{"show tournament/cup", 0, 10, []string{"tournament/cup  The cup", "slots      2 = 0 remaining + 2 entered",
			"1 waiting, strict", "sign-up    open, until 2999",
			"entered    1  b", "entered    2  c", "waitlisted 1  d"}},
		{"show tournament/cup --json", 0, 1, []string{
			`{"id":"cup","name":"The cup","team_limit":2,"entered":2,"remaining":0,"waitlisted":1,`}},
		{"show tournament/cup --at 7", 0, 11, []string{"slots      2 = 0 remaining + 2 entered", "waitlisted 1  c",
			"as of      position 7"}},
		{"show tournament/cup --at 9 --json", 0, 1, []string{`"waitlisted":2,`, `"as_of":{"position":9`}},
		{"show team/b", 0, 3, []string{"team/b  Team b"}},
		{"show team/b --json", 0, 1, []string{`{"id":"b","name":"Team b","revision":0,"position":4}`}},
		{"show tournament/none", 1, 0, []string{"there is no tournament/none"}},
		{"show team/d --at 3", 1, 0, []string{"there is no team/d", "at 3"}},
		{"show ghost/1", 2, 0, []string{shownKinds()}},
	} {
		t.Run(test.args, func(t *testing.T) {
			stdout, stderr := must(t, test.want, append(strings.Fields(test.args), "--url", s.url)...)
			if n := strings.Count(stdout, "\n"); n != test.lines {
				t.Errorf("%d lines, want %d\n%s", n, test.lines, stdout)
			}
			for _, text := range test.texts {
				if !strings.Contains(stdout+stderr, text) {
					t.Errorf("printed\n%s%s\nwant %q", stdout, stderr, text)
				}
			}
			fromServer[test.args] = stdout
		})
	}
	s.end()
	for args, want := range fromServer {
		if _, got, stderr := command(t, append(strings.Fields(args), "--store", s.store)...); got != want {
			t.Errorf("admitone %s --store prints\n%s%s\nwant the output of --url\n%s", args, got, stderr, want)
		}
	}
	runVerify(t, exitDone, "--store", s.store)
}

// TestDemo: the demonstration creates its entities, and changes nothing when it runs again.
func TestDemo(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	for range 2 {
		if err := s.demonstration().create(t.Context()); err != nil {
			t.Fatal(err)
		}
		var cup struct {
			Remaining, Entered int64
			Waitlist           bool
		}
		if err := json.Unmarshal([]byte(s.send("GET", "/v1/tournaments/winter-cup", "")), &cup); err != nil {
			t.Fatal(err)
		}
		if cup.Entered != 3 || cup.Remaining != 1 || !cup.Waitlist {
			t.Errorf("tournament = %+v, want 3 entered, 1 remaining, a waitlist", cup)
		}
		var room, product struct {
			Revision    int64
			WaitingRoom string `json:"waiting_room"`
		}
		for path, into := range map[string]any{"/v1/waiting-rooms/" + demoRoom: &room, "/v1/products/2": &product} {
			if err := json.Unmarshal([]byte(s.send("GET", path, "")), into); err != nil {
				t.Fatal(err)
			}
		}
		if room.Revision != 1 || product.WaitingRoom != demoRoom {
			t.Errorf("room = %+v, product = %+v; want revision 1 and waiting room %s", room, product, demoRoom)
		}
	}
	// A team that has withdrawn is not entered again.
	s.send("DELETE", "/v1/tournaments/winter-cup/entries/owls", "")
	if err := s.demonstration().create(t.Context()); err != nil {
		t.Fatal(err)
	}
	if entries := s.send("GET", "/v1/tournaments/winter-cup/entries", ""); strings.Contains(entries, "owls") {
		t.Errorf("the entries are %s; want no %q", entries, "owls")
	}
}
