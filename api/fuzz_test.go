package api

import (
	"encoding/json"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"admitone/actors/product"
	"admitone/actors/tournament"
	"admitone/api/input"
	"admitone/events"
)

// fake returns a request without a connection.
func fake(t testing.TB, s *Server, method, path, body string, headers ...string) *request {
	var c fasthttp.RequestCtx
	c.Request.Header.SetMethod(method)
	c.Request.SetRequestURI(path)
	c.Request.SetBodyString(body)
	c.Request.Header.SetContentType("application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		c.Request.Header.Set(headers[i], headers[i+1])
	}
	ctx := s.app.AcquireCtx(&c)
	t.Cleanup(func() { s.app.ReleaseCtx(ctx) })
	return &request{ctx: ctx, server: s, caller: caller{role: RoleAdmin, open: true}, id: "fuzz"}
}

// wantClientError checks that the answer to err has a status of 4xx.
func wantClientError(t *testing.T, err error) {
	t.Helper()
	p := problemOf(err, func() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) })
	if status := statuses[p.code]; status < 400 || status >= 500 {
		t.Fatalf("the error %[2]v has the status %[1]d, want 4xx", status, err)
	}
}

func bareServer() *Server {
	return &Server{config: Config{Auth: OpenAuth{}}, app: fiber.New(fiber.Config{Immutable: true})}
}

func FuzzDecodeRequest(f *testing.F) {
	for _, bad := range badBodies {
		f.Add(strings.ReplaceAll(excerpt(bad.body), "%s", `"name":"n","stock":1,"holder":"ada"`))
	}
	for _, seed := range []string{`{"id":"a","name":"n","stock":1,"price":2,"limit_per_holder":3,"hold_seconds":4}`,
		`{"holder":"ada","quantity":2,"hold":true}`, `{"stock":9223372036854775808}`, `{"name":null}`,
		`{"quantity":1e400}`,
		`{"id":"c","name":"n","team_limit":2,"register_deadline":"2031-05-01T20:00:00.5+02:00","waitlist":true,` +
			`"waitlist_rule":"fill"}`,
		`{"team_id":"a"}`, `{"team_ids":["a","b"]}`, `{"team_limit":3,"status":"closed"}`} {
		f.Add(seed)
	}
	s := bareServer()
	f.Fuzz(func(t *testing.T, body string) {
		command, id, err := newProduct(fake(t, s, "POST", "/v1/products", body))
		create, _ := command.(*product.Create)
		switch {
		case err != nil:
			wantClientError(t, err)
		case !input.ValidID(string(id)) || create.ID != id || !validText(create.Name, maxName) || create.Stock < 0 ||
			create.Stock > product.MaxStock ||
			create.Price < 0 || create.Price > events.MaxPrice || create.LimitPerHolder < 0 ||
			create.LimitPerHolder > product.MaxStock ||
			create.HoldSeconds < 1 || create.HoldSeconds > maxHold:
			t.Fatalf("%q was accepted as %+v, want an error", body, create)
		}
		reserve, err := fake(t, s, "POST", "/", body).newReservation()
		switch {
		case err != nil:
			wantClientError(t, err)
		case !validHolder(reserve.Holder) || !utf8.ValidString(string(reserve.Holder)) || reserve.Quantity < 1 ||
			reserve.Quantity > product.MaxStock:
			t.Fatalf("%q was accepted as %+v, want an error", body, reserve)
		}
		command, err = newProductEdit(fake(t, s, "PATCH", "/", body))
		edit, _ := command.(*product.Edit)
		switch {
		case err != nil:
			wantClientError(t, err)
		case edit.Name != nil && !validText(*edit.Name, maxName) || edit.Stock != nil && (*edit.Stock < 0 ||
			*edit.Stock > product.MaxStock):
			t.Fatalf("%q was accepted as %+v, want an error", body, edit)
		}
		fuzzTournament(t, s, body)
		if err := fake(t, s, "DELETE", "/", body).decode(&struct{}{}, true); err != nil {
			wantClientError(t, err)
		} else if text := strings.TrimSpace(body); text != "" && !json.Valid([]byte(text)) {
			t.Fatalf("%q was accepted, want an error: it is not JSON", body)
		}
	})
}

// fuzzTournament decodes a body as each kind of body for teams and tournaments.
func fuzzTournament(t *testing.T, s *Server, body string) {
	command, id, err := newTournament(fake(t, s, "POST", "/v1/tournaments", body))
	create, _ := command.(*tournament.Create)
	switch {
	case err != nil:
		wantClientError(t, err)
	case !input.ValidID(string(id)) || create.ID != id || !validText(create.Name, maxName) || create.TeamLimit < 1 ||
		create.TeamLimit > tournament.MaxTeams ||
		create.RegisterDeadline.Year() < 1970 || create.RegisterDeadline.Year() > 9999 ||
		create.RegisterDeadline.Location() != time.UTC ||
		create.Rule != events.WaitlistStrict && create.Rule != events.WaitlistFill:
		t.Fatalf("%q was accepted as %+v, want an error", body, create)
	}
	if _, err = newTournamentEdit(fake(t, s, "PATCH", "/", body)); err != nil {
		wantClientError(t, err)
	}
	if _, _, err = newTeam(fake(t, s, "POST", "/v1/teams", body)); err != nil {
		wantClientError(t, err)
	}
	holder, teams, _, err := fake(t, s, "POST", "/", body).newEntry()
	if err != nil {
		wantClientError(t, err)
		return
	}
	for i, team := range teams {
		if !input.ValidID(string(team)) || slices.Contains(teams[:i], team) || len(teams) > tournament.MaxGroup {
			t.Fatalf("%q was accepted as %q, want an error", body, teams)
		}
	}
	if !validHolder(holder) {
		t.Fatalf("the body %q was accepted for the holder %q, want a valid name", body, holder)
	}
}

func FuzzParameters(f *testing.F) {
	for _, seed := range []string{"", "1", "0", "-1", "9223372036854775808", `"7"`, `W/"7"`, `"`,
		"2026-01-01T00:00:00Z", "cDE", "%", "*", `"1", "2"`, "\xff", "a b"} {
		f.Add(seed)
	}
	s := bareServer()
	f.Fuzz(func(t *testing.T, text string) {
		query := string(fasthttp.AppendQuotedArg(nil, []byte(text)))
		r := fake(t, s, "POST", "/?limit="+query+"&cursor="+query+"&after="+query, "{}", "If-Match", text,
			"If-None-Match", text, "Idempotency-Key", text, "X-Request-Id", text, "Authorization", "Bearer "+text)
		if n, err := r.limit(); err != nil {
			wantClientError(t, err)
		} else if n < 1 || n > 500 {
			t.Fatalf("got the limit %d, want 1 to 500", n)
		}
		if after, err := r.cursor(); err != nil {
			wantClientError(t, err)
		} else if !utf8.ValidString(after) || len(after) > 256 {
			t.Fatalf("got the cursor %q, want at most 256 bytes of valid UTF-8", after)
		} else if _, err := numberCursor[events.Position](after); err != nil {
			wantClientError(t, err)
		}
		if n, _, err := r.position("after"); err != nil {
			wantClientError(t, err)
		} else if n > 1<<63-1 {
			t.Fatalf("got the position %d, want at most %d", n, 1<<63-1)
		}
		if revision, err := r.ifMatch(); err != nil {
			wantClientError(t, err)
		} else if *revision < 0 {
			t.Fatalf("got the revision %d of If-Match, want at least 0", *revision)
		}
		if key, err := r.key(); err != nil {
			wantClientError(t, err)
		} else if len(key) > 128 || !visibleASCII(key) {
			t.Fatalf("got the key %q, want at most 128 visible ASCII characters", key)
		}
		if id := requestID(r.ctx); id == "" || len(id) > 128 || !visibleASCII(id) {
			t.Fatalf("got the request id %q, want 1 to 128 visible ASCII characters", id)
		}
		r.setETag(7)
		if _, err := (JWTAuth{Secret: []byte("fuzz")}).caller(r.ctx, time.Now()); err != nil {
			wantClientError(t, err)
		}
	})
}

// FuzzCursor checks that the server accepts the cursors that it makes.
func FuzzCursor(f *testing.F) {
	f.Add("p-1")
	f.Add(strings.Repeat("a", 64))
	s := bareServer()
	f.Fuzz(func(t *testing.T, after string) {
		if !input.ValidID(after) {
			return
		}
		var cursor string
		if err := json.Unmarshal(appendCursor(nil, after), &cursor); err != nil {
			t.Fatal(err)
		}
		if back, err := fake(t, s, "GET", "/?cursor="+cursor, "").cursor(); err != nil || back != after {
			t.Fatalf("the cursor of %q gives %q (%v), want %[1]q", after, back, err)
		}
	})
}

func FuzzAt(f *testing.F) {
	for _, seed := range []string{"1", "0", "9223372036854775807", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00+02:00",
		"9999-12-31T23:59:59-12:00", "0000-01-01T00:00:00+12:00", "\x00"} {
		f.Add(seed)
	}
	w := newHarness(f)
	w.product("p", 1, "")
	f.Fuzz(func(t *testing.T, text string) {
		r := fake(t, w.server, "GET", "/?at="+string(fasthttp.AppendQuotedArg(nil, []byte(text))), "")
		m, _, err := r.at()
		if err != nil {
			wantClientError(t, err)
			return
		}
		var asOf struct {
			Position int64
			Time     string
		}
		if err := json.Unmarshal(appendAsOf(nil, m), &asOf); err != nil || asOf.Position > 1 || len(asOf.Time) < 20 ||
			asOf.Time[4] != '-' {
			t.Fatalf("%q is as of %+v (%v); want a position of at most 1 and an RFC 3339 time", text, asOf, err)
		}
	})
}
