package api

import (
	"testing"
)

// TestMetricsCountFactsAndProblems: a command counts once despite retries, and every refusal by
// its code.
func TestMetricsCountFactsAndProblems(t *testing.T) {
	w := newHarness(t)
	w.product("p", 1, "")
	for range 2 {
		w.reserve("p", "ada", "", "Idempotency-Key", "k").is(201)
		w.reserve("p", "bob", "").problem(409, "sold_out")
	}
	w.hall("hall", 1, "")
	for range 2 {
		w.do("POST", "/v1/performances/hall/bookings", `{"holder":"ada","seats":["A-1-1","A-1-2"]}`,
			"Idempotency-Key", "b").is(201)
		w.book("hall", "bob", "A-1-1").problem(409, "seat_taken")
	}
	w.do("GET", "/v1/nothing", "").problem(404, "not_found")
	w.do("GET", "/metrics", "").has(
		t,
		200,
		`admitone_facts_total{type="product.created.v2"} 1`,
		`admitone_facts_total{type="product.reserved.v1"} 1`,
		`admitone_facts_total{type="product.expired.v1"} 0`,
		`admitone_facts_total{type="seat.held.v1"} 2`,
		`admitone_facts_total{type="booking.held.v1"} 1`,
		`admitone_facts_total{type="seat.released.v1"} 0`,
		`admitone_problems_total{code="sold_out"} 2`,
		`admitone_problems_total{code="not_found"} 1`,
		`admitone_problems_total{code="internal"} 0`,
	)
}
