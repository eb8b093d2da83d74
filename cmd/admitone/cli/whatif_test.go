package cli

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"admitone/cmd/admitone/whatif"
)

// TestWhatIf runs what-if on a directory and through a server, with and without changed settings.
func TestWhatIf(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	s.sell("1")
	through, _ := must(t, exitDone, "what-if", "--url", s.url, "--set", "limit_per_holder=2")
	s.end()
	chart := filepath.Join(t.TempDir(), "sale.svg")
	stdout, _ := must(t, exitDone, "what-if", "--store", s.store, "--set", "limit_per_holder=2", "--chart", chart)
	if stdout != through {
		t.Errorf("what-if --store prints\n%s\nwant the output of --url\n%s", stdout, through)
	}
	for _, want := range []string{"positions 1 to 5, 5 intents; what if: limit_per_holder=2", "units sold 4 1",
		"refused: limit_exceeded – 2"} {
		if !strings.Contains(strings.Join(strings.Fields(stdout), " "), want) {
			t.Errorf("what-if printed\n%s\nwant %q", stdout, want)
		}
	}
	if svg := string(contents(t, chart)); !strings.HasPrefix(svg, "<svg ") || !strings.HasSuffix(svg, "</svg>\n") {
		t.Errorf("the chart is %s; want it to begin with %q and to end with %q", svg, "<svg ", "</svg>\n")
	}
	stdout, _ = must(t, exitDone, "what-if", "--store", s.store, "--json")
	var answer whatif.Comparison
	if err := json.Unmarshal([]byte(stdout), &answer); err != nil || answer.Recorded.UnitsSold != 4 ||
		answer.WhatIf.UnitsSold != 4 || answer.WhatIf.GivenBack != 1 {
		t.Errorf("what-if --json printed %s (%v); want 4 units sold in both, and 1 given back", stdout, err)
	}
	stdout, _ = must(t, exitDone, "what-if", "--store", s.store, "--from", "3", "--to", "3", "--set", "stock=3")
	if !strings.Contains(stdout, "positions 3 to 3, 1 intents") || !strings.Contains(stdout, "refused: sold_out") {
		t.Errorf("stdout %q; want %q and %q", stdout, "positions 3 to 3, 1 intents", "refused: sold_out")
	}
	for _, args := range [][]string{{"--set", "price=1"}, {"--set", "stock"}, {"--from", "noon"}, {"--to", "noon"},
		{"--from", "4", "--to", "2"},
		{"--from", "5", "--set", "stock=1"}, {"--chart", s.store}, {"more"}} {
		must(t, exitUsage, append([]string{"what-if", "--store", s.store}, args...)...)
	}
	must(t, exitUnavailable, "what-if", "--store", t.TempDir())
}

// TestWhatIfNothingChanged: without changed settings, what-if reproduces the figures of a sale with payments,
// passes and refusals.
func TestWhatIfNothingChanged(t *testing.T) {
	s := serveRecording(t, t.TempDir())
	s.send("POST", "/v1/performances", `{"id":"gala","title":"G","venue":"V","starts_at":"2099-01-01T20:00:00Z",
		"limit_per_holder":2,"sections":[{"id":"A","rows":2,"seats_per_row":3,"price":100}]}`)
	s.send("POST", "/v1/wallets/ada/charges", `{"amount":500}`)
	owned := idOf(t, s.send("POST", "/v1/performances/gala/bookings", `{"holder":"ada","seats":["A-1-1","A-1-2"]}`))
	s.requireRefusal("seat_taken", "POST", "/v1/performances/gala/bookings", `{"holder":"bob","seats":["A-1-2"]}`)
	s.send("PUT", "/v1/waiting-rooms/door", `{"admit_per_second":100,"max_active":10,"active_seconds":60,
		"heartbeat_seconds":10}`)
	s.send("POST", "/v1/products", `{"id":"vip","name":"V","stock":2,"waiting_room":"door"}`)
	pass := s.waitForVisitor("door", s.join("door", "ada").Visitor, "admitted").Pass
	s.requireRefusal("pass_required", "POST", "/v1/products/vip/reservations", `{"holder":"cyd"}`)
	for holder, want := range map[string]int{"bob": http.StatusForbidden, "ada": http.StatusCreated} {
		request, err := http.NewRequest("POST", s.url+"/v1/products/vip/reservations",
			strings.NewReader(`{"holder":"`+holder+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Admission-Pass", pass)
		response, err := http.DefaultClient.Do(request)
		if err != nil || response.Body.Close() != nil || response.StatusCode != want {
			t.Fatalf("a reservation of %s: %v, %v; want status %d", holder, response, err, want)
		}
	}
	s.send("POST", "/v1/bookings/"+owned+"/payment", `{}`)
	s.end()
	stdout, _ := must(t, exitDone, "what-if", "--store", s.store, "--json")
	var answer struct {
		Recorded json.RawMessage `json:"recorded"`
		WhatIf   json.RawMessage `json:"what_if"`
	}
	if err := json.Unmarshal([]byte(stdout), &answer); err != nil || string(answer.Recorded) != string(answer.WhatIf) {
		t.Errorf("the figures are\n%s (%v), want the recorded ones\n%s", answer.WhatIf, err, answer.Recorded)
	}
	for _, want := range []string{`"pass_invalid":1`, `"pass_required":1`, `"seat_taken":1`, `"units_sold":1`,
		`"seats_booked":2`} {
		if !strings.Contains(string(answer.Recorded), want) {
			t.Errorf("the recorded figures are %s, want %s", answer.Recorded, want)
		}
	}
}
