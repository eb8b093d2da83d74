package api

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"admitone/api/web"
)

// TestSecurityHeadersOfPages: pages may load nothing from other origins, and assets are revalidated by their ETag.
func TestSecurityHeadersOfPages(t *testing.T) {
	w := newHarness(t)
	w.tournament("cup", 1, "")
	w.hall("hall", 1, "")
	w.room("r", "")
	pages := []string{
		"/audit",
		"/cluster",
		"/waiting-rooms",
		"/waiting-rooms/r",
		"/",
		"/tournaments",
		"/tournaments/cup",
		"/performances",
		"/performances/hall",
	} // dynamic pages, without an ETag
	paths := append([]string{"/docs"}, pages...)
	for _, asset := range web.Assets() {
		paths = append(paths, asset.Path)
	}
	for _, path := range paths {
		a := w.do("GET", path, "")
		a.has(t, 200)
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff",
			"Referrer-Policy": "no-referrer", "Cache-Control": "no-cache"} {
			if got := a.header.Get(name); got != want {
				t.Errorf("%s: got %s %q, want %q", a.what, name, got, want)
			}
		}
		policy := a.header.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'self';") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: got the policy %q; want one that begins with default-src 'self'; and has no unsafe",
				a.what, policy)
		}
		if slices.Contains(pages, path) {
			continue
		}
		repeated := w.do("GET", path, "", "If-None-Match", a.header.Get("ETag"))
		if a.header.Get("ETag") == "" || repeated.status != 304 || repeated.text != "" {
			t.Errorf("%s with its ETag %q: got status %d and %d bytes, want 304 and none", a.what, a.header.Get("ETag"), repeated.status, len(repeated.text))
		}
	}
}

// TestDocsDescribeBodies: /docs has the members of each command's body, with their possible values, and marks the
// required ones.
func TestDocsDescribeBodies(t *testing.T) {
	d := describe(t)
	docs := newHarness(t).do("GET", "/docs", "").has(
		t,
		200,
		"<code>waitlist_rule</code></td><td>string, optional</td><td><p>The promotion while",
		"One of <code>strict</code>, <code>fill</code>.",
		"<code>commands</code></td><td>array of BatchCommand, needed</td>",
		"Without it, <code>300</code>.",
		"One of <code>entered</code>, <code>waitlisted</code>. Without it, <code>entered</code>.",
	)
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
			if table, _, _ := strings.Cut(section[strings.Index(section, "<h4>Body</h4>"):], "</table>"); strings.Count(
				table,
				", needed<",
			) != needed {
				t.Errorf("/docs: of the body of %s %s %d members are needed, want %d", method, path,
					strings.Count(table, ", needed<"), needed)
			}
		}
	}
	if bodies < 10 {
		t.Errorf("the page shows %d bodies, want at least 10", bodies)
	}
}

// TestDocsAreComplete: /docs has every operation and code, each link within the page has one target, and examples
// are shown as commands.
func TestDocsAreComplete(t *testing.T) {
	d := describe(t)
	docs := newHarness(t).do("GET", "/docs", "").has(
		t,
		200,
		"curl -i -X PATCH http://127.0.0.1:8080/v1/products/tee \\\n  -H &#39;If-Match: &#34;3&#34;&#39; \\\n  -H "+
			"&#39;Content-Type: application/json&#39; \\\n  -d &#39;{&#34;stock&#34;:300}&#39;",
		"&#34;expires_at&#34;: &#34;2026-05-01T20:05:00Z&#34;",
		"<code>Idempotency-Key</code>",
	)
	for path, methods := range d.at("paths") {
		for _, op := range methods.(object) {
			if !strings.Contains(docs, "<code>"+path+"</code>") ||
				!strings.Contains(docs, op.(object)["summary"].(string)) {
				t.Errorf("/docs lacks the path %s or the summary of its operation", path)
			}
		}
	}
	for code := range statuses {
		if !strings.Contains(docs, "<code>"+string(code)+"</code>") {
			t.Errorf("/docs lacks the code %s", code)
		}
	}
	for _, link := range regexp.MustCompile(`href="#([^"]*)"`).FindAllStringSubmatch(docs, -1) {
		if strings.Count(docs, `id="`+link[1]+`"`) != 1 {
			t.Errorf("the link to #%s has %d targets, want 1", link[1], strings.Count(docs, `id="`+link[1]+`"`))
		}
	}
	if strings.Contains(docs, "8080/ws") {
		t.Error("/docs shows curl for a WebSocket, want no such example")
	}
	if strings.Contains(docs, "<script") {
		t.Error("/docs contains a script, want none")
	}
}
