package cli

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"admitone/cmd/admitone/load"
)

func TestLoadSeats(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	r := runLoad[load.SeatsProof](t, exitDone, s.url, "--scenario", "seats", "--people", "400", "--rows", "8",
		"--seats-per-row", "20", "--hold-seconds", "1")
	p := r.Proof
	if r.Acknowledged != p.InLog || p.InLog != r.Codes["201"] || p.Unknown != 0 || p.Unheard != 0 || len(p.Wrong) != 0 ||
		p.Booked+p.Released+p.Expired != p.InLog ||
		p.Booked == 0 || p.Released == 0 || p.Expired == 0 || p.Seats == 0 || p.Refunded == 0 ||
		p.Balance != p.Charged-int64(p.Seats)*5000 { // 5000 is the price of a seat
		t.Errorf("report = %+v, proof = %+v; want no difference and each outcome at least once", r, p)
	}
	for _, code := range []string{"409 seat_taken", "409 insufficient_balance", "409 limit_exceeded"} {
		if r.Codes[code] == 0 {
			t.Errorf("no answer was %s, want at least one: %v", code, r.Codes)
		}
	}
	if stdout, _ := must(t, exitDone, "load", "--against", s.url, "--scenario", "seats", "--people", "20",
		"--hold-seconds", "1"); !strings.Contains(stdout, "proved: ") ||
		!strings.Contains(stdout, "20 people for 1000 seats") {
		t.Errorf("stdout %q; want %q and %q", stdout, "proved: ", "20 people for 1000 seats")
	}
	s.end()
	runVerify(t, exitDone, "--store", s.store)
}

// TestLoadSeatsFindsWrongAnswers runs load through a proxy that falsifies one kind of answers; the proof
// finds it.
func TestLoadSeatsFindsWrongAnswers(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	books := func(r *http.Request) bool { return r.Method == "POST" && strings.HasSuffix(r.URL.Path, "/bookings") }
	pays := func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/payment") }
	lists := func(status string) func(r *http.Request) bool {
		return func(r *http.Request) bool { return r.URL.Query().Get("status") == status }
	}
	const someone = `{"id":"01a201a7-afd0-7e61-b5f9-b1fbfa6d76d3","holder":"x","seats":[],"amount":1,"status":"held"}`
	for _, test := range []struct {
		about   string
		matches func(r *http.Request) bool
		falsify func(r *http.Request, text string) (code int, lie string)
		wrong   string
	}{
		{"acknowledges what it has not done", books, func(*http.Request, string) (int, string) { return 201, someone },
			"is not in the log"},
		{"gives other seats", books, func(_ *http.Request, text string) (int, string) {
			return 201, strings.Replace(text, `"seats":["A-`, `"seats":["B-`, 1)
		}, "according to its answer, and for"},
		{"refuses what it has done", books, func(_ *http.Request, text string) (int, string) {
			return 409, strings.Replace(text, `"status":"held"`, `"code":"sold_out"`, 1)
		}, "were not acknowledged, and only 0 outcomes are unknown"},
		{"acknowledges nothing in particular", books, func(*http.Request, string) (int, string) { return 201, "{}" },
			"name no booking"},
		{"reports a refused payment as made", pays, func(r *http.Request, text string) (int, string) {
			if !strings.Contains(text, "insufficient_balance") {
				return 200, text
			}
			return 200, fmt.Sprintf(`{"id":%q,"status":"booked"}`, strings.Split(r.URL.Path, "/")[3])
		}, "is booked according to its answers"},
		{"reports a payment as refused", pays, func(_ *http.Request, text string) (int, string) {
			return 410, strings.Replace(text, `"status":"booked"`, `"code":"hold_expired"`, 1)
		}, "is held according to its answers, and booked in the log"},
		{"hides a seat that is booked", lists("booked"), func(_ *http.Request, text string) (int, string) {
			return 200, strings.Replace(text, `{"seat":"`, `{"seat":"X`, 1)
		}, "as booked, and the log"},
		{"shows a seat as held", lists("held"), func(_ *http.Request, text string) (int, string) {
			return 200, strings.Replace(text, `"items":[`, `"items":[{"seat":"A-1-1"}`, 1)
		}, "as held, and the log"},
		{"changes the log", func(r *http.Request) bool { return r.URL.Path == "/v1/events" },
			func(_ *http.Request, text string) (int, string) {
				// In all performances, since the log has those of the other cases.
				return 200, strings.ReplaceAll(text, `"type":"seat.held.v1"`, `"type":"seat.blocked.v1"`)
			}, "seat-"},
	} {
		t.Run(test.about, func(t *testing.T) {
			t.Parallel()
			fake := startProxy(t, s.url, func(w http.ResponseWriter, r *http.Request, pass passFunc) bool {
				if !test.matches(r) {
					return false
				}
				answer := pass()
				code, text := answer.Code, answer.Body.String()
				if other, lie := test.falsify(r, text); lie != text {
					code, text = other, lie
				}
				w.WriteHeader(code)
				fmt.Fprint(w, text)
				return true
			})
			r := runLoad[load.SeatsProof](t, exitProblemsFound, fake, "--scenario", "seats", "--people", "60", "--hold-seconds", "1")
			if !slices.ContainsFunc(r.Proof.Wrong, func(s string) bool { return strings.Contains(s, test.wrong) }) {
				t.Errorf("differences = %q, want %q", r.Proof.Wrong, test.wrong)
			}
		})
	}
}
