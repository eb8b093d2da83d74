package api

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestConcertScenario runs the scenarios of a concert sale over HTTP.
func TestConcertScenario(t *testing.T) {
	var c clock
	w := newHarness(t, func(w *harness) { w.desks.Now = c.now })
	w.hall("night", 2, "") // a hold takes five minutes by default
	expectFree := func(want int) {
		t.Helper()
		if got := w.seatsIn("night", "free"); len(got) != want {
			t.Errorf("%d seats are free, want %d", len(got), want)
		}
	}
	booking := ""
	t.Run("dates and seats that can be booked", func(t *testing.T) {
		if v := w.do("GET", "/v1/performances?from=2031-05-01&to=2031-05-01", "").is(200); len(v["items"].([]any)) != 1 {
			t.Errorf("performances on that day: got %v, want one", v)
		}
		if v := w.do("GET", "/v1/performances?from=2031-05-02", "").is(200); len(v["items"].([]any)) != 0 {
			t.Errorf("performances afterwards: got %v, want none", v)
		}
		expectFree(20)
	})
	t.Run("a booking", func(t *testing.T) {
		v := w.book("night", "mina", "A-1-1").is(201)
		booking = "/v1/bookings/" + v["id"].(string)
		until, err := time.Parse(time.RFC3339, v["expires_at"].(string))
		if held := until.Sub(c.now()); err != nil || v["status"] != "held" || held > 5*time.Minute ||
			held < 4*time.Minute {
			t.Errorf("got %v, held for %v (error %v); want status = held, for at most %v and at least %v",
				v, held, err, 5*time.Minute, 4*time.Minute)
		}
		expectFree(19)
	})
	t.Run("a seat that is taken", func(t *testing.T) {
		w.book("night", "juno", "A-1-1").problem(409, "seat_taken")
		w.book("night", "mina", "A-1-1").problem(409, "seat_taken")
		expectFree(19)
	})
	t.Run("a seat that many want at the same time", func(t *testing.T) {
		var all sync.WaitGroup
		answers := make([]answer, 100)
		for i := range answers {
			all.Go(func() { answers[i] = w.book("night", fmt.Sprint("fan-", i), "A-2-5") })
		}
		all.Wait()
		got := 0
		for _, a := range answers {
			if a.status == 201 {
				got++
			} else {
				a.problem(409, "seat_taken")
			}
		}
		if got != 1 {
			t.Errorf("%d of 100 holders got the seat, want 1", got)
		}
		expectFree(18)
	})
	t.Run("charging", func(t *testing.T) {
		w.do("POST", booking+"/payment", "").problem(409, "insufficient_balance")
		w.charge("mina", 70)
		w.charge("mina", 50)
		if got := w.balance("mina"); got != 120 {
			t.Errorf("got balance %d, want 120", got)
		}
	})
	t.Run("payment", func(t *testing.T) {
		if v := w.do("POST", booking+"/payment", "").is(200); v["status"] != "booked" || w.balance("mina") != 20 {
			t.Errorf("payment = %v, balance = %d; want booked, 20", v, w.balance("mina"))
		}
		w.do("POST", booking+"/payment", "").problem(409, "already_confirmed")
		if got := strings.Join(w.seatsIn("night", "booked"), " "); got != "A-1-1" || w.balance("mina") != 20 {
			t.Errorf("got booked seats %s, balance %d; want A-1-1, 20", got, w.balance("mina"))
		}
	})
	t.Run("five minutes later", func(t *testing.T) {
		c.forward(5*time.Minute + 31*time.Second) // seats are held 30 seconds longer than bookings
		w.book("night", "juno", "A-1-1").problem(409, "seat_taken")
		w.book("night", "juno", "A-2-5").is(201)
	})
}
