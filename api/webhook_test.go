package api

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// newHook is the body of a webhook without a receiver.
const newHook = `{"url":"http://127.0.0.1:1/"}`

// hook creates a webhook, unless it exists.
func (m *matrix) hook(id string) string {
	m.make("POST", "/v1/webhooks", fmt.Sprintf(`{"id":%q,"url":"http://127.0.0.1:1/"}`, id))
	return id
}

func init() {
	for id, request := range map[string]func(*matrix, string) cell{
		"makeWebhook":  func(*matrix, string) cell { return cell{body: newHook} },
		"listWebhooks": func(*matrix, string) cell { return of() },
		"getWebhook":   func(m *matrix, _ string) cell { return of(m.hook("hook")) },
		"editWebhook": func(m *matrix, _ string) cell {
			return cell{parts: []string{m.hook(m.id())}, body: `{"description":"o"}`, match: `"0"`}
		},
		"deleteWebhook":       func(m *matrix, _ string) cell { return of(m.hook(m.id())) },
		"changeWebhookSecret": func(m *matrix, _ string) cell { return of(m.hook(m.id())) },
		"testWebhook":         func(m *matrix, _ string) cell { return of(m.hook("hook")) },
		"replayWebhook": func(m *matrix, _ string) cell {
			return cell{parts: []string{m.hook("hook")}, body: `{"from":1}`}
		},
	} {
		cells[id] = request
	}
	answersOfKinds = append(answersOfKinds, exerciseWebhooks)
}

// exerciseWebhooks requests the operations on webhooks.
func exerciseWebhooks(_ *testing.T, send func(method, path, body string, headers ...string) answer) {
	const hook, body = "/v1/webhooks/hook", `{"id":"hook","url":"http://127.0.0.1:1/","types":["product.reserved.v1"]}`
	send("POST", "/v1/webhooks", strings.Replace(body, "reserved", "sold", 1)).problem(422, "invalid_field")
	send("POST", "/v1/webhooks", body).is(201)
	send("POST", "/v1/webhooks", body).is(200)
	send("GET", "/v1/webhooks", "").is(200)
	send("GET", hook, "").is(200)
	send("PATCH", hook, `{"types":null,"status":"disabled"}`, "If-Match", `"0"`).is(200)
	send("POST", hook+"/test", "").is(200)
	send("POST", hook+"/secret", "").is(200)
	send("POST", hook+"/replay", `{"from":1}`).is(200)
	send("DELETE", hook, "").is(200)
	send("GET", hook, "").problem(404, "not_found")
}

// TestWebhookResource creates, reads, edits and deletes webhooks.
func TestWebhookResource(t *testing.T) {
	w := newHarness(t)
	created := w.do("POST", "/v1/webhooks", `{"id":"shop","url":"https://shop.example/h","types":["booking.booked.v1"]}`)
	body := created.is(201)
	secret, _ := body["secret"].(string)
	if !strings.HasPrefix(secret, "whsec_") || created.header.Get("ETag") != `"0"` ||
		created.header.Get("Location") != "/v1/webhooks/shop" || body["reached"] != body["position"] {
		t.Errorf("created webhook = %v %s, want its Location and reached = position", created.header, created.text)
	}
	// A retry with the key gets the secret once more, a request for the id does not.
	const other = `{"url":"https://shop.example/i"}`
	first := w.do("POST", "/v1/webhooks", other, "Idempotency-Key", "k").is(201)
	repeated := w.do("POST", "/v1/webhooks", other, "Idempotency-Key", "k")
	if repeated.is(201)["secret"] != first["secret"] || repeated.header.Get("Idempotent-Replay") != "true" ||
		first["secret"] == secret {
		t.Errorf("the retry got %s; want a replay with secret = %v, which is not %v",
			repeated.text, first["secret"], secret)
	}
	if repeated := w.do("POST", "/v1/webhooks", `{"id":"shop","url":"https://shop.example/h","types":["booking.booked.v1"]}`).
		is(200); repeated["secret"] != nil {
		t.Errorf("repeated without a key: got %v, want no secret", repeated)
	}
	w.do("POST", "/v1/webhooks", `{"id":"shop","url":"https://shop.example/j"}`).problem(409, "already_exists")

	w.do("PATCH", "/v1/webhooks/shop", `{"status":"disabled"}`).problem(428, "revision_required")
	edited := w.do("PATCH", "/v1/webhooks/shop", `{"types":null,"description":"d","status":"disabled"}`, "If-Match", `"0"`)
	if body := edited.is(200); body["types"] != nil || body["description"] != "d" || body["status"] != "disabled" ||
		body["disabled_because"] != "asked" || edited.header.Get("ETag") != `"2"` || body["revision"] != 2.0 {
		t.Errorf("edited webhook = %s, want disabled as asked at revision 2", edited.text)
	}
	if stale := w.do("PATCH", "/v1/webhooks/shop", `{"description":"e"}`, "If-Match", `"0"`).
		problem(412, "stale_revision"); stale["current_revision"] != 2.0 {
		t.Errorf("a stale edit: got %v; want current_revision = 2", stale)
	}
	if a := w.do("GET", "/v1/webhooks/shop", "", "If-None-Match", `"2"`); a.status != 304 {
		t.Errorf("%s: got %d; want status = 304", a.what, a.status)
	}
	changed := w.do("POST", "/v1/webhooks/shop/secret", "")
	if body := changed.is(200); body["secret"] == secret || body["old_secret_until"] == nil ||
		changed.header.Get("ETag") != `"2"` {
		t.Errorf("after the change: got %s; want a secret other than %v, old_secret_until, ETag = \"2\"", changed.text, secret)
	}
	if list := w.do("GET", "/v1/webhooks", "").is(200)["items"].([]any); len(list) != 2 {
		t.Errorf("listed: %v; want 2 webhooks", list)
	}
	w.do("DELETE", "/v1/webhooks/shop", "").is(200)
	w.do("DELETE", "/v1/webhooks/shop", "").problem(404, "not_found")
	w.do("GET", "/v1/webhooks/shop", "").problem(404, "not_found")
	w.do("POST", "/v1/webhooks", `{"id":"shop","url":"https://shop.example/h"}`).problem(409, "already_exists")
	if list := w.do("GET", "/v1/webhooks", "").is(200)["items"].([]any); len(list) != 1 {
		t.Errorf("listed after one was deleted: %v; want one webhook", list)
	}
}

// TestWebhookRefusals: invalid settings of a webhook.
func TestWebhookRefusals(t *testing.T) {
	w := newHarness(t)
	w.do("POST", "/v1/webhooks", `{"id":"shop","url":"https://shop.example/h"}`).is(201)
	for field, values := range map[string][]string{
		"url": {`""`, `"shop.example"`, `"ftp://shop.example/"`, `"https://u:p@shop.example/"`, `"https://169.254.169.254/"`},
		"types": {`[]`, `"booking.booked.v1"`, `["booking.booked"]`, `["booking.booked.v1","booking.booked.v1"]`,
			`["webhook.made.v1"]`, `["cursor.moved.v1"]`, `["settings.pass_keys_added.v1"]`, `["waitingroom.run.v1"]`},
		"description": {`"a\u0007"`, `"` + strings.Repeat("a", 201) + `"`},
	} {
		for _, value := range values {
			body := fmt.Sprintf(`{"url":"https://shop.example/h",%q:%s}`, field, value)
			if field == "url" {
				body = fmt.Sprintf(`{"url":%s}`, value)
			}
			if p := w.do("POST", "/v1/webhooks", body).problem(422, "invalid_field"); p["field"] != field {
				t.Errorf("%s: got %v; want field = %v", body, p, field)
			}
			p := w.do("PATCH", "/v1/webhooks/shop", fmt.Sprintf(`{%q:%s}`, field, value), "If-Match", `"0"`).
				problem(422, "invalid_field")
			if p["field"] != field {
				t.Errorf("%s %s: got %v; want %v", field, value, p, field)
			}
		}
	}
	w.do("PATCH", "/v1/webhooks/shop", `{"status":"gone"}`, "If-Match", `"0"`).problem(422, "invalid_field")
	w.do("POST", "/v1/webhooks/shop/replay", `{"from":0}`).problem(422, "invalid_field")
	w.do("POST", "/v1/webhooks/shop/replay", `{}`).problem(422, "invalid_field")
	w.do("POST", "/v1/webhooks/shop/replay", `{"from":3}`).problem(422, "invalid_field")
	w.do("POST", "/v1/webhooks/none/replay", `{"from":1}`).problem(404, "not_found")
	w.do("POST", "/v1/webhooks/none/test", "").problem(404, "not_found")
	w.do("POST", "/v1/webhooks/none/secret", "").problem(404, "not_found")
	w.do("PATCH", "/v1/webhooks/none", `{}`, "If-Match", `"0"`).problem(404, "not_found")
	for range 4 {
		w.do("POST", "/v1/webhooks/shop/secret", "").is(200)
	}
	w.do("POST", "/v1/webhooks/shop/secret", "").problem(409, "limit_exceeded")
	for n := range 99 {
		w.do("POST", "/v1/webhooks", fmt.Sprintf(`{"id":"w%d","url":"https://shop.example/h"}`, n)).is(201)
	}
	w.do("GET", "/v1/webhooks?min_position="+fmt.Sprint(int64(w.server.answeredPosition())), "").is(200)
	w.do("POST", "/v1/webhooks", newHook).problem(409, "limit_exceeded")
}

// hookState reads a webhook until a condition holds, and returns its last state.
func (w *harness) hookState(id string, wanted func(map[string]any) bool) map[string]any {
	w.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		is := w.do("GET", "/v1/webhooks/"+id, "").is(200)
		if wanted(is) {
			return is
		}
		if time.Now().After(end) {
			text, _ := json.Marshal(is)
			w.t.Fatalf("webhook %s is %s after %s, want the expected state", id, text, patience)
		}
	}
}
