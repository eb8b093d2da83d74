package api

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
)

// hall creates a performance with one section, A, of rows of ten seats at 100 each. more are further
// members.
func (w *harness) hall(id string, rows int, more string) {
	w.t.Helper()
	w.do(
		"POST",
		"/v1/performances",
		fmt.Sprintf(`{"id":%q,"title":"The %s","venue":"Town hall","starts_at":"2031-05-01T20:00:00Z",
		"sections":[{"id":"A","rows":%d,"seats_per_row":10,"price":100}]%s}`, id, id, rows, more),
	).is(201)
}

// book books seats by name.
func (w *harness) book(performance, holder string, seats ...string) answer {
	w.t.Helper()
	return w.do("POST", "/v1/performances/"+performance+"/bookings",
		fmt.Sprintf(`{"holder":%q,"seats":["%s"]}`, holder, strings.Join(seats, `","`)))
}

// charge charges a wallet.
func (w *harness) charge(holder string, amount int) {
	w.t.Helper()
	w.do("POST", "/v1/wallets/"+holder+"/charges", fmt.Sprintf(`{"amount":%d}`, amount)).is(201)
}

// balance returns the balance of a wallet.
func (w *harness) balance(holder string) int {
	w.t.Helper()
	return int(w.do("GET", "/v1/wallets/"+holder, "").is(200)["balance"].(float64))
}

// seatsIn lists the names of the seats in a status, page by page.
func (w *harness) seatsIn(performance, status string) (names []string) {
	w.t.Helper()
	for cursor := ""; ; {
		v := w.do("GET", "/v1/performances/"+performance+"/seats?limit=7&status="+status+"&cursor="+cursor, "").is(200)
		for _, item := range v["items"].([]any) {
			names = append(names, item.(map[string]any)["seat"].(string))
		}
		next, hasMore := v["next"].(string)
		if !hasMore {
			return names
		}
		cursor = next
	}
}

// texts returns the strings of a decoded array.
func texts(v any) (all []string) {
	for _, item := range v.([]any) {
		all = append(all, item.(string))
	}
	return all
}

func TestBookingLifecycle(t *testing.T) {
	const names = "amount cancellation expires_at extended holder id lines performance_id position revision seats status"
	w := newHarness(t)
	w.hall("h", 2, "")
	a := w.book("h", "ada", "A-1-2", "A-1-1")
	v := a.is(201)
	fields(t, v, names)
	path := "/v1/bookings/" + v["id"].(string)
	if a.header.Get("Location") != path || a.header.Get("ETag") != `"0"` || v["status"] != "held" ||
		v["amount"] != float64(200) ||
		strings.Join(texts(v["seats"]), " ") != "A-1-1 A-1-2" ||
		v["performance_id"] != "h" ||
		v["holder"] != "ada" {
		t.Errorf("got %v %v; want a booking held at %s, of two seats for 200, ETag = \"0\"", v, a.header, path)
	}
	if got := w.do("GET", path, ""); got.text != a.text {
		t.Errorf("read: got %s, want %s", got.text, a.text)
	}
	if v := w.do("POST", path+"/payment", `{}`).problem(409, "insufficient_balance"); v["balance"] != float64(0) ||
		v["amount"] != float64(200) {
		t.Errorf("got %v; want balance = 0, amount = 200", v)
	}
	if v := w.do("GET", path, "").is(200); v["status"] != "held" {
		t.Errorf("after a failed payment: got %v; want status = held", v)
	}
	w.charge("ada", 250)
	paid := w.do("POST", path+"/payment", `{}`)
	if v := paid.is(200); v["status"] != "booked" || w.balance("ada") != 50 {
		t.Errorf("got %v, balance %d; want status = booked, 50", v, w.balance("ada"))
	}
	if got := strings.Join(w.seatsIn("h", "booked"), " "); got != "A-1-1 A-1-2" {
		t.Errorf("got booked seats %s, want A-1-1 A-1-2", got)
	}
	w.do("POST", path+"/payment", `{}`).problem(409, "already_confirmed")
	past := fmt.Sprint("?at=", int(v["position"].(float64)))
	if v := w.do("GET", path+past, "").is(200); v["status"] != "held" || v["as_of"] == nil {
		t.Errorf("at the position of the hold: got %v; want status = held, and as_of", v)
	}
	if v := w.do("GET", "/v1/performances/h"+past, "").is(200); v["held"] != float64(2) || v["booked"] != float64(0) ||
		v["remaining"] != float64(18) {
		t.Errorf("at the position of the hold: got %v; want held = 2, booked = 0, remaining = 18", v)
	}
	if v := w.do("GET", "/v1/performances/h/seats"+past+"&status=held", "").is(200); len(v["items"].([]any)) != 2 {
		t.Errorf("at the position of the hold: got %v; want 2 held seats", v)
	}
	deleted := w.do("DELETE", path, "")
	if v := deleted.is(200); v["status"] != "released" || w.balance("ada") != 250 || len(w.seatsIn("h", "free")) != 20 {
		t.Errorf("got %v, balance %d; want status = released, 250, and 20 free seats", v, w.balance("ada"))
	}
	if repeated := w.do("DELETE", path, ""); repeated.text != deleted.text {
		t.Errorf("repeated: got %s, want %s", repeated.text, deleted.text)
	}
	w.do("POST", path+"/payment", "").problem(410, "released")
	var kinds []string
	for _, item := range w.do("GET", "/v1/wallets/ada/entries", "").is(200)["items"].([]any) {
		e := item.(map[string]any)
		kinds = append(kinds, fmt.Sprint(e["kind"], " ", e["amount"], " ", e["balance"]))
	}
	if got := strings.Join(kinds, ", "); got != "charged 250 250, debited 200 50, refunded 200 250" {
		t.Errorf("got entries %s; want charged 250 250, debited 200 50, refunded 200 250", got)
	}
	if v := w.do("GET", "/v1/holders/ada/bookings", "").is(200); len(v["items"].([]any)) != 1 {
		t.Errorf("got %v; want one item", v)
	}
}

func TestRefusedBookingKeepsNothing(t *testing.T) {
	w := newHarness(t)
	w.hall("h", 1, "")
	w.book("h", "ada", "A-1-5", "A-1-6").is(201)
	v := w.book("h", "bob", "A-1-4", "A-1-5", "A-1-6").problem(409, "seat_taken")
	if got := strings.Join(texts(v["seats"]), " "); got != "A-1-5 A-1-6" {
		t.Errorf("got taken seats %s, want A-1-5 A-1-6", got)
	}
	others := v["alternatives"].([]any)
	if len(others) < 1 || len(others) > 3 {
		t.Errorf("got alternatives %v, want 1 to 3", others)
	}
	for _, other := range others {
		if len(texts(other)) != 3 {
			t.Errorf("got the alternative %v, want 3 seats", other)
		}
	}
	if got := w.seatsIn("h", "held"); len(got) != 2 {
		t.Errorf("got held seats %v, want 2", got)
	}
	w.book("h", "bob", texts(others[0])...).is(201)
	v = w.do("POST", "/v1/performances/h/bookings", `{"holder":"c","best_available":{"quantity":8}}`).problem(
		409,
		"sold_out",
	)
	if v["remaining"] != float64(5) || v["sections"].([]any)[0].(map[string]any)["section"] != "A" {
		t.Errorf("got %v; want remaining = 5, sections[0].section = A", v)
	}
	if v := w.do("POST", "/v1/performances/h/bookings",
		`{"holder":"c","best_available":{"quantity":2,"section":"A"}}`).is(201); len(v["seats"].([]any)) != 2 {
		t.Errorf("got %v; want 2 seats", v)
	}
	for body, field := range map[string]string{
		`{"holder":"c"}`: "seats", `{"holder":"c","seats":[]}`: "seats", `{"holder":"c","seats":["A-9-9"]}`: "seats",
		`{"seats":["A-1-1"]}`:                      "holder",
		`{"holder":"c","seats":["A-1-1","A-1-1"]}`: "seats", `{"holder":"c",` +
			`"best_available":{"quantity":51}}`: "best_available.quantity",
		`{"holder":"c","best_available":{"quantity":1,"section":"Z"}}`: "best_available.section",
		`{"holder":"c","best_available":{}}`:                           "best_available.quantity",
	} {
		if v := w.do("POST", "/v1/performances/h/bookings", body).problem(422, "invalid_field"); v["field"] != field {
			t.Errorf("%s: got field %v, want %s", body, v["field"], field)
		}
	}
	if v := w.book("none", "c", "A-1-1").problem(404, "not_found"); v["resource"] != "performance" {
		t.Errorf("got %v; want resource = performance", v)
	}
}

// TestOneSeatManyHolders: of 100 holders who want one seat at the same time, one gets it.
func TestOneSeatManyHolders(t *testing.T) {
	w := newHarness(t)
	w.hall("h", 1, "")
	var mu sync.Mutex
	var all sync.WaitGroup
	codes := map[string]int{}
	for i := range 100 {
		all.Go(func() {
			a := w.book("h", fmt.Sprint("h", i), "A-1-1")
			code := fmt.Sprint(a.status)
			if a.status != 201 {
				code += " " + a.problem(409, "seat_taken")["code"].(string)
			}
			mu.Lock()
			defer mu.Unlock()
			codes[code]++
		})
	}
	all.Wait()
	if codes["201"] != 1 || codes["409 seat_taken"] != 99 {
		t.Errorf("got answers %v; want one 201, and 99 times 409 seat_taken", codes)
	}
}

// TestOverlappingBookings: of 200 holders who book random groups of 1 to 6 of 100 seats, none gets a seat of
// another, and in each set of overlapping groups at least one gets its seats.
func TestOverlappingBookings(t *testing.T) {
	w := newHarness(t)
	w.hall("h", 10, "")
	var mu sync.Mutex
	var all sync.WaitGroup
	owner, wantSeats := map[string]int{}, map[int][]string{}
	for i := range 200 {
		names := map[string]bool{}
		for n, random := 1+i%6, rand.New(rand.NewPCG(7, uint64(i))); len(names) < n; {
			names[fmt.Sprintf("A-%d-%d", 1+random.IntN(10), 1+random.IntN(10))] = true
		}
		var group []string
		for name := range names {
			group = append(group, name)
		}
		wantSeats[i] = group
		all.Go(func() {
			a := w.book("h", fmt.Sprint("h", i), group...)
			if a.status != 201 {
				a.problem(409, "seat_taken")
				return
			}
			mu.Lock()
			defer mu.Unlock()
			for _, name := range texts(a.is(201)["seats"]) {
				if other, twice := owner[name]; twice {
					t.Errorf("%s is in the bookings of holders %d and %d, want one booking", name, other, i)
				}
				owner[name] = i
			}
		})
	}
	all.Wait()
	held := w.seatsIn("h", "held")
	for _, name := range held {
		if _, ok := owner[name]; !ok {
			t.Errorf("%s is held without a booking, want one", name)
		}
	}
	if len(held) != len(owner) {
		t.Errorf("%d seats are held, want the %d in bookings", len(held), len(owner))
	}
	for _, group := range overlapping(wantSeats) {
		succeeded := false
		for _, name := range group {
			_, taken := owner[name]
			succeeded = succeeded || taken
		}
		if !succeeded {
			t.Errorf("no seat of %v is booked, want at least one of the requested groups", group)
		}
	}
}

// overlapping merges the groups that share a seat, directly or through others.
func overlapping(groups map[int][]string) (joined [][]string) {
	for _, group := range groups {
		separate := [][]string{}
		for _, other := range joined {
			if slices.ContainsFunc(other, func(name string) bool { return slices.Contains(group, name) }) {
				group = append(group, other...)
			} else {
				separate = append(separate, other)
			}
		}
		joined = append(separate, group)
	}
	return joined
}
