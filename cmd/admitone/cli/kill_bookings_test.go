package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"admitone/cmd/admitone/remote"
	"admitone/events"
	"admitone/projections/row"
	"admitone/projections/verify"
)

// hotPerformance creates a performance with enough seats for all bookings, at 100 each.
const hotPerformance = `{"id":"hot","title":"Hot","venue":"Hall","starts_at":"2999-01-01T20:00:00Z","hold_seconds":3600,
	"limit_per_holder":2,
	"sections":[{"id":"A","rows":100,"seats_per_row":1000,"price":100}]}`

// bookSeats makes the nth intent a booking of two seats, which is paid if n%4 is 3.
func (i *intent) bookSeats(n int) {
	row, number := 1+n/500, 1+2*(n%500)
	i.path, i.holder = "/v1/performances/hot/bookings", "h-"+i.key
	i.body = fmt.Sprintf(`{"holder":%q,"seats":["A-%d-%d","A-%d-%d"]}`, i.holder, row, number, row, number+1)
	i.pays = n%4 == 3
}

// bookFirst charges the wallet and makes the booking of an intent that pays. It returns the path of the
// payment; ok is false if the outcome is unknown.
func (j *journal) bookFirst(client *http.Client, url string, i *intent) (path string, ok bool, err error) {
	status, _, err := post(client, url+"/v1/wallets/"+i.holder+"/charges", `{"amount":250}`, "charge-"+i.key)
	if err != nil || status == 0 {
		return "", false, err
	}
	status, answer, err := post(client, url+i.path, i.body, "book-"+i.key)
	if err != nil || status == 0 {
		return "", false, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if i.booked != "" && !j.same(i.booked, answer) {
		return "", false, fmt.Errorf("the booking of %s is answered with %s, want the first answer, %s", i.key, answer, i.booked)
	}
	i.booked = answer
	id, err := i.booking()
	return "/v1/bookings/" + id + "/payment", true, err
}

// booking returns the id of the acknowledged booking, or "" if there is none.
func (i *intent) booking() (string, error) {
	var made struct{ ID string }
	answer := i.booked
	if !i.pays {
		answer = i.answer
	}
	if answer == "" {
		return "", nil
	}
	err := json.Unmarshal([]byte(answer), &made)
	return made.ID, err
}

// audit follows the log of a server, and checks it by the rules of verify.
type audit struct {
	server   *remote.Log
	verifier *verify.Verifier
	at       events.Position
	bookings map[string]*row.Booking
}

func newAudit(t *testing.T, url string) *audit {
	t.Helper()
	server, err := remote.New(url, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return &audit{server: server, verifier: verify.New(false), bookings: map[string]*row.Booking{}}
}

// read reads the events since the last read.
func (a *audit) read(t *testing.T) {
	t.Helper()
	for e, err := range events.All(t.Context(), a.server, a.at) {
		if err == nil {
			err = a.verifier.Check(&e)
		}
		if id := e.Stream.Entity(); err == nil && e.Stream.Category() == "booking" {
			booking := a.bookings[id]
			if booking == nil {
				booking = &row.Booking{}
			}
			if err = booking.Apply(&e); booking.ID != "" { // no id: the stream only has a closed attempt
				a.bookings[id] = booking
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		a.at = e.Position
	}
}

// checkMoney checks that the balances of the wallets are their charges less the cost of paid bookings.
func (a *audit) checkMoney(t *testing.T) {
	t.Helper()
	money, spent := a.verifier.Money(), int64(0)
	for _, b := range a.bookings {
		if b.Status == events.BookingIsBooked {
			spent += b.Amount
		}
	}
	if money.Balance != money.Charged-spent || money.Debited-money.Refunded != spent {
		t.Errorf("the wallets add up to %+v, want a balance of %d and %d debited", money, money.Charged-spent, spent)
	}
}

// checkRecovery checks that, without any retry, every acknowledged booking and payment is in the
// log, and processes that were in progress when the server was killed are completed.
func (a *audit) checkRecovery(t *testing.T, j *journal) {
	t.Helper()
	a.read(t)
	t.Logf("%d processes were open after the kill", len(a.verifier.Open()))
	for start := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		a.read(t)
		open := a.verifier.Open()
		if len(open) == 0 {
			break
		}
		if time.Since(start) > patience {
			t.Fatalf("%q are still open after %v, want none", open, patience)
		}
	}
	a.checkMoney(t)
	a.checkBookings(t, j)
}

// checkBookings checks that the log has each acknowledged booking, and each acknowledged payment.
func (a *audit) checkBookings(t *testing.T, j *journal) {
	t.Helper()
	for _, i := range j.intents {
		id, err := i.booking()
		if i.holder == "" || id == "" && err == nil {
			continue
		}
		switch b := a.bookings[id]; {
		case err != nil || b == nil || b.Holder != events.Holder(i.holder) || len(b.Seats) != 2:
			t.Errorf("%s: the log has %+v (%v), want the acknowledged booking %q of %s with 2 seats", i.key, b, err, id, i.holder)
		case i.pays && i.acknowledged > 0 && b.Status != events.BookingIsBooked:
			t.Errorf("%s: the paid booking %s is %s in the log, want %s", i.key, id, b.Status, events.BookingIsBooked)
		}
	}
}

// checkAllBooked checks, once all intents are answered, that each has one booking and that the money
// agrees.
func (a *audit) checkAllBooked(t *testing.T, j *journal) {
	t.Helper()
	a.read(t)
	if open := a.verifier.Open(); len(open) > 0 {
		t.Errorf("%q are open, want none", open)
	}
	a.checkMoney(t)
	a.checkBookings(t, j)
	expected := 0
	for _, i := range j.intents {
		if i.holder != "" {
			expected++
		}
	}
	if len(a.bookings) != expected {
		t.Errorf("the log has %d bookings, want %d", len(a.bookings), expected)
	}
}
