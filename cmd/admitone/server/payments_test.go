package server

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"admitone/actors"
	"admitone/actors/payment"
	"admitone/api"
	"admitone/events"
	"admitone/projections/verify"
)

// TestUnfinishedPaymentsAreFinished: payments that a server had received but not applied when it stopped are
// applied or owed by the next server. Rebuilt views have the same state, and verify finds nothing.
func TestUnfinishedPaymentsAreFinished(t *testing.T) {
	store := t.TempDir()
	start := func() *Server {
		t.Helper()
		s, err := Start(Settings{Listen: "127.0.0.1:0", Store: store, Auth: api.OpenAuth{}, IdleAfter: patience,
			Currency: "EUR", Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := start()
	send(t, s, "POST", "/v1/performances", `{"id":"gala","title":"t","venue":"v","starts_at":"2099-05-01T20:00:00Z",`+
		`"sections":[{"id":"A","rows":1,"seats_per_row":2,"price":100}]}`)
	send(t, s, "POST", "/v1/performances/gala/bookings", `{"holder":"ada","seats":["A-1-1"]}`)
	var bookings struct{ Items []struct{ ID, Status string } }
	read := func(path string, into any) {
		t.Helper()
		if err := json.Unmarshal([]byte(get(t, s, path)), into); err != nil {
			t.Fatal(err)
		}
	}
	read("/v1/holders/ada/bookings", &bookings)
	id := events.BookingID(bookings.Items[0].ID)
	for _, reference := range []string{"x", "y"} { // only the first step of two payments
		_, err := s.Desk.Ask(t.Context(), actors.Request{Stream: events.PaymentStream("bank", reference),
			ID: actors.NewCommandID(), Command: &payment.Receive{Provider: "bank", Reference: reference, Amount: 100,
				Currency: "EUR", For: events.PaymentSubject{BookingID: id}, Expected: 100, ExpectedCurrency: "EUR"}})
		if err != nil {
			t.Fatal(err)
		}
	}
	end(t, s)
	s = start()
	var refunds struct {
		Items []struct{ ID, Cause, Status string }
	}
	for limit := time.Now().Add(patience); len(refunds.Items) == 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("no refund is owed after %v, want one", patience)
		}
		read("/v1/refunds", &refunds)
	}
	before := fmt.Sprint(refunds)
	read("/v1/holders/ada/bookings", &bookings)
	if refunds.Items[0].Cause != "already_paid" || bookings.Items[0].Status != "booked" {
		t.Errorf("refunds = %+v, bookings = %+v; want the cause already_paid and the status booked", refunds, bookings)
	}
	_, err := verify.Log(t.Context(), s.Log, true, nil)
	if err != nil {
		t.Errorf("verify.Log = %v, want no violation", err)
	}
	end(t, s)
	if err := os.RemoveAll(filepath.Join(store, ViewsFolder)); err != nil {
		t.Fatal(err)
	}
	s = start()
	defer end(t, s)
	for limit := time.Now().Add(patience); !s.Views.Ready() && time.Now().Before(limit); time.Sleep(time.Millisecond) {
	}
	if read("/v1/refunds", &refunds); fmt.Sprint(refunds) != before {
		t.Errorf("after a rebuild the refunds are %+v, want %s", refunds, before)
	}
}
