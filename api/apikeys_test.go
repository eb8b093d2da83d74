package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func init() { answersOfKinds = append(answersOfKinds, exerciseAPIKeys) }

// exerciseAPIKeys sends a request for every operation on API keys.
func exerciseAPIKeys(_ *testing.T, send func(method, path, body string, headers ...string) answer) {
	const keys = "/v1/api-keys"
	id := send("POST", keys, `{"name":"shop","role":"service","expires_at":"2199-01-01T00:00:00Z"}`).is(201)["id"].(string)
	send("POST", keys, `{"name":"shop","role":"holder"}`).problem(422, "invalid_field")
	send("GET", keys+"/"+id, "").is(200)
	send("DELETE", keys+"/"+id, "").is(200)
	send("DELETE", keys+"/none", "").problem(404, "not_found")
	send("GET", keys+"/"+id+"?at=9223372036854775807", "").is(200)
	send("GET", keys, "").is(200)
}

// apiKey creates an API key and returns its id, and the value of Authorization that authenticates with it.
func (w *harness) apiKey(body string) (id, authorization string) {
	w.t.Helper()
	created := w.do("POST", "/v1/api-keys", body, "Authorization", bearer(w.t.(*testing.T), "root", RoleAdmin)).is(201)
	return created["id"].(string), "Bearer " + created["key"].(string)
}

// TestAPIKeys: with its key, a program has the rights of its role, under its own name and for
// holders that it names. Neither the log nor the API reveals the key.
func TestAPIKeys(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Auth = secret })
	admin := bearer(t, "root", RoleAdmin)
	w.do("POST", "/v1/products", `{"id":"p","name":"n","stock":9,"price":5}`, "Authorization", admin).is(201)
	id, shop := w.apiKey(`{"name":"shop","role":"service"}`)
	const path = "/v1/products/p/reservations"
	w.do("POST", path, `{"holder":"ada","hold":false}`, "Authorization", shop).is(201)
	w.do("POST", path, `{}`, "Authorization", shop).problem(422, "invalid_field")
	w.do("POST", path, `{"holder":"key:shop"}`, "Authorization", shop).problem(422, "invalid_field")
	w.do("POST", "/v1/teams", `{"name":"n"}`, "Authorization", shop).problem(422, "invalid_field")
	w.do("POST", "/v1/api-keys", `{"name":"more","role":"admin"}`, "Authorization", shop).problem(403, "forbidden")
	_, audit := w.apiKey(`{"name":"books","role":"auditor"}`)
	w.do("POST", path, `{}`, "Authorization", audit).problem(422, "invalid_field")
	w.do("POST", path, `{"holder":"ada"}`, "Authorization", audit).problem(403, "forbidden")
	log := w.do("GET", "/v1/events?limit=500", "", "Authorization", audit)
	if log.is(200); !strings.Contains(log.text, `"key:shop"`) {
		t.Errorf("got events %s; want one with the actor key:shop", log.text)
	}
	about := w.do("GET", "/v1/api-keys/"+id, "", "Authorization", admin)
	list := w.do("GET", "/v1/api-keys", "", "Authorization", admin)
	for _, a := range []answer{log, about, list, w.do("GET", "/v1/history/api-key/"+id, "", "Authorization", admin)} {
		if a.is(200); strings.Contains(a.text, strings.TrimPrefix(shop, "Bearer ")) {
			t.Errorf("%s: got the key in the answer %s, want none", a.what, a.text)
		}
	}
	if strings.Contains(about.text+list.text, "hash") || len(list.is(200)["items"].([]any)) != 2 {
		t.Errorf("got %s and %s; want a list of 2 keys, and no hash in either", about.text, list.text)
	}
}

// TestBadAPIKeys: malformed and altered keys are refused, even where no authentication is required.
func TestBadAPIKeys(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Auth = secret })
	_, good := w.apiKey(`{"name":"shop","role":"auditor"}`)
	_, other := w.apiKey(`{"name":"shop","role":"admin"}`)
	send := func(key string) answer { return w.do("GET", "/v1/events", "", "Authorization", key) }
	w.wait(func() bool { return send(good).status == 200 })
	last := "A"
	if strings.HasSuffix(good, last) {
		last = "B"
	}
	const id = len("Bearer adm_") + 20 // characters of the id and some of the secret
	for what, key := range map[string]string{
		"empty": "Bearer adm_", "another last character": good[:len(good)-1] + last, "truncated": good[:len(good)-4],
		"extended": good + "AAAA",
		"padded":   good + "=", "another id": other[:id] + good[id:], "no prefix": "Bearer " + good[len("Bearer adm_"):],
		"an unknown id": "Bearer adm_" + strings.Repeat("A", 64), "not base64": "Bearer adm_" + strings.Repeat("!", 64),
		"the scheme Basic": "Basic " + good[len("Bearer "):],
	} {
		send(key).problem(401, "unauthenticated")
		if a := w.do("GET", "/v1/products", "", "Authorization", key); a.status != 401 {
			t.Errorf("%s: got status %d, want 401", what, a.status)
		}
	}
}

// TestAPIKeyIsRefusedAfterItsEnd: a key is refused once it is revoked, or has expired.
func TestAPIKeyIsRefusedAfterItsEnd(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Auth = secret })
	admin := bearer(t, "root", RoleAdmin)
	send := func(key string) int { return w.do("GET", "/v1/events", "", "Authorization", key).status }
	id, key := w.apiKey(`{"name":"shop","role":"auditor"}`)
	_, second := w.apiKey(`{"name":"shop","role":"auditor"}`)
	inTwoSeconds, _ := json.Marshal(time.Now().Add(2 * time.Second))
	_, shortLived := w.apiKey(fmt.Sprintf(`{"name":"brief","role":"auditor","expires_at":%s}`, inTwoSeconds))
	w.wait(func() bool { return send(key) == 200 && send(second) == 200 })
	lastID, last := w.apiKey(`{"name":"last","role":"auditor","expires_at":"9999-12-31T23:59:59Z"}`)
	shown := w.do("GET", "/v1/api-keys/"+lastID, "", "Authorization", admin).is(200)["expires_at"]
	if status := send(last); status != 200 || shown != "9999-12-31T23:59:59Z" {
		t.Errorf("got status %d, expires_at = %v; want 200, 9999-12-31T23:59:59Z", status, shown)
	}
	first := w.do("DELETE", "/v1/api-keys/"+id, "", "Authorization", admin)
	repeated := w.do("DELETE", "/v1/api-keys/"+id, "", "Authorization", admin)
	if first.is(200)["ended_at"] == nil || repeated.text != first.text {
		t.Errorf("got %s, then %s; want ended_at, and twice the same answer", first.text, repeated.text)
	}
	w.wait(func() bool { return send(key) == 401 })
	w.wait(func() bool { return send(shortLived) == 401 })
	if status := send(second); status != 200 {
		t.Errorf("the other key with that name: got status %d, want 200", status)
	}
	w.do("DELETE", "/v1/api-keys/none", "", "Authorization", admin).problem(404, "not_found")
	w.do("GET", "/v1/api-keys/none", "", "Authorization", admin).problem(404, "not_found")
}

// TestStaleViewsRefuseAPIKeys: a server whose views do not follow the log can't know whether a key has
// been revoked, so it accepts none.
func TestStaleViewsRefuseAPIKeys(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Auth, w.blind = secret, true })
	_, key := w.apiKey(`{"name":"shop","role":"auditor"}`)
	w.do("GET", "/v1/products", "", "Authorization", key).problem(503, "projection_behind")
}

// TestCreateAPIKeyRefusals: a new key with an invalid member is refused, and so is an Idempotency-Key.
func TestCreateAPIKeyRefusals(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Auth = secret })
	admin := bearer(t, "root", RoleAdmin)
	for body, field := range map[string]string{
		`{"role":"service"}`: "name", `{"name":"A","role":"service"}`: "name", `{"name":"a b","role":"service"}`: "name",
		`{"name":"` + strings.Repeat("a", 65) + `","role":"service"}`: "name", `{"name":"a"}`: "role",
		`{"name":"a","role":"holder"}`: "role", `{"name":"a","role":"root"}`: "role",
		`{"name":"a","role":"door","expires_at":"2001-01-01T00:00:00Z"}`: "expires_at",
		`{"name":"a","role":"door","expires_at":"tomorrow"}`:             "expires_at",
	} {
		a := w.do("POST", "/v1/api-keys", body, "Authorization", admin)
		if p := a.problem(http.StatusUnprocessableEntity, "invalid_field"); p["field"] != field {
			t.Errorf("%s: got %s; want field = %v", body, a.text, field)
		}
	}
	w.do("POST", "/v1/api-keys", `{"name":"a","role":"door"}`, "Authorization", admin, "Idempotency-Key", "k").problem(400,
		"bad_parameter")
	created := w.do("POST", "/v1/api-keys", `{"name":"a","role":"door"}`, "Authorization", admin)
	if created.is(201); created.header.Get("Cache-Control") != "no-store" {
		t.Errorf("got %v; want Cache-Control = no-store", created.header)
	}
}
