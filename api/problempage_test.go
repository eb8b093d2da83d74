package api

import (
	"strings"
	"testing"
)

// browserAccepts is the Accept header of a browser's navigation.
const browserAccepts = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"

// TestNotFoundPage: a browser gets a page with links, a program RFC 9457.
func TestNotFoundPage(t *testing.T) {
	w := newHarness(t)
	for _, test := range []struct {
		method, path string
		status       int
		code, title  string
		first        string // first of the links
	}{
		{"GET", "/nope", 404, "not_found", "There is nothing at this address", "/"},
		{"GET", "/product/1", 404, "not_found", "There is nothing at this address", "/"},
		{"GET", "/v1", 404, "not_found", "There is nothing at this address", "/"},
		{"GET", "/Performances", 404, "not_found", "There is nothing at this address", "/"},
		{"GET", "/performances/nope", 404, "not_found", "There is no such performance", "/performances"},
		{"GET", "/performances/%20", 404, "not_found", "There is no such performance", "/performances"},
		{"GET", "/tournaments/nope", 404, "not_found", "There is no such tournament", "/tournaments"},
		{"GET", "/waiting-rooms/nope", 404, "not_found", "There is no such waiting room", "/waiting-rooms"},
		{"GET", "/waiting-rooms/a/b", 404, "not_found", "There is nothing at this address", "/waiting-rooms"},
		{"POST", "/", 405, "method_not_allowed", "This address is only for reading", "/"},
		{"DELETE", "/performances/nope", 405, "method_not_allowed", "This address is only for reading",
			"/performances"},
		{"GET", "/performances?from=soon", 400, "bad_parameter", "This address can’t be understood", "/"},
		{"GET", "/?cursor=%21", 400, "bad_cursor", "This address can’t be understood", "/"},
	} {
		page := w.do(test.method, test.path, "", "Accept", browserAccepts)
		text := page.has(t, test.status, "<!doctype html>", "<h1 id=\"title\">"+test.title+"</h1>",
			`<ul class="ways"><li><a href="`+test.first+`">`, page.header.Get("X-Request-Id"))
		if kind := page.header.Get("Content-Type"); kind != "text/html; charset=utf-8" ||
			strings.Contains(text, "<script") {
			t.Errorf("%s: got Content-Type = %q, want text/html; charset=utf-8 and a page without scripts", page.what, kind)
		}
		for name, want := range map[string]string{"Vary": "Accept", "X-Content-Type-Options": "nosniff",
			"Referrer-Policy": "no-referrer"} {
			if got := page.header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", page.what, name, got, want)
			}
		}
		if policy := page.header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'self';") {
			t.Errorf("%s: the policy is %q, want it to begin with default-src 'self'", page.what, policy)
		}
		for _, accepts := range []string{"", "*/*", "application/json", "application/problem+json",
			"application/json, text/html;q=0.9", "image/png"} {
			a := w.do(test.method, test.path, "", "Accept", accepts)
			a.problem(test.status, test.code)
			if a.header.Get("Vary") != "Accept" {
				t.Errorf("%s: got Vary = %q, want Accept, for caches", a.what, a.header.Get("Vary"))
			}
		}
	}
}

// TestBrowsersGetJSONFromAPI: addresses that are not pages are answered in JSON to every client.
func TestBrowsersGetJSONFromAPI(t *testing.T) {
	w := newHarness(t)
	for path, status := range map[string]int{"/v1/products/nope": 404, "/v1/nope": 404, "/assets/nope.js": 404,
		"/ws": 426, "/ws/nope": 404} {
		a := w.do("GET", path, "", "Accept", browserAccepts)
		a.problem(status, map[int]string{404: "not_found", 426: "upgrade_required"}[status])
		if a.header.Get("Vary") != "" {
			t.Errorf("%s: got Vary = %q, want none, as every client gets the same answer", a.what, a.header.Get("Vary"))
		}
	}
}

// TestProblemPageRetryAfter: while the views can't be read, a browser gets a page with Retry-After.
func TestProblemPageRetryAfter(t *testing.T) {
	w := newHarness(t)
	w.server.config.Views.Close()
	for _, path := range []string{"/", "/performances", "/performances/gig"} {
		a := w.do("GET", path, "", "Accept", browserAccepts)
		a.has(t, 503, "The page can’t be shown at the moment", `href="">Try again</a>`)
		if a.header.Get("Retry-After") == "" {
			t.Errorf("%s: got the header %v, want Retry-After", a.what, a.header)
		}
	}
}

// TestEmptyPerformanceList: an empty list tells whether there are no performances at all, none from today on, or
// none between the dates.
func TestEmptyPerformanceList(t *testing.T) {
	w := newHarness(t)
	for _, path := range []string{"/performances", "/performances?from=2001-01-01&to=2001-01-02",
		"/performances?from="} {
		none := w.do("GET", path, "").has(t, 200, "There is no performance yet.", "/docs#seats")
		if strings.Contains(none, "between these dates") || strings.Contains(none, "All performances") {
			t.Errorf("%s: got the page\n%s\nwant no mention of other performances, as there are none", path, none)
		}
	}
	w.do("POST", "/v1/performances", `{"id":"past","title":"Long ago","venue":"Hall","starts_at":"2001-02-03T04:05:06Z",
		"sections":[{"id":"A","rows":1,"seats_per_row":1,"price":0}]}`).is(201)
	w.do("GET", "/performances", "").has(t, 200, "There is no performance from today on.", `href="/performances?from="`)
	w.do("GET", "/performances?from=2002-01-01", "").has(t, 200, "There is no performance between these dates.",
		`href="/performances?from="`)
}
