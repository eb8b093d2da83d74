package keyset

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// issuer is a fake source of a key set.
type issuer struct {
	delay time.Duration

	mu    sync.Mutex // guards the fields below
	text  string
	err   error
	reads int
}

// setSource sets the result of further reads.
func (i *issuer) setSource(text string, err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.text, i.err = text, err
}

// fetches returns how often the set was read.
func (i *issuer) fetches() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.reads
}

func (i *issuer) read(ctx context.Context) ([]byte, error) {
	i.mu.Lock()
	i.reads++
	i.mu.Unlock()
	select {
	case <-time.After(i.delay):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	return []byte(i.text), i.err
}

// setOf returns a key set with keys of these ids.
func setOf(ids ...string) string {
	var keys []string
	for _, id := range ids {
		public, _, _ := ed25519.GenerateKey(rand.Reader)
		keys = append(keys, fmt.Sprintf(`{"kty":"OKP","crv":"Ed25519","kid":%q,"x":%q}`, id,
			base64.RawURLEncoding.EncodeToString(public)))
	}
	return `{"keys":[` + strings.Join(keys, ",") + `]}`
}

// newTestSet returns a set that reads from i.
func newTestSet(i *issuer) *Set { return &Set{read: i.read, logger: slog.New(slog.DiscardHandler)} }

// wantKey looks up a key, and checks the error.
func (s *Set) wantKey(t *testing.T, id string, want error) {
	t.Helper()
	if key, err := s.Key(id, EdDSA); !errors.Is(err, want) || (key == nil) != (want != nil) {
		t.Errorf("Key(%s) = %v, %v; want error %v", id, key, err, want)
	}
}

// TestUnknownKey: the set is fetched for an unknown key at most every ten seconds, and then has the key.
func TestUnknownKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{text: setOf("a")}
		s := newTestSet(i)
		s.wantKey(t, "a", nil)
		i.setSource(setOf("a", "b"), nil)
		for range 100 {
			s.wantKey(t, "b", ErrUnknown)
		}
		time.Sleep(minInterval - time.Millisecond)
		s.wantKey(t, "b", ErrUnknown)
		if i.fetches() != 1 {
			t.Errorf("fetched %d times in ten seconds, want 1", i.fetches())
		}
		time.Sleep(time.Millisecond)
		s.wantKey(t, "b", nil)
		s.wantKey(t, "c", ErrUnknown)
		if i.fetches() != 2 {
			t.Errorf("fetched %d times, want 2", i.fetches())
		}
		if _, err := s.Key("b", RS256); !errors.Is(err, ErrUnknown) {
			t.Errorf("Key(b) for another algorithm: error %v, want %v", err, ErrUnknown)
		}
	})
}

// TestSlowIssuer: no caller waits longer than two seconds, and all wait for the same fetch.
func TestSlowIssuer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{text: setOf("a"), delay: 5 * time.Second}
		s := newTestSet(i)
		started := time.Now()
		for range 10 {
			go s.wantKey(t, "a", ErrUnavailable)
		}
		s.wantKey(t, "a", ErrUnavailable)
		if took := time.Since(started); took != maxWait {
			t.Errorf("waited %s, want %s", took, maxWait)
		}
		time.Sleep(i.delay)
		synctest.Wait()
		s.wantKey(t, "a", nil)
		if i.fetches() != 1 {
			t.Errorf("fetched %d times, want 1", i.fetches())
		}
	})
}

// TestIssuerUnreachable: keys stay valid while the issuer is unreachable or its key set is invalid. A key
// that it no longer publishes is invalid.
func TestIssuerUnreachable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{err: errors.New("away")}
		s := newTestSet(i)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx) }()
		time.Sleep(retryEvery / 2)
		if s.wantKey(t, "a", ErrUnavailable); s.Ready() {
			t.Error("Ready = true without keys, want false")
		}
		i.setSource(setOf("a", "b"), nil)
		time.Sleep(retryEvery)
		if s.wantKey(t, "a", nil); !s.Ready() {
			t.Error("Ready = false with keys, want true")
		}
		for _, invalid := range []string{"", "{}", `{"keys":[]}`, "<html>", setOf(""), setOf("a", "a"),
			`{"keys":[{"kty":"oct","kid":"a","k":"AAAA"}]}`} {
			i.setSource(invalid, nil)
			time.Sleep(refreshEvery)
			s.wantKey(t, "a", nil)
		}
		i.setSource("", errors.New("away"))
		time.Sleep(24 * time.Hour)
		s.wantKey(t, "a", nil)
		i.setSource(setOf("b"), nil)
		time.Sleep(refreshEvery)
		s.wantKey(t, "b", nil)
		s.wantKey(t, "a", ErrUnknown)
		stop()
		<-ended
	})
}

// TestSources: a set is read from a URL or from a file.
func TestSources(t *testing.T) {
	text := setOf("a")
	file := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	answers := map[string]func(http.ResponseWriter){
		"/keys":    func(w http.ResponseWriter) { fmt.Fprint(w, text) },
		"/missing": func(w http.ResponseWriter) { w.WriteHeader(404); fmt.Fprint(w, text) },
		"/large":   func(w http.ResponseWriter) { fmt.Fprint(w, text, strings.Repeat(" ", maxSet)) },
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answers[r.URL.Path](w) }))
	defer server.Close()
	for source, good := range map[string]bool{file: true, file + "2": false, server.URL + "/keys": true,
		server.URL + "/missing": false, server.URL + "/large": false} {
		if err := New(source, slog.New(slog.DiscardHandler)).Check(); (err == nil) != good {
			t.Errorf("Check of %s: error %v, want success: %t", source, err, good)
		}
	}
}
