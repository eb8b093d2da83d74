package api

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
)

func TestBatchRefusals(t *testing.T) {
	w := newHarness(t)
	w.product("p", 50, "")
	good := cmd("POST", reservations, `{"holder":"ada"}`)
	list := func(commands ...string) string { return `{"commands":[` + strings.Join(commands, ",") + `]}` }
	for _, test := range []struct {
		body        string
		status      int
		code, field string
	}{
		{"", 400, "malformed_json", ""},
		{"[]", 422, "invalid_field", ""},
		{"{}", 422, "invalid_field", "commands"},
		{`{"commands":null}`, 422, "invalid_field", "commands"},
		{`{"commands":{}}`, 422, "invalid_field", "commands"},
		{list(), 422, "invalid_field", "commands"},
		{list(good, "null"), 422, "invalid_field", "commands[1].method"},
		{list(good, "7"), 422, "invalid_field", "commands[1]"},
		{list(good, good, `{"path":"/"}`), 422, "invalid_field", "commands[2].method"},
		{list(good, `{"method":"POST"}`), 422, "invalid_field", "commands[1].path"},
		{list(good, `{"method":"POST","path":7}`), 422, "invalid_field", "commands[1].path"},
		{list(good, `{"method":null,"path":"/"}`), 422, "invalid_field", "commands[1].method"},
		{list(good, `{"method":"POST","path":"/","idempotency_key":null}`), 422, "invalid_field",
			"commands[1].idempotency_key"},
		{list(good, `{"method":"POST","path":"/","admission_pass":[]}`), 422, "invalid_field", "commands[1].admission_pass"},
		{list(good, `{"method":"POST","path":"/","headers":{}}`), 422, "unknown_field", "commands[1].headers"},
		{`{"commands":[` + good + `],"atomic":true}`, 422, "unknown_field", "atomic"},
		{`{"commands":[` + good + `],"commands":[]}`, 400, "malformed_json", ""},
		{list(`{"method":"POST","path":"/","path":"/"}`), 400, "malformed_json", ""},
		{list(cmd("POST", reservations, `{"holder":"ada","holder":"bob"}`)), 400, "malformed_json", ""},
		{list(good, cmd("POST", reservations, strings.Repeat("[", 60)+strings.Repeat("]", 60))), 400, "malformed_json", ""},
		{list(good) + "x", 400, "malformed_json", ""},
		{list(good, "\"\xff\""), 400, "malformed_json", ""},
		{list(good) + strings.Repeat(" ", maxBatchBody), 413, "body_too_large", ""},
		{list(good) + strings.Repeat(" ", 3*maxBatchBody), 413, "body_too_large", ""},
		{list(strings.Split(strings.Repeat(good+" ", maxBatchCommands+1), " ")[:maxBatchCommands+1]...), 422,
			"invalid_field", "commands"},
	} {
		a := w.do("POST", "/v1/batch", test.body, "Content-Type", "application/json")
		v := a.problem(test.status, test.code)
		if field, _ := v["field"].(string); field != test.field {
			t.Errorf("%s: got field %q, want %q", a.what, field, test.field)
		}
		if test.status == 413 && !strings.Contains(v["detail"].(string), "1 MiB") {
			t.Errorf("got %v; want a detail with the limit 1 MiB", v)
		}
	}
	w.do("POST", "/v1/batch", list(good), "Content-Type", "text/plain").problem(415, "unsupported_media_type")
	w.do("GET", "/v1/batch", "").problem(405, "method_not_allowed")
	if v := w.do("GET", "/v1/products/p", "").is(200); v["sold"] != 0. {
		t.Errorf("after refused batches: got %v; want sold = 0", v)
	}
}

// TestBatchReachesNoOtherRoute: a command for a route that is not batchable is refused, and the other
// commands are answered.
func TestBatchReachesNoOtherRoute(t *testing.T) {
	w := newHarness(t)
	w.product("p", 50, "")
	long := strings.Repeat("x", maxHeader)
	for _, test := range []struct {
		method, path, more string
		status             int
		code               string
	}{
		{"POST", "/v1/batch", `,"body":{"commands":[]}`, 404, "not_found"},
		{"POST", "/v1/products", `,"body":{"name":"n","stock":1}`, 404, "not_found"},
		{"PATCH", "/v1/products/p", `,"body":{"price":1}`, 404, "not_found"},
		{"GET", "/v1/products/p", "", 404, "not_found"},
		{"GET", reservations, "", 405, "method_not_allowed"},
		{"PUT", reservations, "", 405, "method_not_allowed"},
		{"post", reservations, "", 405, "method_not_allowed"},
		{"", reservations, "", 405, "method_not_allowed"},
		{"POST /v1/products", reservations, "", 405, "method_not_allowed"},
		{"GET", "/metrics", "", 404, "not_found"},
		{"POST", "/yardstick", `,"body":{"holder":"ada"}`, 404, "not_found"},
		{"POST", "/v1/bookings/x/extension", "", 404, "not_found"},
		{"POST", reservations + "/", `,"body":{"holder":"ada"}`, 404, "not_found"},
		{"POST", "/V1/products/p/reservations", `,"body":{"holder":"ada"}`, 404, "not_found"},
		{"POST", "/v1/products/../products/p/reservations", `,"body":{"holder":"ada"}`, 404, "not_found"},
		{"POST", "/v1/x/%2e%2e/products/p/reservations", `,"body":{"holder":"ada"}`, 404, "not_found"},
		{"POST", "/v1/products/p%2Freservations", `,"body":{"holder":"ada"}`, 404, "not_found"},
		{"POST", "/v1//products/p/reservations", `,"body":{"holder":"ada"}`, 404, "not_found"},
		{"POST", "//v1/products/p/reservations", `,"body":{"holder":"ada"}`, 404, "not_found"},
		{"POST", "/v1/products/%zz/reservations", `,"body":{"holder":"ada"}`, 400, "bad_parameter"},
		{"POST", "http://" + w.address + reservations, `,"body":{"holder":"ada"}`, 400, "bad_parameter"},
		{"POST", "v1/products/p/reservations", `,"body":{"holder":"ada"}`, 400, "bad_parameter"},
		{"POST", "", `,"body":{"holder":"ada"}`, 400, "bad_parameter"},
		{"POST", "*", "", 400, "bad_parameter"},
		{"POST", reservations + "#x", `,"body":{"holder":"ada"}`, 400, "bad_parameter"},
		{"POST", reservations + " HTTP/1.1\r\nX: y", `,"body":{"holder":"ada"}`, 400, "bad_parameter"},
		{"POST", reservations, `,"body":{"holder":"ada"},"idempotency_key":"a\r\nIdempotency-Key: b"`, 400, "bad_parameter"},
		{"POST", reservations, `,"body":{"holder":"ada"},"admission_pass":"a\nb"`, 400, "bad_parameter"},
		{"POST", "/" + long, "", 431, "request_header_too_large"},
		{"POST", reservations, `,"body":{"holder":"` + strings.Repeat("x", maxBody) + `"}`, 413, "body_too_large"},
	} {
		path, err := json.Marshal(test.path)
		w.must(err)
		text := fmt.Sprintf(`{"method":%q,"path":%s%s}`, test.method, path, test.more)
		all := w.batch([]string{text, cmd("POST", "/v1/products/none/reservations", `{"holder":"ada"}`)}).answers(2)
		all[0].wantCode(test.status, test.code)
		all[1].wantCode(404, "not_found")
	}
	if v := w.do("GET", "/v1/products/p", "").is(200); v["sold"] != 0. || v["price"] != 0. {
		t.Errorf("after refused commands: got %v; want sold = 0, price = 0", v)
	}
}

// TestBatchWithAPanic: a command whose handler panics is answered with internal, and the others run.
func TestBatchWithAPanic(t *testing.T) {
	w := newHarness(t)
	w.product("p", 50, "")
	bug := func(c *fiber.Ctx) error {
		return commandOf(c).route(c, w.server.batches.unknown, func(*request) error { panic("a bug") })
	}
	w.server.batches.app.Add("POST", "/v1/products/bug", bug)
	w.server.batches.app.Add("POST", "/v1/bookings/bug", bug)
	w.server.batches.serve = w.server.batches.app.Handler()
	good := cmd("POST", reservations, `{"holder":"ada"}`)
	all := w.batch(
		[]string{good, cmd("POST", "/v1/products/bug", ""), good, cmd("POST", "/v1/bookings/bug", ""), good},
	).answers(5)
	all[1].wantCode(500, "internal")
	all[3].wantCode(500, "internal")
	for _, i := range []int{0, 2, 4} {
		all[i].is(201)
	}
	if !strings.Contains(w.log.String(), "a handler panicked") {
		t.Errorf("got the log %s; want a line about the panic", w.log)
	}
	w.log.clear()
}

func TestBatchCallers(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Auth = secret })
	w.do("POST", "/v1/products", `{"id":"p","name":"n","stock":9}`, "Authorization", bearer(t, "root", RoleAdmin)).is(201)
	one := `{"commands":[` + cmd("POST", reservations, `{}`) + `]}`
	large := one + strings.Repeat(" ", 500<<10)
	for _, body := range []string{one, large, one + strings.Repeat(" ", 2<<20)} {
		w.do("POST", "/v1/batch", body).problem(401, "unauthenticated")
		w.do("POST", "/v1/batch", body, "Authorization", "Bearer x").problem(401, "unauthenticated")
		w.do("POST", "/v1/batch", body, "Authorization", bearer(t, "gate", RoleDoor)).problem(403, "forbidden")
	}
	for _, body := range []string{one, large} {
		a := w.do("POST", "/v1/batch", body, "Authorization", bearer(t, "ada", RoleHolder)).answers(1)[0]
		if v := a.is(201); v["holder"] != "ada" {
			t.Errorf("got %v; want holder = ada", v)
		}
	}
}
