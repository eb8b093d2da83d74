package api

import (
	"fmt"
	"strconv"
	"testing"

	"admitone/api/input"
)

// TestBatchClaims: a command of a batch waits for an earlier one if their claims conflict.
func TestBatchClaims(t *testing.T) {
	w := newHarness(t)
	w.hall("gig", 1, "")
	w.hall("few", 1, `,"limit_per_holder":2`)
	adas := w.book("gig", "ada", "A-1-1").is(201)["id"].(string)
	bobs := w.book("gig", "bob", "A-1-2").is(201)["id"].(string)
	book := func(performance, body string, more ...string) string {
		return cmd("POST", "/v1/performances/"+performance+"/bookings", body, more...)
	}
	const one, two = `{"holder":"ada","seats":["A-1-1"]}`, `{"holder":"ada","seats":["A-1-2"]}`
	const best = `{"holder":"ada","best_available":{"quantity":1}}`
	cancel := func(id string) string { return cmd("DELETE", "/v1/bookings/"+id, "") }
	pay := func(id string) string { return cmd("POST", "/v1/bookings/"+id+"/payment", "{}") }
	key := `,"idempotency_key":"k"`
	for _, test := range []struct {
		what, first, second string
		waits               bool
	}{
		{"other seats", book("gig", one), book("gig", two), false},
		{"the same seat", book("gig", one), book("gig", one), true},
		{"one of several seats", book("gig", `{"holder":"ada","seats":["A-1-2","A-1-1"]}`),
			book("gig", `{"holder":"bob","seats":[{"seat":"A-1-1"}]}`), true},
		{"the path has escapes", book("gig", one), book("%67ig", one), true},
		{"any seat before", book("gig", best), book("gig", one), true},
		{"any seat after", book("gig", one), book("gig", best), true},
		{"any seat of a different performance", book("few", best), book("gig", one), false},
		{"an invalid body before", book("gig", `[]`), book("gig", one), true},
		{"an area", book("gig", `{"areas":{"floor":1}}`), book("gig", `{"areas":{"floor":2},"seats":["A-1-1"]}`), true},
		{"a performance that does not exist", book("none", one), book("none", two), true},
		{"a holder with a limit", book("few", one), book("few", two), true},
		{"other holders with a limit", book("few", one), book("few", `{"holder":"bob","seats":["A-1-2"]}`), false},
		{"one key", book("gig", one, key), book("gig", two, key), true},
		{"one key for two performances", book("gig", one, key), book("few", two, key), false},
		{"a pass", book("gig", one, `,"admission_pass":"x"`), book("gig", two), true},
		{"a booking's seat", cancel(adas), book("gig", one), true},
		{"a booking's other seats", cancel(adas), book("gig", two), false},
		{"a booking and any seat", pay(adas), book("gig", best), true},
		{"one booking", pay(adas), cancel(adas), true},
		{"bookings of two holders", pay(adas), pay(bobs), false},
		{"a booking that does not exist", cancel("none"), cancel("none"), true},
	} {
		b := &batchRun{batches: w.server.batches, request: &request{server: w.server}, claimants: map[string]*claimants{}}
		first, second := make(chan struct{}), make(chan struct{})
		if before := b.claim(commandIn(t, test.first), first); len(before) > 0 {
			t.Errorf("%s: the first command waits for %d others, want 0", test.what, len(before))
		}
		if before := b.claim(commandIn(t, test.second), second); len(before) > 0 != test.waits {
			t.Errorf("%s: the second command waits for %d others; want it to wait: %v", test.what, len(before), test.waits)
		}
	}
}

// TestBatchClaimsSharedByMany: an exclusive claim on a performance waits for all shared ones before
// it, and all later shared ones wait for it.
func TestBatchClaimsSharedByMany(t *testing.T) {
	w := newHarness(t)
	w.hall("gig", 1, "")
	b := &batchRun{batches: w.server.batches, request: &request{server: w.server}, claimants: map[string]*claimants{}}
	waitsFor := func(body string) int {
		return len(b.claim(commandIn(t, cmd("POST", "/v1/performances/gig/bookings", body)), make(chan struct{})))
	}
	for round := range 2 {
		for i := range 3 {
			body := fmt.Sprintf(`{"holder":"ada","seats":["A-1-%d","A-1-%d"]}`, 3*round+i+1, 3*round+i+1)
			if n := waitsFor(body); n != round {
				t.Errorf("round %d, booking %d: waits for %d commands, want %d", round, i, n, round)
			}
		}
		if n := waitsFor(`{"holder":"ada","best_available":{"quantity":1}}`); n != 3+round {
			t.Errorf("round %d: the booking of any seat waits for %d commands, want %d", round, n, 3+round)
		}
	}
}

// commandIn decodes a command of a batch.
func commandIn(t *testing.T, text string) *batchCommand {
	t.Helper()
	var body struct {
		Commands []batchItem `json:"commands"`
	}
	if err := input.DecodeNulls([]byte(`{"commands":[`+text+`]}`), &body, bodyPart); err != nil {
		t.Fatal(err)
	}
	return &batchCommand{item: &body.Commands[0]}
}

// TestBatchOfBookings: in one batch, commands that depend on the order are answered in that order.
func TestBatchOfBookings(t *testing.T) {
	w := newHarness(t)
	w.hall("gig", 30, "")
	w.hall("few", 11, `,"limit_per_holder":1`)
	var commands []string
	book := func(performance, holder, seats, more string) {
		commands = append(commands, cmd("POST", "/v1/performances/"+performance+"/bookings",
			`{"holder":"`+holder+`","seats":[`+seats+`]}`, more))
	}
	for i := range 100 {
		n := strconv.Itoa(i)
		book("gig", "h"+n, fmt.Sprintf(`"A-%d-%d"`, i/10+1, i%10+1), "")
		book("few", "h"+n, fmt.Sprintf(`"A-%d-%d"`, i/10+1, i%10+1), "")
		book("few", "h"+n, fmt.Sprintf(`"A-%d-%d"`, (i+1)/10+1, (i+1)%10+1), "")
		book("gig", "k"+n, fmt.Sprintf(`"A-%d-%d"`, i/10+11, i%10+1), `,"idempotency_key":"`+n+`"`)
		book("gig", "k"+n, fmt.Sprintf(`"A-%d-%d"`, i/10+21, i%10+1), `,"idempotency_key":"`+n+`"`)
		book("gig", "late", fmt.Sprintf(`"A-%d-%d"`, i/10+1, i%10+1), "")
	}
	commands = append(commands, cmd("POST", "/v1/performances/gig/bookings",
		`{"holder":"best","best_available":{"quantity":1}}`))
	all := w.batch(commands).answers(len(commands))
	for i := 0; i < 600; i += 6 {
		all[i].is(201)
		all[i+1].is(201)
		all[i+2].wantCode(409, "limit_exceeded")
		all[i+3].is(201)
		all[i+4].wantCode(422, "idempotency_key_reused")
		all[i+5].wantCode(409, "seat_taken")
	}
	all[600].is(201)
	if free := len(w.seatsIn("gig", "free")); free != 99 {
		t.Errorf("%d seats are free, want 99", free)
	}
}
