package api

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"admitone/events"
	"admitone/projections/verify"
)

// withEuros configures a log with a currency.
func withEuros(w *harness) { w.config.Currency, _ = events.CurrencyOf("EUR") }

// external returns the body of a payment report.
func external(reference string, amount int64, more string) string {
	return fmt.Sprintf(`{"method":"external","provider":"bank","reference":%q,"amount":%d,"currency":"EUR"%s}`, reference,
		amount, more)
}

// exerciseRefunds makes every kind of request about external payments, for a released booking.
func exerciseRefunds(t *testing.T, send func(method, path, body string, headers ...string) answer, released string) {
	t.Helper()
	send("POST", released+"/payment", external("late", 99, "")).problem(409, "amount_mismatch")
	owed := send("POST", released+"/payment", external("late", 100, "")).is(200)
	if owed["outcome"] != "refund_owed" {
		t.Errorf("got outcome = %v, want refund_owed", owed["outcome"])
	}
	refund := "/v1/refunds/" + owed["refund_id"].(string)
	send("GET", "/v1/refunds", "").is(200)
	send("GET", "/v1/refunds?status=owed", "").is(200)
	send("GET", "/v1/refunds?status=old", "").problem(400, "bad_parameter")
	tag := send("GET", refund, "").header.Get("ETag")
	if a := send("GET", refund, "", "If-None-Match", tag); a.status != 304 {
		t.Errorf("%s: status %d, want 304", a.what, a.status)
	}
	send("POST", refund+"/settlement", `{"reference":"back"}`).is(200)
	send("POST", refund+"/settlement", `{"reference":"again"}`).problem(409, "payment_reference_used")
	send("GET", "/v1/refunds/none", "").problem(404, "not_found")
}

func (w *harness) held(hall, holder, seat string) string {
	return "/v1/bookings/" + w.do("POST", "/v1/performances/"+hall+"/bookings",
		fmt.Sprintf(`{"holder":%q,"seats":[%q]}`, holder, seat)).is(201)["id"].(string)
}

// TestExternalPayments: reports, refunds and their settlement over HTTP.
func TestExternalPayments(t *testing.T) {
	w := newHarness(t, withEuros)
	w.fixCurrency()
	w.do("POST", "/v1/performances", fmt.Sprintf(newHall, "hall")).is(201)
	first, second := w.held("hall", "ada", "A-1-1"), w.held("hall", "bob", "A-1-2")
	booked := w.do("POST", first+"/payment", external("x", 100, "")).is(200)
	if booked["status"] != "booked" || booked["outcome"] != "booked" || booked["refund_id"] != nil {
		t.Errorf("the first report: got %v; want status = booked, outcome = booked, refund_id = nil", booked)
	}
	repeated := w.do("POST", first+"/payment", external("x", 100, `,"final":true`)).is(200)
	if repeated["outcome"] != "booked" || repeated["position"] != booked["position"] {
		t.Errorf("repeated: got %v, want %v", repeated, booked)
	}
	used := w.do("POST", second+"/payment", external("x", 100, "")).problem(409, "payment_reference_used")
	if used["resource"] != first {
		t.Errorf("a used reference: got resource = %v, want %v", used["resource"], first)
	}
	wrong := w.do("POST", second+"/payment", external("y", 99, "")).problem(409, "amount_mismatch")
	if wrong["expected"] != 100.0 || wrong["currency"] != "EUR" {
		t.Errorf("a wrong sum: got %v; want expected = 100, currency = EUR", wrong)
	}
	won := strings.Replace(external("won", 100, `,"final":true`), "EUR", "KRW", 1)
	if got := w.do("POST", second+"/payment", won).is(200); got["outcome"] != "refund_owed" || got["status"] != "held" {
		t.Errorf("a different currency: got %v; want outcome = refund_owed, status = held", got)
	}
	owed := w.do("POST", second+"/payment", external("y", 99, `,"final":true`)).is(200)
	double := w.do("POST", first+"/payment", external("z", 100, "")).is(200)
	w.do("DELETE", first, "").is(200)
	// A repeated report is answered as before, whatever happened to the booking since.
	if got := w.do("POST", first+"/payment", external("x", 100, "")).is(200); got["outcome"] != "booked" {
		t.Errorf("after the booking was returned: got %v; want outcome = booked", got)
	}
	causes := func(query string) (all []string) {
		page := items(w.do("GET", "/v1/refunds"+query, ""))
		if !strings.Contains(query, "limit") { // CSV has no limit
			sameAsJSON(t, w.do("GET", "/v1/refunds"+query, "", "Accept", "text/csv").table(), page)
		}
		for _, item := range page {
			item := item.(map[string]any)
			all = append(all, fmt.Sprint(item["cause"], " ", item["amount"], item["currency"]))
		}
		return all
	}
	if got := fmt.Sprint(causes("?status=owed")); got != "[wrong_sum 100KRW wrong_sum 99EUR already_paid 100EUR released 100EUR]" {
		t.Errorf("owed are %s; want [wrong_sum 100KRW wrong_sum 99EUR already_paid 100EUR released 100EUR]", got)
	}
	page := w.do("GET", "/v1/refunds?status=owed&limit=3", "").is(200)
	if got := causes("?status=owed&limit=3&cursor=" + page["next"].(string)); len(got) != 1 || got[0] != "released 100EUR" {
		t.Errorf("the second page is %v, want [released 100EUR]", got)
	}
	settle := "/v1/refunds/" + owed["refund_id"].(string) + "/settlement"
	settled := w.do("POST", settle, `{"reference":"back"}`).is(200)
	if settled["status"] != "settled" || settled["settlement"] != "back" || settled["cause"] != "wrong_sum" {
		t.Errorf("the settlement: got %v; want status = settled, settlement = back, cause = wrong_sum", settled)
	}
	if got := w.do("POST", settle, `{"reference":"back"}`).is(200); got["position"] != settled["position"] {
		t.Errorf("settled again: got %v; want position = %v", got, settled["position"])
	}
	other := "/v1/refunds/" + double["refund_id"].(string)
	if got := w.do("POST", other+"/settlement", `{"reference":"back"}`).problem(409, "payment_reference_used"); got["resource"] !=
		strings.TrimSuffix(settle, "/settlement") {
		t.Errorf("a used settlement reference: got resource = %v, want %v",
			got["resource"], strings.TrimSuffix(settle, "/settlement"))
	}
	if got := w.do("GET", other, "").is(200); got["status"] != "owed" || got["booking_id"] != strings.TrimPrefix(first, "/v1/bookings/") {
		t.Errorf("the other refund: got %v; want status = owed, booking_id = %v", got, strings.TrimPrefix(first, "/v1/bookings/"))
	}
	if got := fmt.Sprint(causes("?status=settled")); got != "[wrong_sum 99EUR]" {
		t.Errorf("settled are %s; want [wrong_sum 99EUR]", got)
	}
	w.verifyMoney()
}

// verifyMoney checks the log, which has to have its currency, against all rules, and that no payment is open.
func (w *harness) verifyMoney() {
	w.t.Helper()
	v := verify.New(true)
	for e, err := range events.All(w.t.Context(), w.store, 0) {
		w.must(err)
		if broken := v.Check(&e); broken != nil {
			w.t.Fatalf("got %v, want no broken rule", broken)
		}
	}
	// The last payment may be copied later only if a process was killed.
	if open := v.Open(); len(open) > 0 {
		w.t.Errorf("left open: %q; want no open items", open)
	}
}

// fixCurrency records the currency, as a server does that is started with it.
func (w *harness) fixCurrency() {
	w.t.Helper()
	fact := &events.CurrencyNamed{Currency: "EUR", Digits: 2}
	e := events.Event{ID: events.EventID("euro", 0), Type: fact.Name(), Data: events.AppendFact(nil, fact), Fact: fact}
	e.Metadata, _ = events.Seal(nil, events.Hash{}, events.SettingsStream, 0, &e, &events.Metadata{CommandID: "euro",
		CorrelationID: "euro", CausationID: "settings", Actor: "system", At: time.Now().Round(0).UTC()})
	_, err := w.store.Append(w.t.Context(), events.SettingsStream, events.NoStream, []events.Event{e})
	w.must(err)
}

// TestInvalidReports: reports by the wrong roles and reports with invalid members are refused.
func TestInvalidReports(t *testing.T) {
	w := newHarness(t, withEuros, func(w *harness) { w.config.Auth = secret })
	m := &matrix{harness: w, admin: bearer(t, "root", RoleAdmin)}
	path := "/v1/bookings/" + m.booking("ada") + "/payment"
	ada, shop := bearer(t, "ada", RoleHolder), bearer(t, "shop", RoleService)
	w.do("POST", path, external("x", 100, ""), "Authorization", ada).problem(403, "forbidden")
	w.do("POST", path, external("x", 100, ""), "Authorization", bearer(t, "eve", RoleAuditor)).problem(403, "forbidden")
	w.do("POST", "/v1/bookings/none/payment", external("x", 100, ""), "Authorization", shop).problem(404, "not_found")
	good := external("x", 100, "")
	for field, body := range map[string]string{
		"method":    `{"method":"wallet"}`,
		"provider":  strings.Replace(good, "bank", "Bank", 1),
		"reference": strings.Replace(good, `"x"`, `"a\u0007b"`, 1),
		"amount":    strings.Replace(good, "100", "0", 1),
		"currency":  strings.Replace(good, "EUR", "EURO", 1),
	} {
		if got := w.do("POST", path, body, "Authorization", shop).problem(422, "invalid_field"); got["field"] != field {
			t.Errorf("%s: got field %v, want %v", body, got["field"], field)
		}
	}
	w.do("POST", path, good[:len(good)-1]+`,"finally":true}`, "Authorization", shop).problem(422, "unknown_field")
	w.do("POST", path, good, "Authorization", shop).is(200)
	plain := newHarness(t)
	plain.do("POST", "/v1/performances", fmt.Sprintf(newHall, "hall")).is(201)
	if got := plain.do("POST", plain.held("hall", "ada", "A-1-1")+"/payment", good).problem(422, "invalid_field"); got["field"] != "currency" {
		t.Errorf("without a currency: %v; want field = currency", got)
	}
}

// TestConcurrentSameReports: five concurrent copies of a report are recorded as one payment.
func TestConcurrentSameReports(t *testing.T) {
	w := newHarness(t, withEuros)
	w.do("POST", "/v1/performances", fmt.Sprintf(newHall, "hall")).is(201)
	path := w.held("hall", "ada", "A-1-1") + "/payment"
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			if got := w.do("POST", path, external("x", 100, "")).is(200); got["outcome"] != "booked" {
				t.Errorf("got %v; want outcome = booked", got)
			}
		})
	}
	all.Wait()
	received := 0
	for e, err := range events.All(t.Context(), w.store, 0) {
		w.must(err)
		if e.Type == (&events.PaymentReceived{}).Name() {
			received++
		}
	}
	if received != 1 {
		t.Errorf("the log has %d payments, want 1", received)
	}
}
