package cli

import (
	"net/http"
	"strings"
	"testing"
)

// TestSecretOfTheStore: a server with --auth jwt and the token command share the default secret,
// whichever starts first.
func TestSecretOfTheStore(t *testing.T) {
	store := t.TempDir()
	before, _ := must(t, exitDone, "token", "--sub", "ada", "--role", "admin", "--store", store)
	p := launch(t, store, "--auth", "jwt")
	after, _ := must(t, exitDone, "token", "--sub", "bob", "--role", "holder", "--store", store)
	for _, c := range []struct {
		token string
		want  int
	}{{before, http.StatusOK}, {after, http.StatusForbidden}, {"", http.StatusUnauthorized}} {
		request, err := http.NewRequest(http.MethodGet, p.url+"/v1/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.token != "" {
			request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(c.token))
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != c.want {
			t.Errorf("with token %q: status %d, want %d", c.token, response.StatusCode, c.want)
		}
	}
	must(t, exitUsage, "serve", "--store", "esdb://localhost:2113?colour=red")
	must(t, exitUnavailable, "serve", "--listen", "127.0.0.1:0", "--store",
		"esdb://127.0.0.1:1?tls=false&maxDiscoverAttempts=1")
}
