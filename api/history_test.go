package api

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"admitone/events"
)

// readHistory reads a whole history, page by page.
func (w *harness) readHistory(path string, limit int) (texts []string) {
	w.t.Helper()
	for cursor := ""; ; {
		page := w.do("GET", fmt.Sprintf("%s?limit=%d&cursor=%s", path, limit, cursor), "").is(200)
		for _, item := range page["items"].([]any) {
			line := item.(map[string]any)
			members := 10
			if line["because"] != nil {
				members++
			}
			for _, name := range []string{"position", "time", "stream", "revision", "actor", "request_id",
				"causation_id", "command_id", "text", "leads_to"} {
				if _, ok := line[name]; !ok || len(line) != members {
					w.t.Fatalf("got the line %v, want %s and %d members in all", line, name, members)
				}
			}
			if line["actor"] != "anyone" && !strings.Contains(line["text"].(string), line["actor"].(string)) {
				w.t.Errorf("got the line %v, want its actor in its text", line)
			}
			texts = append(texts, line["text"].(string))
		}
		next, more := page["next"].(string)
		if !more {
			return texts
		}
		cursor = next
	}
}

func TestHistory(t *testing.T) {
	w := newHarness(t)
	w.product("a", 10, "")
	w.product("b", 10, "")
	w.reserve("a", "ada lo", "", "X-Request-Id", "seven").is(201)
	w.reserve("b", "ada lo", `,"quantity":2`).is(201)
	w.reserve("b", "bob", "").is(201)
	for path, want := range map[string]int{
		"/v1/history/product/a": 2, "/v1/history/product/b": 3, "/v1/history/holder/" +
			url.PathEscape("ada lo"): 2, "/v1/history/holder/nobody": 0,
	} {
		for _, limit := range []int{1, 2, 50} {
			if texts := w.readHistory(path, limit); len(texts) != want {
				t.Errorf("%s by %d: got %q, want %d lines", path, limit, texts, want)
			}
		}
	}
	first := w.do("GET", "/v1/history/holder/ada%20lo?limit=1", "").is(200)["items"].([]any)[0].(map[string]any)
	if first["request_id"] != "seven" || first["stream"] != "product-a" || first["position"] != 3.0 ||
		first["revision"] != 1.0 ||
		!strings.HasPrefix(first["text"].(string), "ada lo bought 1 unit: ") ||
		fmt.Sprint(first["leads_to"]) != "[holder/ada lo]" {
		t.Errorf("the first line of the holder's history is %v; want the purchase at position 3, requested as seven", first)
	}
	for _, path := range []string{"product/none", "product/%25", "holder/a%00b", "holder/a/b", "ghost/a"} {
		w.do("GET", "/v1/history/"+path, "").problem(404, "not_found")
	}
	w.do("GET", "/v1/history/product/a?cursor=~", "").problem(400, "bad_cursor")
	for path, want := range map[string]string{
		"/v1/history/a":        `{"items":[{"kind":"product","id":"a"}],"next":null}`,
		"/v1/history/nobody":   `{"items":[],"next":null}`,
		"/v1/history/ada%20lo": `{"items":[],"next":null}`, "/v1/holders/nobody/wallets": `{"items":[],"next":null}`,
	} {
		if a := w.do("GET", path, ""); a.status != 200 || strings.TrimSpace(a.text) != want {
			t.Errorf("%s: got %d %s, want 200 %s", a.what, a.status, a.text, want)
		}
	}
	w.do("GET", "/v1/history/product/a?limit=0", "").problem(400, "bad_parameter")
}

// TestSeatHistory: a seat's id may be one path segment or two; the history of a seat without events is empty.
func TestSeatHistory(t *testing.T) {
	w := newHarness(t)
	w.hall("gala", 2, "")
	w.book("gala", "ada", "A-1-1").is(201)
	for path, want := range map[string]int{
		"seat/gala~A-1-1": 1, "seat/gala/A-1-1": 1, "seat/gala%2FA-1-1": 1, "seat/gala/A-2-1": 0, "seat/gala~A-2-1": 0,
	} {
		if texts := w.readHistory("/v1/history/"+path, 50); len(texts) != want {
			t.Errorf("%s: got %q, want %d lines", path, texts, want)
		}
	}
	for _, path := range []string{"seat/gala/Z-1-1", "seat/none/A-1-1", "seat/gala", "seat/gala/A-1-1~b",
		"seat/gala/A-1-1/more", "product/gala/A-1-1"} {
		w.do("GET", "/v1/history/"+path, "").problem(404, "not_found")
	}
}

func TestBackups(t *testing.T) {
	var backupErr error
	auth := JWTAuth{Secret: []byte(strings.Repeat("k", 32))}
	w := newHarness(t, func(w *harness) {
		w.config.Auth = auth
		w.config.Backup = func(context.Context) (string, events.Position, error) { return "/b/1", 7, backupErr }
	})
	bearer := func(role Role) string {
		token, err := auth.Token("ada", role, time.Now(), time.Hour)
		w.must(err)
		return "Bearer " + token
	}
	created := w.do("POST", "/v1/backups", "{}", "Authorization", bearer(RoleAdmin)).is(201)
	if len(created) != 2 || created["path"] != "/b/1" || created["position"] != 7.0 {
		t.Errorf("got %v; want path = /b/1 and position = 7 alone", created)
	}
	w.do("POST", "/v1/backups", "", "Authorization", bearer(RoleAdmin)).is(201)
	w.do("POST", "/v1/backups", `{"path":"/etc"}`, "Authorization", bearer(RoleAdmin)).problem(422, "unknown_field")
	w.do("POST", "/v1/backups", "{}", "Authorization", bearer(RoleAuditor)).problem(403, "forbidden")
	w.do("POST", "/v1/backups", "{}").problem(401, "unauthenticated")
	w.do("GET", "/v1/history/product/a", "", "Authorization", bearer(RoleHolder)).problem(403, "forbidden")
	w.do("GET", "/v1/history/product/a", "").problem(401, "unauthenticated")
	w.do("GET", "/v1/history/product/a", "", "Authorization", bearer(RoleAuditor)).problem(404, "not_found")
	backupErr = errors.Join(events.ErrDamaged)
	w.do("POST", "/v1/backups", "{}", "Authorization", bearer(RoleAdmin)).problem(503, "log_unavailable")

	newHarness(t).do("POST", "/v1/backups", "{}").problem(404, "not_found") // the route is optional
}

// TestDamagedHistory: a damaged log is answered with log_unavailable, not with internal.
func TestDamagedHistory(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.blind = true })
	_, err := w.store.Append(t.Context(), "product-p", events.NoStream, []events.Event{
		{ID: events.EventID("damaged", 0), Type: "product.created.v1", Data: []byte("{}"), Metadata: []byte("[]")}})
	w.must(err)
	w.do("GET", "/v1/history/product/p", "").problem(503, "log_unavailable")
}
