package server

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"admitone/api"
)

// patience bounds each wait.
const patience = 3 * time.Minute

// startIn starts a server on the log in a directory, with messages written to log.
func startIn(t *testing.T, store string, log io.Writer) *Server {
	t.Helper()
	s, err := Start(Settings{
		Listen: "127.0.0.1:0", Store: store, Auth: api.OpenAuth{}, IdleAfter: patience,
		Logger: slog.New(slog.NewJSONHandler(log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// end stops a server.
func end(t *testing.T, s *Server) {
	t.Helper()
	limit, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.Stop(limit); err != nil {
		t.Error("stop:", err)
	}
}

// send sends a request, which must succeed.
func send(t *testing.T, s *Server, method, path, body string) {
	t.Helper()
	request, err := http.NewRequest(method, "http://"+s.Address()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if output, _ := io.ReadAll(response.Body); response.StatusCode >= 300 {
		t.Fatalf("%s %s: %s %s; want a status below 300", method, path, response.Status, output)
	}
}
