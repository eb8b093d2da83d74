package api

import (
	"testing"
)

// exerciseRooms requests every operation of waiting rooms, and causes their codes.
func exerciseRooms(t *testing.T, send func(method, path, body string, headers ...string) answer) {
	t.Helper()
	const room, visitors = "/v1/waiting-rooms/onsale", "/v1/waiting-rooms/onsale/visitors"
	const settings = `{"admit_per_second":1000,"max_active":1,"active_seconds":60,"heartbeat_seconds":30`
	send("PUT", room, settings+`}`).is(201)
	send("PUT", room, settings+`}`, "If-Match", `"1"`).is(200)
	send("PUT", room, settings+`,"status":"closed"}`).problem(428, "revision_required")
	send("PUT", room, settings+`,"status":"closed"}`, "If-Match", `"7"`).problem(412, "stale_revision")
	send("PUT", room, settings+`,"status":"closed"}`, "If-Match", `"1"`).is(200)
	send("POST", visitors, `{"holder":"ada"}`).problem(409, "room_closed")
	send("PUT", room, settings+`,"status":"open"}`, "If-Match", `"2"`).is(200)
	send("PUT", "/v1/waiting-rooms/drawn", settings+`,"order":"shuffle","opens_at":"2999-01-01T00:00:00Z"}`).is(201)
	send("PUT", "/v1/waiting-rooms/bad", settings+`,"order":"shuffle"}`).problem(422, "invalid_field")
	for _, path := range []string{"/v1/waiting-rooms", "/v1/waiting-rooms?limit=1",
		"/v1/waiting-rooms?at=9223372036854775807", room, "/v1/waiting-rooms/drawn"} {
		send("GET", path, "").is(200)
	}
	send("GET", "/v1/waiting-rooms/drawn", "", "If-None-Match", `"1"`).is(304)
	send("GET", "/v1/waiting-rooms/none", "").problem(404, "not_found")

	ada := send("POST", visitors, `{"holder":"ada"}`, "Idempotency-Key", "k").is(201)["visitor"].(string)
	if repeated := send("POST", visitors, `{"holder":"ada"}`, "Idempotency-Key", "k"); repeated.status != 201 ||
		repeated.header.Get("Idempotent-Replay") != "true" {
		t.Errorf("%s: got %d %v, want the replay of a 201", repeated.what, repeated.status, repeated.header)
	}
	bob := send("POST", visitors, `{"holder":"bob"}`).is(201)["visitor"].(string)
	send("POST", visitors, `{"holder":"bob"}`).is(200)
	send("GET", visitors+"/"+bob, "").is(200)
	send("GET", visitors+"/"+bob, "").problem(429, "rate_limited")
	send("GET", visitors+"/none", "").problem(404, "not_found")
	send("POST", "/v1/waiting-rooms/none/visitors", `{"holder":"bob"}`).problem(404, "not_found")
	send("POST", "/v1/waiting-rooms/drawn/visitors", `{"holder":"bob"}`).is(201)
	for status := ""; status != "admitted"; {
		if a := send("GET", visitors+"/"+ada, ""); a.status == 200 {
			status = a.is(200)["status"].(string)
		}
	}
	send("POST", "/v1/products", `{"id":"guarded","name":"Guarded","stock":5,"waiting_room":"onsale"}`).is(201)
	send("GET", "/v1/products/guarded", "").is(200)
	send("POST", "/v1/products/guarded/reservations", `{"holder":"ada"}`).problem(403, "pass_required")
	send("POST", "/v1/products/guarded/reservations", `{"holder":"ada"}`, headerPass, "x").problem(403, "pass_invalid")
	send("DELETE", visitors+"/"+ada, "").is(200)
	send("DELETE", visitors+"/"+ada, "").is(200)
	send("DELETE", visitors+"/none", "").problem(404, "not_found")
}
