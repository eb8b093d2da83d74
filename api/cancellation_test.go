package api

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// buySeat books a seat and pays for it from the holder's wallet, which it charges first. It returns the path of the
// booking.
func (w *harness) buySeat(id, holder, seat string) string {
	w.t.Helper()
	booking := "/v1/bookings/" + w.bookSeat(id, holder, seat).is(201)["id"].(string)
	w.do("POST", "/v1/wallets/"+holder+"/charges", `{"amount":100}`).is(201)
	w.do("POST", booking+"/payment", "").is(200)
	return booking
}

// TestCancellationPolicy: a booking is refunded by the policy at the time of the booking, unless an admin overrides it.
func TestCancellationPolicy(t *testing.T) {
	w := newHarness(t)
	until := after(time.Hour)
	v := w.gig("a", fmt.Sprintf(`,"cancellation":{"until":%q,"refund_percent":33}`, until)).is(201)
	if rule := v["cancellation"].(map[string]any); rule["until"] != until || rule["refund_percent"] != 33.0 {
		t.Errorf("got %v; want until = %v, refund_percent = 33", v, until)
	}
	w.gig("a", "").problem(409, "already_exists")
	inTime, other := w.buySeat("a", "ann", "A-1-1"), w.buySeat("a", "ann", "A-1-2")
	edit := func(tag, body string) answer { return w.do("PATCH", "/v1/performances/a", body, "If-Match", tag) }
	past := after(-time.Hour)
	edit(`"e0"`, fmt.Sprintf(`{"cancellation":{"until":%q,"refund_percent":80}}`, past)).is(200)
	late := w.buySeat("a", "bob", "A-1-3")
	if v := edit(`"e1"`, `{"cancellation":null}`).is(200); v["cancellation"] != nil {
		t.Errorf("got %v; want cancellation = nil", v)
	}
	free := w.buySeat("a", "cy", "A-1-4")
	for range 2 {
		if v := w.do("DELETE", inTime, "").is(200); v["kept"] != 67.0 || v["status"] != "released" {
			t.Errorf("got %v; want kept = 67, status = released", v)
		}
	}
	if v := w.do("DELETE", late, "").problem(409, "cancellation_closed"); v["until"] != past {
		t.Errorf("got %v; want until = %v", v, past)
	}
	for query, field := range map[string]string{"?override=true": "reason", "?override=1&reason=x": "override",
		"?reason=x": "reason", "?override=true&reason=" + strings.Repeat("x", 201): "reason",
		"?override=true&reason=a%0Ab": "reason", "?override=true&reason=a%E2%80%AEb": "reason"} {
		if v := w.do("DELETE", late+query, "").problem(400, "bad_parameter"); !strings.Contains(v["detail"].(string), field) {
			t.Errorf("%s: got %v; want %s in the detail", query, v, field)
		}
	}
	if v := w.do("DELETE", late+"?override=true&reason=lift+broken", "").is(200); v["kept"] != 20.0 {
		t.Errorf("got %v; want kept = 20", v)
	}
	if v := w.do("DELETE", free, "").is(200); v["kept"] != nil {
		t.Errorf("got %v; want kept = nil", v)
	}
	edit(`"e2"`, fmt.Sprintf(`{"starts_at":%q}`, past)).is(200) // the default policy ends at the start
	if v := w.do("DELETE", other, "").problem(409, "cancellation_closed"); v["until"] != past {
		t.Errorf("got %v; want until = %v", v, past)
	}
	for holder, want := range map[string]float64{"ann": 33, "bob": 80, "cy": 100} {
		if v := w.do("GET", "/v1/wallets/"+holder, "").is(200); v["balance"] != want {
			t.Errorf("got balance %v of %s, want %v", v["balance"], holder, want)
		}
	}
	text := fmt.Sprint(w.do("GET", "/v1/history/booking/"+strings.TrimPrefix(late, "/v1/bookings/"), "").is(200))
	if !strings.Contains(text, `because: \"lift broken\"`) && !strings.Contains(text, `because: "lift broken"`) {
		t.Errorf("got the history %s; want the reason lift broken in it", text)
	}
	w.verifyLog()
	for body, field := range map[string]string{
		`{"until":"x","refund_percent":1}`: "cancellation.until", `{"refund_percent":1}`: "cancellation",
		`{"until":"2031-01-01T00:00:00Z"}`:                      "cancellation",
		`{"until":"2031-01-01T00:00:00Z","refund_percent":101}`: "cancellation.refund_percent",
		`{"until":"2031-01-01T00:00:00Z","refund_percent":"1"}`: "cancellation.refund_percent",
		`{"until":"2031-01-01T00:00:00Z","refund_percent":1.5}`: "cancellation.refund_percent",
		`{"until":7,"refund_percent":1}`:                        "cancellation.until", `7`: "cancellation",
	} {
		if v := edit(`"e3"`, `{"cancellation":`+body+`}`).problem(422, "invalid_field"); v["field"] != field {
			t.Errorf("%s: got %v; want field = %v", body, v, field)
		}
	}
	unknown := `{"cancellation":{"until":"2031-01-01T00:00:00Z","refund_percent":1,"percent":1}}`
	if v := edit(`"e3"`, unknown).problem(422, "unknown_field"); v["field"] != "cancellation.percent" {
		t.Errorf("got %v; want field = cancellation.percent", v)
	}
	policy := `{"cancellation":{"until":"2031-01-01T00:00:00Z","refund_percent":5.0e1}}`
	if v := edit(`"e3"`, policy).is(200)["cancellation"].(map[string]any); v["refund_percent"] != 50.0 {
		t.Errorf("got %v; want refund_percent = 50", v)
	}
}

// TestInvalidFlags: dry_run and override are refused if they are misspelt, or have an invalid value or reason, and
// nothing changes.
func TestInvalidFlags(t *testing.T) {
	w := newHarness(t, withSweeps)
	w.gig("a", "").is(201)
	path := w.held("a", "ann", "A-1-1")
	w.do("POST", "/v1/wallets/ann/charges", `{"amount":100}`).is(201)
	w.do("POST", path+"/payment", "").is(200)
	before := w.head()
	for _, query := range []string{"dry_run", "dry_run=", "dry_run=TRUE", "dry_run=1", "dry_run=false&dry_run=true",
		"dry_run=true&dry_run=true", "dryrun=true", "dry-run=true", "Dry_run=true", "override=true"} {
		w.do("POST", "/v1/performances/a/cancellation?"+query, `{"reason":"x"}`).problem(400, "bad_parameter")
	}
	for _, query := range []string{"override", "override=", "override=TRUE&reason=x", "override=1&reason=x",
		"override=false&override=true&reason=x", "override=true", "override=true&reason=", "override=true&reason=%20",
		"override=true&reason=%FF", "override=true&reason=a%C0%80b", "override=true&reason=a%0Ab", "override=false&reason=x",
		"reason=x"} {
		w.do("DELETE", path+"?"+query, "").problem(400, "bad_parameter")
		w.do("DELETE", path+"/seats/A-1-1?"+query, "").problem(400, "bad_parameter")
	}
	if now := w.head(); now != before {
		t.Errorf("%d events were written, want none", now-before)
	}
	w.do("POST", "/v1/performances/a/cancellation?dry_run=true&limit=1&min_position=1", `{"reason":"x"}`).is(200)
	w.do("POST", "/v1/performances/a/cancellation?dry_run=false&limit=1", `{"reason":"x"}`).is(202)
}
