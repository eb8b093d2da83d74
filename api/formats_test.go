package api

import (
	"fmt"
	"strings"
	"testing"
)

// TestTimeFormats: bodies and queries accept RFC 3339 only.
func TestTimeFormats(t *testing.T) {
	w := newHarness(t)
	w.product("p", 1, "")
	const hall = `{"title":"t","venue":"v","starts_at":%q,"sections":[{"id":"A","rows":1,"seats_per_row":1,"price":1}]}`
	room := func(at string) answer {
		return w.do(
			"PUT",
			"/v1/waiting-rooms/r",
			fmt.Sprintf(
				`{"admit_per_second":1,"max_active":1,"active_seconds":60,"heartbeat_seconds":9,"status":"open",`+
					`"order":"fifo","opens_at":%q}`,
				at,
			),
		)
	}
	for _, bad := range []string{"2031-05-01T20:00:00+24:00", "2031-05-01T20:00:00,5Z", "2031-05-01T20:00:00",
		"2031-05-01T24:00:00Z", "2031-02-30T20:00:00Z",
		"2031-05-01T8:00:00Z", "2031-05-01 20:00:00Z", "2031-05-01T20:00:61Z", "2031-05-01T20:00:60Z",
		"2031-05-01T20:00:00+02:60", ""} {
		for field, a := range map[string]answer{
			"starts_at": w.do("POST", "/v1/performances", fmt.Sprintf(hall, bad)),
			"register_deadline": w.do("POST", "/v1/tournaments",
				fmt.Sprintf(`{"name":"n","team_limit":1,"register_deadline":%q}`, bad)),
			"opens_at": room(bad),
		} {
			if v := a.problem(422, "invalid_field"); v["field"] != field {
				t.Errorf("%q: got %v; want field = %v", bad, v, field)
			}
		}
		if bad == "" {
			continue // an empty parameter counts as absent
		}
		query := strings.ReplaceAll(strings.ReplaceAll(bad, " ", "%20"), ":", "%3A")
		for _, path := range []string{"/v1/products/p?at=", "/v1/performances?from=", "/v1/performances?to="} {
			w.do("GET", path+query, "").problem(400, "bad_parameter")
		}
	}
	created := w.do("POST", "/v1/performances", fmt.Sprintf(hall, "2031-05-01t20:00:00.5+02:00")).is(201)
	if created["starts_at"] != "2031-05-01T18:00:00.5Z" {
		t.Errorf("starts_at is %v, want 2031-05-01T18:00:00.5Z", created["starts_at"])
	}
	w.do("POST", "/v1/performances", fmt.Sprintf(hall, "2016-12-31T23:59:60Z")).is(201)
	// An unescaped + arrives as a space.
	for query, want := range map[string]int{
		"from=2031-05-01T20:00:00.5+02:00&to=2031-05-01T20:00:00.5+02:00": 1, "from=2031-05-01T20:00:00.6+02:00": 0,
		"from=2031-05-01T20:00:00.5%2B02:00&to=2031-05-01T20:00:00.5%2B02:00": 1,
		"to=2031-05-01T20:00:00.4+02:00&from=2020-01-01":                      0,
		"from=2031-05-01&to=2031-05-01":                                       1,
	} {
		if items := w.get("/v1/performances?" + query).is(200)["items"].([]any); len(items) != want {
			t.Errorf("%s: got %d performances, want %d", query, len(items), want)
		}
	}
	w.get("/v1/products/p?at=2999-05-01T20:00:00+02:00").is(200)
}

// TestWholeNumberFormats: a number is whole if its value is, in every field.
func TestWholeNumberFormats(t *testing.T) {
	w := newHarness(t)
	created := w.do(
		"POST",
		"/v1/products",
		`{"id":"p","name":"1.0 e 1e0","stock":1e1,"price":250.0,"limit_per_holder":0.5e1,"hold_seconds":300.00}`,
	).is(201)
	if created["stock"] != 10.0 || created["price"] != 250.0 || created["limit_per_holder"] != 5.0 ||
		created["name"] != "1.0 e 1e0" {
		t.Errorf("got %v; want stock = 10, price = 250, limit_per_holder = 5, name = 1.0 e 1e0", created)
	}
	w.do("POST", "/v1/products", `{"id":"zero","name":"z","stock":-0,"price":-0.0}`).is(201)
	w.reserve("p", "ada", `,"quantity":1.0`).is(201)
	w.reserve("p", "ada", `,"quantity":20E-1`).is(201)
	for _, bad := range []string{"1.5", "1e400", "-0", "1e-400", "1e99999999999999999999", "0.1e-99999999999999999999",
		"1e19", `"1"`, "-1.0"} {
		if v := w.reserve("p", "ada", `,"quantity":`+bad).problem(422, "invalid_field"); v["field"] != "quantity" {
			t.Errorf("%s: got %v; want field = quantity", bad, v)
		}
	}
	w.reserve("p", "ada", `,"quantity":1.`).problem(400, "malformed_json")
	w.reserve("p", "ada", `,"quantity":1.0,"quantity":1`).problem(400, "malformed_json")
	w.reserve("p", "ada", `,"quantity":1.0,"colour":1`).problem(422, "unknown_field")
	w.do("POST", "/v1/products/p/reservations", `{"quantity":1.0,"holder":"\ud800"}`).problem(
		400,
		"malformed_json",
	) // and not replaced by U+FFFD
	w.do("PATCH", "/v1/products/p", `{"stock":2.0e1}`, "If-Match", `"2"`).is(200)
	w.do("POST", "/v1/wallets/ada/charges", `{"amount":1e3}`).is(201)
	w.do("POST", "/v1/tournaments",
		`{"id":"c","name":"C","team_limit":2.0,"register_deadline":"2999-01-01T00:00:00Z"}`).is(201)
	w.do(
		"POST",
		"/v1/performances",
		`{"id":"h","title":"t","venue":"v","starts_at":"2999-01-01T00:00:00Z","hold_seconds":6e1,`+
			`"sections":[{"id":"A","rows":2.0,"seats_per_row":1e1,"price":5e2}]}`,
	).is(201)
	w.do("POST", "/v1/performances/h/bookings", `{"holder":"ada","best_available":{"quantity":2.0}}`).is(201)
	peer := w.dial("/ws")
	peer.Send(`{"event":"init_products","data":[1.0,"p"]}`)
	if f, _ := peer.Next(); string(f.Data) != `["product_1","product_p"]` {
		t.Errorf("got %s %s; want the data [\"product_1\",\"product_p\"]", f.Event, f.Data)
	}
	peer.Send(`{"event":"subscribe","data":{"topics":["product:p"],"since":{"product:p":1.0},"epoch":"x"}}`)
	for {
		f, d := peer.Next()
		if f.Event == "error" && d.Topic == "" {
			t.Fatalf("got the error %s, want a frame of product:p", f.Data)
		}
		if d.Topic == "product:p" {
			break
		}
	}
}
