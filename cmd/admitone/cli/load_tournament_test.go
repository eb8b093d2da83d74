package cli

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"admitone/cmd/admitone/load"
)

func TestLoadTournament(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	r := runLoad[load.TournamentProof](t, exitDone, s.url, "--scenario", "tournament", "--teams", "500", "--slots", "64")
	// 32 of the 64 entered teams and 43 of the 436 waitlisted ones withdraw (some of them after their
	// promotion), and all of them enter again.
	if p := r.Proof; r.Acknowledged != 500+2*75 || p.InLog != r.Acknowledged || p.Entered != 64 || p.Waiting != 436 ||
		p.Unknown != 0 || len(p.Wrong) != 0 ||
		p.Promoted < 32 || r.Codes["201"] != 575 || r.Codes["200"] != 75 {
		t.Errorf("report %+v, proof %+v; want 650 acknowledged and in the log (575 answers 201, 75 answers 200), 64 entered, "+
			"436 waiting, at least 32 promoted, 0 unknown and no differences", r, p)
	}
	r = runLoad[load.TournamentProof](t, exitDone, s.url, "--scenario", "tournament", "--teams", "10", "--slots", "64")
	if p := r.Proof; p.Entered != 10 || p.Waiting != 0 || p.Promoted != 0 {
		t.Errorf("the proof is %+v; want 10 entered, 0 waiting and 0 promoted", p)
	}
	if stdout, _ := must(t, exitDone, "load", "--against", s.url, "--scenario", "tournament", "--teams", "90", "--slots",
		"8"); !strings.Contains(stdout, "proved: ") || !strings.Contains(stdout, "8 of 8 slots taken, 82 teams waiting") {
		t.Errorf("stdout %q; want %q and %q", stdout, "proved: ", "8 of 8 slots taken, 82 teams waiting")
	}
	s.end()
	runVerify(t, exitDone, "--store", s.store)
}

// TestLoadTournamentRepeatedAnswers runs load through a proxy that answers a second entry of a team with
// the first answer and does not forward it. The proof finds it.
func TestLoadTournamentRepeatedAnswers(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	var answers sync.Map // by body
	fake := startProxy(t, s.url, func(w http.ResponseWriter, r *http.Request, pass passFunc) bool {
		if r.Method != "POST" || !strings.HasSuffix(r.URL.Path, "/entries") {
			return false
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		before, again := answers.Load(string(body))
		if !again {
			r.Body = io.NopCloser(bytes.NewReader(body))
			before = pass().Body.String()
			answers.Store(string(body), before)
		}
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, before)
		return true
	})
	r := runLoad[load.TournamentProof](t, exitProblemsFound, fake, "--scenario", "tournament", "--teams", "30", "--slots", "8")
	if !slices.ContainsFunc(r.Proof.Wrong, func(s string) bool { return strings.Contains(s, "was acknowledged twice") }) {
		t.Errorf("differences = %q, want %q", r.Proof.Wrong, "was acknowledged twice")
	}
}

// TestLoadTournamentFindsWrongAnswers runs load through a proxy that falsifies one answer, or the order of a
// list; the proof finds it.
func TestLoadTournamentFindsWrongAnswers(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	entered := func(r *http.Request) bool { return r.Method == "POST" && strings.HasSuffix(r.URL.Path, "/entries") }
	for _, test := range []struct {
		about   string
		matches func(r *http.Request) bool
		falsify func(text string) string
		wrong   string
	}{
		{about: "reports a waitlisted team as entered", matches: entered,
			falsify: func(text string) string { return strings.Replace(text, `"waitlisted","place"`, `"entered","place"`, 1) },
			wrong:   "is entered at revision"},
		{about: "gives a different place", matches: entered,
			falsify: func(text string) string { return strings.Replace(text, `"place":`, `"place":1`, 1) },
			wrong:   "has place 1"},
		{about: "answers with an empty object", matches: entered, falsify: func(string) string { return "{}" }, wrong: "has no status"},
		{about: "hides the promoted teams", matches: func(r *http.Request) bool { return r.Method == "DELETE" },
			falsify: func(text string) string {
				return text[:strings.Index(text, `"promoted":[`)] + `"promoted":[]` + text[strings.Index(text, `]`)+1:]
			}, wrong: "is withdrawn at revision"},
		{about: "lists the waitlist in a different order",
			matches: func(r *http.Request) bool { return r.URL.Query().Get("status") == "waitlisted" },
			falsify: func(text string) string {
				items := strings.Split(text, `{"team_id"`)
				slices.Reverse(items[1 : len(items)-1])
				return strings.Join(items, `{"team_id"`)
			}, wrong: "and has place"},
		{about: "hides an entered team", matches: func(r *http.Request) bool { return r.URL.Query().Get("status") == "entered" },
			falsify: func(text string) string { return text[:strings.LastIndex(text, `,{"team_id"`)] + `],"next":null}` },
			wrong:   "in the same order"},
	} {
		t.Run(test.about, func(t *testing.T) {
			var n atomic.Int64
			fake := startProxy(t, s.url, func(w http.ResponseWriter, r *http.Request, pass passFunc) bool {
				if !test.matches(r) {
					return false
				}
				answer := pass()
				text := answer.Body.String()
				if lie := test.falsify(text); lie != text && n.Add(1) == 1 {
					text = lie
				}
				w.WriteHeader(answer.Code)
				fmt.Fprint(w, text)
				return true
			})
			r := runLoad[load.TournamentProof](t, exitProblemsFound, fake, "--scenario", "tournament", "--teams", "60", "--slots",
				"8")
			if !slices.ContainsFunc(r.Proof.Wrong, func(s string) bool { return strings.Contains(s, test.wrong) }) {
				t.Errorf("differences = %q, want %q", r.Proof.Wrong, test.wrong)
			}
		})
	}
}
