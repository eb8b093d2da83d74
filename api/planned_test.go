package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"admitone/events"
	"admitone/projections/row"
)

const plannedShow = `{"id":%q,"title":"Winterreise","venue":"Parlour","starts_at":"2099-05-01T20:00:00Z","plan":"parlour",
	"prices":{"Stalls":[{"type":"adult","amount":5000},{"type":"student","amount":3000},{"type":"press","amount":0,"restricted":true}],
	"Box":9000,"Floor":[{"type":"steh","amount":1000}]}}`

// planned puts a performance in the parlour on sale, with all of its seats unrestricted.
func (w *harness) planned(id string) {
	w.t.Helper()
	forAll := strings.NewReplacer(`,"accessible":true`, "", `,"companion_of":"a1"`, "")
	w.do("POST", "/v1/plans", forAll.Replace(fmt.Sprintf(parlour, `"id":"parlour",`)))
	w.do("POST", "/v1/performances", fmt.Sprintf(plannedShow, id)).is(201)
}

func TestPerformanceInAPlan(t *testing.T) {
	w := newHarness(t)
	w.planned("show")
	show := w.do("GET", "/v1/performances/show", "").is(200)
	sections := show["sections"].([]any)
	first := sections[0].(map[string]any)
	if show["plan"] != "parlour" || show["capacity"] != 3.0 || len(sections) != 1 || first["id"] != "A" || first["name"] != "Stalls" ||
		first["capacity"] != 3.0 || first["price"] != nil || first["seats_per_row"] != nil {
		t.Errorf("got %v; want the plan parlour with one section A of 3 seats, without a price", show)
	}
	var want any
	w.must(json.Unmarshal([]byte(fmt.Sprintf(plannedShow, "show")), &want))
	if prices := want.(map[string]any)["prices"]; !reflect.DeepEqual(show["prices"], prices) {
		t.Errorf("prices %v, want %v", show["prices"], prices)
	}
	if repeated := w.do("POST", "/v1/performances", fmt.Sprintf(plannedShow, "show")); repeated.status != 200 {
		t.Errorf("repeated: got %d %s, want 200", repeated.status, repeated.text)
	}
	w.do("POST", "/v1/performances", strings.Replace(fmt.Sprintf(plannedShow, "show"), "9000", "9001", 1)).problem(409, "already_exists")
	seats := func(query string) (all []string) {
		t.Helper()
		for _, seat := range w.do("GET", "/v1/performances/show/seats"+query, "").is(200)["items"].([]any) {
			s := seat.(map[string]any)
			all = append(all, fmt.Sprint(s["seat"], " ", s["status"], " ", s["price"]))
		}
		return all
	}
	if got := seats(""); !slices.Equal(got, []string{"A-1-1 free 5000", "A-1-2 free 5000", "A-1-3b free 9000"}) {
		t.Errorf("got %q; want %v", got, []string{"A-1-1 free 5000", "A-1-2 free 5000", "A-1-3b free 9000"})
	}
	w.do("POST", "/v1/performances/show/bookings", `{"holder":"ada","seats":["A-1-3"]}`).problem(422, "invalid_field")
	created := w.do("POST", "/v1/performances/show/bookings", `{"holder":"ada","seats":["A-1-3b","A-1-1"]}`).is(201)
	if created["amount"] != 14000.0 || !reflect.DeepEqual(created["seats"], []any{"A-1-1", "A-1-3b"}) {
		t.Errorf("got %v; want amount = 14000, seats = %v", created, []any{"A-1-1", "A-1-3b"})
	}
	taken := w.do("POST", "/v1/performances/show/bookings", `{"holder":"bob","seats":["A-1-1"]}`).problem(409, "seat_taken")
	if others := taken["alternatives"].([]any); len(others) == 0 || !reflect.DeepEqual(others[0], []any{"A-1-2"}) {
		t.Errorf("got %v; want %v as the first alternative", taken, []any{"A-1-2"})
	}
	w.do("PUT", "/v1/performances/show/seats/A-1-2/block", "").is(200)
	w.do("PUT", "/v1/performances/show/seats/A-1-3/block", "").problem(404, "not_found")
	if got := seats("?section=A"); !slices.Equal(got, []string{"A-1-1 held 5000", "A-1-2 blocked 5000", "A-1-3b held 9000"}) {
		t.Errorf("got %q; want %v", got, []string{"A-1-1 held 5000", "A-1-2 blocked 5000", "A-1-3b held 9000"})
	}
	sold := w.do("POST", "/v1/performances/show/bookings", `{"holder":"bob","best_available":{"quantity":1,"section":"A"}}`)
	sold.problem(409, "sold_out")
	w.do("DELETE", "/v1/performances/show/seats/A-1-2/block", "").is(200)
	best := w.do("POST", "/v1/performances/show/bookings", `{"holder":"bob","best_available":{"quantity":1,"section":"A"}}`,
		"Idempotency-Key", "best").is(201)
	if !reflect.DeepEqual(best["seats"], []any{"A-1-2"}) {
		t.Errorf("got %v; want seats = %v", best, []any{"A-1-2"})
	}
	now := seats("")
	past := w.do("GET", fmt.Sprintf("/v1/performances/show?at=%v", created["position"]), "").is(200)
	if past["held"] != 2.0 || past["blocked"] != 0.0 || past["plan"] != "parlour" {
		t.Errorf("got %v; want held = 2, blocked = 0, plan = parlour", past)
	}
	seat, err := row.SeatAt(context.Background(), w.store, "show~A-1-3b", events.EndPosition)
	w.must(err)
	if seat == nil || seat.Status != events.SeatIsHeld {
		t.Errorf("got the seat %+v, want it held", seat)
	}
	w.verifyLog()
	w.stop()
	w.start()
	if repeated := seats(""); !slices.Equal(repeated, now) {
		t.Errorf("after a restart: got %q, want %q", repeated, now)
	}
	w.do("POST", "/v1/performances/show/bookings", `{"holder":"cy","seats":["A-1-2"]}`).problem(409, "seat_taken")
}

func TestPricesOfAPlan(t *testing.T) {
	w := newHarness(t)
	w.planned("show")
	edit := func(tag, prices string) answer {
		return w.do("PATCH", "/v1/performances/show", `{"prices":`+prices+`}`, "If-Match", tag)
	}
	edited := edit(`"e0"`, `{"Box":[{"type":"adult","amount":8000},{"type":"child","amount":10}],"Floor":1}`).is(200)
	want := `{"Box":[{"amount":8000,"type":"adult"},{"amount":10,"type":"child"}],"Floor":1,"Stalls":[{"amount":5000,"type":"adult"},` +
		`{"amount":3000,"type":"student"},{"amount":0,"restricted":true,"type":"press"}]}`
	if got := encoded(t, edited["prices"]); got != want {
		t.Errorf("prices %s, want %s", got, want)
	}
	for prices, code := range map[string]string{
		`{"Nowhere":1}`: "invalid_field", `{"Box":-1}`: "invalid_field", `{"Box":1.5}`: "invalid_field", `{"Box":[]}`: "invalid_field",
		`{"Box":[{"type":"a","amount":1},{"type":"a","amount":2}]}`: "invalid_field", `{"Box":[{"amount":1}]}`: "invalid_field",
		`{"Box":[{"type":"a","amount":1,"x":1}]}`: "unknown_field", `{"Box":null}`: "invalid_field", `{"Box":"1"}`: "invalid_field",
	} {
		edit(`"e1"`, prices).problem(422, code)
	}
	w.do("POST", "/v1/performances", fmt.Sprintf(newHall, "rows")).is(201)
	w.do("PATCH", "/v1/performances/rows", `{"prices":{"A":[{"type":"a","amount":1}]}}`, "If-Match", `"e0"`).problem(422, "invalid_field")
	w.do("PATCH", "/v1/performances/rows", `{"prices":{"A":7}}`, "If-Match", `"e0"`).is(200)
	for _, change := range [][2]string{
		{`"plan":"parlour"`, `"plan":"none"`}, {`"plan":"parlour"`, `"plan":"no/ne"`},
		{`"plan":"parlour",`, `"plan":"parlour","sections":[],`}, {`"plan":"parlour",`, ""}, {`"Box":9000,`, ""},
		{`"Box":9000,`, `"Box":9000,"Other":1,`}, {`"Box":9000`, `"Box":[{"type":"` + strings.Repeat("t", 65) + `","amount":1}]`},
		{`"Box":9000`, `"Box":1000000000001`},
	} {
		body := strings.Replace(fmt.Sprintf(plannedShow, "other"), change[0], change[1], 1)
		w.do("POST", "/v1/performances", body).problem(422, "invalid_field")
	}
	w.verifyLog()
	w.stop()
	w.start()
	if repeated := w.do("GET", "/v1/performances/show", "").is(200); encoded(t, repeated["prices"]) != want {
		t.Errorf("after a restart %v; want prices = %v", repeated["prices"], want)
	}
}

// TestSeatNamesOfPlansInPaths: seats are found in paths and queries whatever characters their zone's id has.
func TestSeatNamesOfPlansInPaths(t *testing.T) {
	w := newHarness(t)
	for i, zone := range []string{"Rang links", "a/b", "ä~b", "100%", "x?y#z", ".."} {
		id := fmt.Sprint("hall", i)
		text, err := json.Marshal(zone)
		w.must(err)
		body := strings.Replace(fmt.Sprintf(parlour, `"id":"`+id+`",`), `"zone_id":"A"`, `"zone_id":`+string(text), 1)
		w.do("POST", "/v1/plans", body).is(201)
		w.do("POST", "/v1/performances", strings.Replace(fmt.Sprintf(plannedShow, id), "parlour", id, 1)).is(201)
		path := "/v1/performances/" + id + "/seats/" + url.PathEscape(zone+"-1-3b") + "/block"
		if blocked := w.do("PUT", path, "").is(200); blocked["seat"] != zone+"-1-3b" {
			t.Errorf("got %v; want seat = %v", blocked, zone+"-1-3b")
		}
		seats := w.do("GET", "/v1/performances/"+id+"/seats?status=blocked&section="+url.QueryEscape(zone), "").is(200)["items"].([]any)
		if len(seats) != 1 {
			t.Errorf("%s: got %v; want one seat", zone, seats)
		}
		booked := w.do("POST", "/v1/performances/"+id+"/bookings", `{"holder":"ada","best_available":{"quantity":2,"accessible":true,"section":`+
			string(text)+`}}`).is(201)
		if len(booked["seats"].([]any)) != 2 {
			t.Errorf("got %v; want 2 seats", booked)
		}
		w.do("POST", "/v1/wallets/ada/charges", `{"amount":10000}`).is(201)
		one := fmt.Sprint("/v1/bookings/", booked["id"])
		w.do("POST", one+"/payment", "").is(200)
		w.do("DELETE", one+"/seats/"+url.PathEscape(zone+"-1-9"), "").problem(404, "not_found")
		w.do("DELETE", one+"/seats/"+url.PathEscape(zone+"-1-1"), "").is(200)
	}
	w.verifyLog()
}

// TestTopicsOfAPlan: frames of seats have the plan's rows and names, those of the performance its prices.
func TestTopicsOfAPlan(t *testing.T) {
	w, d := newHarness(t), describe(t)
	w.planned("show")
	seats, show := w.dial("/ws"), w.dial("/ws")
	expect := func(event, schema string, parts ...string) {
		t.Helper()
		c := seats
		if strings.HasPrefix(schema, "Performance") {
			c = show
		}
		f, _ := c.Next()
		d.check(event, "#/components/schemas/"+schema, f.Data)
		for _, part := range parts {
			if f.Event != event || !strings.Contains(string(f.Data), part) {
				t.Errorf("got %s %s, want %s with %s", f.Event, f.Data, event, part)
			}
		}
	}
	seats.Send(`{"event":"subscribe","data":{"topics":["seats:show"]}}`)
	show.Send(`{"event":"subscribe","data":{"topics":["performance:show"]}}`)
	expect("snapshot", "SeatsSnapshot", `"plan":"parlour"`, `"sections":[{"id":"A","rows":["fff"]}]`)
	expect("snapshot", "PerformanceSnapshot", `"plan":"parlour"`, `"Box":9000`, `"id":"A","name":"Stalls","capacity":3`)
	w.do("PUT", "/v1/performances/show/seats/A-1-3b/block", "").is(200)
	expect("delta", "SeatsDelta", `"seats":{"A-1-3b":"blocked"}`)
	expect("delta", "PerformanceDelta", `"sections":[{"id":"A","remaining":2`)
	w.do("PATCH", "/v1/performances/show", `{"prices":{"Box":1}}`, "If-Match", `"e0"`).is(200)
	expect("delta", "PerformanceDelta", `"Box":1`)
}

// TestPriceTypes: a booking keeps the price and the price type of each seat, and restricted price types are
// refused to holders.
func TestPriceTypes(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Auth = secret })
	admin, ada, desk := bearer(t, "root", RoleAdmin), bearer(t, "ada", RoleHolder), bearer(t, "desk", RoleService)
	as := func(token, method, path, body string, headers ...string) answer {
		return w.do(method, path, body, append(headers, "Authorization", token)...)
	}
	withPress := strings.Replace(fmt.Sprintf(parlour, `"id":"parlour",`), `"seats":[`, `"seats":[`+
		`{"seat_guid":"p1","seat_number":"p1","category":"Press"},{"seat_guid":"p2","seat_number":"p2","category":"Press"},`, 1)
	withPress = strings.Replace(withPress, `{"name":"Box"}`, `{"name":"Box"},{"name":"Press"}`, 1)
	as(admin, "POST", "/v1/plans", withPress).is(201)
	as(admin, "POST", "/v1/performances", strings.Replace(fmt.Sprintf(plannedShow, "show"), `"Box":9000`,
		`"Box":9000,"Press":[{"type":"free","amount":0,"restricted":true},{"type":"half","amount":2000,"restricted":true}]`, 1)).is(201)
	const bookings = "/v1/performances/show/bookings"
	for seats, code := range map[string]string{
		`{"seat":"A-1-1","price_type":"press"}`: "forbidden", `"A-1-p1"`: "forbidden", `{"seat":"A-1-p1"}`: "forbidden",
		`{"seat":"A-1-p1","price_type":"half"}`: "forbidden", `{"seat":"A-1-1","price_type":"child"}`: "invalid_field",
		`{"seat":"A-1-3b","price_type":"adult"}`: "invalid_field", `{"price_type":"adult"}`: "invalid_field", `7`: "invalid_field",
		`{"seat":"A-1-1","type":"adult"}`: "unknown_field", `{"seat":"A-1-1","price_type":null}`: "invalid_field",
	} {
		status := 422
		if code == "forbidden" {
			status = 403
		}
		as(ada, "POST", bookings, `{"seats":[`+seats+`]}`).problem(status, code)
	}
	created := as(ada, "POST", bookings, `{"seats":["A-1-1",{"seat":"A-1-2","price_type":"student"},{"seat":"A-1-3b"}]}`,
		"Idempotency-Key", "k").is(201)
	const lines = `[{"price":5000,"price_type":"adult","quantity":1,"seat":"A-1-1"},` +
		`{"price":3000,"price_type":"student","quantity":1,"seat":"A-1-2"},{"price":9000,"quantity":1,"seat":"A-1-3b"}]`
	if created["amount"] != 17000.0 || encoded(t, created["lines"]) != lines {
		t.Errorf("got %v; want amount = 17000, lines = %v", created, lines)
	}
	as(admin, "PATCH", "/v1/performances/show", `{"prices":{"Stalls":1}}`, "If-Match", `"e0"`).is(200)
	repeated := as(ada, "POST", bookings, `{"seats":["A-1-1",{"seat":"A-1-2","price_type":"student"},{"seat":"A-1-3b"}]}`, "Idempotency-Key", "k")
	if encoded(t, repeated.is(201)["lines"]) != lines || repeated.header.Get("Idempotent-Replay") != "true" {
		t.Errorf("got %s; want lines = %v, Idempotent-Replay = true", repeated.text, lines)
	}
	as(ada, "POST", bookings, `{"best_available":{"quantity":1}}`).problem(409, "sold_out")
	press := as(desk, "POST", bookings, `{"holder":"bob","best_available":{"quantity":1}}`).is(201)
	if got := encoded(t, press["lines"]); !strings.Contains(got, `"price":0,"price_type":"free"`) {
		t.Errorf("got the lines %s; want one with price = 0, price_type = free", got)
	}
	as(admin, "POST", "/v1/wallets/ada/charges", `{"amount":20000}`).is(201)
	one := fmt.Sprint("/v1/bookings/", created["id"])
	as(ada, "POST", one+"/payment", `{}`).is(200)
	as(ada, "DELETE", one+"/seats/A-1-2", "").is(200)
	if got := as(ada, "GET", one, "").is(200); strings.Contains(encoded(t, got["lines"]), "student") {
		t.Errorf("got %v; want no student in lines", got)
	}
	report := as(admin, "GET", "/v1/performances/show/report", "").is(200)
	if got, want := encoded(t, report["categories"]), `{"booked":5000,"category":"Stalls","given_back":0,"held":0,"kept":0,"open":0,`+
		`"owed":0,"price_type":"adult","received":5000,"refunded":0,"sold":1},`; !strings.Contains(got, want) ||
		!strings.Contains(got, `"given_back":1,"held":0,"kept":0,"open":0,"owed":0,"price_type":"student","received":3000,"refunded":3000,"sold":0`) ||
		!strings.Contains(got, `"category":"Press","given_back":0,"held":1`) {
		t.Errorf("the categories are %s; want %s, a returned student seat and a held press seat", got, want)
	}
	if section := report["sections"].([]any)[0].(map[string]any); section["sold"] != 2.0 || section["booked"] != 14000.0 || report["sold"] != 2.0 {
		t.Errorf("got %v; want sold = 2, booked = 14000, sold = 2", report)
	}
	w.verifyLog()
	w.stop()
	w.start()
	if got := as(ada, "GET", one, "").is(200); encoded(t, got["lines"]) != strings.Replace(lines,
		`{"price":3000,"price_type":"student","quantity":1,"seat":"A-1-2"},`, "", 1) {
		t.Errorf("after a restart %v; want lines = %v",
			got, strings.Replace(lines, `{"price":3000,"price_type":"student","quantity":1,"seat":"A-1-2"},`, "", 1))
	}
}
