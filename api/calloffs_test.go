package api

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"admitone/actors"
	"admitone/actors/calloff"
	"admitone/events"
)

func init() {
	cells["callOffPerformance"] = func(m *matrix, _ string) cell {
		return cell{parts: []string{m.hall()}, body: `{"reason":"ill"}`}
	}
	cells["getCallOffOfPerformance"] = func(m *matrix, _ string) cell {
		id := m.hall()
		m.make("POST", "/v1/performances/"+id+"/cancellation", `{"reason":"ill"}`)
		return of(id)
	}
	cells["callOffProduct"] = func(m *matrix, _ string) cell {
		return cell{parts: []string{m.freeProduct()}, body: `{"reason":"ill"}`}
	}
	cells["getCallOffOfProduct"] = func(m *matrix, _ string) cell {
		id := m.freeProduct()
		m.make("POST", "/v1/products/"+id+"/cancellation", `{"reason":"ill"}`)
		return of(id)
	}
	cells["callOffTournament"] = func(m *matrix, _ string) cell {
		return cell{parts: []string{m.cup()}, body: `{"reason":"ill"}`}
	}
	cells["getCallOffOfTournament"] = func(m *matrix, _ string) cell {
		id := m.cup()
		m.make("POST", "/v1/tournaments/"+id+"/cancellation", `{"reason":"ill"}`)
		return of(id)
	}
	answersOfKinds = append(answersOfKinds, exerciseCallOffs)
}

// exerciseCallOffs sends every kind of request about cancellations.
func exerciseCallOffs(_ *testing.T, send func(method, path, body string, headers ...string) answer) {
	send("POST", "/v1/performances", fmt.Sprintf(newHall, "off")).is(201)
	b := send("POST", "/v1/performances/off/bookings", `{"holder":"ada","seats":["A-1-1"]}`).is(201)["id"].(string)
	send("POST", "/v1/bookings/"+b+"/payment", `{"method":"external","provider":"bank","reference":"off","amount":100,`+
		`"currency":"EUR"}`).is(200)
	send("POST", "/v1/performances/off/bookings", `{"holder":"ada","seats":["A-1-2"]}`).is(201)
	const path = "/v1/performances/off/cancellation"
	send("GET", path, "").problem(404, "not_found")
	send("POST", path+"?dry_run=true", "").is(200)
	send("POST", path, `{"reason":"ill"}`).is(202)
	send("POST", path+"?dry_run=true", `{"reason":"ill"}`).is(200)
	send("GET", path, "").is(200)
	send("GET", path+"?limit=1", "").is(200)
	send("POST", path, "{").problem(400, "malformed_json")
	send("POST", path+"?dry_run=1", `{"reason":"ill"}`).problem(400, "bad_parameter")
	send("POST", path, `{"reason":""}`).problem(422, "invalid_field")
	send("POST", "/v1/performances/none/cancellation", `{"reason":"ill"}`).problem(404, "not_found")
	send("POST", "/v1/performances/off/bookings", `{"holder":"ada","seats":["A-1-3"]}`).problem(409, "cancelled")
	send("GET", "/v1/performances/off", "").is(200)
	send("DELETE", "/v1/bookings/"+b, "").is(200)
	send("GET", "/v1/performances/off/report", "").is(200)
	send("POST", "/v1/tournaments", `{"id":"off","name":"n","team_limit":9,"register_deadline":"2099-01-01T00:00:00Z"}`).is(201)
	send("POST", "/v1/teams", `{"id":"off","name":"n"}`).is(201)
	send("POST", "/v1/tournaments/off/entries", `{"team_id":"off"}`).is(201)
	send("POST", "/v1/tournaments/off/cancellation?dry_run=true", "").is(200)
	send("POST", "/v1/tournaments/off/cancellation", `{"reason":"storm"}`).is(202)
	send("GET", "/v1/tournaments/off/cancellation", "").is(200)
	send("GET", "/v1/tournaments/off", "").is(200)
	send("GET", "/v1/tournaments/off/entries", "").is(200)
	send("GET", "/v1/tournaments/off/entries/off", "").is(200)
	send("POST", "/v1/tournaments/off/entries", `{"team_id":"off"}`).problem(409, "cancelled")
	send("POST", "/v1/products", `{"id":"off","name":"n","stock":3}`).is(201)
	r := send("POST", "/v1/products/off/reservations", `{"holder":"ada"}`).is(201)["id"].(string)
	send("POST", "/v1/products/off/cancellation?dry_run=true", "").is(200)
	send("POST", "/v1/products/off/cancellation", `{"reason":"recall"}`).is(202)
	send("GET", "/v1/products/off/cancellation", "").is(200)
	send("GET", "/v1/products/off", "").is(200)
	send("DELETE", "/v1/products/off/reservations/"+r, "").is(200)
	send("POST", "/v1/products/off/reservations", `{"holder":"ada"}`).problem(409, "cancelled")
}

// TestCancelProduct: the cancellation of a product ends each reservation. The whole stock is returned, but can't be
// reserved.
func TestCancelProduct(t *testing.T) {
	w := newHarness(t, withSweeps)
	w.do("POST", "/v1/products", `{"id":"tee","name":"Tee","stock":9}`).is(201)
	const tee = "/v1/products/tee"
	reserve := func(body string) string {
		return tee + "/reservations/" + w.do("POST", tee+"/reservations", body).is(201)["id"].(string)
	}
	sold, held := reserve(`{"holder":"ann","quantity":2}`), reserve(`{"holder":"bob","quantity":3,"hold":true}`)
	back := reserve(`{"holder":"ann"}`)
	w.do("DELETE", back, "").is(200)
	planned := w.do("POST", tee+"/cancellation?dry_run=true", "").is(200)
	if planned["count"] != 2.0 || planned["quantity"] != 5.0 || planned["holders"] != 2.0 {
		t.Errorf("planned: %v; want count = 2, quantity = 5, holders = 2", planned)
	}
	tag := w.do("GET", tee, "").header.Get("ETag")
	for _, replay := range []string{"", "true"} {
		off := w.do("POST", tee+"/cancellation", `{"reason":"recall"}`, "Idempotency-Key", "k")
		if off.is(202); off.header.Get("Idempotent-Replay") != replay {
			t.Errorf("got Idempotent-Replay %q, want %q", off.header.Get("Idempotent-Replay"), replay)
		}
	}
	if completed := w.awaitSwept(tee); affectedBy(completed) != affectedBy(planned) {
		t.Errorf("got\n%s\nwant, as planned,\n%s", affectedBy(completed), affectedBy(planned))
	}
	for _, reservation := range []string{sold, held} {
		for _, method := range []string{"GET", "DELETE", "DELETE"} {
			if v := w.do(method, reservation, "").is(200); v["status"] != "cancelled" {
				t.Errorf("%s: got %v; want status = cancelled", method, v)
			}
		}
		w.do("POST", reservation+"/confirm", "").problem(409, "cancelled")
	}
	if v := w.do("GET", back, "").is(200); v["status"] != "released" {
		t.Errorf("got %v; want status = released", v)
	}
	v := w.do("GET", tee, "").is(200)
	if v["status"] != "cancelled" || v["remaining"] != 9.0 || v["cancelled"].(map[string]any)["reason"] != "recall" {
		t.Errorf("got %v; want status = cancelled, remaining = 9, cancelled.reason = recall", v)
	}
	w.do("POST", tee+"/reservations", `{"holder":"cy"}`).problem(409, "cancelled")
	w.do("PATCH", tee, `{"stock":1}`, "If-Match", tag).problem(412, "stale_revision")
	w.do("PATCH", tee, `{"stock":1}`, "If-Match", `"`+v["edit_tag"].(string)+`"`).problem(409, "cancelled")
	w.do("POST", tee+"/cancellation", `{"reason":"again"}`).is(202)
	if v := w.do("GET", tee+"/reservations?status=cancelled", "").is(200); len(v["items"].([]any)) != 2 {
		t.Errorf("got %v; want 2 items", v)
	}
	text := w.do("GET", "/v1/history/product/tee", "").text
	for _, sentence := range []string{"cancelled, because:", "because the product was cancelled", "it ended 2 holds and sales"} {
		if !strings.Contains(text, sentence) {
			t.Errorf("got the history %s; want %q in it", text, sentence)
		}
	}
}

// TestBrokenSweepsDoNotBlockOthers: sweeps that can't complete do not prevent another one.
func TestBrokenSweepsDoNotBlockOthers(t *testing.T) {
	w := newHarness(t, withSweeps)
	for n := range 20 { // of products that do not exist
		id := fmt.Sprint("broken-", n)
		_, err := w.server.config.Desk.Ask(t.Context(), actors.Request{
			Stream:  events.CallOffStream(events.NewCallOffID(events.ProductCategory, id)),
			Command: &calloff.Begin{Of: events.ProductCategory, ID: id, Reason: "broken"}, ID: actors.NewCommandID()})
		w.must(err)
	}
	w.do("POST", "/v1/products", `{"id":"tee","name":"Tee","stock":9}`).is(201)
	w.do("POST", "/v1/products/tee/reservations", `{"holder":"ann"}`).is(201)
	w.do("POST", "/v1/products/tee/cancellation", `{"reason":"recall"}`).is(202)
	w.awaitSwept("/v1/products/tee")
}

// TestCancelTournament: the cancellation of a tournament ends its entries, and no team can enter.
func TestCancelTournament(t *testing.T) {
	w := newHarness(t, withSweeps)
	const cup = "/v1/tournaments/cup"
	w.do("POST", "/v1/tournaments", `{"id":"cup","name":"Cup","team_limit":2,"waitlist":true,
		"register_deadline":"2099-01-01T00:00:00Z"}`).is(201)
	for _, team := range []string{"a", "b", "c", "d"} {
		w.do("POST", "/v1/teams", fmt.Sprintf(`{"id":%q,"name":%q}`, team, team)).is(201)
		if team != "d" {
			w.do("POST", cup+"/entries", fmt.Sprintf(`{"team_id":%q}`, team)).is(201)
		}
	}
	planned := w.do("POST", cup+"/cancellation?dry_run=true", "").is(200)
	if planned["count"] != 3.0 || planned["left"] != 3.0 {
		t.Errorf("planned: %v; want count = 3, left = 3", planned)
	}
	w.do("POST", cup+"/cancellation", `{"reason":"storm"}`).is(202)
	if completed := w.awaitSwept(cup); affectedBy(completed) != affectedBy(planned) {
		t.Errorf("got\n%s\nwant, as planned,\n%s", affectedBy(completed), affectedBy(planned))
	}
	v := w.do("GET", cup, "").is(200)
	if v["status"] != "cancelled" || v["cancelled"].(map[string]any)["reason"] != "storm" {
		t.Errorf("got %v; want status = cancelled, cancelled.reason = storm", v)
	}
	for _, team := range []string{"a", "c"} {
		if v := w.do("GET", cup+"/entries/"+team, "").is(200); v["status"] != "cancelled" {
			t.Errorf("got %v; want status = cancelled", v)
		}
	}
	w.do("POST", cup+"/entries", `{"team_id":"d"}`).problem(409, "cancelled")
	w.do("POST", cup+"/entries", `{"team_id":"a"}`).problem(409, "cancelled")
	w.do("PATCH", cup, `{"team_limit":9}`, "If-Match", `"`+v["edit_tag"].(string)+`"`).problem(409, "cancelled")
	w.do("DELETE", cup+"/entries/a", "").is(200)
	if v := w.do("GET", cup, "").is(200); v["waitlisted"] != 1.0 {
		t.Errorf("after a withdrawal: got %v; want waitlisted = 1", v)
	}
	if text := w.do("GET", "/v1/history/tournament/cup", "").text; !strings.Contains(text, "cancelled, because:") {
		t.Errorf("got the history %s; want the reason of the cancellation in it", text)
	}
}

// withSweeps enables the sweeps of cancellations.
func withSweeps(w *harness) {
	w.sweeps = true
	w.config.Currency, _ = events.CurrencyOf("EUR")
}

// awaitSwept waits until a cancellation is done, and returns it.
func (w *harness) awaitSwept(path string) map[string]any {
	w.t.Helper()
	for end := time.Now().Add(patience); ; {
		v := w.do("GET", path+"/cancellation", "").is(200)
		if v["status"] == "done" && v["left"] == 0.0 {
			return v
		}
		if time.Now().After(end) {
			w.t.Fatalf("the cancellation of %s is %v, want status = done in time", path, v)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// affectedBy returns the ids, holders and amounts in the answer about a cancellation.
func affectedBy(v map[string]any) string {
	var all []string
	for _, item := range v["affected"].([]any) {
		a := item.(map[string]any)
		all = append(all, fmt.Sprintf("%v of %v: %v seats, %v %v %v", a["id"], a["holder"], a["quantity"], a["refund"],
			a["method"], a["provider"]))
	}
	return fmt.Sprint(all, v["holders"], v["count"], v["quantity"], v["unpaid"], v["paid"], v["refunds"])
}

// TestCancelPerformance: the dry run and the cancellation of a performance have the same bookings and amounts. Each
// booking is refunded once and in full, and nothing can be booked.
func TestCancelPerformance(t *testing.T) {
	w := newHarness(t, withSweeps)
	w.gig("a", fmt.Sprintf(`,"cancellation":{"until":%q,"refund_percent":30}`, after(time.Hour))).is(201)
	paid := w.buySeat("a", "ann", "A-1-1")
	back := w.buySeat("a", "ann", "A-1-2")
	if v := w.do("DELETE", back, "").is(200); v["kept"] != 70.0 {
		t.Fatalf("got %v; want kept = 70", v)
	}
	held := "/v1/bookings/" + w.bookSeat("a", "bob", "A-1-3").is(201)["id"].(string)
	external := "/v1/bookings/" + w.bookSeat("a", "cy", "A-1-4").is(201)["id"].(string)
	report := func(booking, reference string) map[string]any {
		return w.do("POST", booking+"/payment", fmt.Sprintf(`{"method":"external","provider":"bank","reference":%q,`+
			`"amount":100,"currency":"EUR"}`, reference)).is(200)
	}
	report(external, "x")
	waiting := "/v1/bookings/" + w.bookSeat("a", "cy", "A-1-5").is(201)["id"].(string)
	w.do("POST", waiting+"/payment-intent", `{"provider":"bank"}`).is(201)

	const show = "/v1/performances/a"
	before := w.head()
	dry := w.do("POST", show+"/cancellation?dry_run=true", "")
	planned := dry.is(200)
	if planned["status"] != "planned" || planned["count"] != 4.0 || planned["holders"] != 3.0 || planned["left"] != 4.0 {
		t.Errorf("planned: %v; want status = planned, count = 4, holders = 3, left = 4", planned)
	}
	w.checkNothingWritten(dry, before)
	w.do("GET", show+"/cancellation", "").problem(404, "not_found")
	w.do("POST", show+"/cancellation", `{}`).problem(422, "invalid_field")
	tag := w.do("GET", show, "").is(200)["edit_tag"].(string)
	w.do("POST", show+"/cancellation", `{"reason":"ill"}`, "Idempotency-Key", "k").is(202)
	w.do("POST", show+"/cancellation", `{"reason":"ill"}`, "Idempotency-Key", "k").is(202)
	completed := w.awaitSwept(show)
	if affectedBy(completed) != affectedBy(planned) {
		t.Errorf("got\n%s\nwant, as planned,\n%s", affectedBy(completed), affectedBy(planned))
	}
	if repeated := w.do("POST", show+"/cancellation", `{"reason":"other"}`).is(202); affectedBy(repeated) != affectedBy(completed) ||
		repeated["cancelled"].(map[string]any)["reason"] != "ill" || repeated["status"] != "done" {
		t.Errorf("repeated: got %v; want %s, cancelled.reason = ill, status = done", repeated, affectedBy(completed))
	}
	for _, booking := range []string{paid, held, external, waiting} {
		for _, method := range []string{"GET", "DELETE", "DELETE"} {
			if v := w.do(method, booking, "").is(200); v["status"] != "cancelled" || v["kept"] != nil {
				t.Errorf("%s %s: got %v; want status = cancelled, kept = nil", method, booking, v)
			}
		}
		w.do("POST", booking+"/payment", "").problem(409, "cancelled")
		w.do("POST", booking+"/extension", "").problem(409, "cancelled")
		w.do("POST", booking+"/payment-intent", `{"provider":"bank"}`).problem(409, "cancelled")
	}
	if v := w.do("GET", back, "").is(200); v["status"] != "released" || v["kept"] != 70.0 {
		t.Errorf("the booking released before: got %v; want status = released, kept = 70", v)
	}
	if v := w.do("GET", "/v1/wallets/ann", "").is(200); v["balance"] != 130.0 {
		t.Errorf("got ann's wallet %v; want balance = 130", v)
	}
	if v := report(waiting, "late"); v["outcome"] != "refund_owed" || v["status"] != "cancelled" {
		t.Errorf("a late report: got %v; want outcome = refund_owed, status = cancelled", v)
	}
	causes := map[any]int{}
	for _, item := range w.do("GET", "/v1/refunds?status=owed", "").is(200)["items"].([]any) {
		causes[item.(map[string]any)["cause"]]++
	}
	if len(causes) != 1 || causes["cancelled"] != 2 {
		t.Errorf("got causes of owed refunds %v; want cancelled twice", causes)
	}
	w.bookSeat("a", "dan", "A-1-1").problem(409, "cancelled")
	w.do("PATCH", show, `{"title":"T"}`, "If-Match", `"`+tag+`"`).problem(409, "cancelled")
	if v := w.do("GET", show, "").is(200); v["status"] != "cancelled" || v["held"] != 0.0 || v["booked"] != 0.0 {
		t.Errorf("got %v; want status = cancelled, held = 0, booked = 0", v)
	}
	if v := w.do("GET", show+"/report", "").is(200); v["received"] != 400.0 || v["kept"] != 70.0 ||
		v["refunded"] != 130.0 || v["owed"] != 200.0 || v["given_back"] != 3.0 {
		t.Errorf("got the report %v; want received = 400, kept = 70, refunded = 130, owed = 200, given_back = 3", v)
	}
	if v := w.do("GET", show+"/bookings?status=cancelled", "").is(200); len(v["items"].([]any)) != 4 {
		t.Errorf("got %v; want 4 items", v)
	}
	text := w.do("GET", "/v1/history/booking/"+strings.TrimPrefix(paid, "/v1/bookings/"), "").text
	for _, sentence := range []string{"ended, because its performance was cancelled", "because the performance was cancelled"} {
		if !strings.Contains(text, sentence) {
			t.Errorf("got the history %s; want %q in it", text, sentence)
		}
	}
	for _, path := range []string{"calloff/performance/a", "performance/a"} {
		if text := w.do("GET", "/v1/history/"+path, "").text; !strings.Contains(text, "it ended 4 holds and sales") {
			t.Errorf("%s: got the history %s; want 4 ended bookings in it", path, text)
		}
	}
}

// TestPagesOfACancellation: the pages list each affected booking once.
func TestPagesOfACancellation(t *testing.T) {
	w := newHarness(t, withSweeps)
	w.gig("a", "").is(201)
	for n := range 5 {
		w.bookSeat("a", fmt.Sprint("h", n), fmt.Sprintf("A-1-%d", n+1)).is(201)
	}
	seen, next := map[any]bool{}, ""
	for pages := 1; ; pages++ {
		v := w.do("POST", "/v1/performances/a/cancellation?dry_run=true&limit=2"+next, "").is(200)
		for _, item := range v["affected"].([]any) {
			seen[item.(map[string]any)["id"]] = true
		}
		if v["count"] != 5.0 {
			t.Errorf("page %d: %v; want count = 5", pages, v)
		}
		if v["next"] == nil {
			if pages != 3 || len(seen) != 5 {
				t.Errorf("got %d pages with the bookings %v; want 3 pages with 5 bookings", pages, seen)
			}
			return
		}
		next = "&cursor=" + url.QueryEscape(v["next"].(string))
	}
}
