package api

import (
	"context"
	"fmt"
	"testing"
	"time"

	"admitone/events"
	"admitone/projections/verify"
)

// TestReportsMatchVerify: external payments in every state are reported as verify counts them in
// the log, at every position at which no payment is in progress.
func TestReportsMatchVerify(t *testing.T) {
	w := newHarness(t, withEuros)
	w.fixCurrency()
	rule := fmt.Sprintf(`,"cancellation":{"until":%q,"refund_percent":33}`, after(24*time.Hour))
	w.gig("a", rule).is(201)
	w.do("POST", "/v1/products", `{"id":"tee","name":"T","stock":9,"price":100`+rule+`}`).is(201)
	seat := func(n int) string { return w.held("a", "ann", fmt.Sprintf("A-1-%d", n)) }
	pay := func(path, reference string, amount int64, more string) {
		w.do("POST", path, external(reference, amount, more)).is(200)
	}
	first, second, released := seat(1), seat(2), seat(4)
	pay(first+"/payment", "a", 100, "")
	pay(first+"/payment", "twice", 100, "")
	pay(second+"/payment", "b", 100, "")
	pay(second+"/payment", "wrong", 70, `,"final":true`)
	pay(seat(3)+"/payment", "c", 100, "")
	w.do("DELETE", released, "").is(200)
	pay(released+"/payment", "late", 100, "")
	w.do("DELETE", second, "").is(200)
	w.do("DELETE", first+"/seats/A-1-1", "").is(200)
	unit := func() string {
		return "/v1/products/tee/reservations/" + w.reserve("tee", "ann", `,"hold":true`).is(201)["id"].(string)
	}
	one, two := unit(), unit()
	pay(one+"/confirm", "p", 100, "")
	pay(two+"/confirm", "q", 100, "")
	pay(two+"/confirm", "wrong unit", 1, `,"final":true`)
	w.do("DELETE", one, "").is(200)
	for n, item := range items(w.do("GET", "/v1/refunds?status=owed", "")) {
		if n%2 == 0 {
			w.do("POST", "/v1/refunds/"+item.(map[string]any)["id"].(string)+"/settlement", fmt.Sprintf(`{"reference":"r%d"}`,
				n)).is(200)
		}
	}
	w.do("POST", "/v1/products/tee/cancellation", `{"reason":"none came"}`).is(202)
	w.checkSums()
}

// checkSums compares the reports of a performance and a product with what verify counts.
func (w *harness) checkSums() {
	w.t.Helper()
	v, compared := verify.New(true), 0
	for e, err := range events.All(context.Background(), w.store, 0) {
		w.must(err)
		w.must(v.Check(&e))
		if len(v.Open()) > 0 {
			continue
		}
		for path, included := range map[string]func(events.PaymentSubject) bool{
			"/v1/performances/a/report": func(of events.PaymentSubject) bool { return of.BookingID != "" },
			"/v1/products/tee/report":   func(of events.PaymentSubject) bool { return of.ProductID != "" },
		} {
			a := w.do("GET", fmt.Sprintf("%s?at=%d", path, e.Position), "")
			if a.status == 404 {
				continue
			}
			sums := v.ExternalSums(included)["EUR"]
			a.wantFigures("received", int(sums.Received), "booked", int(sums.Booked), "kept", int(sums.Kept), "refunded",
				int(sums.Refunded), "owed", int(sums.Owed), "open", 0)
			compared++
		}
	}
	if compared < 30 {
		w.t.Errorf("%d reports were compared, want at least 30", compared)
	}
	w.verifyMoney()
}
