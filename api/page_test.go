package api

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"admitone/api/web"
)

// TestThePageIsAPlainList: what a browser without JavaScript sees, and where the
// script goes on.
func TestThePageIsAPlainList(t *testing.T) {
	w := newWorld(t)
	w.product("b", 3, `,"price":150`)
	w.do("POST", "/v1/products", `{"id":"a","name":"<script>alert(1)</script>","stock":0}`).is(201)
	w.reserve("b", "ada", "").is(201)
	page := w.do("GET", "/", "").has(t, 200,
		`data-id="b" data-position="3" data-held="0" data-sold="1" data-remaining="2"`,
		`data-id="a" data-position="2" data-held="0" data-sold="0" data-remaining="0" data-out`,
		"the b", "1.50", "&lt;script&gt;", "<noscript>", `data-auth="open"`, `data-epoch="`+w.store.Epoch()+`"`)
	for _, never := range []string{"<script>", " style=", " onclick=", "https://", "More products"} {
		if strings.Contains(page, never) {
			t.Errorf("the page has %q in it:\n%s", never, page)
		}
	}
}

// TestTheTournamentsPagesArePlainLists: what a browser without JavaScript sees of
// tournaments.
func TestTheTournamentsPagesArePlainLists(t *testing.T) {
	w := newWorld(t)
	w.do("GET", "/tournaments", "").has(t, 200, "There is no tournament yet", "/docs#tournaments")
	w.teams("a", "c")
	w.do("POST", "/v1/teams", `{"id":"b","name":"<b>old</b>"}`).is(201)
	w.tournament("cup", 2, `,"waitlist":true`)
	for _, team := range []string{"a", "b", "c"} {
		w.enter("cup", team).is(201)
	}
	w.do("POST", "/v1/tournaments", `{"id":"past","name":"Past","team_limit":3,"register_deadline":"2001-02-03T04:05:06Z"}`).is(201)
	list := w.do("GET", "/tournaments", "").has(t, 200, `data-id="cup" data-position="7" data-limit="2" data-entered="2" data-waitlisted="1"`, ">Full<",
		`href="/tournaments/cup"`, "the cup", "Sign-up is over", "3 February 2001, 04:05 UTC", `aria-current="page">Tournaments`)
	one := w.do("GET", "/tournaments/cup", "").has(t, 200, `<li data-team="a">The a</li><li data-team="b">&lt;b&gt;old&lt;/b&gt;</li></ol>`,
		`<ol id="waitlisted" class="teams"><li data-team="c">The c</li></ol>`, "<noscript>", ">Full<", "there is a waitlist")
	for _, page := range []string{list, one} {
		for _, never := range []string{"<b>old", " style=", " onclick=", "https://", "More tournaments"} {
			if strings.Contains(page, never) {
				t.Errorf("the page has %q in it:\n%s", never, page)
			}
		}
	}
	if a := w.do("GET", "/tournaments/none", ""); a.status != 404 {
		t.Errorf("%s: %d", a.what, a.status)
	}
}

// TestThePerformancesPagesArePlainLists: what a browser without JavaScript sees of
// performances, and that the list can be bounded by dates.
func TestThePerformancesPagesArePlainLists(t *testing.T) {
	w := newWorld(t)
	w.do("GET", "/performances", "").has(t, 200, "There is no performance")
	w.do("POST", "/v1/performances", `{"id":"gala","title":"<b>Gala</b>","venue":"<i>Hall</i>","starts_at":"2031-05-01T20:00:00Z",
		"sections":[{"id":"A","name":"<u>Stalls</u>","rows":2,"seats_per_row":3,"price":1250}]}`).is(201)
	w.do("POST", "/v1/performances", `{"id":"past","title":"Long ago","venue":"Hall","starts_at":"2001-02-03T04:05:06Z",
		"sections":[{"id":"A","rows":1,"seats_per_row":1,"price":0}]}`).is(201)
	w.book("gala", "ada", "A-1-1", "A-1-2").is(201)
	list := w.do("GET", "/performances", "").has(t, 200, `data-id="gala"`, `data-capacity="6" data-held="2" data-booked="0" data-remaining="4"`,
		`href="/performances/gala"`, "&lt;b&gt;Gala", "&lt;i&gt;Hall", "1 May 2031, 20:00 UTC", `aria-current="page">Performances`)
	one := w.do("GET", "/performances/gala", "").has(t, 200, "&lt;b&gt;Gala", "&lt;i&gt;Hall", "&lt;u&gt;Stalls", "12.50",
		`data-section="A" data-rows="2" data-per-row="3" data-price="1250"`, "<noscript>", ">4</span> of 6 left")
	for _, page := range []string{list, one} {
		for _, never := range []string{"<b>Gala", "<i>Hall", "<u>", " style=", " onclick=", "https://", "Long ago", "More performances"} {
			if strings.Contains(page, never) {
				t.Errorf("the page has %q in it:\n%s", never, page)
			}
		}
	}
	first := w.do("GET", "/performances?from=&limit=1", "").has(t, 200, "Long ago")
	more := regexp.MustCompile(`href="(/performances\?from=&amp;to=&amp;cursor=[^"]+)"`).FindStringSubmatch(first)
	if more == nil {
		t.Fatalf("no link to more:\n%s", first)
	}
	w.do("GET", strings.ReplaceAll(more[1], "&amp;", "&"), "").has(t, 200, `data-id="gala"`, `href="/performances?from=&amp;to=&amp;"`)
	w.do("GET", "/performances?from=2001-02-03&to=2001-02-03", "").has(t, 200, "Long ago", `value="2001-02-03"`)
	w.do("GET", "/performances?from=2001-02-04&to=2001-02-05", "").has(t, 200, "between these dates")
	w.do("GET", "/performances?from=soon", "").problem(400, "bad_parameter")
	w.do("GET", "/performances/none", "").problem(404, "not_found")
}

// TestTheWaitingRoomsPagesArePlain: what a browser without JavaScript sees of waiting
// rooms.
func TestTheWaitingRoomsPagesArePlain(t *testing.T) {
	w := newWorld(t)
	w.do("GET", "/waiting-rooms", "").has(t, 200, "There is no waiting room", "/docs#waiting-rooms")
	w.room("later", `"order":"shuffle","opens_at":"2100-01-02T03:04:05Z"`)
	w.room("shut", `"status":"closed","max_active":7`)
	w.joins("later", "ada")
	list := w.do("GET", "/waiting-rooms", "").has(t, 200, `href="/waiting-rooms/later"`, ">Not open yet<", ">Closed<", `aria-current="page">Waiting rooms`, ">7</span> inside")
	one := w.do("GET", "/waiting-rooms/later", "").has(t, 200, `data-id="later" data-position="3" data-status="open" data-order="shuffle"`,
		`data-opens-at="2100-01-02T03:04:05Z"`, `data-waiting="1"`, "<noscript>", ">1</span> in line", ">Not open yet<")
	for _, page := range []string{list, one} {
		for _, never := range []string{" style=", " onclick=", "https://"} {
			if strings.Contains(page, never) {
				t.Errorf("the page has %q in it:\n%s", never, page)
			}
		}
	}
	w.do("POST", "/v1/products", `{"id":"p","name":"Guarded","stock":1,"waiting_room":"later"}`).is(201)
	w.do("GET", "/", "").has(t, 200, `href="/waiting-rooms/later?to=/"`)
	w.do("GET", "/waiting-rooms/none", "").problem(404, "not_found")
}

// TestTheAuditPageIsPlain: it says nothing of the log by itself, and of signed heads
// only where there are any.
func TestTheAuditPageIsPlain(t *testing.T) {
	w := newWorld(t, func(w *world) { w.config.Auth = secret })
	page := w.do("GET", "/audit?of=holder/<b>ada", "").has(t, 200, "<noscript>", `href="/docs#audit"`, `id="token"`, `aria-current="page">Audit`)
	for _, never := range []string{" style=", " onclick=", "https://", "b>ada", "The signed head"} {
		if strings.Contains(page, never) {
			t.Errorf("the page has %q in it:\n%s", never, page)
		}
	}
	newWorld(t, withProofs).do("GET", "/audit", "").has(t, 200, "The signed head", `href="/v1/log/head"`)
}

// has checks the status and that the answer contains all of the texts.
func (a answer) has(t *testing.T, status int, texts ...string) string {
	t.Helper()
	if a.status != status {
		t.Fatalf("%s: status %d, want %d: %s", a.what, a.status, status, excerpt(a.text))
	}
	for _, text := range texts {
		if !strings.Contains(a.text, text) {
			t.Errorf("%s has no %s in it:\n%s", a.what, text, a.text)
		}
	}
	return a.text
}

func TestThePageGoesOn(t *testing.T) {
	w := newWorld(t)
	w.do("GET", "/", "").has(t, 200, "Nothing is on sale yet", "/docs#products")
	for i := range 51 {
		w.product(fmt.Sprintf("p%02d", i), i, "")
	}
	first := w.do("GET", "/", "").has(t, 200, `data-id="p49"`)
	more := regexp.MustCompile(`href="(/\?cursor=[^"]+)"`).FindStringSubmatch(first)
	if more == nil || strings.Contains(first, `data-id="p50"`) {
		t.Fatalf("want 50 products and a link to more:\n%s", first)
	}
	second := w.do("GET", more[1], "").has(t, 200, `data-id="p50"`, "Back to the first page")
	if strings.Contains(second, `data-id="p49"`) || strings.Contains(second, "More products") {
		t.Errorf("the second page is not the last one:\n%s", second)
	}
	w.do("GET", "/?cursor=%21", "").problem(400, "bad_cursor")
}

func TestThePageAsksForATokenWhereOneIsNeeded(t *testing.T) {
	w := newWorld(t, func(w *world) { w.config.Auth = secret })
	w.do("GET", "/", "").has(t, 200, `data-auth="jwt"`, `id="token"`)
	open := newWorld(t).do("GET", "/", "").has(t, 200, `id="holder"`)
	if strings.Contains(open, `id="token"`) {
		t.Error("the page asks for a token in open mode")
	}
}

// TestPagesAreLocked: no page takes anything from elsewhere, and what does not
// change is asked for with its tag.
func TestPagesAreLocked(t *testing.T) {
	w := newWorld(t)
	w.tournament("cup", 1, "")
	w.hall("hall", 1, "")
	w.room("r", "")
	pages := []string{"/audit", "/waiting-rooms", "/waiting-rooms/r", "/", "/tournaments", "/tournaments/cup", "/performances", "/performances/hall"} // never the same
	paths := append([]string{"/docs"}, pages...)
	for _, asset := range web.Assets() {
		paths = append(paths, asset.Path)
	}
	for _, path := range paths {
		a := w.do("GET", path, "")
		a.has(t, 200)
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-cache"} {
			if got := a.header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", a.what, name, got, want)
			}
		}
		policy := a.header.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'self';") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: the policy is %q", a.what, policy)
		}
		if slices.Contains(pages, path) {
			continue
		}
		again := w.do("GET", path, "", "If-None-Match", a.header.Get("ETag"))
		if a.header.Get("ETag") == "" || again.status != 304 || again.text != "" {
			t.Errorf("%s with its tag %q: status %d and %d bytes", a.what, a.header.Get("ETag"), again.status, len(again.text))
		}
	}
}

// TestTheDocsSayWhatABodyTakes: of each command the members of its body, which of them
// are needed, and which words there are to choose from, also where several share them.
func TestTheDocsSayWhatABodyTakes(t *testing.T) {
	d := describe(t)
	docs := newWorld(t).do("GET", "/docs", "").has(t, 200,
		"<code>waitlist_rule</code></td><td>string, optional</td><td><p>Who comes in", "One of <code>strict</code>, <code>fill</code>.",
		"<code>sections</code></td><td>array of NewSection, needed</td>", "Without it, <code>300</code>.", "One of <code>entered</code>, <code>waitlisted</code>. Without it, <code>entered</code>.")
	bodies := 0
	for path, methods := range d.at("paths") {
		for method, op := range methods.(object) {
			body, ok := op.(object)["requestBody"].(object)
			if !ok {
				continue
			}
			bodies++
			ref := body["content"].(object)["application/json"].(object)["schema"].(object)["$ref"].(string)
			shape := d.at("components", "schemas", ref[strings.LastIndex(ref, "/")+1:])
			_, section, _ := strings.Cut(docs, "<code class=\"method\">"+strings.ToUpper(method)+"</code> <code>"+path+"</code>")
			section, _, _ = strings.Cut(section, "</section>")
			needed := 0
			for name := range shape["properties"].(object) {
				if !strings.Contains(section, "<td><code>"+name+"</code></td>") {
					t.Errorf("/docs does not say that %s %s takes %s", method, path, name)
				}
			}
			if names, ok := shape["required"].([]any); ok {
				needed = len(names)
			}
			if table, _, _ := strings.Cut(section[strings.Index(section, "<h4>Body</h4>"):], "</table>"); strings.Count(table, ", needed<") != needed {
				t.Errorf("/docs: of the body of %s %s %d members are needed, want %d", method, path, strings.Count(table, ", needed<"), needed)
			}
		}
	}
	if bodies < 10 {
		t.Errorf("only %d bodies", bodies)
	}
}

// TestTheDocsAreReadable: every operation, code and shape is there, each link
// within the page leads somewhere, and examples became commands.
func TestTheDocsAreReadable(t *testing.T) {
	d := describe(t)
	docs := newWorld(t).do("GET", "/docs", "").has(t, 200,
		"curl -i -X PATCH http://127.0.0.1:8080/v1/products/tee \\\n  -H &#39;If-Match: &#34;3&#34;&#39; \\\n  -H &#39;Content-Type: application/json&#39; \\\n  -d &#39;{&#34;stock&#34;:300}&#39;",
		"&#34;expires_at&#34;: &#34;2026-05-01T20:05:00Z&#34;", "<code>Idempotency-Key</code>")
	for path, methods := range d.at("paths") {
		for _, op := range methods.(object) {
			if !strings.Contains(docs, "<code>"+path+"</code>") || !strings.Contains(docs, op.(object)["summary"].(string)) {
				t.Errorf("/docs has no %s", path)
			}
		}
	}
	for code := range statuses {
		if !strings.Contains(docs, "<code>"+code+"</code>") {
			t.Errorf("/docs has no code %s", code)
		}
	}
	for _, link := range regexp.MustCompile(`href="#([^"]*)"`).FindAllStringSubmatch(docs, -1) {
		if strings.Count(docs, `id="`+link[1]+`"`) != 1 {
			t.Errorf("the link to #%s leads to %d places", link[1], strings.Count(docs, `id="`+link[1]+`"`))
		}
	}
	if strings.Contains(docs, "8080/ws") {
		t.Error("/docs opens a WebSocket with curl")
	}
	if strings.Contains(docs, "<script") {
		t.Error("/docs has a script in it")
	}
}
