package api

import (
	"fmt"
	"testing"
	"time"
)

// askIntents asks what there is to ask about intents.
func askIntents(t *testing.T, ask func(method, path, body string, headers ...string) answer) {
	t.Helper()
	id := ask("POST", "/v1/performances/hall/bookings", `{"holder":"eve","seats":["A-2-3"]}`).is(201)["id"].(string)
	path := "/v1/bookings/" + id + "/payment-intent"
	begun := ask("POST", path, `{"provider":"bank","seconds":600}`).is(201)
	ask("POST", path, `{"provider":"bank","seconds":600}`).is(200)
	ask("POST", path, `{"provider":"bank"}`).problem(409, "payment_in_progress")
	ask("GET", "/v1/bookings/"+id, "").is(200)
	ask("DELETE", path+"?intent="+begun["intent"].(string), "").is(200)
	ask("DELETE", "/v1/bookings/"+id, "").is(200)
	ask("POST", path, `{"provider":"bank"}`).problem(410, "released")
}

// TestIntents: a booking waits for money as long as the intent says, nothing else is done about it,
// and the money pays it.
func TestIntents(t *testing.T) {
	w := newHarness(t, euros)
	w.nameEuro()
	w.do("POST", "/v1/performances", fmt.Sprintf(newHall, "hall")).is(201)
	booking := w.held("hall", "ada", "A-1-1")
	path := booking + "/payment-intent"
	own := w.do("GET", booking, "").is(200)["expires_at"]
	w.do("POST", path, `{"provider":"Bank"}`).problem(422, "invalid_field")
	w.do("POST", path, `{"provider":"bank","seconds":86401}`).problem(422, "invalid_field")
	w.do("POST", "/v1/bookings/none/payment-intent", `{"provider":"bank"}`).problem(404, "not_found")
	begun := w.do("POST", path, `{"provider":"bank","seconds":86400}`).is(201)
	until, err := time.Parse(time.RFC3339Nano, begun["expires_at"].(string))
	if left := time.Until(until); err != nil || left < 23*time.Hour || left > 24*time.Hour || begun["status"] != "awaiting_payment" {
		t.Errorf("it waits until %v, %v: %v", until, err, begun)
	}
	if again := w.do("POST", path, `{"provider":"bank","seconds":86400}`).is(200); again["intent"] != begun["intent"] {
		t.Errorf("the same again: %v", again)
	}
	if read := w.do("GET", booking, "").is(200); read["intent"] != begun["intent"] || read["expires_at"] != begun["expires_at"] {
		t.Errorf("read: %v", read)
	}
	w.do("POST", booking+"/payment", "{}").problem(409, "payment_in_progress")
	w.do("POST", booking+"/extension", "").problem(409, "payment_in_progress")
	w.do("DELETE", booking, "").problem(409, "payment_in_progress")
	if other := w.do("DELETE", path+"?intent=another", "").is(200); other["status"] != "awaiting_payment" {
		t.Errorf("another intent was ended: %v", other)
	}
	ended := w.do("DELETE", path+"?intent="+begun["intent"].(string), "").is(200)
	if ended["status"] != "held" || ended["expires_at"] != own || ended["intent"] != nil {
		t.Errorf("ended: %v; its own time is %v", ended, own)
	}
	w.do("POST", path, `{"provider":"bank","seconds":60}`).is(201)
	if wrong := w.do("POST", booking+"/payment", outside("w", 99, `,"final":true`)).is(200); wrong["status"] != "held" {
		t.Errorf("a wrong sum leaves it %v", wrong["status"])
	}
	w.do("POST", path, `{"provider":"bank","seconds":60}`).is(201)
	if paid := w.do("POST", booking+"/payment", outside("x", 100, "")).is(200); paid["status"] != "booked" || paid["outcome"] != "booked" {
		t.Errorf("paid: %v", paid)
	}
	w.do("POST", path, `{"provider":"bank"}`).problem(409, "already_confirmed")
	w.moneyVerified()
}
