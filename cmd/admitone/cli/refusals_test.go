package cli

import (
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"admitone/api"
	"admitone/cmd/admitone/server"
)

// serveRecording starts a server that records refusals (serve --record-refusals).
func serveRecording(t *testing.T, store string) *testServer {
	t.Helper()
	p, err := server.Start(server.Settings{Listen: "127.0.0.1:0", Store: store, Auth: api.OpenAuth{},
		IdleAfter: time.Minute, Logger: slog.New(slog.DiscardHandler), Refusals: true})
	if err != nil {
		t.Fatal(err)
	}
	s := &testServer{Server: p, store: store, url: "http://" + p.Address(), t: t}
	t.Cleanup(s.end)
	return s
}

// requireRefusal sends a request, which must be refused with a code.
func (s *testServer) requireRefusal(code, method, path, body string) {
	s.t.Helper()
	request, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Request-Id", "req-"+code)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	if !strings.Contains(string(text), `"code":"`+code+`"`) {
		s.t.Fatalf("%s %s: %s, want the code %s", method, path, text, code)
	}
}

// TestRefusalsAreRecorded: with --record-refusals, histories show refusals with their codes and the facts that
// caused them, in the order of the log. Refusals of invalid requests are not recorded, and the log has no
// contacts of refused requests.
func TestRefusalsAreRecorded(t *testing.T) {
	s := serveRecording(t, t.TempDir())
	s.send("POST", "/v1/products", `{"id":"p","name":"P","stock":1,"price":5}`)
	s.send("POST", "/v1/products/p/reservations", `{"holder":"ada"}`)
	s.requireRefusal("sold_out", "POST", "/v1/products/p/reservations", `{"holder":"bob","quantity":2}`)
	s.send("POST", "/v1/performances", `{"id":"gala","title":"Gala","venue":"Hall","starts_at":"2099-01-01T20:00:00Z",
		"limit_per_holder":2,"sections":[{"id":"A","rows":2,"seats_per_row":3,"price":100}]}`)
	owned := idOf(t, s.send("POST", "/v1/performances/gala/bookings", `{"holder":"ada","seats":["A-1-1","A-1-2"]}`))
	s.requireRefusal("seat_taken", "POST", "/v1/performances/gala/bookings",
		`{"holder":"bob","seats":["A-1-2","A-1-3"],"contact":{"email":"bob@example.org"}}`)
	s.requireRefusal("limit_exceeded", "POST", "/v1/performances/gala/bookings", `{"holder":"ada","seats":["A-2-1"]}`)
	s.requireRefusal("insufficient_balance", "POST", "/v1/bookings/"+owned+"/payment", `{}`)
	s.send("POST", "/v1/bookings/"+owned+"/extension", `{}`)
	s.requireRefusal("limit_exceeded", "POST", "/v1/bookings/"+owned+"/extension", `{}`)
	s.send("POST", "/v1/wallets/ada/charges", `{"amount":500}`)
	s.send("POST", "/v1/bookings/"+owned+"/payment", `{}`)
	for _, team := range []string{"t1", "t2"} {
		s.send("POST", "/v1/teams", `{"id":"`+team+`","name":"T"}`)
	}
	s.send("POST", "/v1/tournaments", `{"id":"cup","name":"Cup","team_limit":1,
		"register_deadline":"2099-01-01T20:00:00Z"}`)
	s.send("POST", "/v1/tournaments/cup/entries", `{"team_id":"t1"}`)
	s.requireRefusal("tournament_full", "POST", "/v1/tournaments/cup/entries", `{"team_id":"t2"}`)
	s.send("POST", "/v1/products", `{"id":"vip","name":"V","stock":1,"waiting_room":"r"}`)
	s.requireRefusal("pass_required", "POST", "/v1/products/vip/reservations", `{"holder":"cyd"}`)
	s.requireRefusal("invalid_field", "POST", "/v1/products/p/reservations",
		`{"holder":"bob","quantity":0}`) // invalid, and so not recorded
	s.end()
	if s.Refusals.Kept() != 7 || s.Refusals.Dropped() != 0 {
		t.Errorf("refusals kept = %d, want 7; dropped = %d, want 0", s.Refusals.Kept(), s.Refusals.Dropped())
	}
	for _, test := range []struct {
		of    string
		texts []string // in this order in the history; nil for no history
	}{
		{"holder/bob", []string{"bob wanted 2 units of product p and was refused: sold_out",
			"the newest fact was product-p@1, position 2", "request req-sold_out",
			"bob wanted seats A-1-2, A-1-3 of performance gala and was refused: seat_taken",
			"the newest fact was seat-gala~A-1-2@0"}},
		{"holder/ada", []string{"ada wanted seats A-2-1 of performance gala and was refused: limit_exceeded",
			"allowance-gala~ada@0", "by ada", "ada wanted to pay booking " + owned, "insufficient_balance",
			"limit_exceeded", "the newest fact was booking-" + owned + "@1"}},
		{"holder/cyd", []string{"cyd wanted 1 unit of product vip and was refused: pass_required"}},
		{"product/p", []string{"ada bought 1 unit", "bob wanted 2 units"}},
		{"seat/gala~A-1-2", []string{"ada holds the seat", "bob wanted seats", "ada has booked the seat"}},
		{"seat/gala~A-2-2", nil},
		{"performance/gala", []string{"seat_taken", "limit_exceeded"}},
		{"tournament/cup", []string{"t2 wanted to enter tournament cup and was refused: tournament_full",
			"tournament-cup@1"}},
		{"team/t2", []string{"t2 wanted to enter tournament cup and was refused: tournament_full"}},
		{"booking/" + owned, []string{"allowance-gala~ada@0  2 seats taken", "seat-gala~A-1-1@0  ada holds the seat",
			"seat-gala~A-1-2@0", "ada holds A-1-1, A-1-2 of performance gala",
			"insufficient_balance", "paid 200 for booking", "2 seats kept for good", "@2  ada has booked the seat",
			"@2  ada has booked the seat", "booked; 200 is paid"}},
		{"wallet/ada", []string{"charged with 500", "paid 200", "(by anyone, because of position ", ", request "}},
		{"seat/gala~A-1-1", []string{"ada holds the seat", "(by ada, because of position ", "ada has booked the seat",
			"(by anyone, because of position "}},
	} {
		status, stdout, stderr := command(t, "history", test.of, "--store", s.store)
		if test.texts == nil {
			if status != exitProblemsFound {
				t.Errorf("history %s: status %d: %s%s; want 1", test.of, status, stdout, stderr)
			}
			continue
		}
		at := 0
		for _, want := range test.texts {
			i := strings.Index(stdout[at:], want)
			if i < 0 {
				t.Errorf("history %s has no %q after the texts before it:\n%s%s", test.of, want, stdout, stderr)
				break
			}
			at += i
		}
	}
	if status, stdout, stderr := command(t, "log", "--store", s.store, "--json"); status != exitDone ||
		strings.Contains(stdout, "bob@example.org") {
		t.Errorf("the log: %s%s; want status 0 and no %q", stdout, stderr, "bob@example.org")
	}
	if status, stdout, stderr := command(t, "verify", "--store", s.store); status != exitDone {
		t.Errorf("verify: %s%s; want status 0", stdout, stderr)
	}
}
