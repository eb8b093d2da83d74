package main

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"admitone/api"
	"admitone/events"
)

// TestProve: a server that proves its log is ready as long as the log is right, says
// how far it has come, and is not ready any more once an event breaks a rule that
// nobody else looks at.
func TestProve(t *testing.T) {
	p, err := start(settings{listen: "127.0.0.1:0", store: t.TempDir(), auth: api.OpenAuth{}, idleAfter: time.Minute, logger: slog.New(slog.DiscardHandler), prove: true})
	if err != nil {
		t.Fatal(err)
	}
	s := &served{program: p, url: "http://" + p.address(), t: t}
	t.Cleanup(s.end)
	s.sell("1")
	head, err := s.log.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	answer := s.readyUntil(func(status int, body string) bool { return strings.Contains(body, fmt.Sprintf(`"proved":%d`, head)) })
	if !strings.Contains(answer, `"status":"ready"`) {
		t.Error(answer)
	}
	fact := &events.TeamRegistered{TeamID: "t", DisplayName: "T"}
	e := events.Event{ID: events.EventID("forged", 0), Type: fact.Name(), Data: fact.AppendJSON(nil)}
	e.Metadata, _ = events.Seal(nil, events.Hash{1}, "team-t", 0, &e, &events.Metadata{CommandID: "forged", Actor: "eve", At: time.Now()})
	if _, err := s.log.Append(t.Context(), "team-t", events.NoStream, []events.Event{e}); err != nil {
		t.Fatal(err)
	}
	answer = s.readyUntil(func(status int, _ string) bool { return status == http.StatusServiceUnavailable })
	for _, want := range []string{`"code":"log_unavailable"`, fmt.Sprintf(`"position":%d`, head+1), `"stream":"team-t"`, `"rule":"every event carries the hash`} {
		if !strings.Contains(answer, want) {
			t.Errorf("/readyz says %s, without %s", answer, want)
		}
	}
	metrics := s.send("GET", "/metrics", "")
	for _, want := range []string{"admitone_prove_violated 1", fmt.Sprintf("admitone_prove_position %d", head)} {
		if !strings.Contains(metrics, want) {
			t.Errorf("the metrics have no %q", want)
		}
	}
	s.send("GET", "/healthz", "") // to be started again would not help
	s.send("POST", "/v1/products/1/reservations", `{"holder":"ada"}`)
}

// readyUntil asks /readyz until it answers as is wanted.
func (s *served) readyUntil(wanted func(status int, body string) bool) string {
	s.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		response, err := http.Get(s.url + "/readyz")
		if err != nil {
			s.t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || time.Now().After(end) {
			s.t.Fatalf("/readyz: %s %s %v", response.Status, body, err)
		}
		if wanted(response.StatusCode, string(body)) {
			return string(body)
		}
	}
}
