package cli

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"admitone/actors"
	"admitone/actors/booking"
	"admitone/actors/core"
	"admitone/actors/wallet"
	"admitone/events"
)

// createConcert creates a performance of four seats, charges a wallet and books two of the seats.
func (s *testServer) createConcert(id string) (bookingID string) {
	s.t.Helper()
	s.send("POST", "/v1/performances", `{"id":"`+id+
		`","title":"Winterreise","venue":"Town hall","starts_at":"2999-01-01T20:00:00Z",
		"sections":[{"id":"A","rows":2,"seats_per_row":2,"price":100}]}`)
	s.send("POST", "/v1/wallets/ada/charges", `{"amount":250}`)
	var made struct{ ID string }
	if err := json.Unmarshal([]byte(s.send("POST", "/v1/performances/"+id+"/bookings",
		`{"holder":"ada","seats":["A-1-1","A-1-2"]}`)), &made); err != nil {
		s.t.Fatal(err)
	}
	return made.ID
}

// TestReadingSeats: each command prints the expected output, with --store as with --url.
func TestReadingSeats(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	id := s.createConcert("hall")
	s.send("POST", "/v1/bookings/"+id+"/payment", `{}`)
	s.send("PUT", "/v1/performances/hall/seats/A-2-2/block", "")
	tests := []struct {
		args  string
		want  int
		texts []string // expected in the output
	}{
		{"history performance/hall", 0, []string{`put on sale as "Winterreise" at "Town hall"`, "4 seats in 1 section"}},
		{"history seat/hall~A-1-1", 0, []string{"ada holds the seat until", "ada has booked the seat: hold " + id}},
		{"history seat/hall~A-2-2", 0, []string{"taken off sale by the organiser"}},
		{"history seat/hall/A-2-2", 0, []string{"taken off sale by the organiser"}},
		{"history booking/" + id, 0, []string{"ada holds A-1-1, A-1-2 of performance hall for 200", "a payment of 200 began",
			"booked; 200 is paid"}},
		{"history wallet/ada", 0, []string{"charged with 250", "paid 200 for booking " + id, "the balance is 50"}},
		{"history holder/ada", 0, []string{"seat-hall~A-1-2@1  ada has booked the seat", "ada holds A-1-1",
			"charged with 250"}},
		{"show performance/hall", 0, []string{"4 = 1 remaining + 0 held + 2 booked + 1 blocked", "section    A"}},
		{"show performance/hall --json --at 5", 0, []string{`"held":2,`, `"as_of":{"position":5`}},
		{"show booking/" + id, 0, []string{"booked", "A-1-1 A-1-2 of performance/hall", "amount     200"}},
		{"show booking/" + id + " --at 5 --json", 0, []string{`"status":"held"`}},
		{"show wallet/ada", 0, []string{"balance    50 = 250 charged - 200 debited + 0 refunded"}},
		{"show booking/none", 1, []string{"there is no booking/none"}},
		{"show performance/hall --at 1 --json", 0, []string{`"remaining":4,`}},
	}
	read := func(t *testing.T, from ...string) {
		for _, test := range tests {
			stdout, stderr := must(t, test.want, append(strings.Fields(test.args), from...)...)
			for _, text := range test.texts {
				if !strings.Contains(stdout+stderr, text) {
					t.Errorf("%s prints\n%s%s\nwant %q", test.args, stdout, stderr, text)
				}
			}
		}
	}
	t.Run("server", func(t *testing.T) { read(t, "--url", s.url) })
	s.end()
	t.Run("directory", func(t *testing.T) { read(t, "--store", s.store) })
}

// TestPaymentResumesAfterRestart: a server completes a payment that was interrupted by the stop of an earlier
// server.
func TestPaymentResumesAfterRestart(t *testing.T) {
	store := t.TempDir()
	s := serveIn(t, store, nil)
	id := s.createConcert("hall")
	answer, err := s.Desk.Ask(
		t.Context(),
		actors.Request{Stream: booking.Stream(events.BookingID(id)), Command: &booking.StartPayment{},
			ID: actors.NewCommandID(), Actor: "ada"},
	)
	if err != nil {
		t.Fatal(err)
	}
	s.end()
	s = serveIn(t, store, nil)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.Views.WaitFor(ctx, answer.Position+4); err != nil { // a debit, two seats, and the booking
		t.Fatal(err)
	}
	row, ok, err := s.Views.Booking(id)
	if err != nil || !ok || row.Status != events.BookingIsBooked {
		t.Errorf("the booking is %+v (%t, %v), want status %s", row, ok, err, events.BookingIsBooked)
	}
	if wallet, _, err := s.Views.Wallet("ada"); err != nil || wallet.Balance != 50 {
		t.Errorf("the wallet is %+v (%v), want a balance of 50", wallet, err)
	}
}

func TestDemoPerformance(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	for range 2 {
		if err := s.demonstration().create(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	var concert struct {
		Capacity int
		Sections []struct{ ID string }
		Areas    []struct{ Capacity int }
	}
	if err := json.Unmarshal([]byte(s.send("GET", "/v1/performances/"+string(demoPerformance.ID), "")), &concert); err != nil {
		t.Fatal(err)
	}
	if concert.Capacity != 819 || len(concert.Sections) != 8 || len(concert.Areas) != 1 ||
		concert.Areas[0].Capacity != 200 {
		t.Errorf("the concert is %+v; want a capacity of 819, 8 sections, and an area of 200 places", concert)
	}
	balance := int64(0)
	_, err := s.Desk.View(t.Context(), wallet.Stream(demoHolder),
		func(c core.Core) { balance = c.(*wallet.Wallet).Balance() })
	if err != nil || balance != demoBalance {
		t.Errorf("the demo's wallet has %d (%v), want %d", balance, err, demoBalance)
	}
}
