package api

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"admitone/actors"
	"admitone/actors/product"
)

// raw sends text verbatim and returns the response. If text has a body, it must contain its
// Content-Length.
func (w *harness) raw(text string) answer {
	w.t.Helper()
	conn, err := net.Dial("tcp", w.address)
	w.must(err)
	defer conn.Close()
	fmt.Fprint(conn, text)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	w.must(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	w.must(err)
	line, _, _ := strings.Cut(text, "\r\n")
	return answer{w.t, line, response.StatusCode, response.Header, string(body)}
}

// get sends the target verbatim, which a client library would normalize or refuse.
func (w *harness) get(target string, headers ...string) answer {
	w.t.Helper()
	return w.raw(
		"GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + strings.Join(
			append(headers, ""),
			"\r\n",
		) + "\r\n",
	)
}

// post sends a body with the header lines verbatim.
func (w *harness) post(target, body string, headers ...string) answer {
	w.t.Helper()
	return w.raw(
		fmt.Sprintf(
			"POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: "+
				"application/json\r\nContent-Length: %d\r\n%s\r\n%s",
			target,
			len(body),
			strings.Join(append(headers, ""), "\r\n"),
			body,
		),
	)
}

// TestInvalidIdempotencyKeys: an invalid key is refused on every POST, and not treated as absent.
func TestInvalidIdempotencyKeys(t *testing.T) {
	w := newHarness(t)
	w.product("p", 50, "")
	held := w.reserve("p", "ada", `,"hold":true`).is(201)["id"].(string)
	w.do("POST", "/v1/teams", `{"id":"t","name":"T"}`).is(201)
	w.do("POST", "/v1/tournaments", `{"id":"c","name":"C","team_limit":2,"register_deadline":"2999-01-01T00:00:00Z"}`).is(
		201,
	)
	for target, body := range map[string]string{
		"/v1/products": `{"id":"q","name":"q","stock":1}`, "/v1/products/p/reservations": `{"holder":"ada"}`,
		"/v1/products/p/reservations/" + held + "/confirm": "", "/v1/wallets/ada/charges": `{"amount":5}`,
		"/v1/tournaments/c/entries": `{"team_id":"t"}`, "/v1/bookings/none/payment": "{}",
		"/v1/waiting-rooms/none/visitors": `{"holder":"ada"}`,
	} {
		for _, headers := range [][]string{
			{"Idempotency-Key:"}, {"Idempotency-Key: \t "}, {"Idempotency-Key: a",
				"Idempotency-Key: a"}, {"Idempotency-Key: a", "idempotency-key: b"},
			{"Idempotency-Key:", "Idempotency-Key: a"}, {"Idempotency-Key: a b"}, {"Idempotency-Key: a, " +
				"b"}, {"Idempotency-Key: \xc3\xa9"},
			{"Idempotency-Key: " + strings.Repeat("k", 129)},
		} {
			a := w.post(target, body, headers...)
			a.what += strings.Join(headers, " ")
			a.problem(400, "bad_parameter")
		}
	}
	if v := w.do("GET", "/v1/products/p", "").is(200); v["revision"] != float64(1) {
		t.Errorf("after refused keys: got %v, want revision = 1", v)
	}
	w.post("/v1/products/p/reservations", `{"holder":"ada"}`, "Idempotency-Key: ~"+strings.Repeat("!", 127)).is(201)
	w.post("/v1/products/p/reservations", `{"holder":"ada"}`, "Idempotency-Key:   k \t").is(201)
	if a := w.reserve("p", "ada", "", "Idempotency-Key", "k"); a.header.Get("Idempotent-Replay") != "true" {
		t.Errorf("the key without its spaces: got %d %v, want a replay", a.status, a.header)
	}
}

// TestRetryWithEquivalentBody: a retry with equivalent JSON is recognized, even if an earlier
// version recorded the first request by its bytes.
func TestRetryWithEquivalentBody(t *testing.T) {
	w := newHarness(t)
	w.product("p", 50, "")
	const path = "/v1/products/p/reservations"
	post := func(body string) answer { return w.do("POST", path, body, "Idempotency-Key", "k") }
	first := post(`{"holder":"ada","quantity":2,"hold":true}`)
	first.is(201)
	for _, same := range []string{`{"hold":true,"quantity":2,"holder":"ada"}`,
		"{\n\t\"holder\": \"\\u0061da\", \"quantity\": 2.0, \"hold\": " +
			"true}\n", `{"holder":"ada","quantity":2e0,"hold":true}`} {
		if a := post(same); a.status != 201 || a.text != first.text || a.header.Get("Idempotent-Replay") != "true" {
			t.Errorf("%s: got %d %s; want status = 201, text = %v, Idempotent-Replay = true", same, a.status, a.text, first.text)
		}
	}
	for _, other := range []string{`{"holder":"ada","quantity":3,"hold":true}`, `{"holder":"ada","quantity":2}`,
		`{"holder":"ada","quantity":2,"hold":false}`} {
		post(other).problem(422, "idempotency_key_reused")
	}
	confirm := func(body string) answer {
		return w.do("POST", path+"/"+first.is(201)["id"].(string)+"/confirm", body, "Idempotency-Key", "c")
	}
	confirm("").is(200)
	if a := confirm("{ }"); a.status != 200 || a.header.Get("Idempotent-Replay") != "true" {
		t.Errorf("an empty object instead of no body: got %d %s; want status = 200, Idempotent-Replay = true", a.status, a.text)
	}
	// An earlier version derived the command id from the bytes of path and body.
	body := `{"quantity":1, "holder":"bob"}`
	command := product.Reserve{ReservationID: actors.NewID(), Holder: "bob", Quantity: 1}
	_, err := w.server.config.Desk.Ask(
		t.Context(),
		actors.Request{
			Stream:        product.Stream("p"),
			Command:       &command,
			CorrelationID: "r",
			CausationID:   "r",
			Actor:         "bob",
			ID:            actors.KeyedCommandID("bob", "old", []byte("POST"), []byte(path), []byte(body)),
		},
	)
	w.must(err)
	repeated := w.do("POST", path, body, "Idempotency-Key", "old")
	if v := repeated.is(201); v["id"] != command.ReservationID.String() ||
		repeated.header.Get("Idempotent-Replay") != "true" {
		t.Errorf("got %s, want the replay of the reservation %s", repeated.text, command.ReservationID)
	}
	w.do("POST", path, `{"quantity":2, "holder":"bob"}`, "Idempotency-Key", "old").problem(422, "idempotency_key_reused")
	if v := w.do("GET", "/v1/products/p", "").is(200); v["sold"] != float64(3) {
		t.Errorf("sold %v, want 3", v["sold"])
	}
}

// TestBookingRetryWithEquivalentBody is TestRetryWithEquivalentBody for multi-step commands.
func TestBookingRetryWithEquivalentBody(t *testing.T) {
	w := newHarness(t)
	w.hall("h", 2, "")
	post := func(body string) answer {
		return w.do("POST", "/v1/performances/h/bookings", body, "Idempotency-Key", "k")
	}
	first := post(`{"holder":"ada","best_available":{"quantity":2}}`)
	first.is(201)
	if a := post(`{"best_available" : {"quantity":2.0}, "holder":"ada"}`); a.text != first.text ||
		a.header.Get("Idempotent-Replay") != "true" {
		t.Errorf("got %d %s; want text = %v, Idempotent-Replay = true", a.status, a.text, first.text)
	}
	post(`{"holder":"ada","best_available":{"quantity":3}}`).problem(422, "idempotency_key_reused")
	pay := func(body string) answer {
		return w.do("POST", "/v1/bookings/"+first.is(201)["id"].(string)+"/payment", body, "Idempotency-Key", "p")
	}
	w.do("POST", "/v1/wallets/ada/charges", `{"amount":100000}`).is(201)
	pay("{}").is(200)
	if a := pay(""); a.status != 200 || a.header.Get("Idempotent-Replay") != "true" {
		t.Errorf("got %d %s; want status = 200, Idempotent-Replay = true", a.status, a.text)
	}
	w.do("PUT", "/v1/waiting-rooms/r",
		`{"admit_per_second":1.0,"max_active":1e1,"active_seconds":60,"heartbeat_seconds":9,"status":"open"}`).is(201)
	join := func(body string) answer {
		return w.do("POST", "/v1/waiting-rooms/r/visitors", body, "Idempotency-Key", "j")
	}
	place := join(`{"holder":"ada"}`).is(201)
	if a := join(` {"holder" : "ada"}`); a.status != 201 || a.is(201)["visitor"] != place["visitor"] {
		t.Errorf("got %d %s; want status = 201, visitor = %v", a.status, a.text, place["visitor"])
	}
}
