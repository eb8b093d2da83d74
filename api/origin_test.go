package api

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"admitone/events"
)

// TestForeignPages: an open server refuses the commands that a browser sends for pages of other origins.
func TestForeignPages(t *testing.T) {
	var backups atomic.Int64
	allowing := func(origins ...string) func(*harness) {
		return func(w *harness) {
			w.config.Auth, w.config.AllowOrigins = OpenAuth{Origins: origins}, origins
			w.config.Backup = func(context.Context) (string, events.Position, error) {
				backups.Add(1)
				return "b", 1,
					nil
			}
		}
	}
	closed, shop, all := newHarness(t, allowing()), newHarness(t, allowing("https://shop.example")), newHarness(
		t,
		allowing("*"),
	)
	const own, ownTLS = "OWN", "OWN behind TLS" // the server's own origin
	for _, c := range []struct {
		what      string
		headers   []string
		none      bool // refused without --allow-origin
		shop, any bool // refused with --allow-origin of the shop, and of *
	}{
		{"a client other than a browser", nil, false, false, false},
		{"its own page", []string{"Origin", own}, false, false, false},
		{"its own page, with Sec-Fetch-Site", []string{"Origin", own, "Sec-Fetch-Site", "same-origin"}, false, false, false},
		{"its own page behind TLS", []string{"Origin", ownTLS}, false, false, false},
		{"an address typed by the user", []string{"Sec-Fetch-Site", "none"}, false, false, false},
		{"a page without Origin", []string{"Sec-Fetch-Site", "same-origin"}, false, false, false},
		{"a different site", []string{"Origin", "https://evil.example"}, true, true, false},
		{"a different site, no Origin", []string{"Sec-Fetch-Site", "cross-site"}, true, true, true},
		{"a different port, no Origin", []string{"Sec-Fetch-Site", "same-site"}, true, true, true},
		{"the shop", []string{"Origin", "https://shop.example", "Sec-Fetch-Site", "cross-site"}, true, false, false},
		{"the shop without TLS", []string{"Origin", "http://shop.example"}, true, true, false},
		{"a different port of the machine", []string{"Origin", "http://127.0.0.1:1", "Sec-Fetch-Site", "same-site"}, true,
			true, false},
		{"a different name of the machine", []string{"Origin", "http://localhost"}, true, true, false},
		{"a file or a sandbox", []string{"Origin", "null"}, true, true, false},
		{"an extension", []string{"Origin", "chrome-extension://127.0.0.1"}, true, true, false},
		{"its own and a foreign one", []string{"Origin", own, "Origin", "https://evil.example"}, true, true, false},
	} {
		for _, server := range []struct {
			*harness
			refuses bool
		}{{closed, c.none}, {shop, c.shop}, {all, c.any}} {
			for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "GET", "HEAD", "OPTIONS"} {
				path, before := "/v1/backups", backups.Load()
				if method != "POST" {
					path = "/v1/products/p"
				}
				status, text := server.fromPage(method, path, c.headers)
				commands := method != "GET" && method != "HEAD" && method != "OPTIONS"
				refused := status == 403 && strings.Contains(text, `"foreign_origin"`)
				if has := method == "POST" || method == "PATCH"; has && refused != server.refuses ||
					!commands && refused {
					t.Errorf("%s, %s of a server that allows %v: got %d %s, want a refusal: %t",
						c.what, method, server.config.AllowOrigins, status, text, server.refuses && commands)
				}
				if created := backups.Load() > before; created != (method == "POST" && !server.refuses) {
					t.Errorf("%s, %s of a server that allows %v: got a backup: %t, want one: %t", c.what, method,
						server.config.AllowOrigins, created, !created)
				}
			}
		}
	}
}

// fromPage sends a request without a body, as forms and scripts can without a preflight.
func (w *harness) fromPage(method, path string, headers []string) (int, string) {
	w.t.Helper()
	request, err := http.NewRequest(method, "http://"+w.address+path, nil)
	w.must(err)
	for i := 0; i < len(headers); i += 2 {
		value := headers[i+1]
		switch value {
		case "OWN":
			value = "http://" + w.address
		case "OWN behind TLS":
			value = "https://" + w.address
		}
		request.Header.Add(headers[i], value)
	}
	response, err := w.client.Do(request)
	w.must(err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	w.must(err)
	return response.StatusCode, string(text)
}

// TestForeignPagesOfEveryOperation covers every command of openapi.yaml.
func TestForeignPagesOfEveryOperation(t *testing.T) {
	w, d := newHarness(t, withEverything), describe(t)
	m := &matrix{harness: w}
	tried := 0
	d.operations(func(method, path string, op object) {
		prepare := cells[op["operationId"].(string)]
		if method == http.MethodGet || prepare == nil || noCaller(op) {
			return
		}
		tried++
		c := prepare(m, "ada")
		before := w.head()
		a := w.do(method, fillPath(path, c.parts), c.body, "If-Match", c.match, "Origin", "https://evil.example")
		a.problem(403, "foreign_origin")
		w.checkNothingWritten(a, before)
	})
	if tried < 20 {
		t.Errorf("%d operations were tried, want at least 20", tried)
	}
	// A page can't send another origin's token, so a server with tokens refuses no origin.
	token := newHarness(t, func(w *harness) { w.config.Auth = secret })
	token.do("POST", "/v1/teams", `{"name":"n"}`, "Origin", "https://evil.example", "Authorization",
		bearer(t, "ada", RoleHolder)).is(201)
}

// head is the position of the log's last event.
func (w *harness) head() events.Position {
	w.t.Helper()
	head, err := w.store.Head(context.Background())
	w.must(err)
	return head
}

// checkNothingWritten fails if the log has an event after a position that was caused by the answer's
// request. Earlier requests may continue in the background.
func (w *harness) checkNothingWritten(a answer, before events.Position) {
	w.t.Helper()
	for e, err := range events.All(w.t.Context(), w.store, before) {
		if err != nil || bytes.Contains(e.Metadata, []byte(a.header.Get("X-Request-Id"))) {
			w.t.Errorf("%s: got %[3]s at position %[2]d (%[4]v), want nothing written", a.what, e.Position, e.Type, err)
		}
	}
}
