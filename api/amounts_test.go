package api

import (
	"fmt"
	"strings"
	"testing"
)

// TestInvalidAmounts: in every report or charge, an amount that is not a whole number within its
// bounds is refused with its field, and nothing is written.
func TestInvalidAmounts(t *testing.T) {
	w := newHarness(t, withEuros)
	w.fixCurrency()
	w.do("POST", "/v1/performances", fmt.Sprintf(newHall, "hall")).is(201)
	w.do("POST", "/v1/products", `{"id":"tee","name":"n","stock":9,"price":100}`).is(201)
	booking := w.held("hall", "ada", "A-1-1")
	unit := "/v1/products/tee/reservations/" + w.reserve("tee", "ada", `,"hold":true`).is(201)["id"].(string)
	rule := `{"id":"new","name":"n","stock":1,"cancellation":{"until":"2099-01-01T00:00:00Z","refund_percent":AMOUNT}}`
	hall := `{"title":"t","venue":"v","starts_at":"2099-05-01T20:00:00Z","sections":[{"id":"A","rows":1,"seats_per_row":1,` +
		`"price":AMOUNT}]}`
	report := strings.Replace(external("x", 1, `,"final":true`), `"amount":1`, `"amount":AMOUNT`, 1)
	tag := w.do("GET", "/v1/performances/hall", "").is(200)["edit_tag"].(string)
	before := w.head()
	const price, sum = "1000000000001", "100000000000001"
	for _, test := range []struct{ method, path, body, field, tooLarge string }{
		{"POST", "/v1/wallets/ada/charges", `{"amount":AMOUNT}`, "amount", price},
		{"POST", "/v1/products", `{"id":"new","name":"n","stock":1,"price":AMOUNT}`, "price", price},
		{"PATCH", "/v1/products/tee", `{"price":AMOUNT}`, "price", price},
		{"POST", "/v1/products", rule, "cancellation.refund_percent", price},
		{"POST", "/v1/performances", hall, "sections.0.price", price},
		{"PATCH", "/v1/performances/hall", `{"prices":{"A":AMOUNT}}`, "prices", price},
		{"POST", booking + "/payment", report, "amount", sum},
		{"POST", unit + "/confirm", report, "amount", sum},
	} {
		for _, amount := range []string{"-1", "1.5", "100.001", "9223372036854775808", "9223372036854775807", "1e19",
			"-9223372036854775809", test.tooLarge, `"100"`, `"1,00"`, "true", "[100]", `{"amount":100}`} {
			body := strings.Replace(test.body, "AMOUNT", amount, 1)
			a := w.do(test.method, test.path, body, "If-Match", `"`+tag+`"`)
			if a.status != 422 {
				t.Errorf("%s %s %s: got %d %s; want status 422", test.method, test.path, body, a.status, a.text)
			} else if got, _ := a.is(422)["field"].(string); !strings.HasPrefix(got, test.field) {
				t.Errorf("%s %s %s: got field %q, want the prefix %q", test.method, test.path, body, got, test.field)
			}
		}
	}
	if now := w.head(); now != before {
		t.Errorf("%d events were written, want none", now-before)
	}
}

// TestInvalidCurrencies: a report must name a currency exactly as ISO 4217 does. A payment in a
// currency other than the log's is refused or, if the report is final, recorded as owed.
func TestInvalidCurrencies(t *testing.T) {
	w := newHarness(t, withEuros)
	w.fixCurrency()
	w.do("POST", "/v1/performances", fmt.Sprintf(newHall, "hall")).is(201)
	path := w.held("hall", "ada", "A-1-1") + "/payment"
	payIn := func(currency, more string) answer {
		return w.do("POST", path, strings.Replace(external("in "+currency, 100, more), `"EUR"`, currency, 1))
	}
	for _, currency := range []string{`"eur"`, `"Eur"`, `"EURO"`, `"EU"`, `""`, `" EUR"`, `"EUR "`, `"XXX"`, `"XTS"`, `"XAU"`,
		`"XBT"`, `"ZZZ"`, `"978"`, `"€"`, `"ＥＵＲ"`, `"ΕUR"`, "978", "null", `["EUR"]`} {
		for _, more := range []string{"", `,"final":true`} {
			if got := payIn(currency, more).problem(422, "invalid_field"); got["field"] != "currency" {
				t.Errorf("%s: got field %v, want currency", currency, got["field"])
			}
		}
	}
	for _, currency := range []string{`"KRW"`, `"KWD"`, `"USD"`, `"CLF"`} {
		if got := payIn(currency, "").problem(409, "amount_mismatch"); got["expected"] != 100.0 || got["currency"] != "EUR" {
			t.Errorf("%s: got %v; want expected = 100, currency = EUR", currency, got)
		}
		if got := payIn(currency, `,"final":true`).is(200); got["outcome"] != "refund_owed" || got["status"] != "held" {
			t.Errorf("%s: got %v; want outcome = refund_owed, status = held", currency, got)
		}
	}
	if got := payIn(`"EUR"`, "").is(200); got["outcome"] != "booked" {
		t.Errorf("got %v; want outcome = booked", got)
	}
	w.verifyMoney()
}

// TestLargeSums: amounts at their bounds, and sums of them, are exact.
func TestLargeSums(t *testing.T) {
	const maxPrice = 1_000_000_000_000
	w := newHarness(t, withEuros)
	w.fixCurrency()
	expensive := strings.Replace(newHall, `"price":100`, fmt.Sprint(`"price":`, int64(maxPrice)), 1)
	expensive = strings.Replace(expensive, `"rows":1`, `"rows":2`, 1)
	w.do("POST", "/v1/performances", fmt.Sprintf(expensive, "hall")).is(201)
	w.do("POST", "/v1/products", fmt.Sprintf(`{"id":"tee","name":"n","stock":1000000000,"price":%d}`, int64(maxPrice))).is(201)
	unit := func(quantity int64) string {
		return "/v1/products/tee/reservations/" + w.reserve("tee", "ada",
			fmt.Sprintf(`,"hold":true,"quantity":%d`, quantity)).is(201)["id"].(string)
	}
	for _, quantity := range []string{"101", "999999999"} {
		refused := w.reserve("tee", "ada", `,"hold":true,"quantity":`+quantity)
		if got := refused.problem(409, "limit_exceeded"); got["limit"] != 100.0 {
			t.Errorf("got %v; want limit = 100", got)
		}
	}
	all := unit(100)
	for _, amount := range []int64{1, maxPrice} {
		got := w.do("POST", all+"/confirm", external("all", amount, "")).problem(409, "amount_mismatch")
		if got["expected"] != 100.0*maxPrice {
			t.Errorf("got %v; want expected = %v", got, 100.0*maxPrice)
		}
	}
	if got := w.do("POST", all+"/confirm", external("all", 100*maxPrice, "")).is(200); got["outcome"] != "booked" {
		t.Errorf("got %v; want outcome = booked", got)
	}
	one := unit(1)
	if got := w.do("POST", one+"/confirm", external("one", maxPrice, "")).is(200); got["outcome"] != "booked" {
		t.Errorf("got %v; want outcome = booked", got)
	}
	w.do("DELETE", one, "").is(200)
	w.do("DELETE", all, "").is(200)
	w.do("GET", "/v1/products/tee/report", "").wantFigures("received", 101*maxPrice, "owed", 101*maxPrice, "booked", 0)
	twoSeats := "/v1/bookings/" + w.do("POST", "/v1/performances/hall/bookings",
		`{"holder":"ada","seats":["A-2-1","A-2-2"]}`).is(201)["id"].(string)
	if got := w.do("POST", twoSeats+"/payment", external("two seats", 2*maxPrice, "")).is(200); got["outcome"] != "booked" {
		t.Errorf("got %v; want outcome = booked", got)
	}
	nineSeats := "/v1/bookings/" + w.do("POST", "/v1/performances/hall/bookings",
		`{"holder":"ada","seats":["A-1-1","A-1-2","A-1-3","A-1-4","A-1-5","A-1-6","A-1-7","A-1-8","A-1-9"]}`).is(201)["id"].(string)
	for range 9 {
		w.do("POST", "/v1/wallets/ada/charges", fmt.Sprintf(`{"amount":%d}`, int64(maxPrice))).is(201)
	}
	if got := w.do("POST", nineSeats+"/payment", "").is(200); got["amount"] != 9.0*maxPrice {
		t.Errorf("got %v; want amount = %v", got, 9.0*maxPrice)
	}
	w.do("DELETE", nineSeats+"/seats/A-1-1", "").is(200)
	w.do("POST", "/v1/performances/hall/cancellation", `{"reason":"ill"}`).is(202)
	w.do("DELETE", nineSeats, "").is(200)
	w.do("DELETE", twoSeats, "").is(200)
	if got := w.do("GET", "/v1/wallets/ada", "").is(200); got["balance"] != 9.0*maxPrice {
		t.Errorf("got %v; want balance = %v", got, 9.0*maxPrice)
	}
	w.verifyMoney()
}
