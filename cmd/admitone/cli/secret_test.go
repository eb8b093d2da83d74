package cli

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"admitone/cmd/admitone/server"
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

// TestSecretsOfServersOnALog: token and rotate-passes find the secrets that servers share by the flags of the
// servers, and create none beside those.
func TestSecretsOfServersOnALog(t *testing.T) {
	store, data, secrets := newEventStore(t).address(), t.TempDir(), filepath.Join(t.TempDir(), "secrets")
	p := launch(t, store, "--data", data, "--secrets", secrets, "--auth", "jwt")
	token, _ := must(t, exitDone, "token", "--sub", "ada", "--role", "admin", "--secrets", secrets)
	request, err := http.NewRequest(http.MethodGet, p.url+"/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(token))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("with a token of --secrets: status %d, want 200", response.StatusCode)
	}
	must(t, exitDone, "rotate-passes", "--secrets", secrets)

	mint := []string{"token", "--sub", "ada", "--role", "admin"}
	for _, c := range []struct {
		args []string
		want string
	}{
		{append(mint, "--store", store, "--data", data), "--secrets"},
		{append(mint, "--data", data), "--store esdb://"},
		{[]string{"rotate-passes", "--data", data}, "--store esdb://"},
	} {
		if _, text := must(t, exitUsage, c.args...); !strings.Contains(text, c.want) {
			t.Errorf("admitone %q: %q, want %q", c.args, text, c.want)
		}
	}
	for _, file := range []string{filepath.Join(data, server.SecretFile), "data"} {
		if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v, want %v", file, err, fs.ErrNotExist)
		}
	}
	if _, note := must(t, exitDone, append(mint, "--secrets", t.TempDir())...); !strings.Contains(note, "created") {
		t.Errorf("a token of an empty directory: %q, want a note that a secret was created", note)
	}
}
