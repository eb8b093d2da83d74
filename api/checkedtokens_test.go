package api

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"admitone/api/keyset"
)

// TestCheckedTokens: a token is checked once, and again when it has expired, when the keys have changed, and when many
// others have evicted it. An invalid token is not cached.
func TestCheckedTokens(t *testing.T) {
	now := time.Now()
	tokens, checks, bad := &checkedTokens{}, 0, errors.New("bad")
	check := func(token string) (checkedToken, error) {
		checks++
		if token == "bad" {
			return checkedToken{}, bad
		}
		return checkedToken{caller{sub: "ada", role: RoleAdmin}, now.Add(time.Minute)}, nil
	}
	expect := func(token string, version uint64, at time.Time, want int) {
		t.Helper()
		checks = 0
		actor, err := tokens.callerOf(token, version, at, check)
		if checks != want || (err != nil) != (token == "bad") || err == nil && (actor.sub != "ada" || actor.role != RoleAdmin) {
			t.Errorf("%s: got %d checks, the caller %v and the error %v; want %d checks", token, checks, actor, err, want)
		}
	}
	expect("a", 1, now, 1)
	expect("a", 1, now, 0)
	expect("A", 1, now, 1)
	expect("bad", 1, now, 1)
	expect("bad", 1, now, 1)
	expect("a", 1, now.Add(time.Minute-1), 0)
	expect("a", 1, now.Add(time.Minute), 1)
	expect("a", 2, now, 1)
	expect("a", 1, now, 1) // with the keys from before the change
	expect("a", 2, now, 0)
	for i := range 3 * maxCachedTokens {
		expect("other "+strconv.Itoa(i), 2, now, 1)
		if i%(maxCachedTokens/2) == 0 {
			expect("a", 2, now, 0) // a token in use is not evicted
		}
		if n := max(len(tokens.newer), len(tokens.older)); n > maxCachedTokens {
			t.Fatalf("a generation has %d tokens, want at most %d", n, maxCachedTokens)
		}
	}
	expect("other 0", 2, now, 1)
	expect("A", 2, now, 1)
	tokens = nil
	expect("a", 1, now, 1)
	expect("a", 1, now, 1)
}

// TestWithdrawnKey: a valid token is checked only once until its key is withdrawn, and then it is invalid.
func TestWithdrawnKey(t *testing.T) {
	file := filepath.Join(t.TempDir(), "keys.json")
	keys := keyset.New(file, slog.New(slog.DiscardHandler))
	publish := func(kid string, key ed25519.PrivateKey) {
		t.Helper()
		set := fmt.Sprintf(`{"keys":[{"kty":"OKP","crv":"Ed25519","kid":%q,"x":%q}]}`, kid,
			base64.RawURLEncoding.EncodeToString(key.Public().(ed25519.PublicKey)))
		if err := os.WriteFile(file, []byte(set), 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithTimeout(context.Background(), time.Second)
		defer stop()
		before := keys.Version()
		go func() { _ = keys.Run(ctx) }()
		for keys.Version() == before && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
	}
	_, first, _ := ed25519.GenerateKey(nil)
	_, second, _ := ed25519.GenerateKey(nil)
	publish("first", first)
	unsigned := jwt.NewWithClaims(jwt.SigningMethodEdDSA, jwt.MapClaims{"sub": "root", "role": RoleAdmin,
		"exp": time.Now().Add(time.Hour).Unix()})
	unsigned.Header["kid"] = "first"
	token, err := unsigned.SignedString(first)
	if err != nil {
		t.Fatal(err)
	}
	w := newHarness(t, func(w *harness) { w.config.Auth = JWTAuth{Keys: keys} })
	send := func() answer { return w.do("GET", "/v1/events", "", "Authorization", "Bearer "+token) }
	send().is(200)
	send().is(200)
	if cached := len(w.server.config.Auth.(JWTAuth).checked.newer); cached != 1 {
		t.Errorf("%d tokens are cached, want 1", cached)
	}
	publish("second", second)
	send().problem(401, "unauthenticated")
}
