package api

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"admitone/api/connections"
	"admitone/events"
)

// TestRateLimit: a caller may send a second's commands in a burst, and then evenly, whatever others send and
// however long the limit has been active.
func TestRateLimit(t *testing.T) {
	l := newRateLimit(4)
	now := l.start
	expect := func(caller string, remaining int64, wait time.Duration) {
		t.Helper()
		if r, w := l.allow(rateCaller{sub: events.Holder(caller)}, now); r != remaining || w != wait {
			t.Errorf("%s after %s: got %d remaining, wait %s; want %d, %s", caller, now.Sub(l.start), r, w, remaining, wait)
		}
	}
	for range 3 {
		for remaining := int64(3); remaining >= 0; remaining-- {
			expect("ada", remaining, 0)
		}
		expect("ada", 0, 250*time.Millisecond)
		expect("bob", 3, 0)
		for range 12 { // across the windows
			now = now.Add(250 * time.Millisecond)
			expect("ada", 0, 0)
			expect("ada", 0, 250*time.Millisecond)
		}
		now = now.Add(500 * time.Millisecond)
		expect("ada", 1, 0)
		now = now.Add(10 * time.Second)
	}
}

// TestRateLimitIsBounded: a crowd of callers uses bounded memory, which is released; callers beyond
// the bound share one allowance.
func TestRateLimitIsBounded(t *testing.T) {
	l := newRateLimit(1)
	now, refused := l.start, 0
	crowd := func(callers int) {
		for i := range callers {
			if _, wait := l.allow(rateCaller{sub: events.Holder(fmt.Sprint(i))}, now); wait > 0 {
				refused++
			}
		}
	}
	kept := func() (n int) {
		for i := range l.shards {
			n += len(l.shards[i].current) + len(l.shards[i].previous)
		}
		return n
	}
	const limit = rateShards * (rateCallers + 1)
	crowd(2 * limit)
	if n := kept(); n > limit || refused < limit/2 {
		t.Errorf("%d callers are tracked and %d were refused, want at most %d and at least %d", n, refused, limit, limit/2)
	}
	const some = 100 * rateShards // enough for every shard to have some
	now = now.Add(rateWindow)
	crowd(some)
	now = now.Add(rateWindow)
	if crowd(some); kept() > 2*some {
		t.Errorf("%d callers are tracked after two windows, want at most %d", kept(), 2*some)
	}
	refused, now = 0, now.Add(time.Hour)
	if crowd(100); refused > 0 {
		t.Errorf("%d were refused after an hour, want none", refused)
	}
}

// TestRateOfCallers: commands, including each of a batch, are counted by the sub of the token, or without a token
// by the address. Queries are not counted, and requests from loopback are exempt.
func TestRateOfCallers(t *testing.T) {
	const slow = 3 // a second refills this number, so a slow test sees no additional refusal
	w := newHarness(t, func(w *harness) {
		w.config.Auth, w.config.CommandsPerSecond = secret, slow
		var err error
		w.config.Proxies, err = connections.NewProxies([]string{"127.0.0.0/8"}, connections.ForwardedFor)
		w.must(err)
	})
	admin := bearer(t, "root", RoleAdmin)
	w.do("POST", "/v1/products", `{"id":"p","name":"n","stock":1000}`, "Authorization", admin).is(201)
	// sendUntilRefused sends commands until one is refused, which has to happen.
	sendUntilRefused := func(actor string, headers ...string) answer {
		t.Helper()
		for range 1000 {
			a := w.do("POST", "/v1/products/p/reservations", `{"holder":"ada"}`, headers...)
			if a.status == 429 {
				return a
			}
			if policy := a.header.Get("RateLimit-Policy"); policy != `"commands";q=3;w=1` ||
				!strings.HasPrefix(a.header.Get("RateLimit"), `"commands";r=`) {
				t.Fatalf("%s: the headers are %v; want RateLimit and a policy of 3 commands a second", actor, a.header)
			}
		}
		t.Fatalf("%s: got 1000 commands accepted, want one refused", actor)
		return answer{}
	}
	for _, actor := range [][]string{
		{"Authorization", bearer(t, "ada", RoleHolder)},
		{"X-Forwarded-For", "198.18.0.1"}, {"X-Forwarded-For", "198.18.0.2"},
	} {
		a := sendUntilRefused(fmt.Sprint(actor), actor...)
		if a.problem(429, "rate_limited"); a.header.Get("Retry-After") != "1" ||
			a.header.Get("RateLimit") != `"commands";r=0;t=1` {
			t.Errorf("got %v; want Retry-After = 1, RateLimit = \"commands\";r=0;t=1", a.header)
		}
		for range 2 * slow {
			if a := w.do("GET", "/v1/products/p", "", actor...); a.status != 200 || a.header.Get("RateLimit") != "" {
				t.Errorf("a query: got %d %v; want 200 without RateLimit", a.status, a.header)
			}
		}
	}
	for range 3 * slow {
		if a := w.do("POST", "/v1/products/p/reservations", `{}`); a.status != 401 || a.header.Get("RateLimit") != "" {
			t.Errorf("from this machine: got %d %v; want 401 without RateLimit", a.status, a.header)
		}
	}
	const one = `{"method":"POST","path":"/v1/products/p/reservations%s","body":{"holder":"cy"}}`
	for _, query := range []string{"", "?a=b"} { // by the direct route, and by the router
		commands := strings.TrimSuffix(strings.Repeat(fmt.Sprintf(one, query)+",", 50), ",")
		refused := 0
		for _, a := range w.do("POST", "/v1/batch", `{"commands":[`+commands+`]}`, "Authorization", bearer(t, "cy"+query,
			RoleService)).answers(50) {
			if a.status == 429 {
				refused++
			}
		}
		if refused < 20 {
			t.Errorf("%q: of 50 in a batch %d are refused, want at least 20", query, refused)
		}
	}
}
