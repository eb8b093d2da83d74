package api

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// TestProductsPage: the page works without JavaScript, and has the positions from which its script continues.
func TestProductsPage(t *testing.T) {
	w := newHarness(t)
	w.product("b", 3, `,"price":150`)
	w.do("POST", "/v1/products", `{"id":"a","name":"<script>alert(1)</script>","stock":0}`).is(201)
	w.reserve("b", "ada", "").is(201)
	page := w.do("GET", "/", "").has(t, 200,
		`data-id="b" data-position="3" data-held="0" data-sold="1" data-remaining="2"`,
		`data-id="a" data-position="2" data-held="0" data-sold="0" data-remaining="0" data-out`,
		"the b", "1.50", "&lt;script&gt;", "<noscript>", `data-auth="open"`, `data-epoch="`+w.store.Epoch()+`"`)
	for _, never := range []string{"<script>", " style=", " onclick=", "https://", "More products"} {
		if strings.Contains(page, never) {
			t.Errorf("the page has %q in it:\n%s; want it absent", never, page)
		}
	}
}

// TestTournamentPages: the pages work without JavaScript.
func TestTournamentPages(t *testing.T) {
	w := newHarness(t)
	w.do("GET", "/tournaments", "").has(t, 200, "There is no tournament yet", "/docs#tournaments")
	w.teams("a", "c")
	w.do("POST", "/v1/teams", `{"id":"b","name":"<b>old</b>"}`).is(201)
	w.tournament("cup", 2, `,"waitlist":true`)
	for _, team := range []string{"a", "b", "c"} {
		w.enter("cup", team).is(201)
	}
	w.do("POST", "/v1/tournaments",
		`{"id":"past","name":"Past","team_limit":3,"register_deadline":"2001-02-03T04:05:06Z"}`).is(201)
	list := w.do("GET", "/tournaments", "").has(
		t,
		200,
		`data-id="cup" data-position="7" data-limit="2" data-entered="2" data-waitlisted="1"`,
		">Full<",
		`href="/tournaments/cup"`,
		"the cup",
		"Sign-up is over",
		"3 February 2001, 04:05 UTC",
		`aria-current="page">Tournaments`,
	)
	one := w.do("GET", "/tournaments/cup", "").has(
		t,
		200,
		`<li data-team="a">The a</li><li data-team="b">&lt;b&gt;old&lt;/b&gt;</li></ol>`,
		`<ol id="waitlisted" class="teams"><li data-team="c">The c</li></ol>`,
		"<noscript>",
		">Full<",
		"there is a waitlist",
	)
	for _, page := range []string{list, one} {
		for _, never := range []string{"<b>old", " style=", " onclick=", "https://", "More tournaments"} {
			if strings.Contains(page, never) {
				t.Errorf("the page has %q in it:\n%s; want it absent", never, page)
			}
		}
	}
	if a := w.do("GET", "/tournaments/none", ""); a.status != 404 {
		t.Errorf("%s: got %d; want status = 404", a.what, a.status)
	}
}

// TestRedirectsToPages: likely misspellings of a page's address redirect to the page.
func TestRedirectsToPages(t *testing.T) {
	w := newHarness(t)
	w.product("tee", 3, "")
	w.do("POST", "/v1/performances", fmt.Sprintf(newHall, "gala")).is(201)
	w.tournament("cup", 2, "")
	client := *w.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for path, want := range map[string]string{
		"/performances/": "/performances", "/performances/?from=2001-02-03": "/performances?from=2001-02-03",
		"/performances/gala/": "/performances/gala",
		"/tournaments/":       "/tournaments", "/tournaments/cup/": "/tournaments/cup",
		"/waiting-rooms/": "/waiting-rooms",
		"/docs/":          "/docs", "/audit/?of=product%2Ftee": "/audit?of=product%2Ftee",
		"/products": "/", "/products/": "/", "/products?limit=1": "/?limit=1", "/products/tee": "/#name-tee",
		"/products/tee/": "/#name-tee",
		"/favicon.ico":   "/assets/icon.svg",
	} {
		a := w.doWith(&client, "GET", path, "")
		if got := a.header.Get("Location"); a.status != 308 || got != want {
			t.Errorf("%s: got %d to %q, want 308 to %q", path, a.status, got, want)
		}
	}
	for _, path := range []string{"/v1/products/", "/v1/products/tee/", "/docs//", "/docs/x/", "//evil.example/",
		"//docs/", "/performances//", "/products/a%2Fb/", "/healthz/"} {
		if a := w.doWith(&client, "GET", path, ""); a.status != 404 {
			t.Errorf("%s: got %d to %q, want 404", path, a.status, a.header.Get("Location"))
		}
	}
	w.do("POST", "/products", "{}").problem(404, "not_found")
}

// TestPageShowsHoldersCharge: the page tells its script whether holders may charge their wallets.
func TestPageShowsHoldersCharge(t *testing.T) {
	for _, holders := range []bool{true, false} {
		w := newHarness(t, func(w *harness) { w.config.HoldersCharge = holders })
		w.do("POST", "/v1/performances", fmt.Sprintf(newHall, "gala")).is(201)
		w.do("GET", "/performances/gala", "").has(t, 200, fmt.Sprintf(`data-holders-charge="%v"`, holders))
	}
}

// TestPerformancePages: the pages work without JavaScript, and the list can be limited to dates.
func TestPerformancePages(t *testing.T) {
	w := newHarness(t)
	w.do("GET", "/performances", "").has(t, 200, "There is no performance")
	w.do(
		"POST",
		"/v1/performances",
		`{"id":"gala","title":"<b>Gala</b>","venue":"<i>Hall</i>","starts_at":"2031-05-01T20:00:00Z",
		"sections":[{"id":"A","name":"<u>Stalls</u>","rows":2,"seats_per_row":3,"price":1250}]}`,
	).is(201)
	w.do("POST", "/v1/performances", `{"id":"past","title":"Long ago","venue":"Hall","starts_at":"2001-02-03T04:05:06Z",
		"sections":[{"id":"A","rows":1,"seats_per_row":1,"price":0}]}`).is(201)
	w.book("gala", "ada", "A-1-1", "A-1-2").is(201)
	w.do("GET", "/performances", "").has(t, 200, `<span data-field="off" hidden>`)
	w.do("PUT", "/v1/performances/gala/seats/A-2-3/block", "").is(200)
	list := w.do("GET", "/performances", "").has(
		t,
		200,
		`data-id="gala"`,
		`data-capacity="6" data-held="2" data-booked="0" data-remaining="3"`,
		`<span data-field="blocked">1</span> not on sale`,
		`href="/performances/gala"`,
		"&lt;b&gt;Gala",
		"&lt;i&gt;Hall",
		"1 May 2031, 20:00 UTC",
		`aria-current="page">Performances`,
	)
	one := w.do("GET", "/performances/gala", "").has(
		t,
		200,
		"&lt;b&gt;Gala",
		"&lt;i&gt;Hall",
		"&lt;u&gt;Stalls",
		"12.50",
		`data-section="A" data-rows="2" data-per-row="3" data-price="1250"`,
		"<noscript>",
		">3</span> of 6 left",
	)
	for _, page := range []string{list, one} {
		for _, never := range []string{"<b>Gala", "<i>Hall", "<u>", " style=", " onclick=", "https://", "Long ago",
			"More performances"} {
			if strings.Contains(page, never) {
				t.Errorf("the page has %q in it:\n%s; want it absent", never, page)
			}
		}
	}
	first := w.do("GET", "/performances?from=&limit=1", "").has(t, 200, "Long ago")
	more := regexp.MustCompile(`href="(/performances\?from=&amp;to=&amp;cursor=[^"]+)"`).FindStringSubmatch(first)
	if more == nil {
		t.Fatalf("got the page\n%s\nwant a link to the next one", first)
	}
	w.do("GET", strings.ReplaceAll(more[1], "&amp;", "&"), "").has(t, 200, `data-id="gala"`,
		`href="/performances?from=&amp;to=&amp;"`)
	w.do("GET", "/performances?from=2001-02-03&to=2001-02-03", "").has(t, 200, "Long ago", `value="2001-02-03"`)
	w.do("GET", "/performances?from=2001-02-04&to=2001-02-05", "").has(t, 200, "between these dates")
	w.do("GET", "/performances?from=soon", "").problem(400, "bad_parameter")
	w.do("GET", "/performances/none", "").problem(404, "not_found")
}

// TestWaitingRoomPages: the pages work without JavaScript.
func TestWaitingRoomPages(t *testing.T) {
	w := newHarness(t)
	w.do("GET", "/waiting-rooms", "").has(t, 200, "There is no waiting room", "/docs#waiting-rooms")
	w.room("later", `"order":"shuffle","opens_at":"2100-01-02T03:04:05Z"`)
	w.room("shut", `"status":"closed","max_active":7`)
	w.joinRoom("later", "ada")
	list := w.do("GET", "/waiting-rooms", "").has(t, 200, `href="/waiting-rooms/later"`, ">Not open yet<", ">Closed<",
		`aria-current="page">Waiting rooms`, ">7</span> inside")
	one := w.do("GET", "/waiting-rooms/later", "").has(
		t,
		200,
		`data-id="later" data-position="3" data-status="open" data-order="shuffle"`,
		`data-opens-at="2100-01-02T03:04:05Z"`,
		`data-waiting="1"`,
		"<noscript>",
		">1</span> in line",
		">Not open yet<",
	)
	for _, page := range []string{list, one} {
		for _, never := range []string{" style=", " onclick=", "https://"} {
			if strings.Contains(page, never) {
				t.Errorf("the page has %q in it:\n%s; want it absent", never, page)
			}
		}
	}
	w.do("POST", "/v1/products", `{"id":"p","name":"Guarded","stock":1,"waiting_room":"later"}`).is(201)
	w.do("GET", "/", "").has(t, 200, `href="/waiting-rooms/later?to=/"`)
	w.do("GET", "/waiting-rooms/none", "").problem(404, "not_found")
}

// TestAuditPage: the page contains nothing from the log or its own address, and mentions signed heads only if the
// server has them.
func TestAuditPage(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Auth = secret })
	page := w.do("GET", "/audit?of=holder/<b>ada", "").has(t, 200, "<noscript>", `href="/docs#audit"`, `id="token"`,
		`aria-current="page">Audit`)
	for _, never := range []string{" style=", " onclick=", "https://", "b>ada", "The signed head"} {
		if strings.Contains(page, never) {
			t.Errorf("the page has %q in it:\n%s; want it absent", never, page)
		}
	}
	newHarness(t, withProofs).do("GET", "/audit", "").has(t, 200, "The signed head", `href="/v1/log/head"`)
}

// has checks the status and that the answer contains all of the texts.
func (a answer) has(t *testing.T, status int, texts ...string) string {
	t.Helper()
	if a.status != status {
		t.Fatalf("%s: status %d, want %d: %s", a.what, a.status, status, excerpt(a.text))
	}
	for _, text := range texts {
		if !strings.Contains(a.text, text) {
			t.Errorf("%s: got the page\n%s\nwant %s in it", a.what, a.text, text)
		}
	}
	return a.text
}

func TestPageOfNextProducts(t *testing.T) {
	w := newHarness(t)
	w.do("GET", "/", "").has(t, 200, "Nothing is on sale yet", "/docs#products")
	for i := range 51 {
		w.product(fmt.Sprintf("p%02d", i), i, "")
	}
	first := w.do("GET", "/", "").has(t, 200, `data-id="p49"`)
	more := regexp.MustCompile(`href="(/\?cursor=[^"]+)"`).FindStringSubmatch(first)
	if more == nil || strings.Contains(first, `data-id="p50"`) {
		t.Fatalf("got the page\n%s\nwant 50 products and a link to the next page", first)
	}
	second := w.do("GET", more[1], "").has(t, 200, `data-id="p50"`, "Back to the first page")
	if strings.Contains(second, `data-id="p49"`) || strings.Contains(second, "More products") {
		t.Errorf("got the second page\n%s\nwant p50 alone, and no link to a next page", second)
	}
	w.do("GET", "/?cursor=%21", "").problem(400, "bad_cursor")
}

func TestPageRequiresToken(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Auth = secret })
	w.do("GET", "/", "").has(t, 200, `data-auth="jwt"`, `id="token"`)
	open := newHarness(t).do("GET", "/", "").has(t, 200, `id="holder"`)
	if strings.Contains(open, `id="token"`) {
		t.Errorf("got the page\n%s\nwant no token in open mode", open)
	}
}
