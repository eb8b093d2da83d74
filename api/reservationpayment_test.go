package api

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestPaymentsOfReservations: external payments of reservations are booked, owed or kept in part, and the log is
// consistent.
func TestPaymentsOfReservations(t *testing.T) {
	w := newHarness(t, withEuros)
	w.fixCurrency()
	until := after(time.Hour)
	v := w.do("POST", "/v1/products", fmt.Sprintf(`{"id":"tee","name":"n","stock":9,"price":100,"hold_seconds":60,
		"cancellation":{"until":%q,"refund_percent":33}}`, until)).is(201)
	if rule := v["cancellation"].(map[string]any); rule["refund_percent"] != 33.0 {
		t.Errorf("got %v; want refund_percent = 33", v)
	}
	one := func(body string) string {
		return "/v1/products/tee/reservations/" + w.do("POST", "/v1/products/tee/reservations", body).is(201)["id"].(string)
	}
	held, sold, back := one(`{"holder":"ann","quantity":2,"hold":true}`), one(`{"holder":"ann"}`), one(`{"holder":"bob"}`)
	w.do("PATCH", "/v1/products/tee", `{"price":700,"cancellation":null}`, "If-Match", `"e0"`).is(200)
	report := func(path, reference string, amount int64, more string) answer {
		return w.do("POST", path+"/confirm", external(reference, amount, more))
	}
	if v := report(held, "x", 1400, "").problem(409, "amount_mismatch"); v["expected"] != 200.0 {
		t.Errorf("got %v; want expected = 200, by the price at the time of the hold", v)
	}
	for range 2 {
		v := report(held, "x", 200, "").is(200)
		if v["status"] != "confirmed" || v["outcome"] != "booked" || v["refund_id"] != nil {
			t.Errorf("got %v; want status = confirmed, outcome = booked, refund_id = nil", v)
		}
	}
	if v := report(sold, "x", 100, "").problem(409, "payment_reference_used"); v["resource"] != held {
		t.Errorf("got %v; want resource = %v", v, held)
	}
	if v := report(sold, "y", 100, "").is(200); v["outcome"] != "booked" { // confirmed before, without a payment
		t.Errorf("got %v; want outcome = booked", v)
	}
	if v := report(sold, "z", 100, "").is(200); v["outcome"] != "refund_owed" || v["refund_id"] == nil {
		t.Errorf("got %v; want outcome = refund_owed, and a refund_id", v)
	}
	report(sold, "wrong", 99, `,"final":true`).is(200)
	w.do("POST", back+"/confirm", `{"method":"cash"}`).problem(422, "invalid_field")
	w.do("DELETE", back, "").is(200)
	if v := report(back, "late", 100, "").is(200); v["outcome"] != "refund_owed" || v["status"] != "released" {
		t.Errorf("got %v; want outcome = refund_owed, status = released", v)
	}
	report("/v1/products/tee/reservations/01976f2a-0000-7000-8000-000000000001", "n", 100, "").problem(404, "not_found")
	report("/v1/products/none/reservations/01976f2a-0000-7000-8000-000000000001", "n", 100, "").problem(404, "not_found")
	for range 2 {
		if v := w.do("DELETE", held, "").is(200); v["status"] != "released" || v["kept"] != 134.0 {
			t.Errorf("got %v; want status = released, kept = 134", v)
		}
	}
	last := w.do("GET", held, "").is(200)
	if last["kept"] != 134.0 {
		t.Errorf("got %v; want kept = 134", last)
	}
	var owed []string
	for _, one := range items(w.do("GET", "/v1/refunds", "")) {
		f := one.(map[string]any)
		owed = append(owed, fmt.Sprint(f["cause"], " ", f["amount"], " ", f["reservation_id"] != nil, f["booking_id"] == nil))
	}
	want := "already_paid 100 true true, wrong_sum 99 true true, released 100 true true, released 66 true true"
	if got := strings.Join(owed, ", "); got != want {
		t.Errorf("got the refunds %s, want %s", got, want)
	}
	w.do("GET", "/v1/products/tee/report", "").wantFigures("sold", 1, "held", 0, "given_back", 3, "received", 599, "booked", 100,
		"kept", 134, "refunded", 0, "owed", 365)
	text := fmt.Sprint(w.do("GET", "/v1/history/product/tee", "").is(200))
	for _, want := range []string{"external payment: payment-bank~", "less a fee of 1.34 EUR", "confirmed before, is paid"} {
		if !strings.Contains(text, want) {
			t.Errorf("got the history %s, want %q in it", text, want)
		}
	}
	w.verifyLog()
}

// TestReturnOfReservationsCloses: after the rule's time a paid reservation can be returned only by an admin with a
// reason.
func TestReturnOfReservationsCloses(t *testing.T) {
	w := newHarness(t, withEuros)
	w.fixCurrency()
	past := after(-time.Hour)
	w.do("POST", "/v1/products", fmt.Sprintf(`{"id":"tee","name":"n","stock":9,"price":100,
		"cancellation":{"until":%q,"refund_percent":50}}`, past)).is(201)
	sell := func() string {
		return "/v1/products/tee/reservations/" + w.reserve("tee", "ann", "").is(201)["id"].(string)
	}
	paid, free := sell(), sell()
	w.do("POST", paid+"/confirm", external("x", 100, "")).is(200)
	if v := w.do("DELETE", paid, "").problem(409, "cancellation_closed"); v["until"] != past {
		t.Errorf("got %v; want until = %v", v, past)
	}
	w.do("DELETE", free, "").is(200)
	w.do("DELETE", paid+"?override=true", "").problem(400, "bad_parameter")
	if v := w.do("DELETE", paid+"?override=true&reason=lift", "").is(200); v["kept"] != 50.0 {
		t.Errorf("got %v; want kept = 50", v)
	}
	w.verifyLog()
}

// TestLatePaymentChangesNoReservation: a payment that comes too late leaves an expired reservation unchanged, now
// and as of any moment after its expiry.
func TestLatePaymentChangesNoReservation(t *testing.T) {
	w := newHarness(t, withEuros)
	w.fixCurrency()
	w.do("POST", "/v1/products", `{"id":"tee","name":"n","stock":1,"price":100,"hold_seconds":1}`).is(201)
	late := "/v1/products/tee/reservations/" + w.reserve("tee", "ann", `,"hold":true`).is(201)["id"].(string)
	w.wait(func() bool { return w.reserve("tee", "bob", "").status == 201 })
	if v := w.do("POST", late+"/confirm", external("late", 100, "")).is(200); v["outcome"] != "refund_owed" {
		t.Errorf("got %v; want outcome = refund_owed", v)
	}
	now := w.do("GET", late, "")
	past := w.do("GET", fmt.Sprintf("%s?at=%d", late, w.head()), "")
	for _, member := range []string{"status", "expires_at", "remaining", "revision", "position"} {
		if past.is(200)[member] != now.is(200)[member] {
			t.Errorf("as of the last position: got %s = %v, want %v", member, past.is(200)[member], now.is(200)[member])
		}
	}
}
