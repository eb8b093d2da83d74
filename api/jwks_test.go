package api

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"admitone/api/keyset"
)

// foreign are the tokens of a foreign issuer, as printed by testdata/jose/tokens.cjs.
type foreign struct {
	Set       json.RawMessage
	Good, Bad map[string]string
	Late      struct {
		Token string
		Set   json.RawMessage
	}
	Roles struct{ Token string }
}

func foreignTokens(t *testing.T) (f foreign) {
	t.Helper()
	node, err := exec.LookPath("node")
	modules := os.Getenv("NODE_PATH")
	if cache, err := os.UserCacheDir(); err == nil && modules == "" {
		modules = filepath.Join(cache, "admitone-jose", "node_modules")
	}
	if err == nil {
		_, err = os.Stat(filepath.Join(modules, "jose", "package.json"))
	}
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("Node or jose is missing, which CI requires: %v", err)
		}
		t.Skipf("skipped: Node or jose is missing; .ci/run install installs them: %v", err)
	}
	script := exec.CommandContext(t.Context(), node, filepath.Join("testdata", "jose", "tokens.cjs"))
	script.Env = append(os.Environ(), "NODE_PATH="+modules)
	script.Stderr = os.Stderr
	text, err := script.Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

// TestForeignTokens: valid tokens of a foreign issuer are accepted, and invalid ones are refused on every
// route. Until the keys are available, a request with a token is answered with keys_unavailable.
func TestForeignTokens(t *testing.T) {
	tokens := foreignTokens(t)
	file := filepath.Join(t.TempDir(), "keys.json")
	keys := keyset.New(file, slog.New(slog.DiscardHandler))
	auth := JWTAuth{Keys: keys, Issuer: "https://id.example", Audience: "tickets"}
	w := newHarness(t, func(w *harness) { w.config.Auth = auth })
	send := func(token string) answer {
		t.Helper()
		return w.do("GET", "/v1/events", "", "Authorization", "Bearer "+token)
	}
	a := send(tokens.Good["RS256"])
	if a.problem(503, "keys_unavailable"); a.header.Get("Retry-After") == "" {
		t.Errorf("got the header %v, want Retry-After", a.header)
	}
	w.do("GET", "/readyz", "").problem(503, "keys_unavailable")
	w.do("GET", "/v1/products", "").is(200) // public, so it needs no keys
	w.must(os.WriteFile(file, tokens.Set, 0o600))
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	w.background.Go(func() { _ = keys.Run(ctx) })
	w.wait(keys.Ready)
	w.do("GET", "/readyz", "").is(200)
	for name, token := range tokens.Good {
		if a := send(token); a.status != 200 {
			t.Errorf("%s: got %d %s; want status = 200", name, a.status, a.text)
		}
	}
	if len(tokens.Bad) < 20 {
		t.Errorf("got %d bad tokens, want at least 20", len(tokens.Bad))
	}
	for name, token := range tokens.Bad {
		for _, path := range []string{"/v1/events", "/v1/products"} {
			if a := w.do("GET", path, "", "Authorization", "Bearer "+token); a.status != 401 {
				t.Errorf("%s, %s: got %d %s; want status = 401", name, path, a.status, a.text)
			}
		}
	}
	send(tokens.Roles.Token).problem(403, "forbidden") // a token without a role is a holder's
	a = w.do("GET", "/v1/events", "", "Authorization", bearer(t, "root", RoleAdmin))
	a.problem(401, "unauthenticated") // signed with our own secret
}

// TestClaims: the accepted issuer and audience, and the claim with the role, are configured.
func TestClaims(t *testing.T) {
	tokens := foreignTokens(t)
	file := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(file, tokens.Set, 0o600); err != nil {
		t.Fatal(err)
	}
	keys := keyset.New(file, slog.New(slog.DiscardHandler))
	w := newHarness(t, func(w *harness) {
		w.config.Auth = JWTAuth{Keys: keys, RoleClaim: "https://id.example/role"}
	})
	for name, want := range map[string]int{"other issuer": 403, "no issuer": 403, "other audience": 403, "no audience": 403,
		"unknown role": 403, "unknown kid": 401, "no expiry": 401} {
		if a := w.do("GET", "/v1/events", "", "Authorization", "Bearer "+tokens.Bad[name]); a.status != want {
			t.Errorf("%s: got %d %s; want status = %v", name, a.status, a.text, want)
		}
	}
	w.do("GET", "/v1/events", "", "Authorization", "Bearer "+tokens.Roles.Token).is(200)
	w.do("GET", "/v1/events", "", "Authorization", "Bearer "+tokens.Late.Token).problem(401, "unauthenticated")
}

// TestOwnClaims: a token signed with the secret has to have the configured iss and aud.
func TestOwnClaims(t *testing.T) {
	mint := func(issuer, audience string) string {
		token, err := JWTAuth{Secret: secret.Secret, Issuer: issuer, Audience: audience}.Token("root", RoleAdmin,
			time.Now(), time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return "Bearer " + token
	}
	w := newHarness(t, func(w *harness) {
		w.config.Auth = JWTAuth{Secret: secret.Secret, Issuer: "us", Audience: "tickets"}
	})
	for _, c := range []struct {
		issuer, audience string
		want             int
	}{{"us", "tickets", 200}, {"", "tickets", 401}, {"us", "", 401}, {"them", "tickets", 401}, {"us", "cups", 401}} {
		if a := w.do("GET", "/v1/events", "", "Authorization", mint(c.issuer, c.audience)); a.status != c.want {
			t.Errorf("%+v: got %d %s; want status = %v", c, a.status, a.text, c.want)
		}
	}
}
