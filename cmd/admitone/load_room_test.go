package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"admitone/events"
)

// quickLine are settings with which a line is over in some seconds.
var quickLine = strings.Fields("--scenario waiting-room --admit-per-second 12 --max-active 20 --active-seconds 1 --heartbeat-seconds 1")

func TestLoadWaitingRoom(t *testing.T) {
	t.Parallel()
	s := serveIn(t, t.TempDir(), nil)
	r := loaded[lineUpProof](t, exitDone, s.url, append([]string{"--visitors", "70"}, quickLine...)...)
	p := r.Proof
	if r.Acknowledged != p.InLog || p.InLog < 60 || p.Unknown != 0 || p.Unheard != 0 || len(p.Wrong) != 0 || p.Admitted == 0 || p.Admitted > p.InLog ||
		p.MostActive > 20 || p.MostActive == 0 || p.Passes == 0 || p.Dropped == 0 || p.Bought == 0 || p.Refused == 0 {
		t.Errorf("%+v %+v", r, p)
	}
	for _, code := range []string{"429 rate_limited", "403 pass_required", "403 pass_invalid"} {
		if r.Codes[code] == 0 {
			t.Errorf("nobody heard %s: %v", code, r.Codes)
		}
	}
	if stdout, _ := must(t, exitDone, append([]string{"load", "--against", s.url, "--visitors", "20"}, quickLine...)...); !strings.Contains(stdout, "proved: ") || !strings.Contains(stdout, "20 visitors") {
		t.Error(stdout)
	}
	s.end()
	verified(t, exitDone, "--store", s.store)
}

// TestLoadWaitingRoomFindsLies puts a server in between that does not tell the truth
// about one sort of answers.
func TestLoadWaitingRoomFindsLies(t *testing.T) {
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
		about string
		lies  func(r *http.Request) bool
		lie   func(text string) (code int, lie string)
		wrong string
	}{
		{"acknowledges what it has not done", joins, func(string) (int, string) {
			return 201, `{"visitor":"x","ticket":4711,"status":"waiting","poll_after_seconds":1}`
		}, "is not in the log like that"},
		{"refuses what it has done", joins, func(string) (int, string) { return 409, `{"code":"room_closed"}` }, "were not acknowledged, and only 0 outcomes are unknown"},
		{"acknowledges nothing in particular", joins, func(string) (int, string) { return 201, "{}" }, "name no place"},
		{"sends people back", polls, func(text string) (int, string) {
			if !strings.Contains(text, `"position":`) {
				return 200, text
			}
			return 200, strings.Replace(text, `"position":`, fmt.Sprintf(`"position":%d000,"was":`, rising.Add(1)), 1)
		}, "was told position"},
		{"says that a place was left", polls, replace(`"status":"waiting"`, `"status":"left"`), "is left according to its answers"},
		{"gives a pass too long", polls, replace(`"expires_at":"2`, `"expires_at":"3`), "and the log lets it in until"},
		{"gives a pass to who waits", polls, replace(`"status":"waiting"`, `"status":"admitted","pass":"x","expires_at":"2030-01-01T00:00:00Z"`), "and the log lets it in until"},
		{"gives one pass to all", polls, func(text string) (int, string) {
			before, pass, ok := strings.Cut(text, `"pass":"`)
			if !ok {
				return 200, text
			}
			pass, after, _ := strings.Cut(pass, `"`)
			first, _ := kept.LoadOrStore("", pass)
			return 200, before + `"pass":"` + first.(string) + `"` + after
		}, "have the same pass"},
		{"says that somebody has left who has not", leaves, nil, "is left according to its answers"},
		{"sells without a pass", buys, func(text string) (int, string) {
			if !strings.Contains(text, "pass_invalid") {
				return 0, text
			}
			return 201, `{"id":"x"}`
		}, "and has no pass"},
		{"does not sell what it says", buys, func(text string) (int, string) {
			if strings.Contains(text, `"code"`) {
				return 0, text
			}
			return 201, `{"id":"x","holder":"y"}`
		}, "and is not in the log once"},
		{"shows another room", room, replace(`"joined":`, `"joined":1`), "the server shows"},
		{"changes the log", func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/v1/streams/waitingroom-") },
			replace(`"ticket":7,`, `"ticket":8,`), "its hash is"},
	} {
		all.Go(func() { // all at once: most of the time they wait
			liar := between(t, s.url, func(w http.ResponseWriter, r *http.Request, pass func() *httptest.ResponseRecorder) bool {
				if !test.lies(r) {
					return false
				}
				if test.lie == nil {
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
				if other, lie := test.lie(text); lie != text {
					code, text = other, lie
				}
				if after := answer.Header().Get("Retry-After"); after != "" {
					w.Header().Set("Retry-After", after)
				}
				w.WriteHeader(code)
				fmt.Fprint(w, text)
				return true
			})
			status, stdout, stderr := command(t, append([]string{"load", "--json", "--against", liar, "--connections", "16", "--visitors", "60"}, quickLine...)...)
			var r found[lineUpProof]
			if err := json.Unmarshal([]byte(stdout), &r); err != nil || r.Proof == nil || status != exitFoundWrong {
				t.Errorf("%s: %d %v: %s%s", test.about, status, err, stdout, stderr)
				return
			}
			if !slices.ContainsFunc(r.Proof.Wrong, func(s string) bool { return strings.Contains(s, test.wrong) }) {
				t.Errorf("%s: nothing says %q: %q", test.about, test.wrong, r.Proof.Wrong)
			}
		})
	}
}

// TestLoadWaitingRoomRules: what the proof itself finds in a room's facts, whatever
// the room's own rules let through. Two a second, three at once, for ten seconds.
func TestLoadWaitingRoomRules(t *testing.T) {
	day := time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)
	const s = time.Second
	counts := func(waiting, active int64) events.WaitingRoomCounts {
		return events.WaitingRoomCounts{Waiting: waiting, Active: active}
	}
	join := func(ticket int64, holder string, waiting, active int64) events.Fact {
		return &events.WaitingRoomJoined{Ticket: ticket, Holder: holder, WaitingRoomCounts: counts(waiting, active)}
	}
	one := func(ticket int64) []events.TicketRange { return []events.TicketRange{{From: ticket, To: ticket}} }
	in := func(at time.Duration, from, to, all, waiting, active int64) events.Fact {
		return &events.WaitingRoomAdmitted{Tickets: []events.TicketRange{{From: from, To: to}}, Count: to - from + 1, Admitted: all,
			AdmittedAt: day.Add(at), ExpiresAt: day.Add(at + 10*s), WaitingRoomCounts: counts(waiting, active)}
	}
	left := func(ticket int64, was events.VisitorStatus, waiting, active int64) events.Fact {
		return &events.WaitingRoomLeft{Ticket: ticket, Was: was, WaitingRoomCounts: counts(waiting, active)}
	}
	dropped := func(ticket, waiting, active int64) events.Fact {
		return &events.WaitingRoomDropped{Tickets: one(ticket), Count: 1, WaitingRoomCounts: counts(waiting, active)}
	}
	expired := func(ticket, waiting, active int64) events.Fact {
		return &events.WaitingRoomExpired{Tickets: one(ticket), Count: 1, WaitingRoomCounts: counts(waiting, active)}
	}
	finished := func(ticket, waiting, active int64) events.Fact {
		return &events.WaitingRoomFinished{Ticket: ticket, WaitingRoomCounts: counts(waiting, active)}
	}
	const waiting, admitted = events.VisitorWaiting, events.VisitorAdmitted
	three := []events.Fact{join(1, "a", 1, 0), join(2, "b", 2, 0), join(3, "c", 3, 0)}
	five := append(slices.Clone(three), join(4, "d", 4, 0), join(5, "e", 5, 0))
	for _, test := range []struct {
		about string
		facts []events.Fact
		want  string // "" if it is right
	}{
		{"a line", append(slices.Clone(five), left(2, waiting, 4, 0), dropped(1, 3, 0), in(0, 3, 4, 2, 1, 2), in(s, 5, 5, 3, 0, 3), finished(4, 0, 2),
			left(3, admitted, 0, 1), join(6, "a", 1, 1), in(2*s, 6, 6, 4, 0, 2), left(5, admitted, 0, 1)), ""},
		{"a pass that runs out", append(slices.Clone(three), in(0, 1, 1, 1, 2, 1), expired(1, 2, 0)), ""},
		{"a ticket too far", []events.Fact{join(2, "a", 1, 0)}, "ticket 2 follows ticket 0"},
		{"two places", []events.Fact{join(1, "a", 1, 0), join(2, "a", 2, 0)}, "at once"},
		{"a wrong count", []events.Fact{join(1, "a", 2, 0)}, "it comes to"},
		{"past the first", append(slices.Clone(three), in(0, 2, 2, 1, 2, 1)), "ticket 2 comes in while ticket 1"},
		{"past one in the middle", append(slices.Clone(three), in(0, 1, 1, 1, 2, 1), in(0, 3, 3, 2, 1, 2)), "ticket 3 comes in while ticket 2"},
		{"one who has left", append(slices.Clone(three), left(1, waiting, 2, 0), in(0, 1, 1, 1, 1, 1)), "ticket 1 comes in while ticket 2"},
		{"too fast", append(slices.Clone(three), in(0, 1, 2, 2, 1, 2), in(s-1, 3, 3, 3, 0, 3)), "3 have come in within a second, and 2 may"},
		{"fast enough", append(slices.Clone(three), in(0, 1, 2, 2, 1, 2), in(s, 3, 3, 3, 0, 3)), ""},
		{"too many", append(slices.Clone(five), in(0, 1, 2, 2, 3, 2), in(s, 3, 4, 4, 1, 4)), "4 are in, and 3 may be"},
		{"a place that left", append(slices.Clone(three), left(1, admitted, 3, -1)), "ticket 1 is not admitted"},
		{"a silent one who is in", append(slices.Clone(three), in(0, 1, 1, 1, 2, 1), dropped(1, 1, 1)), "ticket 1 is not waiting"},
		{"a pass too short", append(slices.Clone(three), in(s, 1, 1, 1, 2, 1), expired(1, 2, 0)), "too early"},
		{"a pass too long", append(slices.Clone(three), &events.WaitingRoomAdmitted{Tickets: one(1), Count: 1, Admitted: 1, AdmittedAt: day,
			ExpiresAt: day.Add(time.Hour), WaitingRoomCounts: counts(2, 1)}), "a pass lasts for 1h"},
		{"a wrong number", append(slices.Clone(three), in(0, 1, 1, 2, 2, 1)), "it says that 1 come in, 2 in all"},
		{"what nobody asked for", []events.Fact{&events.WaitingRoomBegun{}}, "nobody has asked"},
	} {
		room := newRecordedRoom()
		room.settings = events.WaitingRoomSettings{AdmitPerSecond: 2, MaxActive: 3, ActiveSeconds: 10}
		var err error
		for _, fact := range test.facts {
			if err != nil {
				t.Errorf("%s: %v, too early", test.about, err)
			}
			err = room.evolve(fact, day.Add(10*s))
		}
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v, want %q", test.about, err, test.want)
		}
	}
}
