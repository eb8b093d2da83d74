package api

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// studio returns a plan whose zone Side Stage is nearest to the focal point. Row 1 of zone A has an aisle, and a
// wheelchair place with a companion's seat. Row 2 has four adjacent seats.
func studio() string {
	var rows []string
	for _, row := range []struct {
		number, category string
		y                int
		at               []int
	}{{"1", "front", 10, []int{0, 10, 20, 60, 70}}, {"2", "back", 40, []int{0, 10, 20, 30}}} {
		var seats []string
		for i, x := range row.at {
			more := map[string]string{"12": `,"accessible":true`, "13": `,"companion_of":"12"`}[row.number+fmt.Sprint(i-1)]
			seats = append(seats, fmt.Sprintf(`{"seat_guid":"%s%d","seat_number":"%d","position":{"x":%d,"y":0},"category":%q%s}`,
				row.number, i-1, i+1, x, row.category, more))
		}
		rows = append(rows, fmt.Sprintf(`{"row_number":%q,"position":{"x":0,"y":%d},"seats":[%s]}`, row.number, row.y,
			strings.Join(seats, ",")))
	}
	return `{"id":"studio","name":"Studio","size":{"width":100,"height":100},"focal_point":{"x":35,"y":0},
		"categories":[{"name":"front"},{"name":"back"}],"zones":[
		{"name":"Side Stage","position":{"x":35,"y":0},"rows":[{"row_number":"1","seats":[
		{"seat_guid":"s","seat_number":"1","position":{"x":0,"y":0},"category":"back"}]}]},
		{"zone_id":"A","position":{"x":0,"y":0},"rows":[` + strings.Join(rows, ",") + `]}]}`
}

// TestBestInAPlan: the best seats of a performance in a plan are chosen by their positions.
func TestBestInAPlan(t *testing.T) {
	w := newHarness(t)
	w.do("POST", "/v1/plans", studio()).is(201)
	w.do("POST", "/v1/performances", `{"id":"show","title":"t","venue":"v","starts_at":"2099-05-01T20:00:00Z","plan":"studio",
		"prices":{"front":500,"back":300}}`).is(201)
	book := func(best string) answer {
		t.Helper()
		return w.do("POST", "/v1/performances/show/bookings", `{"holder":"ada","best_available":`+best+`}`)
	}
	for _, test := range []struct {
		about, best string
		want        []any
	}{
		{"the nearest to the focal point, in a different zone", `{"quantity":1}`, []any{"Side Stage-1-1"}},
		{"not across the aisle", `{"quantity":4}`, []any{"A-2-1", "A-2-2", "A-2-3", "A-2-4"}},
		{"a place for a wheelchair and its companion", `{"quantity":2,"accessible":true}`, []any{"A-1-4", "A-1-5"}},
		{"no single seat remains", `{"quantity":2}`, []any{"A-2-3", "A-2-4"}},
		{"of a zone", `{"quantity":3,"zone":"A"}`, []any{"A-1-1", "A-1-2", "A-1-3"}},
		{"of a zone with a blank in its name", `{"quantity":1,"zone":"Side Stage"}`, []any{"Side Stage-1-1"}},
		{"of a category", `{"quantity":4,"category":"back"}`, []any{"A-2-1", "A-2-2", "A-2-3", "A-2-4"}},
	} {
		created := book(test.best)
		if created.status != 201 || !reflect.DeepEqual(created.is(201)["seats"], test.want) {
			t.Fatalf("%s: got %d %s, want the seats %v", test.about, created.status, created.text, test.want)
		}
		w.do("DELETE", "/v1/bookings/"+created.is(201)["id"].(string), "").is(200)
		w.do("GET", "/v1/performances/show/seats", "").is(200) // waits for the views
	}
	soldOut := book(`{"quantity":4,"category":"front"}`).problem(409, "sold_out")
	if soldOut["remaining"] != 3.0 { // the wheelchair place and the companion's seat do not count
		t.Errorf("got %v; want remaining = 3", soldOut)
	}
	for _, invalid := range []string{`{"quantity":1,"category":"none"}`, `{"quantity":1,"category":""}`, `{"quantity":1,"zone":"none"}`,
		`{"quantity":1,"zone":"A","section":"A"}`, `{"zone":"A"}`} {
		book(invalid).problem(422, "invalid_field")
	}
	w.do("PUT", "/v1/performances/show/blocks", `{"rows":["A-2"],"label":"press"}`).is(200)
	w.do("GET", "/v1/performances/show/seats", "").is(200) // waits for the views
	taken := w.do("POST", "/v1/performances/show/bookings", `{"holder":"ada","seats":["A-2-1","A-2-2"]}`).problem(409, "seat_taken")
	if others := taken["alternatives"].([]any); len(others) != 2 || !reflect.DeepEqual(others[0], []any{"A-1-2", "A-1-3"}) &&
		!reflect.DeepEqual(others[0], []any{"A-1-1", "A-1-2"}) {
		t.Errorf("got %v; want 2 alternatives, the first of them %v or %v",
			taken, []any{"A-1-2", "A-1-3"}, []any{"A-1-1", "A-1-2"})
	}
	w.do("POST", "/v1/performances", fmt.Sprintf(newHall, "plain")).is(201)
	for _, invalid := range []string{`{"quantity":1,"category":"front"}`, `{"quantity":1,"accessible":true}`} {
		w.do("POST", "/v1/performances/plain/bookings", `{"holder":"ada","best_available":`+invalid+`}`).problem(422, "invalid_field")
	}
}
