package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// TestCORS: every answer to a page of an allowed origin, even an error, has the CORS headers. Answers to other
// pages have none.
func TestCORS(t *testing.T) {
	const shop, third = "https://shop.example", "https://third.example"
	with := func(origins ...string) *harness {
		return newHarness(t, func(w *harness) { w.config.Auth, w.config.AllowOrigins = secret, origins })
	}
	closed, one, any := with(), with(shop, "https://other.example"), with("*")
	for _, c := range []corsCase{
		{closed, shop, "", false}, {one, shop, shop, true}, {one, third, "", true}, {one, "null", "", true},
		{one, "https://shop.example.evil.example", "", true}, {one, "", "", true}, {any, third, "*", false}, {any, "", "", false},
	} {
		for _, r := range []struct{ method, path, body string }{
			{"GET", "/v1/products", ""}, {"GET", "/v1/products/none", ""}, {"GET", "/nothing", ""}, {"POST", "/v1/products", "x"},
			{"POST", "/v1/products", strings.Repeat(" ", maxRead+1)}, {"OPTIONS", "/v1/products", ""},
			{"OPTIONS", "/v1/products/p", ""}, {"OPTIONS", "/nothing", ""},
		} {
			headers := []string{"Access-Control-Request-Method", "PATCH", "Access-Control-Request-Headers", "if-match"}
			if c.origin != "" {
				headers = append(headers, "Origin", c.origin)
			}
			a := c.w.do(r.method, r.path, r.body, headers...)
			c.check(t, a, r.method == http.MethodOptions)
		}
	}
}

// corsCase is a server and the origin of a page, with the expected allowed origin and whether Vary has Origin.
type corsCase struct {
	w            *harness
	origin, want string
	vary         bool
}

// check checks the headers of an answer.
func (c *corsCase) check(t *testing.T, a answer, preflight bool) {
	t.Helper()
	get := a.header.Get
	if got := get("Access-Control-Allow-Origin"); got != c.want {
		t.Errorf("%s for %q: got the allowed origin %q, want %q", a.what, c.origin, got, c.want)
	}
	if varies := slices.Contains(a.header.Values("Vary"), "Origin"); varies != c.vary {
		t.Errorf("%s for %q: got Vary %v; want Origin in it: %v", a.what, c.origin, a.header.Values("Vary"), c.vary)
	}
	exposed, methods, sent := "", "", ""
	if c.want != "" {
		exposed = "ETag, Location, Retry-After, X-Request-Id, Admitone-Position, Idempotent-Replay, RateLimit, RateLimit-Policy"
	}
	if c.want != "" && preflight {
		methods = "GET, HEAD, POST, PUT, PATCH, DELETE"
		sent = "Content-Type, Authorization, Idempotency-Key, If-Match, If-None-Match, Admission-Pass, X-Request-Id"
		if a.status != 204 || a.text != "" {
			t.Errorf("%s for %q: %d %s; want 204 without a body", a.what, c.origin, a.status, a.text)
		}
	}
	if get("Access-Control-Expose-Headers") != exposed || get("Access-Control-Allow-Methods") != methods ||
		get("Access-Control-Allow-Headers") != sent || get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("%s for %q: got headers %v; want exposed %q, methods %q, headers %q, no credentials",
			a.what, c.origin, a.header, exposed, methods, sent)
	}
}
