package cli

import (
	"bytes"
	"context"
	"encoding/json"
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

// patience bounds each wait. It is long because the machine may be busy.
const patience = 3 * time.Minute

// testServer is a server that is stopped at the end of the test.
type testServer struct {
	*server.Server
	settings   server.Settings // for restarts
	store, url string
	stopped    bool
	t          *testing.T
}

// euros sets the currency of a server's log.
func euros(s *server.Settings) { s.Currency = "EUR" }

// serveIn starts a server on the log in a directory. A nil auth means open mode; each change may modify the
// settings.
func serveIn(t *testing.T, store string, auth api.Auth, change ...func(*server.Settings)) *testServer {
	t.Helper()
	if auth == nil {
		auth = api.OpenAuth{}
	}
	settings := server.Settings{Listen: "127.0.0.1:0", Store: store, Auth: auth, IdleAfter: time.Minute,
		Logger: slog.New(slog.DiscardHandler)}
	for _, f := range change {
		f(&settings)
	}
	p, err := server.Start(settings)
	if err != nil {
		t.Fatal(err)
	}
	s := &testServer{Server: p, store: store, url: "http://" + p.Address(), t: t}
	t.Cleanup(s.end)
	return s
}

// end stops the server, so that its directory can be opened. Further calls do nothing.
func (s *testServer) end() {
	if s.stopped {
		return
	}
	s.stopped = true
	limit, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.Stop(limit); err != nil {
		s.t.Error("stop:", err)
	}
}

// demonstration returns the demonstration for this server, which sends commands directly to its desk.
func (s *testServer) demonstration() *demonstration { return &demonstration{s.Desk, s.Rooms} }

// send sends a request, which must succeed, and returns the body of the answer.
func (s *testServer) send(method, path, body string) string {
	s.t.Helper()
	return s.sendWith(method, path, body)
}

// sendWith is send with headers, given as names and values in turn. It repeats a GET while the views lag.
func (s *testServer) sendWith(method, path, body string, headers ...string) string {
	s.t.Helper()
	for end := time.Now().Add(patience); ; {
		status, text := s.do(method, path, body, headers...)
		if status < 300 {
			return text
		}
		if method != http.MethodGet || !strings.Contains(text, "projection_behind") || time.Now().After(end) {
			s.t.Fatalf("%s %s: %d %s; want a status below 300", method, path, status, text)
		}
	}
}

// do sends a request once.
func (s *testServer) do(method, path, body string, headers ...string) (status int, text string) {
	s.t.Helper()
	request, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Request-Id", "req-7")
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	output, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatalf("%s %s: %s %s %v", method, path, response.Status, output, err)
	}
	return response.StatusCode, string(output)
}

// sell puts a product on sale and makes a few reservations.
func (s *testServer) sell(id string) {
	s.t.Helper()
	s.send("POST", "/v1/products", fmt.Sprintf(`{"id":%q,"name":"Poster <№ %s>","stock":10,"price":9900}`, id, id))
	path := "/v1/products/" + id + "/reservations"
	s.send("POST", path, `{"holder":"ada"}`)
	s.send("POST", path, `{"holder":"bob \"the hat\" ☂","quantity":3}`)
	s.send("DELETE", path+"/"+s.create("POST", path, `{"holder":"ada","quantity":2,"hold":true}`), "")
}

// create sends a request that creates a resource, and returns its id.
func (s *testServer) create(method, path, body string) string {
	s.t.Helper()
	var answer struct{ ID string }
	if err := json.Unmarshal([]byte(s.send(method, path, body)), &answer); err != nil || answer.ID == "" {
		s.t.Fatalf("%s %s: no id in the answer (%v), want one", method, path, err)
	}
	return answer.ID
}

// appendSales appends a product with n sales directly to a log, and returns the last position.
func appendSales(t *testing.T, log events.Store, id string, n int) events.Position {
	t.Helper()
	stream, prev, last := events.NewStreamID("product", id), events.Hash{}, events.Appended{Revision: events.NoStream}
	facts := []events.Fact{&events.ProductCreated{ProductID: events.ProductID(id), DisplayName: id, Stock: int64(n)}}
	for i := range n {
		facts = append(
			facts,
			&events.ProductReserved{
				ReservationID: events.ReservationID(events.EventID(id, i).String()),
				Holder:        "h",
				Quantity:      1,
				Remaining:     int64(n - i - 1),
			},
		)
	}
	for len(facts) > 0 {
		var batch []events.Event
		for i, fact := range facts[:min(100, len(facts))] {
			revision := last.Revision + 1 + events.Revision(i)
			e := events.Event{ID: events.EventID(id, int(revision)), Type: fact.Name(), Data: events.AppendFact(nil, fact)}
			e.Metadata, prev = events.Seal(nil, prev, stream, revision, &e,
				&events.Metadata{CommandID: id, Actor: "h", At: time.Unix(1_900_000_000, 7)})
			batch = append(batch, e)
		}
		var err error
		if last, err = log.Append(t.Context(), stream, last.Revision, batch); err != nil {
			t.Fatal(err)
		}
		facts = facts[len(batch):]
	}
	return last.Position
}

// command runs admitone in the test's process and returns its exit status and output.
func command(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var out, errs bytes.Buffer
	status = runTo(ctx, args, &out, &errs)
	return status, out.String(), errs.String()
}

// must is command, and fails the test unless the exit status is want.
func must(t *testing.T, want int, args ...string) (stdout, stderr string) {
	t.Helper()
	status, stdout, stderr := command(t, args...)
	if status != want {
		t.Fatalf("admitone %s ended with %d, want %d\n%s%s", strings.Join(args, " "), status, want, stdout, stderr)
	}
	return stdout, stderr
}
