package api

import (
	"fmt"
	"strings"
	"testing"
)

// standingPlan returns a plan and a performance with the same id. Its floor has three price types.
func standingPlan(id string) (plan, show string) {
	forAll := strings.NewReplacer(`,"accessible":true`, "", `,"companion_of":"a1"`, "")
	plan = forAll.Replace(fmt.Sprintf(parlour, `"id":"`+id+`",`))
	show = strings.NewReplacer(`"plan":"parlour"`, `"plan":"`+id+`"`, `{"type":"steh","amount":1000}`,
		`{"type":"adult","amount":1000},{"type":"student","amount":600},{"type":"press","amount":0,"restricted":true}`).
		Replace(fmt.Sprintf(plannedShow, id))
	return plan, show
}

func init() {
	cells["returnPlace"] = func(m *matrix, owner string) cell {
		m.make("POST", "/v1/wallets/"+owner+"/charges", `{"amount":1000}`)
		id := m.id()
		plan, show := standingPlan(id)
		m.make("POST", "/v1/plans", plan)
		m.make("POST", "/v1/performances", show)
		booked := m.make("POST", "/v1/performances/"+id+"/bookings",
			fmt.Sprintf(`{"holder":%q,"areas":{"floor":1}}`, owner))["id"].(string)
		m.make("POST", "/v1/bookings/"+booked+"/payment", "")
		return of(booked, "floor", "1")
	}
	answersOfKinds = append(answersOfKinds, exercisePlaces)
}

// exercisePlaces sends every kind of request about places of areas.
func exercisePlaces(_ *testing.T, send func(method, path, body string, headers ...string) answer) {
	plan, show := standingPlan("standing")
	send("POST", "/v1/plans", plan).is(201)
	send("POST", "/v1/performances", show).is(201)
	const bookings = "/v1/performances/standing/bookings"
	one := "/v1/bookings/" + send("POST", bookings,
		`{"holder":"eve","seats":["A-1-1"],"areas":{"floor":[{"quantity":1},{"price_type":"student","quantity":2}]}}`).is(201)["id"].(string)
	send("POST", bookings, `{"holder":"eve","areas":{"floor":28}}`).problem(409, "sold_out")
	send("POST", bookings, `{"holder":"eve","areas":{"yard":1}}`).problem(422, "invalid_field")
	send("DELETE", one+"/areas/floor/1", "").problem(409, "not_held")
	send("POST", "/v1/wallets/eve/charges", `{"amount":9000}`).is(201)
	send("POST", one+"/payment", "").is(200)
	send("DELETE", one+"/areas/floor/9", "").problem(404, "not_found")
	send("DELETE", one+"/areas/floor/1", "").is(200)
	send("DELETE", one+"/areas/floor/1", "").is(200)
	send("GET", one, "").is(200)
	send("GET", "/v1/performances/standing", "").is(200)
	send("GET", "/v1/performances/standing/report", "").is(200)
}

// TestBadPlaces: invalid requests for places are refused with the field, and nothing is held.
func TestBadPlaces(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Auth = secret })
	admin, ada := bearer(t, "root", RoleAdmin), bearer(t, "ada", RoleHolder)
	plan, show := standingPlan("show")
	w.do("POST", "/v1/plans", plan, "Authorization", admin).is(201)
	w.do("POST", "/v1/performances", show, "Authorization", admin).is(201)
	for body, code := range map[string]string{
		`"areas":{}`: "invalid_field", `"areas":null`: "invalid_field", `"areas":3`: "invalid_field", `"areas":{"floor":0}`: "invalid_field",
		`"areas":{"floor":-1}`: "invalid_field", `"areas":{"floor":51}`: "invalid_field", `"areas":{"floor":1.5}`: "invalid_field",
		`"areas":{"floor":9223372036854775807}`: "invalid_field", `"areas":{"floor":"3"}`: "invalid_field",
		`"areas":{"floor":null}`: "invalid_field", `"areas":{"floor":[]}`: "invalid_field", `"areas":{"floor":[3]}`: "invalid_field",
		`"areas":{"floor":[{}]}`: "invalid_field", `"areas":{"floor":[{"quantity":0}]}`: "invalid_field",
		`"areas":{"floor":[{"price_type":"student"}]}`:                               "invalid_field",
		`"areas":{"floor":[{"price_type":"","quantity":1}]}`:                         "invalid_field",
		`"areas":{"floor":[{"price_type":"child","quantity":1}]}`:                    "invalid_field",
		`"areas":{"floor":[{"quantity":1},{"quantity":2}]}`:                          "invalid_field",
		`"areas":{"floor":[{"quantity":30},{"price_type":"student","quantity":21}]}`: "invalid_field",
		`"areas":{"floor":[{"quantity":1,"type":"student"}]}`:                        "unknown_field",
		`"areas":{"yard":1}`: "invalid_field", `"areas":{"floor":1,"yard":1}`: "invalid_field", `"areas":{"":1}`: "invalid_field",
		`"seats":["A-1-1"],"areas":{"floor":50}`:                  "invalid_field",
		`"seats":[],"areas":{"floor":1}`:                          "invalid_field",
		`"seats":["A-1-1"],"areas":{"floor":0}`:                   "invalid_field",
		`"best_available":{"quantity":1},"areas":{"floor":1}`:     "invalid_field",
		`"areas":{"floor":[{"price_type":"press","quantity":1}]}`: "forbidden",
		`"areas":{"floor":1},"label":"friends"`:                   "forbidden",
	} {
		status := 422
		if code == "forbidden" {
			status = 403
		}
		w.do("POST", "/v1/performances/show/bookings", "{"+body+"}", "Authorization", ada).problem(status, code)
	}
	if got := w.do("GET", "/v1/performances/show", "").is(200); got["held"] != 0.0 || encoded(t, got["areas"]) !=
		`[{"area":"floor","booked":0,"capacity":30,"held":0,"remaining":30}]` {
		t.Errorf("got %v; want held = 0 and 30 remaining places on the floor", got)
	}
}

// TestSeatsAndPlaces books seats and places together over HTTP, pays, and returns one place.
func TestSeatsAndPlaces(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Auth = secret })
	admin, ada, desk := bearer(t, "root", RoleAdmin), bearer(t, "ada", RoleHolder), bearer(t, "desk", RoleService)
	as := func(token, method, path, body string, headers ...string) answer {
		return w.do(method, path, body, append(headers, "Authorization", token)...)
	}
	expectJSON := func(got any, want string) {
		t.Helper()
		if text := encoded(t, got); text != want {
			t.Errorf("got  %s\nwant %s", text, want)
		}
	}
	plan, show := standingPlan("show")
	as(admin, "POST", "/v1/plans", plan).is(201)
	as(admin, "POST", "/v1/performances", show).is(201)
	const bookings = "/v1/performances/show/bookings"
	const body = `{"seats":["A-1-1",{"seat":"A-1-2","price_type":"student"}],` +
		`"areas":{"floor":[{"quantity":2},{"price_type":"student","quantity":1}]}}`
	const seatLines = `{"price":5000,"price_type":"adult","quantity":1,"seat":"A-1-1"},` +
		`{"price":3000,"price_type":"student","quantity":1,"seat":"A-1-2"},`
	created := as(ada, "POST", bookings, body, "Idempotency-Key", "k").is(201)
	expectJSON([]any{created["amount"], created["areas"], created["seats"]}, `[10600,{"floor":3},["A-1-1","A-1-2"]]`)
	const lines = `[` + seatLines + `{"area":"floor","places":[1,2],"price":1000,"price_type":"adult","quantity":2},` +
		`{"area":"floor","places":[3],"price":600,"price_type":"student","quantity":1}]`
	expectJSON(created["lines"], lines)
	repeated := as(ada, "POST", bookings, body, "Idempotency-Key", "k")
	if repeated.is(201)["id"] != created["id"] || repeated.header.Get("Idempotent-Replay") != "true" {
		t.Errorf("repeated: got %s; want id = %v, Idempotent-Replay = true", repeated.text, created["id"])
	}
	expectJSON(as(ada, "GET", "/v1/performances/show", "").is(200)["areas"],
		`[{"area":"floor","booked":0,"capacity":30,"held":3,"remaining":27}]`)
	out := as(desk, "POST", bookings, `{"holder":"bob","seats":["A-1-3b"],"areas":{"floor":28}}`).problem(409, "sold_out")
	expectJSON([]any{out["remaining"], out["areas"]}, `[27,[{"area":"floor","remaining":27}]]`)
	placesOnly := as(desk, "POST", bookings, `{"holder":"bob","areas":{"floor":[{"price_type":"press","quantity":27}]}}`).is(201)
	expectJSON([]any{placesOnly["amount"], placesOnly["seats"], placesOnly["areas"]}, `[0,[],{"floor":27}]`)
	out = as(desk, "POST", bookings, `{"holder":"cid","areas":{"floor":1}}`).problem(409, "sold_out")
	expectJSON([]any{out["remaining"], out["areas"]}, `[0,[{"area":"floor","remaining":0}]]`)

	one := fmt.Sprint("/v1/bookings/", created["id"])
	as(ada, "DELETE", one+"/areas/floor/2", "").problem(409, "not_held")
	as(admin, "POST", "/v1/wallets/ada/charges", `{"amount":20000}`).is(201)
	as(ada, "POST", one+"/payment", `{}`).is(200)
	for _, none := range []string{"floor/0", "floor/4", "floor/-1", "floor/x", "floor/02", "floor/99999999999999999999", "yard/1", "fl%20/1"} {
		as(ada, "DELETE", one+"/areas/"+none, "").problem(404, "not_found")
	}
	as(bearer(t, "bob", RoleHolder), "DELETE", one+"/areas/floor/2", "").problem(403, "forbidden")
	const remaining = `[` + seatLines + `{"area":"floor","places":[1],"price":1000,"price_type":"adult","quantity":1},` +
		`{"area":"floor","places":[3],"price":600,"price_type":"student","quantity":1}]`
	for range 2 {
		now := as(ada, "DELETE", one+"/areas/floor/2", "").is(200)
		expectJSON([]any{now["areas"], now["lines"], now["status"], now["returned"]}, `[{"floor":2},`+remaining+`,"booked",null]`)
	}
	expectJSON(as(ada, "GET", "/v1/wallets/ada", "").is(200)["balance"], "10400")
	expectJSON(as(ada, "GET", "/v1/performances/show", "").is(200)["areas"],
		`[{"area":"floor","booked":2,"capacity":30,"held":27,"remaining":1}]`)
	checkReport := func() {
		t.Helper()
		report := as(admin, "GET", "/v1/performances/show/report", "").is(200)
		expectJSON([]any{report["sold"], report["held"], report["given_back"], report["received"], report["booked"],
			report["refunded"]}, "[4,27,1,10600,9600,1000]")
		const adult = `{"booked":1000,"category":"Floor","given_back":1,"held":0,"kept":0,"open":0,"owed":0,` +
			`"price_type":"adult","received":2000,"refunded":1000,"sold":1}`
		if got := encoded(t, report["categories"]); !strings.Contains(got, adult) ||
			!strings.Contains(got, `"category":"Floor","given_back":0,"held":27`) {
			t.Errorf("got categories %s; want %s and a price type with 27 held places", got, adult)
		}
	}
	checkReport()
	if list := as(desk, "GET", bookings+"?format=csv", ""); !strings.Contains(list.text, `"{""floor"":2}"`) {
		t.Errorf("got the list %s; want a booking with 2 places on the floor", list.text)
	}
	w.verifyLog()
	w.stop()
	w.start()
	expectJSON(as(ada, "GET", one, "").is(200)["lines"], remaining)
	checkReport()
}
