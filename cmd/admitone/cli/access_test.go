package cli

import (
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWalletCharges: with tokens a holder can't charge a wallet, unless a flag allows it.
func TestWalletCharges(t *testing.T) {
	for _, test := range []struct {
		args []string
		want int
	}{
		{[]string{"--auth", "jwt"}, http.StatusForbidden},
		{[]string{"--auth", "jwt", "--wallet-charges", "service"}, http.StatusForbidden},
		{[]string{"--auth", "jwt", "--wallet-charges", "holder"}, http.StatusCreated},
		{nil, http.StatusCreated},
	} {
		store := t.TempDir()
		token, _ := must(t, exitDone, "token", "--sub", "ada", "--role", "holder", "--store", store)
		p := launch(t, store, test.args...)
		request, err := http.NewRequest(http.MethodPost, p.url+"/v1/wallets/ada/charges", strings.NewReader(`{"amount":5}`))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(token))
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != test.want {
			t.Errorf("%v: status %d, want %d", test.args, response.StatusCode, test.want)
		}
		p.kill()
	}
	if _, stderr := must(t, exitUsage, "serve", "--wallet-charges", "anybody"); !strings.Contains(stderr,
		"holder or service") {
		t.Errorf("stderr %q; want %q", stderr, "holder or service")
	}
}

// TestForeignIssuer: the flags for a token issuer are refused if they are incomplete or
// contradictory.
func TestForeignIssuer(t *testing.T) {
	keys := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(keys, []byte(`{"keys":[]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	const url = "https://id.example/keys"
	for _, test := range []struct{ args, want string }{
		{"--jwks " + url, "--auth jwt"},
		{"--auth jwt --jwks " + url + " --jwt-audience any", "--jwt-issuer"},
		{"--auth jwt --jwks " + url + " --jwt-issuer any", "--jwt-audience"},
		{"--auth jwt --jwks " + url + " --jwt-issuer any --jwt-audience any --jwt-secret-file x", "leave one out"},
		{"--auth jwt --jwks " + keys + " --jwt-issuer any --jwt-audience any", "--jwks: no key has a kid"},
		{"--auth jwt --jwks " + keys + "2 --jwt-issuer any --jwt-audience any", "--jwks: open "},
		{"--auth jwt --jwt-role-claim=", "can't be empty"},
	} {
		args := append([]string{"serve", "--store", t.TempDir()}, strings.Fields(test.args)...)
		if _, stderr := must(t, exitUsage, args...); !strings.Contains(stderr, test.want) {
			t.Errorf("%s: %s; want %q", test.args, stderr, test.want)
		}
	}
}

// TestTokenClaims: a token has the issuer, audience and role given by flags.
func TestTokenClaims(t *testing.T) {
	store := t.TempDir()
	for _, test := range []struct{ args, want, not string }{
		{"", `"role":"admin"`, `"aud"`},
		{"--jwt-issuer us --jwt-audience tickets --jwt-role-claim r", `"aud":"tickets"`, `"role"`},
		{"--jwt-issuer us --jwt-audience tickets --jwt-role-claim r", `"iss":"us"`, `"role"`},
	} {
		args := append(strings.Fields("token --sub root --role admin --store "+store), strings.Fields(test.args)...)
		token, _ := must(t, exitDone, args...)
		claims, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
		if text := string(claims); err != nil || !strings.Contains(text, test.want) || strings.Contains(text, test.not) {
			t.Errorf("%s: %s %v; want %q and no %q", test.args, text, err, test.want, test.not)
		}
	}
}
