package api

import (
	"context"
	"fmt"
	"testing"

	"admitone/events"
	"admitone/projections/verify"
)

// wantFigures checks members of a report, given as names and values in turn, and that the parts of the received
// money add up.
func (a answer) wantFigures(want ...any) map[string]any {
	a.t.Helper()
	v := a.is(200)
	check := func(of string, figures map[string]any) {
		sum := 0.0
		for _, name := range []string{"open", "booked", "kept", "refunded", "owed"} {
			sum += figures[name].(float64)
		}
		if sum != figures["received"] {
			a.t.Errorf("%s: the parts of %s add up to %v, want %v, as received", a.what, of, sum, figures["received"])
		}
	}
	check("all", v)
	for _, section := range v["sections"].([]any) {
		check("a section", section.(map[string]any))
	}
	for i := 0; i+1 < len(want); i += 2 {
		if got := v[want[i].(string)]; got != float64(want[i+1].(int)) {
			a.t.Errorf("%s: %s is %v, want %v", a.what, want[i], got, want[i+1])
		}
	}
	return v
}

// TestReports: the reported figures are those that verify counts in the log, now and at every
// position.
func TestReports(t *testing.T) {
	w := newHarness(t)
	w.do("POST", "/v1/performances", `{"id":"hall","title":"t","venue":"v","starts_at":"2099-05-01T20:00:00Z","sections":[
		{"id":"A","rows":1,"seats_per_row":9,"price":100},{"id":"B","rows":1,"seats_per_row":9,"price":30}]}`).is(201)
	w.do("POST", "/v1/wallets/ada/charges", `{"amount":1000}`).is(201)
	book := func(seats string) string {
		return "/v1/bookings/" + w.do("POST", "/v1/performances/hall/bookings", `{"holder":"ada","seats":[`+seats+`]}`).is(
			201)["id"].(string)
	}
	const report = "/v1/performances/hall/report"
	w.do("GET", report, "").wantFigures("sold", 0, "held", 0, "received", 0)
	kept, back := book(`"A-1-1","B-1-1"`), book(`"A-1-2","A-1-3"`)
	book(`"B-1-2"`)
	w.do("DELETE", book(`"B-1-3"`), "").is(200)
	w.do("POST", kept+"/payment", "").is(200)
	paid := w.do("POST", back+"/payment", "").is(200)["position"]
	w.do("GET", report, "").wantFigures("sold", 4, "held", 1, "given_back", 0, "received", 330, "booked", 330)
	w.do("DELETE", back, "").is(200)
	now := w.do("GET", report, "").wantFigures("sold", 2, "held", 1, "given_back", 2, "received", 330, "booked", 130,
		"refunded", 200, "owed", 0)
	if sections := now["sections"].([]any); len(sections) != 2 || sections[1].(map[string]any)["booked"] != 30.0 ||
		sections[0].(map[string]any)["refunded"] != 200.0 {
		t.Errorf("by section: got %v; want 2 sections, sections[1].booked = 30, sections[0].refunded = 200", sections)
	}
	w.do("GET", fmt.Sprintf("%s?at=%v", report, paid), "").wantFigures("sold", 4, "received", 330, "booked", 330)
	w.do("GET", report+"?at=1", "").wantFigures("sold", 0, "held", 0)

	w.do("PATCH", "/v1/performances/hall",
		`{"cancellation":{"until":"2099-01-01T00:00:00Z","refund_percent":33}}`, "If-Match", `"e0"`).is(200)
	in := book(`"A-1-5","B-1-5"`)
	w.do("POST", in+"/payment", "").is(200)
	w.do("DELETE", in, "").is(200)
	now = w.do("GET", report, "").wantFigures("sold", 2, "given_back", 4, "received", 460, "booked", 130,
		"refunded", 243, "kept", 87, "owed", 0)
	if b := now["sections"].([]any)[1].(map[string]any); b["kept"] != 20.0 || b["refunded"] != 10.0 {
		t.Errorf("B: got %v; want kept = 20, refunded = 10", b)
	}

	v, head := verify.New(true), events.Position(0)
	for e, err := range events.All(context.Background(), w.store, 0) {
		w.must(err)
		w.must(v.Check(&e))
		head = e.Position
		counted := v.Money()
		if e.Position < 2 || len(v.Open()) > 0 { // a payment in progress is debited, but not reported
			continue
		}
		past := w.do("GET", fmt.Sprintf("%s?at=%d", report, e.Position), "").wantFigures()
		if past["received"] != float64(counted.Debited) || past["refunded"] != float64(counted.Refunded) {
			t.Errorf("at %d: got %v received and %v refunded, want %+v, as verify counts", e.Position, past["received"],
				past["refunded"], counted)
		}
	}
	if head == 0 {
		t.Fatal("got an empty log, want events to compare")
	}

	w.product("p", 100, "")
	sold := w.reserve("p", "ada", `,"quantity":5`).is(201)["id"].(string)
	held := w.reserve("p", "ada", `,"quantity":3,"hold":true`).is(201)["id"].(string)
	w.reserve("p", "bob", `,"quantity":2`).is(201)
	before := w.do("DELETE", "/v1/products/p/reservations/"+held, "").is(200)["position"]
	w.do("DELETE", "/v1/products/p/reservations/"+sold, "").is(200)
	w.do("GET", "/v1/products/p/report", "").wantFigures("sold", 2, "held", 0, "given_back", 5)
	w.do("GET", fmt.Sprintf("/v1/products/p/report?at=%v", before), "").wantFigures("sold", 7, "held", 0, "given_back", 0)

	w.do("POST", "/v1/teams", `{"id":"owls","name":"n"}`).is(201)
	w.do("POST", "/v1/tournaments",
		`{"id":"cup","name":"n","team_limit":9,"register_deadline":"2099-01-01T00:00:00Z"}`).is(201)
	entered := w.do("POST", "/v1/tournaments/cup/entries", `{"team_id":"owls"}`).is(201)["position"]
	w.do("DELETE", "/v1/tournaments/cup/entries/owls", "").is(200)
	w.do("GET", "/v1/tournaments/cup/report", "").wantFigures("sold", 0, "given_back", 1)
	w.do("GET", fmt.Sprintf("/v1/tournaments/cup/report?at=%v", entered), "").wantFigures("sold", 1, "given_back", 0)
}

// TestReportOfExternalPayments: refunds of external payments are owed until they are settled.
func TestReportOfExternalPayments(t *testing.T) {
	w := newHarness(t, withEuros)
	w.fixCurrency()
	w.do("POST", "/v1/performances", fmt.Sprintf(newHall, "hall")).is(201)
	booking := w.held("hall", "ada", "A-1-1")
	w.do("POST", booking+"/payment", external("x", 100, "")).is(200)
	const report = "/v1/performances/hall/report"
	w.do("GET", report, "").wantFigures("sold", 1, "received", 100, "booked", 100)
	returned := w.do("DELETE", booking, "").is(200)["position"]
	w.do("GET", fmt.Sprintf("%s?min_position=%v", report, returned), "").wantFigures("sold", 0, "owed", 100, "refunded", 0)
	refund := items(w.do("GET", "/v1/refunds", ""))[0].(map[string]any)
	settled := w.do("POST", "/v1/refunds/"+refund["id"].(string)+"/settlement", `{"reference":"back"}`).is(200)
	w.do("GET", fmt.Sprintf("%s?min_position=%v", report, settled["position"]), "").wantFigures("owed", 0, "refunded", 100)
	w.do("GET", fmt.Sprintf("%s?at=%v", report, returned), "").wantFigures("owed", 100, "refunded", 0)
}
