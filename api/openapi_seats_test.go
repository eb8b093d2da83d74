package api

import (
	"testing"

	"admitone/api/sockets/sockettest"
)

// exerciseSeats requests every operation of performances, bookings and wallets, and causes their codes.
func exerciseSeats(t *testing.T, send func(method, path, body string, headers ...string) answer) {
	const hall = `{"id":"hall","title":"Winterreise","venue":"Town hall",
		"starts_at":"2031-05-01T20:00:00Z","hold_seconds":60,
		"limit_per_holder":4,
		"sections":[{"id":"A","name":"Stalls","rows":2,"seats_per_row":3,"price":100},
		{"id":"B","rows":1,"seats_per_row":2,"price":50}]}`
	send("POST", "/v1/performances", hall).is(201)
	send("POST", "/v1/performances", hall, "Idempotency-Key", "hall").is(200)
	send(
		"POST",
		"/v1/performances",
		`{"id":"hall","title":"x","venue":"y","starts_at":"2031-05-01T20:00:00Z","sections":[{"id":"A","rows":1,`+
			`"seats_per_row":1,"price":1}]}`,
	).
		problem(409, "already_exists")
	send("PATCH", "/v1/performances/hall", `{"title":"W"}`).problem(428, "revision_required")
	send("PATCH", "/v1/performances/hall", `{"title":"W"}`, "If-Match", `"1"`).problem(412, "stale_revision")
	send("PATCH", "/v1/performances/hall", `{"opens_at":"2031-05-01T19:00:00Z"}`, "If-Match", `"e0"`).is(200)
	send("POST", "/v1/performances/hall/bookings", `{"holder":"ada","seats":["A-1-1"]}`).problem(409, "not_open")
	send("PATCH", "/v1/performances/hall", `{"closes_at":"2031-04-30T19:00:00Z"}`, "If-Match", `"e1"`).
		problem(422, "invalid_field")
	send("PATCH", "/v1/performances/hall", `{"opens_at":null,"closes_at":null,"prices":{"B":50}}`, "If-Match", `"e1"`).is(200)
	const bookings = "/v1/performances/hall/bookings"
	first := "/v1/bookings/" + send("POST", bookings, `{"holder":"ada","seats":["A-1-1","A-1-2"]}`, "Idempotency-Key",
		"b").is(201)["id"].(string)
	send("POST", bookings, `{"holder":"ada","seats":["A-1-1","A-1-2"]}`, "Idempotency-Key", "b").is(201)
	send("POST", bookings, `{"holder":"ada","seats":["A-1-3"]}`, "Idempotency-Key", "b").problem(
		422,
		"idempotency_key_reused",
	)
	send("POST", bookings, `{"holder":"bob","seats":["A-1-1"]}`).problem(409, "seat_taken")
	send("POST", bookings, `{"holder":"ada","seats":["A-2-1","A-2-2","A-2-3"]}`).problem(409, "limit_exceeded")
	send("POST", bookings, `{"holder":"bob","best_available":{"quantity":3,"section":"B"}}`).problem(409, "sold_out")
	second := "/v1/bookings/" + send("POST", bookings,
		`{"holder":"bob","best_available":{"quantity":2,"section":"B"}}`).is(201)["id"].(string)
	send("POST", "/v1/performances/none/bookings", `{"holder":"bob","seats":["A-1-1"]}`).problem(404, "not_found")
	send("POST", first+"/payment", `{}`).problem(409, "insufficient_balance")
	send("POST", "/v1/wallets/ada/charges", `{"amount":250}`).is(201)
	send("POST", first+"/extension", "").is(200)
	send("POST", first+"/extension", "").problem(409, "limit_exceeded")
	send("POST", first+"/payment", "", "Idempotency-Key", "p").is(200)
	send("POST", first+"/payment", "", "Idempotency-Key", "p").is(200)
	send("POST", first+"/payment", "").problem(409, "already_confirmed")
	send("DELETE", second+"/seats/B-1-1", "").problem(409, "not_held")
	send("DELETE", first+"/seats/A-9-9", "").problem(404, "not_found")
	send("DELETE", first+"/seats/A-1-2", "").is(200)
	send("DELETE", first+"/seats/A-1-2", "").is(200)
	send("DELETE", second, "").is(200)
	send("DELETE", second, "").is(200)
	send("PATCH", second, `{"reference":"R-2","metadata":{"desk":"3"}}`, "If-Match", `"1"`).is(200)
	send("PATCH", second, `{"reference":"R-3"}`, "If-Match", `"1"`).problem(412, "stale_revision")
	send("POST", second+"/payment", "").problem(410, "released")
	exerciseIntents(t, send)
	exerciseRefunds(t, send, second)
	send("PUT", "/v1/performances/hall/seats/A-2-2/block", "").is(200)
	send("PUT", "/v1/performances/hall/seats/A-1-1/block", "").problem(409, "seat_taken")
	send("DELETE", "/v1/performances/hall/seats/A-2-2/block", "").is(200)
	send("DELETE", "/v1/performances/hall/seats/A-2-3/block", "").is(200)
	send("PUT", "/v1/performances/hall/seats/A-9-9/block", "").problem(404, "not_found")
	exerciseBlocks(send)
	send("PUT", "/v1/performances/hall/seats/A-2-1/block", "").is(200)
	const late = "?at=9223372036854775807"
	for _, path := range []string{"/v1/performances", "/v1/performances/hall", "/v1/performances/hall/seats", first,
		second,
		"/v1/holders/ada/bookings", "/v1/holders/ada/wallets", "/v1/wallets/ada", "/v1/wallets/ada/entries"} {
		tag := send("GET", path, "").header.Get("ETag")
		send("GET", path+late, "").is(200)
		if a := send("GET", path, "", "If-None-Match", tag); tag != "" && a.status != 304 {
			t.Errorf("%s with its ETag: got status %d, want 304", path, a.status)
		}
	}
	send("GET", first+"/receipt", "").is(200)
	send("GET", "/v1/history/seat/hall/A-1-1", "").is(200)
	send("GET", "/v1/history/hall", "").is(200)
	send("GET", "/v1/performances/hall/changes", "").is(200)
	send("GET", "/v1/performances/hall/changes?limit=10001", "").problem(400, "bad_parameter")
	send("GET", "/v1/performances/none/changes", "").problem(404, "not_found")
	send("GET", "/v1/performances?from=2031-05-01&to=2031-05-01&limit=1", "").is(200)
	send("GET", "/v1/performances?from=soon", "").problem(400, "bad_parameter")
	send("GET", "/v1/performances/hall/seats?section=A&status=booked&limit=1", "").is(200)
	send("GET", "/v1/performances/hall/seats?status=gone", "").problem(400, "bad_parameter")
	for _, path := range []string{"/v1/performances/none", "/v1/performances/none/seats", "/v1/bookings/none",
		"/v1/wallets/nobody", "/v1/wallets/nobody/entries"} {
		send("GET", path, "").problem(404, "not_found")
	}
	send("DELETE", first, "").is(200)
}

// TestSeatFramesAreAsDescribed checks the frames of performances and seats against the
// description.
func TestSeatFramesAreAsDescribed(t *testing.T) {
	w, d := newHarness(t), describe(t)
	w.hall("hall", 2, "")
	counts, seats := w.dial("/ws"), w.dial("/ws")
	expect := func(event, cause string) {
		t.Helper()
		for _, of := range []struct {
			*sockettest.Peer
			schema string
		}{{counts, "Performance"}, {seats, "Seats"}} {
			f, received := of.Next()
			if f.Event != event || received.Cause != cause {
				t.Fatalf("got %s %s, want %s, %s", f.Event, f.Data, event, cause)
			}
			schema := of.schema + map[string]string{"snapshot": "Snapshot", "delta": "Delta"}[event]
			d.check("a "+event, "#/components/schemas/"+schema, f.Data)
		}
	}
	counts.Send(`{"event":"subscribe","data":{"topics":["performance:hall"]}}`)
	seats.Send(`{"event":"subscribe","data":{"topics":["seats:hall"]}}`)
	expect("snapshot", "")
	w.charge("ada", 200)
	booking := "/v1/bookings/" + w.book("hall", "ada", "A-1-1").is(201)["id"].(string)
	expect("delta", "held")
	w.do("POST", booking+"/payment", "").is(200)
	expect("delta", "booked")
	w.do("DELETE", booking, "").is(200)
	expect("delta", "released")
	w.do("PUT", "/v1/performances/hall/seats/A-2-2/block", "").is(200)
	expect("delta", "blocked")
	w.do("DELETE", "/v1/performances/hall/seats/A-2-2/block", "").is(200)
	expect("delta", "unblocked")
	for _, topic := range []string{"performance", "seats"} {
		late := w.dial("/ws")
		late.Send(`{"event":"subscribe","data":{"topics":["` + topic + `:none"]}}`)
		f, _ := late.Next()
		d.check("an error", "#/components/schemas/SocketError", f.Data)
	}
}
