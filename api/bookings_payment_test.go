package api

import (
	"strings"
	"sync"
	"testing"
	"time"
)

func TestConcurrentPaymentsOfOneWallet(t *testing.T) {
	w := newHarness(t)
	w.hall("h", 1, "")
	w.charge("ada", 150)
	paths := []string{}
	for _, name := range []string{"A-1-1", "A-1-2"} {
		paths = append(paths, "/v1/bookings/"+w.book("h", "ada", name).is(201)["id"].(string))
	}
	var all sync.WaitGroup
	answers := make([]answer, len(paths))
	for i, path := range paths {
		all.Go(func() { answers[i] = w.do("POST", path+"/payment", `{}`) })
	}
	all.Wait()
	if answers[0].status > answers[1].status {
		answers[0], answers[1] = answers[1], answers[0]
	}
	answers[0].is(200)
	answers[1].problem(409, "insufficient_balance")
	if w.balance("ada") != 50 || len(w.seatsIn("h", "booked")) != 1 || len(w.seatsIn("h", "held")) != 1 {
		t.Errorf("got balance %d, booked %v, held %v; want 50, one seat, one seat",
			w.balance("ada"), w.seatsIn("h", "booked"), w.seatsIn("h", "held"))
	}
}

// clock runs ahead of the system's clock by a duration that a test sets.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration // guarded by mu
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

// forward moves the clock forward by a duration.
func (c *clock) forward(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += by
}

func TestLatePaymentAndExtension(t *testing.T) {
	var c clock
	w := newHarness(t, func(w *harness) { w.desks.Now = c.now })
	w.hall("h", 1, `,"hold_seconds":60`)
	w.charge("ada", 1000)
	booked := w.book("h", "ada", "A-1-1", "A-1-2").is(201)
	path := "/v1/bookings/" + booked["id"].(string)
	longer := w.do("POST", path+"/extension", "").is(200)
	if longer["expires_at"].(string) <= booked["expires_at"].(string) || longer["extended"] != true {
		t.Errorf("got %v; want expires_at after %v, extended = true", longer, booked["expires_at"])
	}
	w.do("POST", path+"/extension", "").problem(409, "limit_exceeded")
	c.forward(200 * time.Second)
	w.do("POST", path+"/extension", "").problem(410, "hold_expired")
	if v := w.do("GET", path, "").is(200); v["status"] != "expired" {
		t.Errorf("after the deadline: got %v; want status = expired", v)
	}
	if v := w.do("POST", path+"/payment", "").is(200); v["status"] != "booked" || w.balance("ada") != 800 {
		t.Errorf("a late payment for free seats: got %v, balance %d; want status = booked, 800", v, w.balance("ada"))
	}

	lost := "/v1/bookings/" + w.book("h", "ada", "A-1-3", "A-1-4").is(201)["id"].(string)
	c.forward(200 * time.Second)
	w.book("h", "bob", "A-1-4").is(201)
	w.do("POST", lost+"/payment", "").problem(410, "hold_expired")
	if w.balance("ada") != 800 || strings.Join(w.seatsIn("h", "held"), " ") != "A-1-4" {
		t.Errorf("got balance %d, held %v; want 800, A-1-4", w.balance("ada"), w.seatsIn("h", "held"))
	}
	w.do("DELETE", lost, "").problem(410, "hold_expired")
}

func TestBookingKeysSurviveARestart(t *testing.T) {
	w := newHarness(t)
	w.hall("h", 1, "")
	w.charge("ada", 1000)
	book := func(key string) answer {
		return w.do("POST", "/v1/performances/h/bookings", `{"holder":"ada","best_available":{"quantity":2}}`,
			"Idempotency-Key", key)
	}
	charge := func() answer {
		return w.do("POST", "/v1/wallets/ada/charges", `{"amount":7}`, "Idempotency-Key", "c")
	}
	first, charged := book("k"), charge()
	path := "/v1/bookings/" + first.is(201)["id"].(string)
	longer := w.do("POST", path+"/extension", "", "Idempotency-Key", "x")
	paid := w.do("POST", path+"/payment", `{}`, "Idempotency-Key", "p")
	longer.is(200)
	paid.is(200)
	w.stop()
	w.start()
	w.charge("ada", 1)
	for _, pair := range [][2]answer{{first, book("k")}, {charged, charge()}, {paid, w.do("POST", path+"/payment",
		`{}`, "Idempotency-Key", "p")}} {
		if pair[1].text != pair[0].text || pair[1].status != pair[0].status ||
			pair[1].header.Get("Idempotent-Replay") != "true" {
			t.Errorf("%s repeated: got %d %s, want %d %s", pair[0].what, pair[1].status, pair[1].text, pair[0].status, pair[0].text)
		}
	}
	if got := w.do("POST", path+"/extension", "", "Idempotency-Key", "x"); got.status != 200 ||
		got.header.Get("Idempotent-Replay") != "true" {
		t.Errorf("the extension repeated: got %d %s; want status 200, Idempotent-Replay = true", got.status, got.text)
	}
	w.do("POST", "/v1/performances/h/bookings", `{"holder":"ada","best_available":{"quantity":3}}`,
		"Idempotency-Key", "k").problem(422, "idempotency_key_reused")
	if w.balance("ada") != 1000+7+1-200 || len(w.seatsIn("h", "booked")) != 2 || len(w.seatsIn("h", "held")) != 0 {
		t.Errorf("got balance %d, booked %v, held %v; want 808, two seats, none", w.balance("ada"), w.seatsIn("h", "booked"), w.seatsIn("h", "held"))
	}
}
