package api

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// TestEveryAnswerEndsWithANewline requests every route, with existing and missing resources:
// otherwise a terminal's prompt follows the body.
func TestEveryAnswerEndsWithANewline(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.signed = true })
	const key = "a-key-0123456789"
	bodies := 0
	check := func(a answer) {
		t.Helper()
		if a.text == "" {
			return
		}
		bodies++
		if !strings.HasSuffix(a.text, "\n") || strings.HasSuffix(a.text, "\n\n") {
			t.Errorf("%s: got status %d and a body that ends with %q, want exactly one newline", a.what, a.status, a.text[max(0, len(a.text)-20):])
		}
		if length := a.header.Get("Content-Length"); length != fmt.Sprint(len(a.text)) &&
			a.what != "GET /metrics " { // it is streamed
			t.Errorf("%s: got Content-Length %q, want %d", a.what, length, len(a.text))
		}
	}
	for _, created := range [][2]string{
		{"/v1/products", `{"id":"x","name":"x","stock":9}`}, {"/v1/products/x/reservations", `{"holder":"x"}`},
		{"/v1/teams", `{"id":"x","name":"x"}`},
		{"/v1/tournaments", `{"id":"x","name":"x","team_limit":4,"register_deadline":"2999-01-01T20:00:00Z"}`},
		{"/v1/tournaments/x/entries", `{"team_id":"x"}`}, {"/v1/wallets/x/charges", `{"amount":9}`},
		{"/v1/performances", `{"id":"x","title":"x","venue":"x","starts_at":"2999-01-01T20:00:00Z",
			"sections":[{"id":"A","rows":2,"seats_per_row":2,"price":1}]}`},
	} {
		for range 2 { // the second is a replay
			a := w.do("POST", created[0], created[1], "Idempotency-Key", key+strings.ReplaceAll(created[0], "/", "-"))
			a.is(201)
			check(a)
		}
	}
	w.do("PUT", "/v1/waiting-rooms/x",
		`{"admit_per_second":1,"max_active":1,"active_seconds":9,"heartbeat_seconds":9}`).is(201)
	var requested []string
	for _, route := range w.server.app.GetRoutes(true) {
		for _, id := range []string{"x", "nothing"} {
			parts := strings.Split(route.Path, "/")
			for i, part := range parts {
				switch {
				case part == ":stream":
					parts[i] = "product-" + id
				case part == ":kind":
					parts[i] = "product"
				case strings.HasPrefix(part, ":"):
					parts[i] = id
				}
			}
			path := strings.Join(parts, "/")
			if what := route.Method + " " + path; !slices.Contains(requested, what) {
				requested = append(requested, what)
				check(w.do(route.Method, path, map[bool]string{true: "{}"}[route.Method != "GET" && route.Method != "HEAD"]))
			}
		}
	}
	check(w.do("GET", "/nowhere", ""))
	check(w.do("PATCH", "/healthz", "{}"))
	check(w.do("POST", "/v1/products", "{"))
	if len(requested) < 60 || bodies < 60 {
		t.Errorf("%d routes were requested and %d answers had a body, want at least 60 of each", len(requested), bodies)
	}
}

// TestNewlineOfEmptyBodies: refusals before any route, and an answer without a body.
func TestNewlineOfEmptyBodies(t *testing.T) {
	w := newHarness(t)
	for request, status := range map[string]int{
		"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n":                     400,
		"GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 5000) + "\r\n\r\n": 431,
	} {
		conn, err := net.Dial("tcp", w.address)
		w.must(err)
		_, err = io.WriteString(conn, request)
		w.must(err)
		a, err := http.ReadResponse(bufio.NewReader(conn), nil)
		w.must(err)
		body, err := io.ReadAll(a.Body)
		w.must(err)
		w.must(conn.Close())
		if a.StatusCode != status || !strings.HasSuffix(string(body), "}\n") {
			t.Errorf("%.40q: got %d %q, want %d and a body that ends with }\\n",
				request, a.StatusCode, body, status)
		}
	}
	head, get := w.do("HEAD", "/healthz", ""), w.do("GET", "/healthz", "")
	if head.text != "" || head.header.Get("Content-Length") != get.header.Get("Content-Length") ||
		get.text != "{\"status\":\"ok\"}\n" {
		t.Errorf("HEAD %q %v, GET %q %v; want text = empty, Content-Length = %v, text = {\"status\":\"ok\"}\\n",
			head.text, head.header, get.text, get.header, get.header.Get("Content-Length"))
	}
	tag := w.do("GET", "/docs", "").header.Get("Etag")
	if a := w.do("GET", "/docs", "", "If-None-Match", tag); a.status != 304 || a.text != "" {
		t.Errorf("got %d %q; want status = 304, text = empty", a.status, a.text)
	}
}
