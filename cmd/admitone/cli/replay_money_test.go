package cli

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"admitone/events"
)

// owedRefunds returns the refunds that the server owes, each with reference and amount, as one text.
func (s *testServer) owedRefunds() string {
	s.t.Helper()
	var page struct {
		Items []struct {
			Reference, Currency string
			Amount              int64
		}
	}
	if err := json.Unmarshal([]byte(s.send("GET", "/v1/refunds?status=owed", "")), &page); err != nil {
		s.t.Fatal(err)
	}
	var all []string
	for _, one := range page.Items {
		all = append(all, fmt.Sprint(one.Reference, " ", one.Amount, one.Currency))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// reportPayment reports an external payment.
func (s *testServer) reportPayment(path, reference string, amount int64) string {
	s.t.Helper()
	return s.send("POST", path, fmt.Sprintf(`{"method":"external","provider":"bank","reference":%q,"amount":%d,
		"currency":"EUR","final":true}`, reference, amount))
}

// TestReplayOfExternalPayments: replay reports external payments again, under the same references, and they
// are booked or owed as before: those in time, late, repeated, with a wrong amount, or for a seat or unit that
// was sold meanwhile. Units that were given back are refunded by their policy, all others in full.
func TestReplayOfExternalPayments(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil, euros)
	s.send("POST", "/v1/performances", `{"id":"gala","title":"G","venue":"V","starts_at":"2099-01-01T20:00:00Z",
		"hold_seconds":1,"sections":[{"id":"A","rows":1,"seats_per_row":9,"price":100}]}`)
	s.send("POST", "/v1/products", `{"id":"tee","name":"T","stock":5,"price":20,"hold_seconds":1,
		"cancellation":{"until":"2099-01-01T00:00:00Z","refund_percent":50}}`)
	s.send("POST", "/v1/wallets/ada/charges", `{"amount":100}`)
	book := func(holder, seat string) (path string) {
		return "/v1/bookings/" + idOf(t, s.send("POST", "/v1/performances/gala/bookings",
			fmt.Sprintf(`{"holder":%q,"seats":[%q]}`, holder, seat)))
	}
	hold := func(holder string, n int) (path string) {
		return "/v1/products/tee/reservations/" + idOf(t, s.send("POST", "/v1/products/tee/reservations",
			fmt.Sprintf(`{"holder":%q,"quantity":%d,"hold":true}`, holder, n)))
	}
	twice, waits, wrong := book("ada", "A-1-1"), book("bob", "A-1-3"), book("cid", "A-1-5")
	late, sold := book("dot", "A-1-7"), book("eve", "A-1-9")
	unit, lateUnit, soldUnits := hold("ada", 1), hold("bob", 1), hold("cid", 2)
	s.send("POST", waits+"/payment-intent", `{"provider":"bank"}`)
	s.reportPayment(waits+"/payment", "in time", 100)
	s.reportPayment(twice+"/payment", "first", 100)
	s.reportPayment(twice+"/payment", "second", 100)
	s.reportPayment(wrong+"/payment", "wrong", 99)
	s.reportPayment(unit+"/confirm", "unit", 20)
	id := strings.TrimPrefix(waits, "/v1/bookings/")
	for method, code := range map[string]string{"DELETE": "payment_in_progress", "POST": "amount_mismatch"} {
		s.recordRefusal(&events.RefusalRecorded{Method: method, Path: waits + "/payment", Stream: "booking-" + id, Holder: "bob",
			Code: code})
	}
	s.send("DELETE", unit, "")
	for _, path := range []string{late, sold, lateUnit, soldUnits} {
		s.waitFor(path, `"status":"expired"`)
	}
	s.waitFor("/v1/performances/gala", `"held":0`)
	s.reportPayment(book("fay", "A-1-9")+"/payment", "faster", 100)
	s.send("POST", "/v1/products/tee/reservations", `{"holder":"fay","quantity":3}`)
	for path, reference := range map[string]string{late: "late", sold: "too late"} {
		s.reportPayment(path+"/payment", reference, 100)
	}
	s.reportPayment(lateUnit+"/confirm", "late unit", 20)
	s.reportPayment(soldUnits+"/confirm", "no units", 40)
	const calledOff = "/v1/performances/gala/cancellation"
	s.send("POST", calledOff, `{"reason":"ill"}`)
	s.waitFor(calledOff, `"status":"done"`)
	owed := s.owedRefunds()
	if want := "faster 100EUR, first 100EUR, in time 100EUR, late 100EUR, no units 40EUR, second 100EUR, too late 100EUR, unit 10EUR, wrong 99EUR"; owed != want {
		t.Fatalf("the owed refunds are %q, want %q", owed, want)
	}
	s.end()
	must(t, exitDone, "verify", "--store", s.store)

	other := serveIn(t, t.TempDir(), nil, euros)
	stdout, _ := must(t, exitDone, "replay", "--store", s.store, "--against", other.url, "--speed", "0")
	if !strings.Contains(stdout, "the same outcome") || strings.Contains(stdout, "different:") {
		t.Errorf("stdout %q; want %q and no %q", stdout, "the same outcome", "different:")
	}
	if got := other.owedRefunds(); got != owed {
		t.Errorf("after the replay the owed refunds are %q, want %q", got, owed)
	}
	other.end()
	must(t, exitDone, "verify", "--store", other.store)

	none := serveIn(t, t.TempDir(), nil)
	stdout, _ = must(t, exitProblemsFound, "replay", "--store", s.store, "--against", none.url, "--speed", "0")
	if !strings.Contains(stdout, "payment.received.v1, recorded booked, here invalid_field") {
		t.Errorf("stdout %q; want %q", stdout, "payment.received.v1, recorded booked, here invalid_field")
	}
}
