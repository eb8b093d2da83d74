package api

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// exerciseBlocks sends every kind of request about blocks of the hall, whose row A-2 must be free.
func exerciseBlocks(send func(method, path, body string, headers ...string) answer) {
	const path = "/v1/performances/hall/blocks"
	send("PUT", path, `{"seats":["A-2-3","A-2-2"],"label":"press"}`).is(200)
	send("PUT", path, `{"rows":["A-1"],"label":"press"}`).problem(409, "seat_taken")
	send("PUT", path, `{"rows":["A-9"],"label":"press"}`).problem(422, "invalid_field")
	send("PUT", "/v1/performances/none/blocks", `{"rows":["A-1"],"label":"press"}`).problem(404, "not_found")
	send("GET", path, "")
	send("GET", "/v1/performances/none/blocks", "").problem(404, "not_found")
	send("DELETE", path, "").problem(400, "bad_parameter")
	send("DELETE", path+"?label=press", "").is(200)
	send("DELETE", "/v1/performances/none/blocks?label=press", "").problem(404, "not_found")
}

// TestBlocks: seats under a label are listed, booked by a service that names it, and blocked again
// afterwards.
func TestBlocks(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Auth = secret })
	admin, service, ada := bearer(t, "root", RoleAdmin), bearer(t, "shop", RoleService), bearer(t, "ada", RoleHolder)
	as := func(actor, method, path, body string) answer {
		t.Helper()
		return w.do(method, path, body, "Authorization", actor)
	}
	as(admin, "POST", "/v1/performances", fmt.Sprintf(newHall, "hall")).is(201)
	const blocks, bookings = "/v1/performances/hall/blocks", "/v1/performances/hall/bookings"
	expectBlocks := func(want string) {
		t.Helper()
		a := as(service, "GET", blocks, "")
		var got, wanted any
		if err := json.Unmarshal([]byte(want), &wanted); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(a.text), &got); err != nil || a.status != 200 || !reflect.DeepEqual(got, wanted) {
			t.Errorf("got %d %s, want %s", a.status, a.text, want)
		}
	}
	expectBlocks(`[]`)
	as(admin, "PUT", blocks, `{"seats":["A-1-2","A-1-1"],"label":"press"}`).is(200)
	as(admin, "PUT", blocks, `{"seats":["A-1-2","A-1-3"],"label":"crew"}`).problem(409, "seat_taken")
	as(admin, "PUT", "/v1/performances/hall/seats/A-1-3/block", "").is(200)
	expectBlocks(`[{"label":"","seats":["A-1-3"],"areas":{}},{"label":"press","seats":["A-1-1","A-1-2"],"areas":{}}]`)
	for _, body := range []string{`{"label":"press"}`, `{"seats":["A-1-1"],"rows":["A-1"],"label":"press"}`,
		`{"seats":[],"label":"press"}`, `{"rows":[],"label":"press"}`, `{"seats":["A-1-1"]}`,
		`{"seats":["A-1-1"],"label":"a\nb"}`, `{"seats":["A-1-1","A-1-1"],"label":"press"}`} {
		as(admin, "PUT", blocks, body).problem(422, "invalid_field")
	}
	as(ada, "POST", bookings, `{"seats":["A-1-1"]}`).problem(409, "seat_taken")
	as(ada, "POST", bookings, `{"seats":["A-1-1"],"label":"press"}`).problem(403, "forbidden")
	as(service, "POST", bookings, `{"holder":"bob","seats":["A-1-1"],"label":"crew"}`).problem(409, "seat_taken")
	as(service, "POST", bookings, `{"holder":"bob","best_available":{"quantity":1},"label":"press"}`).problem(422, "invalid_field")
	created := as(service, "POST", bookings, `{"holder":"bob","seats":["A-1-1"],"label":"press"}`).is(201)
	expectBlocks(`[{"label":"","seats":["A-1-3"],"areas":{}},{"label":"press","seats":["A-1-2"],"areas":{}}]`)
	as(service, "DELETE", "/v1/bookings/"+created["id"].(string), "").is(200)
	expectBlocks(`[{"label":"","seats":["A-1-3"],"areas":{}},{"label":"press","seats":["A-1-1","A-1-2"],"areas":{}}]`)
	deleted := as(admin, "DELETE", blocks+"?label=press", "").is(200)
	if want := []any{"A-1-1", "A-1-2"}; !reflect.DeepEqual(deleted["seats"], want) {
		t.Errorf("got unblocked seats %v, want %v", deleted["seats"], want)
	}
	expectBlocks(`[{"label":"","seats":["A-1-3"],"areas":{}}]`)
	as(ada, "POST", bookings, `{"seats":["A-1-1"]}`).is(201)
}

// TestLargeBlocks: the body of an admin may have up to 1 MiB. A large body of any other caller is not read.
func TestLargeBlocks(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Auth = secret })
	admin := bearer(t, "root", RoleAdmin)
	w.do("POST", "/v1/performances", fmt.Sprintf(newHall, "hall"), "Authorization", admin).is(201)
	const path = "/v1/performances/hall/blocks"
	body := func(size int) string {
		text := `{"seats":["A-1-1"],"label":"press"`
		return text + strings.Repeat(" ", size-len(text)-1) + "}"
	}
	for _, size := range []int{maxBody, maxBody + 1, maxBlockBody} {
		w.do("PUT", path, body(size), "Authorization", admin).is(200)
	}
	for _, size := range []int{maxBlockBody + 1, maxBlockBody + largeSlack, maxBlockBody + largeSlack + 1} {
		a := w.do("PUT", path, body(size), "Authorization", admin).problem(413, "body_too_large")
		if detail := fmt.Sprint(a["detail"]); !strings.Contains(detail, "1 MiB") {
			t.Errorf("%d bytes: got the detail %q, want the limit 1 MiB in it", size, detail)
		}
	}
	w.do("PUT", path, body(maxBlockBody), "Authorization", bearer(t, "ada", RoleHolder)).problem(403, "forbidden")
	w.do("PUT", path, body(maxBlockBody)).problem(401, "unauthenticated")
	w.do("PATCH", "/v1/performances/hall", body(maxBody+1), "Authorization", admin, "If-Match", `"e0"`).
		problem(413, "body_too_large")
	for _, other := range []string{"/v1/performances//blocks", "/v1/performances/a/b/blocks", "/v1/performances/blocks",
		"/v1/performances/hall/blocks/"} {
		if (&largeBody{path: "/v1/performances/*/blocks"}).matches(other) {
			t.Errorf("matches(%q) = true, want false", other)
		}
	}
}
