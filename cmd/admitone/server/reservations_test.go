package server

import (
	"encoding/json"
	"io"
	"log/slog"
	"testing"
	"time"

	"admitone/actors"
	"admitone/actors/payment"
	"admitone/actors/product"
	"admitone/api"
	"admitone/events"
	"admitone/projections/verify"
)

// TestReservationPaymentsAreFinished: a server stops after it has received the payment for one reservation, and
// after it has released another, paid one. The next server applies the first payment and owes the second.
func TestReservationPaymentsAreFinished(t *testing.T) {
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
	ask := func(stream events.StreamID, command any) {
		t.Helper()
		if _, err := s.Desk.Ask(t.Context(), actors.Request{Stream: stream, ID: actors.NewCommandID(),
			Command: command}); err != nil {
			t.Fatal(err)
		}
	}
	tee := product.Stream("tee")
	ask(tee, &product.Create{ID: "tee", Name: "Tee", Stock: 9, Price: 100, HoldSeconds: 60})
	for n, reference := range []string{"x", "y"} { // only the first steps of two payments and a release
		id, stream := events.ID{15: byte(n + 1)}, events.PaymentStream("bank", reference)
		ask(tee, &product.Reserve{ReservationID: id, Holder: "ada", Quantity: 1, Hold: true})
		ask(stream, &payment.Receive{Provider: "bank", Reference: reference, Amount: 100, Currency: "EUR",
			For: events.PaymentSubject{ProductID: "tee", ReservationID: events.ReservationID(id.String())}, Expected: 100,
			ExpectedCurrency: "EUR"})
		if n == 1 {
			ask(tee, &product.Pay{ReservationID: id, Payment: stream})
			ask(stream, &payment.Book{})
			ask(tee, &product.Release{ReservationID: id})
		}
	}
	end(t, s)
	s = start()
	defer end(t, s)
	var figures struct{ Received, Booked, Owed, Open int64 }
	for limit := time.Now().Add(patience); figures.Owed == 0 || figures.Booked == 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("report = %+v after %v, want payments owed and booked", figures, patience)
		}
		if err := json.Unmarshal([]byte(get(t, s, "/v1/products/tee/report")), &figures); err != nil {
			t.Fatal(err)
		}
	}
	if figures.Received != 200 || figures.Booked != 100 || figures.Owed != 100 || figures.Open != 0 {
		t.Errorf("report = %+v; want 200 received, 100 booked, 100 owed and 0 open", figures)
	}
	if _, err := verify.Log(t.Context(), s.Log, true, nil); err != nil {
		t.Errorf("verify.Log = %v, want no violation", err)
	}
}
