package api

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestPathNormalisation: paths are routed literally, and each segment is decoded once.
func TestPathNormalisation(t *testing.T) {
	w := newHarness(t)
	w.product("p", 9, "")
	w.do(
		"POST",
		"/v1/performances",
		`{"id":"h","title":"t","venue":"v","starts_at":"2999-01-01T00:00:00Z","sections":[{"id":"A","rows":1,`+
			`"seats_per_row":2,"price":5}]}`,
	).is(201)
	rid := w.reserve("p", "ada", `,"hold":true`).is(201)["id"].(string)
	plain := w.get("/v1/products/p")
	plain.is(200)
	for _, target := range []string{"/v1/products/%70", "/v1/%70roducts/p", "/%76%31/products/%70",
		"http://localhost/v1/products/%70"} {
		if a := w.get(target); a.status != 200 || a.text != plain.text {
			t.Errorf("%s: got %d %s; want status = 200, text = %v", target, a.status, a.text, plain.text)
		}
	}
	w.get("/v1/products/p/reservations/%" + fmt.Sprintf("%x", rid[0]) + rid[1:]).is(200)
	w.do("PUT", "/v1/performances/%68/seats/A%2D1%2D1/block", "").is(200)
	for target, status := range map[string]int{
		"/v1/products/%2570": 404, "/v1/products/%25%37%30": 404, "/v1/products%2Fp": 404, "/v1%2fproducts/p": 404,
		"/v1/products/p%2Freservations": 404,
		"/v1/products/p/":               404, "/v1/products//p": 404, "//v1/products/p": 404, "/v1/products/p//": 404,
		"/v1/./products/p":           404,
		"/v1/products/../products/p": 404, "/v1/products/%2e%2e/products/p": 404, "/v1/x/%2e%2e/products/p": 404,
		"/./v1/products/p": 404,
		"/v1/products/%ff": 404, "/v1/products/%c0%af": 404, "/v1/products/\xff": 404, "/v1/products/%00": 404,
		"/v1/products/p%00": 404,
		"/v1/products/%zz":  400, "/v1/products/%": 400, "/v1/products/p%7": 400, "/v1/products/%u0070": 400,
		"/%/v1": 400, "/v1/nothing/%zz": 400,
	} {
		a := w.get(target)
		if v := a.is(status); v["code"] != map[int]string{404: "not_found", 400: "bad_parameter"}[status] {
			t.Errorf("%s: got %s; want code = %v",
				target, a.text, map[int]string{404: "not_found", 400: "bad_parameter"}[status])
		}
	}
	// Both spellings of a path are the same command under a key.
	w.product("q", 9, "")
	post := func(path string) answer {
		return w.post(path, `{"holder":"ada"}`, "Idempotency-Key: k")
	}
	if a := post("/v1/products/q/reservations"); a.text != post("/v1/products/%71/reservations").text ||
		a.status != 201 {
		t.Errorf("got %d %s; want 201 and the same answer for both: %v", a.status, a.text, post("/v1/products/%71/reservations").text)
	}
}

// TestTargetIsNotHost: a target with two leading slashes is a path. Taken for a host, it would replace the
// Host header, and an open server would accept any name.
func TestTargetIsNotHost(t *testing.T) {
	w := newHarness(t)
	w.product("p", 9, "")
	for _, target := range []string{"//localhost/v1/products/p?a=://", "//localhost/v1/products/p",
		"/v1/products/p?a=http://localhost/", "/x://localhost/v1/products/p"} {
		a := w.raw("GET " + target + " HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
		if a.status != 403 && a.status != 404 || strings.Contains(a.text, `"stock"`) {
			t.Errorf("%s: got %d %s; want 403 or 404, and no product", target, a.status, a.text)
		}
	}
}

// TestIfNoneMatchLines: If-None-Match may be in several lines; If-Match may not.
func TestIfNoneMatchLines(t *testing.T) {
	w := newHarness(t)
	w.product("p", 9, "")
	for _, headers := range [][]string{{`If-None-Match: "7"`, `If-None-Match: "0"`}, {`If-None-Match: W/"0"`},
		{`If-None-Match: "7" , W/"0"`}, {`If-None-Match: *`}} {
		if a := w.get("/v1/products/p", headers...); a.status != 304 {
			t.Errorf("%v: got %d; want status = 304", headers, a.status)
		}
	}
	for _, headers := range [][]string{{`If-None-Match: "00"`}, {`If-None-Match: 0`}, {`If-None-Match: w/"0"`},
		{`If-None-Match:`}} {
		if a := w.get("/v1/products/p", headers...); a.status != 200 {
			t.Errorf("%v: got %d; want status = 200", headers, a.status)
		}
	}
	body := `{"stock":5}`
	a := w.raw(
		fmt.Sprintf(
			"PATCH /v1/products/p HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: "+
				"application/json\r\nIf-Match: \"0\"\r\nIf-Match: \"1\"\r\nContent-Length: %d\r\n\r\n%s",
			len(body),
			body,
		),
	)
	a.problem(412, "stale_revision")
	w.do("PUT", "/v1/waiting-rooms/r",
		`{"admit_per_second":1,"max_active":1,"active_seconds":60,"heartbeat_seconds":9,"status":"open"}`).is(201)
	w.do("PUT", "/v1/waiting-rooms/r",
		`{"admit_per_second":2,"max_active":1,"active_seconds":60,"heartbeat_seconds":9,"status":"open"}`,
		"If-Match", `"01"`).problem(412, "stale_revision")
	w.do("PUT", "/v1/waiting-rooms/r",
		`{"admit_per_second":2,"max_active":1,"active_seconds":60,"heartbeat_seconds":9,"status":"open"}`,
		"If-Match", `"1"`).is(200)
}

// TestHoldExpiredHasTime: every hold_expired has the time of the expiry.
func TestHoldExpiredHasTime(t *testing.T) {
	t.Parallel() // it waits for holds to end
	w := newHarness(t)
	w.product("p", 9, `,"hold_seconds":1`)
	w.do(
		"POST",
		"/v1/performances",
		`{"id":"h","title":"t","venue":"v","starts_at":"2999-01-01T00:00:00Z","hold_seconds":1,`+
			`"sections":[{"id":"A","rows":1,"seats_per_row":4,"price":5}]}`,
	).is(201)
	held := w.reserve("p", "ada", `,"hold":true`).is(201)
	booked := w.do("POST", "/v1/performances/h/bookings", `{"holder":"ada","seats":["A-1-1"]}`).is(201)
	lost := w.do("POST", "/v1/performances/h/bookings", `{"holder":"ada","seats":["A-1-2"]}`).is(201)
	w.do("POST", "/v1/wallets/ada/charges", `{"amount":500}`).is(201)
	reservation, booking := "/v1/products/p/reservations/"+held["id"].(string), "/v1/bookings/"+booked["id"].(string)
	w.wait(func() bool { return w.do("GET", booking, "").is(200)["status"] == "expired" })
	w.wait(func() bool { return w.do("GET", reservation, "").is(200)["status"] == "expired" })
	w.wait(func() bool { // another holder takes the seat as soon as the first hold has ended
		return w.do("POST", "/v1/performances/h/bookings", `{"holder":"bob","seats":["A-1-2"]}`).status == 201
	})
	when := func(v map[string]any) string { return v["expires_at"].(string) }
	for _, c := range []struct{ method, path, at string }{
		{"POST", reservation + "/confirm", when(held)}, {"DELETE", reservation, when(held)},
		{"POST", booking + "/extension", when(booked)}, {"DELETE", booking, when(booked)},
		{"POST", "/v1/bookings/" + lost["id"].(string) + "/payment", when(lost)},
		{"POST", "/v1/bookings/" + lost["id"].(string) + "/extension", when(lost)}, {"DELETE", "/v1/bookings/" +
			lost["id"].(string), when(lost)},
	} {
		if v := w.do(c.method, c.path, "").problem(410, "hold_expired"); v["expired_at"] != c.at {
			t.Errorf("%s %s: expired_at %v, want %s", c.method, c.path, v["expired_at"], c.at)
		}
	}
}

// wait polls until a condition holds.
func (w *harness) wait(condition func() bool) {
	w.t.Helper()
	for end := time.Now().Add(patience); !condition(); {
		if time.Now().After(end) {
			w.t.Fatalf("the condition did not become true within %s", patience)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// TestRefusalsNameThePart: a socket's refusals speak of the message and its data, not of a body.
func TestRefusalsNameThePart(t *testing.T) {
	w := newHarness(t)
	w.do(
		"POST",
		"/v1/performances",
		`{"id":"h","title":"t","venue":"v","starts_at":"2999-01-01T00:00:00Z","sections":[{"id":"A","rows":1,`+
			`"seats_per_row":4,"price":5}]}`,
	).is(201)
	peer := w.dial("/ws")
	for message, want := range map[string]string{
		`{"event":"init_products","data":5}`:        "data is a list of product ids",
		`{"event":"init_products","data":{}}`:       "data is a list of product ids",
		`{"event":"init_products","data":null}`:     "null is not allowed here",
		`{"event":"init_products","data":[1.5]}`:    "data is a list of product ids",
		`{"event":"init_products"}`:                 "needs data: a list of product ids",
		`{"event":"subscribe","data":5}`:            "data is an object with topics",
		`{"event":"unsubscribe","data":[]}`:         "data is an object with topics",
		`{"event":"wait","data":"x"}`:               "data is an object with room and visitor",
		`[1]`:                                       "a message is a JSON object",
		`{"event":`:                                 "a message is not valid JSON",
		`{"event":"subscribe","data":{"topics":5}}`: "wrong type or size: topics",
	} {
		peer.Send(message)
		f, d := peer.Next()
		if f.Event != "error" || !strings.Contains(d.Detail, want) || strings.Contains(d.Detail, "body") {
			t.Errorf("%s: got %s %s; want an error with %q, and without \"body\"", message, f.Event, f.Data, want)
		}
	}
	w.do("PUT", "/v1/performances/h/seats/A-1-1/block", "").is(200)
	w.do("POST", "/v1/performances/h/bookings", `{"holder":"ada","seats":["A-1-2"]}`).is(201)
	for _, seats := range []string{`["A-1-1"]`, `["A-1-1","A-1-3"]`} {
		v := w.do("POST", "/v1/performances/h/bookings", `{"holder":"bob","seats":`+seats+`}`).problem(409, "seat_taken")
		if detail := v["detail"].(string); !strings.Contains(detail, "not on sale") {
			t.Errorf("%s: got the detail %q, want \"not on sale\" in it", seats, detail)
		}
	}
	if v := w.do("PUT", "/v1/performances/h/seats/A-1-2/block", "").problem(409, "seat_taken"); !strings.Contains(
		v["detail"].(string),
		"off sale",
	) {
		t.Errorf("got the detail %q, want \"off sale\" in it", v["detail"])
	}
}
