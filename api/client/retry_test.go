package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"admitone/api/client"
)

// script is a server that answers one request after another.
type script struct {
	t       *testing.T
	mu      sync.Mutex
	answers []func(http.ResponseWriter) // the last one repeatedly; guarded by mu
	keys    []string                    // Idempotency-Key of each request; guarded by mu
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	answer := s.answers[0]
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	s.keys = append(s.keys, r.Header.Get("Idempotency-Key"))
	answer(w)
}

// keysSent returns the Idempotency-Key of each request.
func (s *script) keysSent() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.keys)
}

func problem(status int, code, after, more string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Retry-After", after)
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"type":"about:blank#%s","title":"T","status":%d,"detail":"d","code":%q,"request_id":"r"%s}`,
			code, status, code, more)
	}
}

func answerConfirmed(w http.ResponseWriter) { w.Write([]byte(`{"id":"r1","status":"confirmed"}`)) }

// cutConnection cuts the connection without an answer.
func cutConnection(http.ResponseWriter) { panic(http.ErrAbortHandler) }

func (s *script) client(patience time.Duration) *client.Client {
	s.t.Helper()
	server := httptest.NewServer(s)
	s.t.Cleanup(server.Close)
	c, err := client.New(server.URL, client.Options{Patience: patience, HTTP: &http.Client{Transport: &http.Transport{}}})
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// TestRetries: a request that may have been executed is sent again under the same key, as long as
// patience lasts.
func TestRetries(t *testing.T) {
	tries := []func(http.ResponseWriter){problem(503, "log_unavailable", "0", ""), cutConnection,
		problem(429, "overloaded", "0", ""), func(w http.ResponseWriter) { w.WriteHeader(502) }, answerConfirmed}
	s := &script{t: t, answers: tries}
	r, err := s.client(patience).Reserve(t.Context(), "p", client.NewReservation{Holder: "ada"})
	if err != nil || r.ID != "r1" {
		t.Fatalf("got %v %v; want no error, r.ID = r1", r, err)
	}
	if len(s.keysSent()) != len(tries) || s.keysSent()[0] == "" || slices.ContainsFunc(s.keysSent(),
		func(key string) bool { return key != s.keysSent()[0] }) {
		t.Errorf("got the keys %q, want the same one in each attempt", s.keysSent())
	}
	first := s.keysSent()[0]
	if _, err := s.client(patience).Reserve(t.Context(), "p", client.NewReservation{}); err != nil ||
		s.keysSent()[len(s.keysSent())-1] == first {
		t.Errorf("the second command: got %v and the key of the first, want no error and another key", err)
	}
}

// TestRetriesEnd: the time of all attempts is bounded, and so is a Retry-After.
func TestRetriesEnd(t *testing.T) {
	for name, after := range map[string]string{"many short waits": "0", "one long wait": "60"} {
		s := &script{t: t, answers: []func(http.ResponseWriter){problem(503, "log_unavailable", after, "")}}
		start := time.Now()
		_, err := s.client(300*time.Millisecond).Reserve(t.Context(), "p", client.NewReservation{}, client.Key("k"))
		unanswered := (*client.Unanswered)(nil)
		if !errors.As(err, &unanswered) || unanswered.Key != "k" || !errors.Is(err, client.CodeLogUnavailable) {
			t.Errorf("%s: got %v; want errors.As(err, &unanswered), unanswered.Key = k, error %v",
				name, err, client.CodeLogUnavailable)
		}
		if time.Since(start) > patience/2 {
			t.Errorf("%s: the call took %s, want less than %s", name, time.Since(start), patience/2)
		}
		if after == "60" && len(s.keysSent()) != 1 {
			t.Errorf("%s: attempts = %d, want 1", name, len(s.keysSent()))
		}
	}
}

// TestNotRetried: a refusal is final, and so is an edit that may have been made.
func TestNotRetried(t *testing.T) {
	s := &script{t: t, answers: []func(http.ResponseWriter){problem(409, "sold_out", "", `,"remaining":2`), answerConfirmed}}
	_, err := s.client(patience).Reserve(t.Context(), "p", client.NewReservation{Quantity: 3})
	refusal := (*client.Error)(nil)
	if !errors.Is(err, client.CodeSoldOut) || errors.Is(err, client.CodeSeatTaken) || !errors.As(err, &refusal) ||
		refusal.Remaining != 2 || refusal.Status != 409 || refusal.RequestID != "r" || len(s.keysSent()) != 1 {
		t.Errorf("call = %v after %d attempts, refusal %+v; want sold_out at once", err, len(s.keysSent()), refusal)
	}
	for name, c := range map[string]struct {
		answer   func(http.ResponseWriter)
		attempts int
	}{"unknown": {cutConnection, 1}, "not executed": {problem(429, "overloaded", "0", ""), 2}} {
		s := &script{t: t, answers: []func(http.ResponseWriter){c.answer, answerConfirmed}}
		_, err := s.client(patience).EditProduct(t.Context(), "p", "e1", client.ProductEdit{Name: new("n")})
		if (err == nil) != (c.attempts == 2) || len(s.keysSent()) != c.attempts || s.keysSent()[0] != "" {
			t.Errorf("%s: got %v after attempts with the keys %q; want other attempts, without a key", name, err, s.keysSent())
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	s = &script{t: t, answers: []func(http.ResponseWriter){func(w http.ResponseWriter) {
		cancel()
		problem(503, "shutting_down", "0", "")(w)
	}}}
	if _, err := s.client(patience).Product(ctx, "p"); !errors.Is(err, context.Canceled) {
		t.Errorf("a call whose context has ended: got %v, want context.Canceled", err)
	}
}

// TestPathsAreEncoded: any part of a path remains one segment of it.
func TestPathsAreEncoded(t *testing.T) {
	var path string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path = r.RequestURI
		w.Write([]byte(`{}`))
	}))
	defer server.Close()
	c := clientOf(t, server.URL)
	for holder, want := range map[string]string{"https://id/7?a=b#c%": "/v1/wallets/https:%2F%2Fid%2F7%3Fa=b%23c%25",
		"a+b c": "/v1/wallets/a%2Bb%20c", "민아": "/v1/wallets/%EB%AF%BC%EC%95%84"} {
		if _, err := c.Wallet(t.Context(), holder); err != nil || path != want {
			t.Errorf("%s: %s, want %s (%v)", holder, path, want, err)
		}
	}
	for _, holder := range []string{"", ".", ".."} {
		if _, err := c.Wallet(t.Context(), holder); err == nil {
			t.Errorf("%q: got no error for a path segment, want one", holder)
		}
	}
}

// TestWatchGap: a frame that does not follow the last one is not yielded; the watch requests the
// missing part, and continues with that.
func TestWatchGap(t *testing.T) {
	frame := func(event string, previous, position int64) string {
		return fmt.Sprintf(`{"event":%q,"data":{"topic":"product:p","epoch":"e","previous":%d,"position":%d}}`, event,
			previous, position)
	}
	asked := make(chan string, 9)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		upgrader := websocket.Upgrader{}
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		conn.SetReadDeadline(time.Now().Add(patience))
		for _, frames := range [][]string{
			{frame("snapshot", 0, 5), frame("delta", 5, 6), frame("delta", 7, 8)},                     // 6 to 7 is missing
			{frame("delta", 8, 9), frame("delta", 5, 6), frame("delta", 6, 9), frame("delta", 9, 12)}, // late ones first
		} {
			_, text, err := conn.ReadMessage()
			if err != nil {
				return
			}
			asked <- string(text)
			for _, f := range frames {
				conn.WriteMessage(websocket.TextMessage, []byte(f))
			}
		}
		conn.ReadMessage()
	}))
	defer server.Close()
	var got []int64
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for f, err := range clientOf(t, server.URL).Watch(ctx, "product:p") {
		if err != nil {
			t.Fatal(err, " after ", got)
		}
		if got = append(got, f.Position); f.Position == 12 {
			break
		}
	}
	if want := []int64{5, 6, 9, 12}; !slices.Equal(got, want) {
		t.Errorf("positions %d, want %d", got, want)
	}
	<-asked
	var second struct {
		Data struct {
			Since map[string]int64
			Epoch string
		}
	}
	if err := json.Unmarshal([]byte(<-asked), &second); err != nil || second.Data.Since["product:p"] != 6 ||
		second.Data.Epoch != "e" {
		t.Errorf("after the gap: got the request %+v, %v; want it to resume at 6", second, err)
	}
}
