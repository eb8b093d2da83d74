package cli

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"admitone/api"
	"admitone/cmd/admitone/server"
	"admitone/events"
)

// TestProve: a server that verifies its log (serve --prove) reports its progress in /readyz, and is no longer
// ready once an event violates a rule that only verify checks.
func TestProve(t *testing.T) {
	p, err := server.Start(server.Settings{Listen: "127.0.0.1:0", Store: t.TempDir(), Auth: api.OpenAuth{},
		IdleAfter: time.Minute, Logger: slog.New(slog.DiscardHandler), Prove: true})
	if err != nil {
		t.Fatal(err)
	}
	s := &testServer{Server: p, url: "http://" + p.Address(), t: t}
	t.Cleanup(s.end)
	s.sell("1")
	head, err := s.Log.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	answer := s.waitForReadyz(func(status int, body string) bool {
		return strings.Contains(body,
			fmt.Sprintf(`"proved":%d`, head))
	})
	if !strings.Contains(answer, `"status":"ready"`) {
		t.Errorf("/readyz: %s; want %q", answer, `"status":"ready"`)
	}
	fact := &events.TeamRegistered{TeamID: "t", DisplayName: "T"}
	e := events.Event{ID: events.EventID("forged", 0), Type: fact.Name(), Data: events.AppendFact(nil, fact)}
	e.Metadata, _ = events.Seal(nil, events.Hash{1}, "team-t", 0, &e,
		&events.Metadata{CommandID: "forged", Actor: "eve", At: time.Now()})
	if _, err := s.Log.Append(t.Context(), "team-t", events.NoStream, []events.Event{e}); err != nil {
		t.Fatal(err)
	}
	answer = s.waitForReadyz(func(status int, _ string) bool { return status == http.StatusServiceUnavailable })
	for _, want := range []string{`"code":"log_unavailable"`, fmt.Sprintf(`"position":%d`, head+1), `"stream":"team-t"`,
		`"rule":"every event carries the hash`} {
		if !strings.Contains(answer, want) {
			t.Errorf("/readyz after the violation: %s; want %q", answer, want)
		}
	}
	metrics := s.send("GET", "/metrics", "")
	for _, want := range []string{"admitone_prove_violated 1", fmt.Sprintf("admitone_prove_position %d", head)} {
		if !strings.Contains(metrics, want) {
			t.Errorf("the metrics are\n%s; want %q", metrics, want)
		}
	}
	s.send("GET", "/healthz", "") // stays good, since a restart would not help
	s.send("POST", "/v1/products/1/reservations", `{"holder":"ada"}`)
}

// waitForReadyz polls /readyz until wanted returns true, and returns the body of that answer.
func (s *testServer) waitForReadyz(wanted func(status int, body string) bool) string {
	s.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		response, err := http.Get(s.url + "/readyz")
		if err != nil {
			s.t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || time.Now().After(end) {
			s.t.Fatalf("/readyz: %s %s %v, not as wanted within %v", response.Status, body, err, patience)
		}
		if wanted(response.StatusCode, string(body)) {
			return string(body)
		}
	}
}
