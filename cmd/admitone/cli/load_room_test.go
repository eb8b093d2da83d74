package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"admitone/cmd/admitone/load"
)

// quickRoom has the arguments for a waiting room whose run takes a few seconds.
var quickRoom = strings.Fields("--scenario waiting-room --admit-per-second 12 --max-active 20 --active-seconds 1 " +
	"--heartbeat-seconds 1")

func TestLoadWaitingRoom(t *testing.T) {
	t.Parallel()
	s := serveIn(t, t.TempDir(), nil)
	r := runLoad[load.WaitingRoomProof](t, exitDone, s.url, append([]string{"--visitors", "70"}, quickRoom...)...)
	p := r.Proof
	if r.Acknowledged != p.InLog || p.InLog < 60 || p.Unknown != 0 || p.Unheard != 0 || len(p.Wrong) != 0 ||
		p.Admitted == 0 || p.Admitted > p.InLog ||
		p.MostActive > 20 || p.MostActive == 0 || p.Passes == 0 || p.Dropped == 0 || p.Bought == 0 || p.Refused == 0 {
		t.Errorf("report = %+v, proof = %+v; want no difference and each outcome at least once", r, p)
	}
	for _, code := range []string{"429 rate_limited", "403 pass_required", "403 pass_invalid"} {
		if r.Codes[code] == 0 {
			t.Errorf("no answer was %s, want at least one: %v", code, r.Codes)
		}
	}
	if stdout, _ := must(t, exitDone, append([]string{"load", "--against", s.url, "--visitors", "20"},
		quickRoom...)...); !strings.Contains(stdout, "proved: ") || !strings.Contains(stdout, "20 visitors") {
		t.Errorf("stdout %q; want %q and %q", stdout, "proved: ", "20 visitors")
	}
	s.end()
	runVerify(t, exitDone, "--store", s.store)
}

// TestLoadWithDraw: visitors who come before the opening are admitted in the drawn order.
func TestLoadWithDraw(t *testing.T) {
	t.Parallel()
	s := serveIn(t, t.TempDir(), nil)
	r := runLoad[load.WaitingRoomProof](t, exitDone, s.url,
		append([]string{"--visitors", "40", "--draw-after", "2s"}, quickRoom...)...)
	if p := r.Proof; p.Drawn < 20 || p.Admitted == 0 || p.Bought == 0 || len(p.Wrong) != 0 {
		t.Errorf("report %+v, proof %+v; want at least 20 drawn, some admitted, some purchases and no differences", r, p)
	}
	s.end()
	runVerify(t, exitDone, "--store", s.store)
}

// TestLoadWaitingRoomFindsWrongAnswers runs load through a proxy that falsifies one kind of answers; the
// proof finds it.
func TestLoadWaitingRoomFindsWrongAnswers(t *testing.T) {
	t.Parallel()
	s := serveIn(t, t.TempDir(), nil)
	joins := func(r *http.Request) bool { return r.Method == "POST" && strings.HasSuffix(r.URL.Path, "/visitors") }
	polls := func(r *http.Request) bool { return r.Method == "GET" && strings.Contains(r.URL.Path, "/visitors/") }
	leaves := func(r *http.Request) bool { return r.Method == "DELETE" }
	buys := func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/reservations") }
	room := func(r *http.Request) bool { return r.URL.Query().Has("min_position") }
	replace := func(old, by string) func(string) (int, string) {
		return func(text string) (int, string) { return 200, strings.Replace(text, old, by, 1) }
	}
	var rising atomic.Int64
	var all sync.WaitGroup
	defer all.Wait()
	var kept sync.Map // the first pass of each room
	for _, test := range []struct {
		about   string
		matches func(r *http.Request) bool
		falsify func(text string) (code int, lie string) // nil: answer DELETE without executing it
		wrong   string                                   // expected in a difference
	}{
		{"acknowledges what it has not done", joins, func(string) (int, string) {
			return 201, `{"visitor":"x","ticket":4711,"status":"waiting","poll_after_seconds":1}`
		}, "but differs in the log"},
		{"refuses what it has done", joins, func(string) (int, string) { return 409, `{"code":"room_closed"}` },
			"were not acknowledged, and only 0 outcomes are unknown"},
		{"acknowledges nothing in particular", joins, func(string) (int, string) { return 201, "{}" }, "name no place"},
		{"moves a visitor back", polls, func(text string) (int, string) {
			if !strings.Contains(text, `"position":`) {
				return 200, text
			}
			return 200, strings.Replace(text, `"position":`, fmt.Sprintf(`"position":%d000,"was":`, rising.Add(1)), 1)
		}, "moved back from position"},
		{"says that a place was left", polls, replace(`"status":"waiting"`, `"status":"left"`),
			"is left according to its answers"},
		{"gives a pass too long", polls, replace(`"expires_at":"2`, `"expires_at":"3`), ", but until"},
		{"gives a pass to a waiting visitor", polls, replace(`"status":"waiting"`,
			`"status":"admitted","pass":"x","expires_at":"2030-01-01T00:00:00Z"`), ", but until"},
		{"gives all visitors the same pass", polls, func(text string) (int, string) {
			before, pass, ok := strings.Cut(text, `"pass":"`)
			if !ok {
				return 200, text
			}
			pass, after, _ := strings.Cut(pass, `"`)
			first, _ := kept.LoadOrStore("", pass)
			return 200, before + `"pass":"` + first.(string) + `"` + after
		}, "have the same pass"},
		{"reports a departure that was not executed", leaves, nil, "is left according to its answers"},
		{"sells without a pass", buys, func(text string) (int, string) {
			if !strings.Contains(text, "pass_invalid") {
				return 0, text
			}
			return 201, `{"id":"x"}`
		}, "bought without a pass"},
		{"acknowledges a purchase of another reservation", buys, func(text string) (int, string) {
			if strings.Contains(text, `"code"`) {
				return 0, text
			}
			return 201, `{"id":"x","holder":"y"}`
		}, "but is not in the log exactly once"},
		{"shows a different room", room, replace(`"joined":`, `"joined":1`), "the server shows"},
		{"changes the log", func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/v1/streams/waitingroom-") },
			replace(`"ticket":7,`, `"ticket":8,`), "recorded hash"},
	} {
		all.Go(func() { // concurrently, since they mostly wait
			fake := startProxy(t, s.url, func(w http.ResponseWriter, r *http.Request, pass passFunc) bool {
				if !test.matches(r) {
					return false
				}
				if test.falsify == nil {
					visitor := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
					r.Method = "GET"
					var ticket int64
					_, after, _ := strings.Cut(pass().Body.String(), `"ticket":`)
					fmt.Sscan(strings.SplitN(after, ",", 2)[0], &ticket)
					fmt.Fprintf(w, `{"visitor":%q,"ticket":%d,"status":"left"}`, visitor, ticket)
					return true
				}
				answer := pass()
				code, text := answer.Code, answer.Body.String()
				if other, lie := test.falsify(text); lie != text {
					code, text = other, lie
				}
				if after := answer.Header().Get("Retry-After"); after != "" {
					w.Header().Set("Retry-After", after)
				}
				w.WriteHeader(code)
				fmt.Fprint(w, text)
				return true
			})
			status, stdout, stderr := command(t, append([]string{"load", "--json", "--against", fake, "--connections", "16",
				"--visitors", "60"}, quickRoom...)...)
			var r reportOf[load.WaitingRoomProof]
			if err := json.Unmarshal([]byte(stdout), &r); err != nil || r.Proof == nil || status != exitProblemsFound {
				t.Errorf("%s: status %d, %v: %s%s; want status 1 and a proof", test.about, status, err, stdout, stderr)
				return
			}
			if !slices.ContainsFunc(r.Proof.Wrong, func(s string) bool { return strings.Contains(s, test.wrong) }) {
				t.Errorf("%s: differences = %q, want %q", test.about, r.Proof.Wrong, test.wrong)
			}
		})
	}
}
