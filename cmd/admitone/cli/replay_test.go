package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"admitone/cmd/admitone/replay"
	"admitone/events"
)

// recordRefusal appends a refusal to the log, as a server does with --record-refusals.
func (s *testServer) recordRefusal(f *events.RefusalRecorded) {
	s.t.Helper()
	f.BeatenStream = f.Stream
	page, err := s.Log.Read(s.t.Context(), events.StreamID(f.Stream), events.EndRevision, events.Backward, 1)
	if err != nil || len(page) == 0 {
		s.t.Fatalf("the stream %s has %d events, %v; want at least one", f.Stream, len(page), err)
	}
	f.BeatenRevision, f.BeatenPosition = int64(page[0].Revision), int64(page[0].Position)
	stream, last := events.RefusalsOf(page[0].Created), events.Revision(events.NoStream)
	before, err := s.Log.Read(s.t.Context(), stream, events.EndRevision, events.Backward, 1)
	if err != nil {
		s.t.Fatal(err)
	}
	var prev events.Hash
	if len(before) > 0 {
		last = before[0].Revision
		if prev, err = events.RecordedHash(before[0].Metadata); err != nil {
			s.t.Fatal(err)
		}
	}
	e := events.Event{ID: events.EventID("refusal "+f.Path, int(last)), Type: f.Name(), Data: events.AppendFact(nil, f)}
	e.Metadata, _ = events.Seal(nil, prev, stream, last+1, &e,
		&events.Metadata{CommandID: "c", Actor: string(f.Holder), At: time.Now()})
	if _, err := s.Log.Append(s.t.Context(), stream, last, []events.Event{e}); err != nil {
		s.t.Fatal(err)
	}
}

// TestReplay makes a sale of every kind, with concurrent requests, and replays it to an empty server, with the
// same outcome. On a server with sales the outcome differs.
func TestReplay(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	s.sell("1")
	must(t, exitDone, "load", "--against", s.url, "--requests", "300", "--connections", "8", "--holds", "0.5")
	must(t, exitDone, "load", "--against", s.url, "--scenario", "tournament", "--teams", "60", "--slots", "16",
		"--connections", "8")
	must(t, exitDone, "load", "--against", s.url, "--scenario", "seats", "--people", "80", "--hold-seconds", "1",
		"--connections", "8")
	s.send("PUT", "/v1/waiting-rooms/door", `{"admit_per_second":10,"max_active":10,"active_seconds":60,
		"heartbeat_seconds":10}`)
	s.send("POST", "/v1/products", `{"id":"guarded","name":"n","stock":5,"waiting_room":"door"}`)
	s.recordRefusal(&events.RefusalRecorded{Method: "POST", Path: "/v1/products/1/reservations", Stream: "product-1",
		Holder: "eve", Quantity: 99, Code: "sold_out"})
	s.recordRefusal(&events.RefusalRecorded{Method: "PATCH", Path: "/v1/products/1", Stream: "product-1", Code: "stale_revision"})
	s.end()

	for _, speed := range []string{"0", "50"} {
		other := serveIn(t, t.TempDir(), nil)
		stdout, _ := must(t, exitDone, "replay", "--store", s.store, "--against", other.url, "--speed", speed, "--json")
		var report replay.Report
		if err := json.Unmarshal([]byte(stdout), &report); err != nil || !report.OK() || report.Same < 400 ||
			report.Counts < 10 || report.Deadlines == 0 {
			t.Errorf("report = %s (%v), want no difference, at least 400 answers and 10 counts, and a deadline", stdout, err)
		}
		rooms := report.LeftOut["waiting rooms: everyone who was admitted may act here"]
		others := report.LeftOut["refused edits, and other requests that depend on state outside the log"]
		if rooms != 1 || others != 1 {
			t.Errorf("left out: %v; want 1 waiting room and 1 refused edit", report.LeftOut)
		}
		other.end()
		must(t, exitDone, "verify", "--store", other.store)
		if speed == "50" {
			break
		}
		again := serveIn(t, other.store, nil)
		again.send("POST", "/v1/products/1/reservations", `{"holder":"eve","quantity":2}`)
		text, _ := must(t, exitProblemsFound, "replay", "--store", s.store, "--against", again.url, "--speed", "0")
		if !strings.Contains(text, "another outcome") ||
			!strings.Contains(text, "product/1: sold is recorded as 4, here it is 6") {
			t.Errorf("text %q; want %q and %q", text, "another outcome", "product/1: sold is recorded as 4, here it is 6")
		}
	}
}

// waitFor reads a resource until it contains a text, for at most 30 s.
func (s *testServer) waitFor(path, part string) {
	s.t.Helper()
	for end := time.Now().Add(30 * time.Second); !strings.Contains(s.send("GET", path, ""), part); {
		if time.Now().After(end) {
			s.t.Fatalf("%s has no %q after 30s", path, part)
		}
	}
}

// TestReplayOfExpiries: requests that were refused because of a deadline or a missing pass do not make the
// outcome differ.
func TestReplayOfExpiries(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	s.send("POST", "/v1/products", `{"id":"p","name":"P","stock":5,"hold_seconds":1}`)
	owned := idOf(t, s.send("POST", "/v1/products/p/reservations", `{"holder":"ada","hold":true}`))
	// Requests may be refused as expired before the expiry is recorded.
	for method, path := range map[string]string{"POST": "/confirm", "DELETE": ""} {
		s.recordRefusal(&events.RefusalRecorded{Method: method, Path: "/v1/products/p/reservations/" + owned + path,
			Stream: "product-p", Holder: "ada", Code: "hold_expired"})
	}
	s.send("POST", "/v1/performances", `{"id":"gala","title":"G","venue":"V","starts_at":"2099-01-01T20:00:00Z",
		"hold_seconds":1,"sections":[{"id":"A","rows":1,"seats_per_row":3,"price":1}]}`)
	s.send("POST", "/v1/wallets/ada/charges", `{"amount":500}`)
	seat := idOf(t, s.send("POST", "/v1/performances/gala/bookings", `{"holder":"ada","seats":["A-1-1"]}`))
	s.recordRefusal(&events.RefusalRecorded{Method: "POST", Path: "/v1/bookings/" + seat + "/payment", Stream: "booking-" + seat,
		Holder: "ada", Code: "hold_expired"})
	s.send("POST", "/v1/tournaments", `{"id":"cup","name":"C","team_limit":2,"register_deadline":"2099-01-01T20:00:00Z"}`)
	s.send("POST", "/v1/teams", `{"id":"late","name":"L"}`)
	s.recordRefusal(&events.RefusalRecorded{Method: "POST", Path: "/v1/tournaments/cup/entries", Stream: "tournament-cup",
		TeamIDs: []events.TeamID{"late"}, Code: "deadline_passed"})
	s.recordRefusal(&events.RefusalRecorded{Method: "POST", Path: "/v1/products/p/reservations", Stream: "product-p",
		Holder: "bob", Quantity: 1, Code: "pass_required"})
	for _, path := range []string{"/v1/products/p", "/v1/performances/gala"} {
		s.waitFor(path, `"held":0`)
	}
	s.recordRefusal(&events.RefusalRecorded{Method: "POST", Path: "/v1/bookings/" + seat + "/extension", Stream: "booking-" +
		seat, Holder: "ada", Code: "hold_expired"})
	s.end()
	other := serveIn(t, t.TempDir(), nil)
	stdout, _ := must(t, exitDone, "replay", "--store", s.store, "--against", other.url, "--speed", "0")
	for _, want := range []string{
		"1 left out: refused because a deadline for entry had passed", "1 left out: refused for lack of a pass",
		"1 left out: refused about an expired booking", "the same outcome",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("replay printed\n%s\nwant %q", stdout, want)
		}
	}
	if strings.Contains(stdout, "not empty") {
		t.Errorf("stdout %q; want no %q", stdout, "not empty")
	}
}

// TestReplayOfRange: replay of a range first creates the entities that are on sale before it.
func TestReplayOfRange(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	s.sell("1") // positions 1 to 5
	other := serveIn(t, t.TempDir(), nil)
	stdout, _ := must(t, exitDone, "replay", "--url", s.url, "--against", other.url, "--from", "3", "--to", "3")
	if !strings.HasPrefix(stdout, "2 answers in ") ||
		!strings.Contains(other.send("GET", "/v1/products/1", ""), `"sold":3`) {
		t.Errorf("replay printed %q, want 2 answers and 3 sold", stdout)
	}
}

// TestReplayReportsGrants: replay reports a request that was refused and is granted by the target.
func TestReplayReportsGrants(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	s.send("POST", "/v1/products", `{"id":"1","name":"P","stock":5}`)
	s.recordRefusal(&events.RefusalRecorded{Method: "POST", Path: "/v1/products/1/reservations", Stream: "product-1",
		Holder: "eve", Quantity: 1, Code: "sold_out"})
	s.end()
	other := serveIn(t, t.TempDir(), nil)
	stdout, _ := must(t, exitProblemsFound, "replay", "--store", s.store, "--against", other.url, "--speed", "0")
	for _, want := range []string{"1 different: a request that was refused: recorded sold_out, here granted",
		"position 1: POST /v1/products/1/reservations for eve, recorded sold_out, here granted"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
}

// TestReplayReportsRefusals: replay reports a request that was granted and is refused by the target.
func TestReplayReportsRefusals(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	s.sell("1")
	s.end()
	other := serveIn(t, t.TempDir(), nil)
	other.send("POST", "/v1/products", `{"id":"1","name":"Another","stock":2}`)
	stdout, _ := must(t, exitProblemsFound, "replay", "--store", s.store, "--against", other.url, "--speed", "0")
	for _, want := range []string{"recorded granted, here already_exists",
		"position 3: product.reserved.v1, recorded granted, here sold_out", "another outcome",
		"the other server was not empty"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
}

// TestReplayRetries: a request that is answered with Retry-After is sent again, with the same key.
func TestReplayRetries(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	s.sell("1")
	other := serveIn(t, t.TempDir(), nil)
	refused := map[string]bool{} // by idempotency key
	busy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if key := r.Header.Get("Idempotency-Key"); key != "" && !refused[key] {
			refused[key] = true
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, `{"code":"shutting_down"}`)
			return
		}
		http.Redirect(w, r, other.url+r.URL.Path, http.StatusPermanentRedirect)
	}))
	defer busy.Close()
	stdout, _ := must(t, exitDone, "replay", "--url", s.url, "--against", busy.URL, "--to", "1", "--speed", "0")
	if len(refused) != 1 || !strings.Contains(stdout, "the same outcome") {
		t.Errorf("%d keys were refused first: %s; want 1 and %q", len(refused), stdout, "the same outcome")
	}
}

func TestReplayUsage(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	s.sell("1")
	s.end()
	for _, args := range [][]string{{}, {"--against", "nowhere"}, {"--against", "http://127.0.0.1:1", "--speed", "-1"},
		{"--against", "http://127.0.0.1:1", "--from", "noon"}} {
		must(t, exitUsage, append([]string{"replay", "--store", s.store}, args...)...)
	}
	must(t, exitUnavailable, "replay", "--store", t.TempDir(), "--against", "http://127.0.0.1:1")
	silent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }))
	defer silent.Close()
	must(t, exitUnavailable, "replay", "--store", s.store, "--against", silent.URL)
}
