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
	intent := send("POST", path, `{"provider":"bank","seconds":600}`).is(201)
	send("POST", path, `{"provider":"bank","seconds":600}`).is(200)
	send("POST", path, `{"provider":"bank"}`).problem(409, "payment_in_progress")
	send("GET", "/v1/bookings/"+id, "").is(200)
	send("DELETE", path+"?intent="+intent["intent"].(string), "").is(200)
	send("DELETE", "/v1/bookings/"+id, "").is(200)
	send("POST", path, `{"provider":"bank"}`).problem(410, "released")
}

// TestIntents: a booking with a payment intent waits for the payment until the intent expires, and
// refuses other changes meanwhile.
func TestIntents(t *testing.T) {
	w := newHarness(t, withEuros)
	w.fixCurrency()
	w.do("POST", "/v1/performances", fmt.Sprintf(newHall, "hall")).is(201)
	booking := w.held("hall", "ada", "A-1-1")
	path := booking + "/payment-intent"
	heldUntil := w.do("GET", booking, "").is(200)["expires_at"]
	w.do("POST", path, `{"provider":"Bank"}`).problem(422, "invalid_field")
	w.do("POST", path, `{"provider":"bank","seconds":86401}`).problem(422, "invalid_field")
	w.do("POST", "/v1/bookings/none/payment-intent", `{"provider":"bank"}`).problem(404, "not_found")
	intent := w.do("POST", path, `{"provider":"bank","seconds":86400}`).is(201)
	until, err := time.Parse(time.RFC3339Nano, intent["expires_at"].(string))
	if remaining := time.Until(until); err != nil || remaining < 23*time.Hour || remaining > 24*time.Hour || intent["status"] != "awaiting_payment" {
		t.Errorf("got %v, which expires in %v (%v); want status = awaiting_payment, and 23 to 24 hours", intent, remaining, err)
	}
	if repeated := w.do("POST", path, `{"provider":"bank","seconds":86400}`).is(200); repeated["intent"] != intent["intent"] {
		t.Errorf("repeated: got %v, want intent = %v", repeated, intent["intent"])
	}
	if got := w.do("GET", booking, "").is(200); got["intent"] != intent["intent"] || got["expires_at"] != intent["expires_at"] {
		t.Errorf("the booking: got %v; want intent = %v, expires_at = %v", got, intent["intent"], intent["expires_at"])
	}
	w.do("POST", booking+"/payment", "{}").problem(409, "payment_in_progress")
	w.do("POST", booking+"/extension", "").problem(409, "payment_in_progress")
	w.do("DELETE", booking, "").problem(409, "payment_in_progress")
	if other := w.do("DELETE", path+"?intent=another", "").is(200); other["status"] != "awaiting_payment" {
		t.Errorf("ending another intent: got %v, want status = awaiting_payment", other)
	}
	ended := w.do("DELETE", path+"?intent="+intent["intent"].(string), "").is(200)
	if ended["status"] != "held" || ended["expires_at"] != heldUntil || ended["intent"] != nil {
		t.Errorf("after the end of the intent: got %v; want status = held, expires_at = %v, no intent", ended, heldUntil)
	}
	w.do("POST", path, `{"provider":"bank","seconds":60}`).is(201)
	if wrong := w.do("POST", booking+"/payment", external("w", 99, `,"final":true`)).is(200); wrong["status"] != "held" {
		t.Errorf("after a wrong sum: got status = %v, want held", wrong["status"])
	}
	w.do("POST", path, `{"provider":"bank","seconds":60}`).is(201)
	if paid := w.do("POST", booking+"/payment", external("x", 100, "")).is(200); paid["status"] != "booked" || paid["outcome"] != "booked" {
		t.Errorf("the payment: got %v; want status = booked, outcome = booked", paid)
	}
	w.do("POST", path, `{"provider":"bank"}`).problem(409, "already_confirmed")
	w.verifyMoney()
}

// TestIntentReplay: the retry of an intent or of a payment's report gets the first answer, whatever has become
// of the booking since, even after a restart.
func TestIntentReplay(t *testing.T) {
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
				t.Errorf("repeated: got %d %s %v; want the replay of %d %s, ETag = %s",
					a.status, a.text, a.header, first.status, first.text, first.header.Get("ETag"))
			}
			w.stop()
			w.start()
		}
	}
	if a := w.do("POST", path, body); a.status != 200 || a.header.Get("Idempotent-Replay") != "" {
		t.Errorf("another request for the same intent: got %d %v, want 200 without Idempotent-Replay", a.status, a.header)
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
			t.Errorf("the same report: got %d %s, want 200 %s", a.status, a.text, first.text)
		}
	}
	w.verifyMoney()
}

// TestRetryAfterRefusedIntent: if an intent was begun but could not be opened, a retry with its key begins
// another.
func TestRetryAfterRefusedIntent(t *testing.T) {
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
		t.Errorf("got %s %v; want another intent than lost, status = awaiting_payment, no Idempotent-Replay", a.text, a.header)
	}
}
