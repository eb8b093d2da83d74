package api

import (
	"encoding/json"
	"mime"
	"strconv"
	"strings"
	"testing"

	"admitone/actors/core"
	"admitone/api/sockets/sockettest"
)

// send sends a request and checks the answer against the description.
func (d *described) send(w *harness, method, path, body string, headers ...string) answer {
	d.t.Helper()
	a := w.do(method, path, body, headers...)
	template, op := d.operation(method, path)
	if op == nil {
		d.t.Fatalf("%s: got no operation in openapi.yaml, want one", a.what)
	}
	d.requested[method+" "+template] = true
	if a.status < 300 && body != "" {
		content := d.follow(d.follow(op["requestBody"])["content"])["application/json"].(object)
		ref, _ := d.reference(content["schema"])
		d.check("the body of "+a.what, ref, []byte(body))
	}
	responses := op["responses"].(object)
	response := d.follow(responses[strconv.Itoa(a.status)])
	if response == nil && a.status >= 400 {
		response = d.follow(responses["default"])
	}
	if response == nil {
		d.t.Fatalf("%s: got the status %d, want one of the description: %s", a.what, a.status, a.text)
	}
	d.checkContent(a, response)
	d.checkPosition(a, template)
	for name := range d.follow(response["headers"]) {
		if a.header.Get(name) == "" && name != "Retry-After" && name != "Idempotent-Replay" {
			d.t.Errorf("%s: got the header %v, want %s", a.what, a.header, name)
		}
	}
	return a
}

// checkPosition checks that a position in an answer is also in its header, except for visitors: theirs is a
// place in the line.
func (d *described) checkPosition(a answer, template string) {
	var body struct {
		Position *json.Number `json:"position"`
	}
	ofVisitor := strings.Contains(template, "/visitors")
	if a.status >= 300 || ofVisitor || json.Unmarshal([]byte(a.text), &body) != nil || body.Position == nil {
		return
	}
	if got := a.header.Get("Admitone-Position"); got != body.Position.String() {
		d.t.Errorf("%s: got Admitone-Position = %q, want %s", a.what, got, body.Position)
	}
}

// operation finds the operation of a path; one without parameters takes precedence.
func (d *described) operation(method, path string) (template string, op object) {
	path, _, _ = strings.Cut(path, "?")
	parts := strings.Split(path, "/")
	for candidate, methods := range d.at("paths") {
		segments := strings.Split(candidate, "/")
		matches := len(segments) == len(parts)
		for i := 0; matches && i < len(parts); i++ {
			matches = segments[i] == parts[i] || strings.HasPrefix(segments[i], "{")
		}
		operation, ok := methods.(object)[strings.ToLower(method)].(object)
		if matches && ok && (op == nil || !strings.Contains(candidate, "{")) {
			template, op = candidate, operation
		}
	}
	return template, op
}

func (d *described) checkContent(a answer, response object) {
	d.t.Helper()
	contents := d.follow(response["content"])
	if contents == nil {
		if a.text != "" {
			d.t.Errorf("%s: status %d: got the body %[3]s, want none, as none is described", a.what, a.status, a.text)
		}
		return
	}
	kind, _, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	content, ok := contents[kind].(object)
	if err != nil || !ok {
		d.t.Errorf("%s: got the Content-Type %q, want one of the description", a.what, a.header.Get("Content-Type"))
		return
	}
	if strings.HasSuffix(kind, "json") {
		ref, ok := d.reference(content["schema"])
		if !ok {
			d.t.Fatalf("%s: give the answer's schema a name", a.what)
		}
		d.check("the answer to "+a.what, ref, []byte(a.text))
	}
}

// answersOfKinds request the operations of one kind each; the test files of the kinds add theirs.
var answersOfKinds = []func(*testing.T, func(method, path, body string, headers ...string) answer){
	exerciseSeats, exerciseRooms,
}

// TestAnswersAreAsDescribed requests every operation, and causes most codes.
func TestAnswersAreAsDescribed(t *testing.T) {
	w, d := newHarness(t, withEverything), describe(t)
	send := func(method, path, body string, headers ...string) answer {
		t.Helper()
		return d.send(w, method, path, body, headers...)
	}
	const tee = `{"id":"tee","name":"Tee","stock":5,"price":2500,"limit_per_holder":3,"hold_seconds":60}`
	send("POST", "/v1/products", tee).is(201)
	send("POST", "/v1/products", tee).is(200)
	send("POST", "/v1/products", `{"name":"no id","stock":1}`, "Idempotency-Key", "k").is(201)
	send("POST", "/v1/products", `{"id":"tee","name":"Another","stock":5}`).problem(409, "already_exists")
	send("POST", "/v1/products", `{"name":"x","stock":-1}`).problem(422, "invalid_field")
	send("POST", "/v1/products", `{"name":"x","stocks":1}`).problem(422, "unknown_field")
	send("POST", "/v1/products", `{`).problem(400, "malformed_json")
	send("PATCH", "/v1/products/tee", `{"stock":6}`).problem(428, "revision_required")
	send("PATCH", "/v1/products/tee", `{"stock":6,"name":"T"}`, "If-Match", `"0"`).is(200)
	send("PATCH", "/v1/products/tee", `{"stock":7}`, "If-Match", `"0"`).problem(412, "stale_revision")

	const reservations = "/v1/products/tee/reservations"
	held := reservations + "/" + send("POST", reservations,
		`{"holder":"ada","hold":true,"contact":{"name":"Ada","email":"a@b.c","phone":"1"}}`).is(201)["id"].(string)
	sold := reservations + "/" + send("POST", reservations, `{"holder":"ada","quantity":2}`, "Idempotency-Key",
		"r").is(201)["id"].(string)
	if repeated := send("POST", reservations, `{"holder":"ada","quantity":2}`, "Idempotency-Key", "r"); repeated.header.Get(
		"Idempotent-Replay",
	) != "true" {
		t.Errorf("%s: got %v, want Idempotent-Replay = true", repeated.what, repeated.header)
	}
	send("POST", reservations, `{"holder":"ada","quantity":3}`, "Idempotency-Key", "r").problem(
		422,
		"idempotency_key_reused",
	)
	send("POST", reservations, `{"holder":"ada","quantity":1}`).problem(409, "limit_exceeded")
	send("POST", "/v1/products/none/reservations", `{"holder":"ada"}`).problem(404, "not_found")
	send("PATCH", "/v1/products/tee", `{"stock":1}`, "If-Match", `"3"`).problem(409, "limit_exceeded")
	send("GET", held, "").is(200)
	send("PATCH", held, `{"reference":"R-1","metadata":{"channel":"desk"}}`, "If-Match", `"3"`).is(200)
	send("PATCH", held, `{"reference":null}`, "If-Match", `"3"`).problem(412, "stale_revision")
	send("DELETE", "/v1/holders/ada/contact", "").is(200)
	send("POST", held+"/confirm", "").is(200)
	send("POST", held+"/confirm", "").problem(409, "already_confirmed")
	tag := send("GET", sold, "").header.Get("ETag")
	if a := send("GET", sold, "", "If-None-Match", tag); a.status != 304 {
		t.Errorf("%s: status %d, want 304", a.what, a.status)
	}
	send("DELETE", sold, "").is(200)
	send("DELETE", sold, "").is(200)
	send("POST", sold+"/confirm", "").problem(410, "released")
	send("POST", reservations, `{"holder":"bob","quantity":9}`).problem(409, "limit_exceeded")

	for _, path := range []string{"/v1/products", "/v1/products?limit=1", "/v1/products?at=3", "/v1/products/tee",
		"/v1/products/tee?at=3",
		sold, sold + "?at=5", "/v1/events", "/v1/events?after=1&limit=2", "/v1/streams/product-tee/events?from=1",
		"/v1/history/product/tee", "/v1/history/holder/ada", "/healthz", "/readyz"} {
		send("GET", path, "").is(200)
	}
	for path, code := range map[string]string{"/v1/products?limit=0": "bad_parameter",
		"/v1/products?cursor=%21": "bad_cursor",
		"/v1/products/none":       "not_found", sold + "?at=1": "not_found", "/v1/streams/none/events": "not_found"} {
		send("GET", path, "").problem(statuses[core.Code(code)], code)
	}
	exerciseTournaments(send)
	for path, code := range map[string]string{"/v1/products/tee/reservations/none": "not_found",
		"/v1/tournaments/none/entries/a": "not_found"} {
		send("GET", path+"/receipt", "").problem(statuses[core.Code(code)], code)
	}
	for _, path := range []string{held + "/receipt", sold + "/receipt", "/v1/tournaments/cup/entries/c/receipt",
		"/v1/log/head"} {
		send("GET", path, "").is(200)
	}
	for _, kind := range answersOfKinds {
		kind(t, send)
	}
	send("POST", "/v1/batch", `{"commands":[{"method":"POST","path":"/v1/products/tee/reservations","body":{"holder":"cy"}},
		{"method":"GET","path":"/","idempotency_key":"k","admission_pass":"x"}]}`).is(200)
	send("POST", "/v1/backups", "").is(201)
	send("GET", "/v1/cluster", "").is(200)
	send("GET", "/ws", "").problem(426, "upgrade_required")
	send("GET", "/ws/reservations", "").problem(426, "upgrade_required")
	for _, path := range []string{"/", "/tournaments", "/tournaments/cup", "/performances", "/performances/hall",
		"/waiting-rooms", "/waiting-rooms/onsale", "/audit", "/cluster", "/docs", "/openapi.yaml", "/asyncapi.yaml",
		"/client/index.js", "/assets/page.js", "/assets/live.js", "/assets/page.css", "/assets/icon.svg", "/metrics"} {
		if a := send("GET", path, ""); a.status != 200 || a.text == "" {
			t.Errorf("%s: got status %d with %d bytes, want 200 with a body", a.what, a.status, len(a.text))
		}
	}
	for path, methods := range d.at("paths") {
		for method := range methods.(object) {
			if name := strings.ToUpper(method) + " " + path; !d.requested[name] {
				t.Errorf("%s got no request; add one here, or to answersOfKinds", name)
			}
		}
	}
}

// TestFramesAreAsDescribed checks frames against the description.
func TestFramesAreAsDescribed(t *testing.T) {
	w, d := newHarness(t), describe(t)
	w.product("p", 3, `,"hold_seconds":1`)
	p := w.dial("/ws")
	expect := func(event, schema string) sockettest.Data {
		t.Helper()
		f, received := p.Next()
		if f.Event != event {
			t.Fatalf("got %s %s, want %s", f.Event, f.Data, event)
		}
		d.check("a "+event, "#/components/schemas/"+schema, f.Data)
		return received
	}
	p.Send(`{"event":"subscribe","data":{"topics":["product:none"]}}`)
	expect("error", "SocketError")
	p.Send(`{"event":"subscribe","data":{"topics":["product:p"]}}`)
	expect("snapshot", "Snapshot")
	held := w.reserve("p", "ada", `,"hold":true`).is(201)["id"].(string)
	expect("delta", "Delta")
	revision := w.do("GET", "/v1/products/p", "").header.Get("ETag")
	edit := w.do("PATCH", "/v1/products/p", `{"price":5}`, "If-Match", revision)
	if edit.status != 200 && edit.status != 412 { // 412: the hold expired first
		t.Fatalf("%s: status %d: %s; want 200 or 412", edit.what, edit.status, edit.text)
	}
	for received := expect("delta", "Delta"); received.Held != 0; received = expect("delta", "Delta") {
	}
	path := "/v1/products/p/reservations/" + held
	for _, a := range []answer{d.send(w, "POST", path+"/confirm", ""), d.send(w, "DELETE", path, "")} {
		a.problem(410, "hold_expired")
	}
	d.send(w, "GET", path, "").is(200)
}
