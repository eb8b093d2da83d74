package cli

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"admitone/api"
	"admitone/cmd/admitone/server"
)

// TestForeignPage: in a browser, a page of an allowed origin can reserve with a token, read the answers,
// including refusals, and their headers, and receive live counts. A page of another origin can do none of
// that.
func TestForeignPage(t *testing.T) {
	t.Parallel()
	browser := newBrowser(t)
	site := func() string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<!doctype html><title>A shop</title>")
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	shop, stranger := site(), site()
	auth := api.JWTAuth{Secret: []byte(strings.Repeat("secret", 9))}
	s := nodeIn(t, server.Settings{Listen: "127.0.0.1:0", Store: t.TempDir(), Auth: auth, AllowOrigins: []string{shop}})
	token := func(sub string, role api.Role) string {
		token, err := auth.Token(sub, role, time.Now(), time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return "Bearer " + token
	}
	s.sendWith("POST", "/v1/products", `{"id":"p","name":"p","stock":5}`, "Authorization", token("root", api.RoleAdmin))
	const script = `
		window.said = { counts: [] };
		const call = async (method, path, headers, body) => {
			try {
				const answer = await fetch(%[1]q + path, { method, body, headers: { ...headers, Authorization: %[2]q } });
				const read = Object.fromEntries([...answer.headers.keys()].map((name) => [name, true]));
				return { status: answer.status, read, ...(answer.status === 304 ? {} : await answer.json()) };
			} catch (error) { return { error: error.name }; }
		};
		(async () => {
			const json = { "Content-Type": "application/json", "Idempotency-Key": "k", "X-Request-Id": "from-the-shop" };
			said.reserved = await call("POST", "/v1/products/p/reservations", json, "{}");
			said.again = await call("POST", "/v1/products/p/reservations", json, "{}");
			said.known = await call("GET", "/v1/products/p", { "If-None-Match": "*" });
			said.missing = await call("GET", "/v1/products/none", {});
			said.forbidden = await call("PATCH", "/v1/products/p", { ...json, "If-Match": "\"0\"" }, "{\"price\":1}");
			said.noRoute = await call("PUT", "/v1/nothing", json, "{}");
			const socket = new WebSocket(%[1]q.replace("http", "ws") + "/ws");
			socket.onopen = () => socket.send(JSON.stringify({ event: "subscribe", data: { topics: ["product:p"] } }));
			socket.onmessage = (frame) => said.counts.push(JSON.parse(frame.data).data.remaining);
			socket.onerror = () => said.counts.push("refused");
			said.done = true;
		})();`
	page := func(url, holder string) *tab {
		p := openTab(t, browser, url)
		p.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf("void (() => {"+script+"})()", s.url, token(holder,
			api.RoleHolder))))
		p.wait("said.done && said.counts.length > 0")
		return p
	}
	allowed := page(shop, "ada")
	for expression, want := range map[string]string{
		"said.reserved.status": "confirmed", "said.reserved.holder": "ada", `said.reserved.read["x-request-id"]`: "true",
		"said.reserved.read.location": "true", `said.again.read["idempotent-replay"]`: "true",
		"said.known.status": "304", "said.known.read.etag": "true",
		"said.missing.code": "not_found", "said.forbidden.code": "forbidden", "said.noRoute.code": "not_found",
		"said.counts[0]": "4",
	} {
		if got := evaluate[string](allowed, "String("+expression+")"); got != want {
			t.Errorf("%s: %s, want %s; %s", expression, got, want, evaluate[string](allowed, "JSON.stringify(said)"))
		}
	}
	other := page(stranger, "eve")
	for _, expression := range []string{"said.reserved.error", "said.known.error", "said.missing.error",
		"said.forbidden.error"} {
		if got := evaluate[string](other, "String("+expression+")"); got != "TypeError" {
			t.Errorf("a page of another origin, %s: %s, want TypeError; %s", expression, got,
				evaluate[string](other, "JSON.stringify(said)"))
		}
	}
	if got := evaluate[string](other, "String(said.counts[0])"); got != "refused" {
		t.Errorf("the socket of a page of another origin: %s, want refused", got)
	}
	s.send("GET", "/readyz", "")
	if text := s.send("GET", "/v1/products/p", ""); !strings.Contains(text, `"sold":1,`) {
		t.Errorf("the product after a request of a page of another origin: %s; want %q", text, `"sold":1,`)
	}
}
