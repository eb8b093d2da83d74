package api

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"admitone/actors"
	"admitone/actors/booking"
	"admitone/events"
)

// exerciseIntents makes every kind of request about intents.
func exerciseIntents(t *testing.T, send func(method, path, body string, headers ...string) answer) {
	t.Helper()
	id := send("POST", "/v1/performances/hall/bookings", `{"holder":"eve","seats":["A-2-3"]}`).is(201)["id"].(string)
	path := "/v1/bookings/" + id + "/payment-intent"
	begun := send("POST", path, `{"provider":"bank","seconds":600}`).is(201)
	send("POST", path, `{"provider":"bank","seconds":600}`).is(200)
	send("POST", path, `{"provider":"bank"}`).problem(409, "payment_in_progress")
	send("GET", "/v1/bookings/"+id, "").is(200)
	send("DELETE", path+"?intent="+begun["intent"].(string), "").is(200)
	send("DELETE", "/v1/bookings/"+id, "").is(200)
	send("POST", path, `{"provider":"bank"}`).problem(410, "released")
}

// TestIntents: a booking waits for a payment for the duration of its intent, can't be changed
// otherwise, and is paid by the payment.
func TestIntents(t *testing.T) {
	w := newHarness(t, withEuros)
	w.fixCurrency()
	w.do("POST", "/v1/performances", fmt.Sprintf(newHall, "hall")).is(201)
	booking := w.held("hall", "ada", "A-1-1")
	path := booking + "/payment-intent"
	own := w.do("GET", booking, "").is(200)["expires_at"]
	w.do("POST", path, `{"provider":"Bank"}`).problem(422, "invalid_field")
	w.do("POST", path, `{"provider":"bank","seconds":86401}`).problem(422, "invalid_field")
	w.do("POST", "/v1/bookings/none/payment-intent", `{"provider":"bank"}`).problem(404, "not_found")
	begun := w.do("POST", path, `{"provider":"bank","seconds":86400}`).is(201)
	until, err := time.Parse(time.RFC3339Nano, begun["expires_at"].(string))
	if remaining := time.Until(until); err != nil || remaining < 23*time.Hour || remaining > 24*time.Hour || begun["status"] != "awaiting_payment" {
		t.Errorf("it waits until %v, %v: %v; want no error, left ≥ %v, left ≤ %v, status = awaiting_payment",
			until, err, begun, 23*time.Hour, 24*time.Hour)
	}
	if repeated := w.do("POST", path, `{"provider":"bank","seconds":86400}`).is(200); repeated["intent"] != begun["intent"] {
		t.Errorf("the same again: %v; want intent = %v", repeated, begun["intent"])
	}
	if read := w.do("GET", booking, "").is(200); read["intent"] != begun["intent"] || read["expires_at"] != begun["expires_at"] {
		t.Errorf("read: %v; want intent = %v, expires_at = %v", read, begun["intent"], begun["expires_at"])
	}
	w.do("POST", booking+"/payment", "{}").problem(409, "payment_in_progress")
	w.do("POST", booking+"/extension", "").problem(409, "payment_in_progress")
	w.do("DELETE", booking, "").problem(409, "payment_in_progress")
	if other := w.do("DELETE", path+"?intent=another", "").is(200); other["status"] != "awaiting_payment" {
		t.Errorf("the request for a different intent ended this one: %v; want status = awaiting_payment", other)
	}
	ended := w.do("DELETE", path+"?intent="+begun["intent"].(string), "").is(200)
	if ended["status"] != "held" || ended["expires_at"] != own || ended["intent"] != nil {
		t.Errorf("ended: %v; its own time is %v; want status = held, expires_at = %v, intent = nil", ended, own, own)
	}
	w.do("POST", path, `{"provider":"bank","seconds":60}`).is(201)
	if wrong := w.do("POST", booking+"/payment", external("w", 99, `,"final":true`)).is(200); wrong["status"] != "held" {
		t.Errorf("a wrong sum leaves it %v; want status = held", wrong["status"])
	}
	w.do("POST", path, `{"provider":"bank","seconds":60}`).is(201)
	if paid := w.do("POST", booking+"/payment", external("x", 100, "")).is(200); paid["status"] != "booked" || paid["outcome"] != "booked" {
		t.Errorf("paid: %v; want status = booked, outcome = booked", paid)
	}
	w.do("POST", path, `{"provider":"bank"}`).problem(409, "already_confirmed")
	w.verifyMoney()
}

// TestIntentUnderItsKey: a retry of an intent and the same report of a payment have the first answer,
// whatever has become of the booking since, even after a restart.
func TestIntentUnderItsKey(t *testing.T) {
	w := newHarness(t, withEuros)
	w.fixCurrency()
	w.do("POST", "/v1/performances", fmt.Sprintf(newHall, "hall")).is(201)
	booking := w.held("hall", "ada", "A-1-1")
	path := booking + "/payment-intent"
	const body = `{"provider":"bank","seconds":600}`
	first := w.do("POST", path, body, "Idempotency-Key", "k")
	first.is(201)
	repeated := func(path, body, key string, first answer) {
		t.Helper()
		for range 2 {
			if a := w.do("POST", path, body, "Idempotency-Key", key); a.status != first.status || a.text != first.text ||
				a.header.Get("Idempotent-Replay") != "true" || a.header.Get("ETag") != first.header.Get("ETag") {
				t.Errorf("again: %d %s, first: %d %s; want status = %v, text = %v, Idempotent-Replay = true, ETag = %v",
					a.status, a.text, first.status, first.text, first.status, first.text, first.header.Get("ETag"))
			}
			w.stop()
			w.start()
		}
	}
	if a := w.do("POST", path, body); a.status != 200 || a.header.Get("Idempotent-Replay") != "" {
		t.Errorf("another request for the same intent: %d %v; want status = 200, Idempotent-Replay = empty",
			a.status, a.header)
	}
	repeated(path, body, "k", first)
	w.do("POST", path, `{"provider":"bank"}`, "Idempotency-Key", "k").problem(422, "idempotency_key_reused")
	w.do("DELETE", path+"?intent="+first.is(201)["intent"].(string), "").is(200)
	w.do("POST", booking+"/extension", "").is(200)
	repeated(path, body, "k", first)

	paid := w.do("POST", booking+"/payment", external("x", 100, ""), "Idempotency-Key", "p")
	paid.is(200)
	w.do("DELETE", booking, "").is(200)
	repeated(booking+"/payment", external("x", 100, ""), "p", paid)
	owed := w.do("POST", booking+"/payment", external("y", 100, ""))
	for reference, first := range map[string]answer{"x": paid, "y": owed} {
		if a := w.do("POST", booking+"/payment", external(reference, 100, "")); a.text != first.text || a.status != 200 {
			t.Errorf("the same report: %d %s, first: %s; want text = %v, status = 200", a.status, a.text, first.text, first.text)
		}
	}
	w.verifyMoney()
}

// TestIntentRefusedUnderItsKey: an intent that was begun and could not be opened was refused, so a retry is
// decided anew.
func TestIntentRefusedUnderItsKey(t *testing.T) {
	w := newHarness(t, withEuros)
	w.fixCurrency()
	w.do("POST", "/v1/performances", fmt.Sprintf(newHall, "hall")).is(201)
	id := events.BookingID(strings.TrimPrefix(w.held("hall", "ada", "A-1-1"), "/v1/bookings/"))
	const body = `{"provider":"bank","seconds":600}`
	path := "/v1/bookings/" + string(id) + "/payment-intent"
	for _, command := range []actors.Request{
		{Command: &booking.BeginIntent{Intent: "lost", Provider: "bank", Seconds: 600},
			ID: actors.KeyedCommandID(path, "k", []byte("POST"), []byte(path), canonicalBody([]byte(body)))},
		{Command: &booking.EndIntent{Intent: "lost", Reason: events.IntentTooLong}, ID: actors.NewCommandID()},
	} {
		command.Stream, command.CorrelationID, command.CausationID = booking.Stream(id), "r", "r"
		command.Actor = "anyone"
		_, err := w.server.config.Desk.Ask(t.Context(), command)
		w.must(err)
	}
	a := w.do("POST", path, body, "Idempotency-Key", "k")
	if v := a.is(201); v["intent"] == "lost" || v["status"] != "awaiting_payment" || a.header.Get("Idempotent-Replay") != "" {
		t.Errorf("got %s %v; want intent ≠ lost, status = awaiting_payment, Idempotent-Replay = empty", a.text, a.header)
	}
}
