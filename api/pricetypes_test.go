package api

import (
	"fmt"
	"strings"
	"testing"
)

// pricedHall is a plan with the id hall. Zone A has a row with a wheelchair place and its companion's seat, and
// a row of the category Press, which only a service sells; zone B has another row.
const pricedHall = `{"id":"hall","name":"Hall","size":{"width":100,"height":100},
"categories":[{"name":"Stalls","color":"#112233"},{"name":"Press","color":"#445566"}],
"zones":[{"name":"A","zone_id":"A","position":{"x":0,"y":0},"rows":[
{"row_number":"1","position":{"x":0,"y":0},"seats":[
{"seat_guid":"a1","seat_number":"1","category":"Stalls","position":{"x":0,"y":0}},
{"seat_guid":"a2","seat_number":"2","category":"Stalls","position":{"x":1,"y":0}},
{"seat_guid":"a3","seat_number":"3","category":"Stalls","position":{"x":2,"y":0},"accessible":true},
{"seat_guid":"a4","seat_number":"4","category":"Stalls","position":{"x":3,"y":0},"companion_of":"a3"}]},
{"row_number":"2","position":{"x":0,"y":5},"seats":[
{"seat_guid":"b1","seat_number":"1","category":"Press","position":{"x":0,"y":0}},
{"seat_guid":"b2","seat_number":"2","category":"Press","position":{"x":1,"y":0}},
{"seat_guid":"b3","seat_number":"3","category":"Press","position":{"x":2,"y":0}}]}]},
{"name":"B","zone_id":"B","position":{"x":0,"y":50},"rows":[{"row_number":"1","position":{"x":0,"y":0},"seats":[
{"seat_guid":"c1","seat_number":"1","category":"Stalls","position":{"x":0,"y":0}},
{"seat_guid":"c2","seat_number":"2","category":"Stalls","position":{"x":1,"y":0}}]}]}]}`

const pricedShow = `{"id":%q,"title":"T","venue":"V","starts_at":"2031-05-01T20:00:00Z","plan":"hall",%s
"prices":{"Stalls":[{"type":"adult","amount":500},{"type":"student","amount":300},{"type":"guest","amount":0,"restricted":true}],
"Press":[{"type":"free","amount":0,"restricted":true},{"type":"student","amount":100,"restricted":true}]}}`

// TestBestSeatsByPriceType: seats are requested by the number of each price type, and found in categories that
// have all of these types.
func TestBestSeatsByPriceType(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Auth = secret })
	admin, ada, desk := bearer(t, "root", RoleAdmin), bearer(t, "ada", RoleHolder), bearer(t, "desk", RoleService)
	w.do("POST", "/v1/plans", pricedHall, "Authorization", admin).is(201)
	w.do("POST", "/v1/performances", fmt.Sprintf(pricedShow, "show", ""), "Authorization", admin).is(201)
	w.do("POST", "/v1/performances", fmt.Sprintf(pricedShow, "soon", `"opens_at":"2031-04-01T00:00:00Z",`),
		"Authorization", admin).is(201)
	w.do("POST", "/v1/performances", fmt.Sprintf(newHall, "plain"), "Authorization", admin).is(201)
	best := func(token, show, members string) answer {
		holder := ""
		if token == desk {
			holder = `"holder":"bob",`
		}
		return w.do("POST", "/v1/performances/"+show+"/bookings", `{`+holder+`"best_available":{`+members+`}}`,
			"Authorization", token)
	}
	for members, field := range map[string]string{
		`"quantity":2,"price_types":{}`:                                        "best_available.price_types",
		`"quantity":2,"price_types":{"adult":1}`:                               "best_available.price_types",
		`"quantity":2,"price_types":{"adult":3,"student":-1}`:                  "best_available.price_types",
		`"quantity":2,"price_types":{"adult":9223372036854775807,"student":3}`: "best_available.price_types",
		`"quantity":2,"price_types":{"adult":1,"child":1}`:                     "best_available.price_types",
		`"quantity":1,"price_types":{"free":1},"category":"Stalls"`:            "best_available.price_types",
	} {
		if a := best(ada, "show", members).problem(422, "invalid_field"); a["field"] != field {
			t.Errorf("%s: got %v; want field = %v", members, a, field)
		}
	}
	best(ada, "show", `"quantity":1,"price_types":{"adult":1.5}`).problem(422, "invalid_field")
	best(ada, "plain", `"quantity":1,"price_types":{"adult":1}`).problem(422, "invalid_field")
	for _, members := range []string{`"quantity":2,"price_types":{"adult":1,"guest":1}`, `"quantity":1,"category":"Press"`,
		`"quantity":1,"price_types":{"free":1}`, `"quantity":1,"price_types":{"student":1},"category":"Press"`} {
		best(ada, "show", members).problem(403, "forbidden")
		best(ada, "soon", members).problem(403, "forbidden") // takes precedence over the sale times
		best(desk, "soon", members).problem(409, "not_open")
	}
	for _, seats := range []string{`"A-2-1"`, `{"seat":"A-1-1","price_type":"guest"}`} {
		w.do("POST", "/v1/performances/soon/bookings", `{"seats":[`+seats+`]}`, "Authorization", ada).problem(403, "forbidden")
	}
	w.do("POST", "/v1/performances/soon/bookings", `{"seats":["A-1-1"]}`, "Authorization", ada).problem(409, "not_open")

	created := best(ada, "show", `"quantity":2,"price_types":{"student":1,"adult":1}`).is(201)
	if got := encoded(t, created["lines"]); created["amount"] != 800.0 || !strings.Contains(got, `"price":500,"price_type":"adult"`) {
		t.Errorf("got %v; want amount = 800, with an adult's line of 500", created)
	}
	press := best(desk, "show", `"quantity":2,"price_types":{"free":2}`).is(201)
	if got := encoded(t, press["seats"]); !strings.Contains(got, "A-2-") {
		t.Errorf("got %v; want seats of row A-2", press)
	}
	if a := best(ada, "show", `"quantity":3,"price_types":{"student":3}`).problem(409, "sold_out"); a["remaining"] != 2.0 {
		t.Errorf("got %v; want remaining = 2", a)
	}
	w.verifyLog()
}

// TestAlternativesAreForTheCaller: seats with restricted price types only are offered to a service,
// not to a holder.
func TestAlternativesAreForTheCaller(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Auth = secret })
	admin, ada, desk := bearer(t, "root", RoleAdmin), bearer(t, "ada", RoleHolder), bearer(t, "desk", RoleService)
	w.do("POST", "/v1/plans", pricedHall, "Authorization", admin).is(201)
	w.do("POST", "/v1/performances", fmt.Sprintf(pricedShow, "show", ""), "Authorization", admin).is(201)
	const bookings = "/v1/performances/show/bookings"
	w.do("POST", bookings, `{"holder":"bob","seats":["A-1-1","A-1-2"]}`, "Authorization", desk).is(201)
	for token, holder := range map[string]string{ada: "", desk: `"holder":"cy",`} {
		a := w.do("POST", bookings, `{`+holder+`"seats":["A-1-1","A-1-2"]}`, "Authorization", token).problem(409, "seat_taken")
		got := encoded(t, a["alternatives"])
		if !strings.Contains(got, `"B-1-1","B-1-2"`) || strings.Contains(got, "A-2-") != (token == desk) {
			t.Errorf("%q is offered %s; want \"B-1-1\",\"B-1-2\" in it, and seats of row A-2: %t",
				holder, got, token == desk)
		}
	}
}

// TestAccessibleSoldOut: the remaining number counts one place for all zones, and no companion's
// seat without its place.
func TestAccessibleSoldOut(t *testing.T) {
	w := newHarness(t)
	w.do("POST", "/v1/plans", pricedHall).is(201)
	w.do("POST", "/v1/performances", fmt.Sprintf(pricedShow, "show", "")).is(201)
	const bookings = "/v1/performances/show/bookings"
	a := w.do("POST", bookings, `{"holder":"ada","best_available":{"quantity":7,"accessible":true,"category":"Stalls"}}`).
		problem(409, "sold_out")
	if got := encoded(t, a["sections"]); a["remaining"] != 6.0 || !strings.Contains(got, `"remaining":4,"section":"A"`) {
		t.Errorf("got %v; want remaining = 6, of which 4 in section A", a)
	}
	w.do("POST", bookings, `{"holder":"ada","best_available":{"quantity":6,"accessible":true,"category":"Stalls"}}`).is(201)
	w.do("PUT", "/v1/performances/show/seats/A-2-1/block", "")
	if a := w.do("POST", bookings, `{"holder":"ada","best_available":{"quantity":1,"accessible":true}}`).
		problem(409, "sold_out"); a["remaining"] != 0.0 {
		t.Errorf("got %v; want remaining = 0", a)
	}
}
