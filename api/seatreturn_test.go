package api

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestReturnOfASeat: a returned seat is shown in the booking, now and in the past, in reports and in the history.
func TestReturnOfASeat(t *testing.T) {
	w := newHarness(t, withEuros)
	w.fixCurrency()
	until := after(time.Hour)
	w.gig("a", fmt.Sprintf(`,"cancellation":{"until":%q,"refund_percent":33}`, until)).is(201)
	book := func(seats string) string {
		return "/v1/bookings/" + w.do("POST", "/v1/performances/a/bookings", `{"holder":"ann","seats":[`+seats+`]}`).is(
			201)["id"].(string)
	}
	in, out := book(`"A-1-1","A-1-2","A-1-3"`), book(`"A-1-4","A-1-5"`)
	w.do("DELETE", in+"/seats/A-1-1", "").problem(409, "not_held")
	w.do("DELETE", in+"/seats/A-1-9", "").problem(404, "not_found")
	w.do("DELETE", "/v1/bookings/none/seats/A-1-1", "").problem(404, "not_found")
	w.do("POST", out+"/payment-intent", `{"provider":"bank"}`).is(201)
	w.do("DELETE", out+"/seats/A-1-4", "").problem(409, "payment_in_progress")
	w.do("POST", "/v1/wallets/ann/charges", `{"amount":300}`).is(201)
	paid := w.do("POST", in+"/payment", "").is(200)["position"]
	w.do("POST", out+"/payment", external("x", 200, "")).is(200)
	for range 2 {
		v := w.do("DELETE", in+"/seats/A-1-2", "").is(200)
		if fmt.Sprintf("%v %v %v %v %v", v["seats"], v["returned"], v["kept"], v["status"], v["amount"]) != "[A-1-1 A-1-3] [A-1-2] 67 booked 300" {
			t.Errorf("got %v; want A-1-2 returned of three seats, 67 kept", v)
		}
	}
	w.do("DELETE", out+"/seats/A-1-4?override=true&reason=lift", "").is(200)
	last := w.do("DELETE", out+"/seats/A-1-5", "").is(200)
	if last["status"] != "released" || last["kept"] != 134.0 {
		t.Errorf("got %v; want status = released, kept = 134", last)
	}
	w.do("POST", out+"/payment", external("x", 200, "")).is(200) // the price still includes the returned seats
	w.do("POST", "/v1/performances/a/bookings", `{"holder":"bob","seats":["A-1-2","A-1-4"]}`).is(201)
	seen := fmt.Sprintf("?min_position=%v", last["position"])
	if v := w.do("GET", in+seen, "").is(200); fmt.Sprint(v["seats"], v["returned"], v["kept"]) != "[A-1-1 A-1-3] [A-1-2] 67" {
		t.Errorf("got %v; want seats, returned, kept = [A-1-1 A-1-3] [A-1-2] 67", v)
	}
	if v := w.do("GET", fmt.Sprintf("%s?at=%v", in, paid), "").is(200); v["returned"] != nil || len(v["seats"].([]any)) != 3 {
		t.Errorf("got %v; want returned = nil, 3 seats", v)
	}
	var causes []string
	for _, one := range items(w.do("GET", "/v1/refunds", "")) {
		f := one.(map[string]any)
		causes = append(causes, fmt.Sprint(f["cause"], " ", f["amount"]))
	}
	if got := strings.Join(causes, ", "); got != "seat_returned 33, seat_returned 33" {
		t.Errorf("got %v; want seat_returned 33, seat_returned 33", got)
	}
	const report = "/v1/performances/a/report"
	w.do("GET", report+seen, "").wantFigures("sold", 2, "held", 2, "given_back", 3, "received", 500, "booked", 200, "kept", 201,
		"refunded", 33, "owed", 66)
	w.do("GET", fmt.Sprintf("%s?at=%v", report, paid), "").wantFigures("sold", 3, "given_back", 0, "received", 300)
	if v := w.do("DELETE", in, "").is(200); v["kept"] != 201.0 || v["status"] != "released" {
		t.Errorf("got %v; want kept = 201, status = released", v)
	}
	w.do("GET", report+seen, "").wantFigures("sold", 0, "given_back", 5, "received", 500, "booked", 0, "kept", 335,
		"refunded", 99, "owed", 66)
	if v := w.do("GET", "/v1/wallets/ann", "").is(200); v["balance"] != 99.0 {
		t.Errorf("got %v; want balance = 99", v)
	}
	text := fmt.Sprint(w.do("GET", "/v1/history/booking/"+strings.TrimPrefix(out, "/v1/bookings/"), "").is(200))
	if !strings.Contains(text, "the seat A-1-5 was given back") || !strings.Contains(text, "the booking has ended") {
		t.Errorf("got %v; want that the seat A-1-5 was given back, and that the booking has ended", text)
	}
	w.verifyLog()
}
