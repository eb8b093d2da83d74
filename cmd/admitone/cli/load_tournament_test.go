package cli

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
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
	// 32 entered teams and 43 of the 436 waiting ones leave (some after they were promoted), and
	// all of them come back.
	if p := r.Proof; r.Acknowledged != 500+2*75 || p.InLog != r.Acknowledged || p.Entered != 64 || p.Waiting != 436 ||
		p.Unknown != 0 || len(p.Wrong) != 0 ||
		p.Promoted < 32 || r.Codes["201"] != 575 || r.Codes["200"] != 75 {
		t.Errorf("report %+v, proof %+v; want Acknowledged = 500+2*75, InLog = Acknowledged, Entered = 64, Waiting = 436, Unknown = 0, no differences, Promoted >= 32, Codes[201] = 575 and Codes[200] = 75",
			r, p)
	}
	r = runLoad[load.TournamentProof](t, exitDone, s.url, "--scenario", "tournament", "--teams", "10", "--slots", "64")
	if p := r.Proof; p.Entered != 10 || p.Waiting != 0 || p.Promoted != 0 {
		t.Errorf("%+v; want Entered = 10, Waiting = 0 and Promoted = 0", p)
	}
	if stdout, _ := must(t, exitDone, "load", "--against", s.url, "--scenario", "tournament", "--teams", "90", "--slots",
		"8"); !strings.Contains(stdout, "proved: ") || !strings.Contains(stdout, "8 of 8 slots taken, 82 teams waiting") {
		t.Errorf("stdout %q; want %q and %q", stdout, "proved: ", "8 of 8 slots taken, 82 teams waiting")
	}
	s.end()
	runVerify(t, exitDone, "--store", s.store)
}

// TestLoadTournamentRepeatedAnswers: a repeated entry gets the first answer again, and has no
// effect.
func TestLoadTournamentRepeatedAnswers(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	var told sync.Map // by body
	fake := between(t, s.url, func(w http.ResponseWriter, r *http.Request, pass func() *httptest.ResponseRecorder) bool {
		if r.Method != "POST" || !strings.HasSuffix(r.URL.Path, "/entries") {
			return false
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		before, again := told.Load(string(body))
		if !again {
			r.Body = io.NopCloser(bytes.NewReader(body))
			before = pass().Body.String()
			told.Store(string(body), before)
		}
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, before)
		return true
	})
	r := runLoad[load.TournamentProof](t, exitProblemsFound, fake, "--scenario", "tournament", "--teams", "30", "--slots", "8")
	if !slices.ContainsFunc(r.Proof.Wrong, func(s string) bool { return strings.Contains(s, "was acknowledged twice") }) {
		t.Errorf("the faults are %q", r.Proof.Wrong)
	}
}

// TestLoadTournamentFindsWrongAnswers puts a proxy in between that falsifies one answer, or the
// order of a list.
func TestLoadTournamentFindsWrongAnswers(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	entered := func(r *http.Request) bool { return r.Method == "POST" && strings.HasSuffix(r.URL.Path, "/entries") }
	for _, test := range []struct {
		about string
		lies  func(r *http.Request) bool
		lie   func(text string) string
		wrong string
	}{
		{about: "says that one is in who waits", lies: entered,
			lie:   func(text string) string { return strings.Replace(text, `"waitlisted","place"`, `"entered","place"`, 1) },
			wrong: "is entered at revision"},
		{about: "gives a different place", lies: entered,
			lie:   func(text string) string { return strings.Replace(text, `"place":`, `"place":1`, 1) },
			wrong: "has place 1"},
		{about: "says nothing", lies: entered, lie: func(string) string { return "{}" }, wrong: "has no status"},
		{about: "does not show who was admitted", lies: func(r *http.Request) bool { return r.Method == "DELETE" },
			lie: func(text string) string {
				return text[:strings.Index(text, `"promoted":[`)] + `"promoted":[]` + text[strings.Index(text, `]`)+1:]
			}, wrong: "is withdrawn at revision"},
		{about: "lists the waitlist in a different order",
			lies: func(r *http.Request) bool { return r.URL.Query().Get("status") == "waitlisted" },
			lie: func(text string) string {
				items := strings.Split(text, `{"team_id"`)
				slices.Reverse(items[1 : len(items)-1])
				return strings.Join(items, `{"team_id"`)
			}, wrong: "and has place"},
		{about: "hides one that is in", lies: func(r *http.Request) bool { return r.URL.Query().Get("status") == "entered" },
			lie:   func(text string) string { return text[:strings.LastIndex(text, `,{"team_id"`)] + `],"next":null}` },
			wrong: "in the same order"},
	} {
		t.Run(test.about, func(t *testing.T) {
			var n atomic.Int64
			fake := between(t, s.url, func(w http.ResponseWriter, r *http.Request, pass func() *httptest.ResponseRecorder) bool {
				if !test.lies(r) {
					return false
				}
				answer := pass()
				text := answer.Body.String()
				if lie := test.lie(text); lie != text && n.Add(1) == 1 {
					text = lie
				}
				w.WriteHeader(answer.Code)
				fmt.Fprint(w, text)
				return true
			})
			r := runLoad[load.TournamentProof](t, exitProblemsFound, fake, "--scenario", "tournament", "--teams", "60", "--slots",
				"8")
			if !slices.ContainsFunc(r.Proof.Wrong, func(s string) bool { return strings.Contains(s, test.wrong) }) {
				t.Errorf("nothing says %q: %q", test.wrong, r.Proof.Wrong)
			}
		})
	}
}
