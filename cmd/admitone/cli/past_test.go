package cli

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"admitone/api"
	"admitone/cmd/admitone/server"
	"admitone/events"
)

// servePast starts a server that shows the log as of a position or time (serve --at).
func servePast(t *testing.T, store, at string) *testServer {
	t.Helper()
	p, err := server.Start(server.Settings{Listen: "127.0.0.1:0", Store: store, Auth: api.OpenAuth{},
		IdleAfter: time.Minute, Logger: slog.New(slog.DiscardHandler), At: at})
	if err != nil {
		t.Fatal(err)
	}
	s := &testServer{Server: p, store: store, url: "http://" + p.Address(), t: t}
	t.Cleanup(s.end)
	return s
}

// readTree returns the content of each file below a directory.
func readTree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := os.ReadFile(path)
		files[path] = string(body)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestServePast: serve --at answers as a normal server does with ?at=, on every resource, and its sockets have
// the state at that position. It refuses commands, and leaves the store unchanged.
func TestServePast(t *testing.T) {
	now := serveIn(t, t.TempDir(), nil)
	now.sell("1")
	now.send("POST", "/v1/performances", `{"id":"gala","title":"Gala","venue":"Hall","starts_at":"2099-01-01T20:00:00Z",
		"sections":[{"id":"A","rows":2,"seats_per_row":3,"price":100}]}`)
	booking := idOf(t, now.send("POST", "/v1/performances/gala/bookings", `{"holder":"ada","seats":["A-1-1","A-1-2"]}`))
	now.send("POST", "/v1/teams", `{"id":"t1","name":"One"}`)
	now.send("POST", "/v1/tournaments", `{"id":"cup","name":"Cup","team_limit":2,
		"register_deadline":"2099-01-01T20:00:00Z"}`)
	now.send("POST", "/v1/tournaments/cup/entries", `{"team_id":"t1"}`)
	now.send("POST", "/v1/wallets/ada/charges", `{"amount":500}`)
	head, err := now.Log.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at := "?at=" + jsonOf(t, head)
	paths := []string{"/v1/products", "/v1/products/1", "/v1/performances/gala", "/v1/performances/gala/seats",
		"/v1/bookings/" + booking,
		"/v1/holders/ada/bookings", "/v1/wallets/ada", "/v1/wallets/ada/entries", "/v1/tournaments", "/v1/tournaments/cup",
		"/v1/tournaments/cup/entries", "/v1/teams/t1"}
	then := map[string]string{}
	now.send("POST", "/v1/bookings/"+booking+"/payment", `{}`)
	now.send("DELETE", "/v1/tournaments/cup/entries/t1", "")
	now.sell("2")
	now.send("POST", "/v1/products/1/reservations", `{"holder":"late"}`)
	for _, path := range paths {
		then[path] = withoutTime(now.send("GET", path+at, ""))
	}
	now.end()
	before := readTree(t, filepath.Join(now.store, "views"))

	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	past := servePast(t, now.store, jsonOf(t, head))
	if own, err := os.ReadDir(temporary); err != nil || len(own) != 1 {
		t.Errorf("%d temporary directories, %v; want 1, with views of its own", len(own), err)
	}
	if err := past.Views.WaitFor(t.Context(), head); err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if got := withoutTime(past.send("GET", path, "")); got != then[path] {
			t.Errorf("%s: serve --at answers\n%s\nwant the answer with ?at=\n%s", path, got, then[path])
		}
		if got := withoutTime(past.send("GET", path+"?at=9000-01-01T00:00:00Z", "")); got != then[path] {
			t.Errorf("%s with a later ?at=: serve --at answers\n%s\nwant the state of its position\n%s", path, got, then[path])
		}
	}
	if page := past.send("GET", "/", ""); !strings.Contains(page, `class="as-of"`) ||
		!strings.Contains(page, "position "+jsonOf(t, head)+" of the log") {
		t.Errorf("the page is %s; want %q and position %d", page, `class="as-of"`, head)
	}
	requireReadOnly(t, past)
	if nobody, err := http.Get(past.url + "/v1/waiting-rooms/r/visitors/v"); err != nil || nobody.Body.Close() != nil ||
		nobody.StatusCode != 404 {
		t.Errorf("GET of a visitor: %v, %v; want 404", nobody, err)
	}
	checkSnapshot(t, past, head)
	past.end()
	after := readTree(t, filepath.Join(now.store, "views"))
	if len(after) != len(before) {
		t.Errorf("the views have %d files, want %d as before", len(after), len(before))
	}
	for name, body := range before {
		if after[name] != body {
			t.Errorf("the content of %s has changed, want it unchanged", name)
		}
	}
	if own, err := os.ReadDir(temporary); err != nil || len(own) != 0 {
		t.Errorf("temporary directories after the end: %v, %v; want none", own, err)
	}
	again := serveIn(t, now.store, nil)
	if end, err := again.Log.Head(t.Context()); err != nil || end <= head {
		t.Errorf("the log ends at %d, %v; want more than %d", end, err, head)
	}
}

// withoutTime removes the time of as_of, in which the two kinds of servers differ.
func withoutTime(text string) string {
	text, rest, found := strings.Cut(text, `"as_of":{"position":`)
	if !found {
		return text
	}
	position, _, _ := strings.Cut(rest, ",")
	return text + position
}

func idOf(t *testing.T, text string) string {
	t.Helper()
	var made struct{ ID string }
	if err := json.Unmarshal([]byte(text), &made); err != nil || made.ID == "" {
		t.Fatalf("%s: %v; want an object with an id", text, err)
	}
	return made.ID
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// requireReadOnly sends commands of every kind, which must be answered with 405.
func requireReadOnly(t *testing.T, s *testServer) {
	t.Helper()
	for _, command := range []string{"POST /v1/products", "PATCH /v1/products/1", "POST /v1/products/1/reservations",
		"POST /v1/performances/gala/bookings",
		"PUT /v1/performances/gala/seats/A-1-1/block", "POST /v1/wallets/ada/charges",
		"DELETE /v1/tournaments/cup/entries/t1", "PUT /v1/waiting-rooms/r"} {
		method, path, _ := strings.Cut(command, " ")
		request, err := http.NewRequest(method, s.url+path, strings.NewReader(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if response.StatusCode != 405 || response.Header.Get("Allow") != "GET, HEAD" ||
			!strings.Contains(string(body), `"code":"method_not_allowed"`) ||
			!strings.Contains(string(body), `"as_of":{"position":`) {
			t.Errorf("%s: %s, Allow %q: %s; want 405, GET and HEAD, method_not_allowed and as_of",
				command, response.Status, response.Header.Get("Allow"), body)
		}
	}
}

// checkSnapshot subscribes to an entity that has changed since, and checks that the snapshot has its past
// state.
func checkSnapshot(t *testing.T, s *testServer, head events.Position) {
	t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.url, "http")+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.WriteMessage(websocket.TextMessage,
		[]byte(`{"event":"subscribe","data":{"topics":["product:1"]}}`)); err != nil {
		t.Fatal(err)
	}
	for {
		var frame struct {
			Event string
			Data  struct {
				Topic           string
				Position        events.Position
				Remaining, Sold int
			}
		}
		if err := conn.ReadJSON(&frame); err != nil {
			t.Fatal(err)
		}
		if frame.Event != "snapshot" {
			continue
		}
		if frame.Data.Position > head || frame.Data.Remaining != 6 || frame.Data.Sold != 4 {
			t.Errorf("the snapshot is %+v; want 6 remaining and 4 sold, at position %d at most", frame, head)
		}
		return
	}
}

// TestServePastRefuses: serve --at refuses an invalid time, a missing log, and flags that make no sense with
// it, and creates nothing.
func TestServePastRefuses(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	s.sell("1")
	s.end()
	none := filepath.Join(t.TempDir(), "none")
	for _, test := range []struct {
		args string
		want int
		text string
	}{
		{"--at noon --store " + s.store, exitUsage, "RFC 3339"},
		{"--at 2001-01-01T00:00:00Z --store " + s.store, exitUsage, "no events yet"},
		{"--at 3 --store " + none, exitUnavailable, "no log in"},
		{"--at 3 --demo --store " + s.store, exitUsage, "--demo"},
		{"--at 3 --record-refusals --store " + s.store, exitUsage, "--record-refusals"},
	} {
		status, _, stderr := command(t, append([]string{"serve", "--listen", "127.0.0.1:0"}, strings.Fields(test.args)...)...)
		if status != test.want || !strings.Contains(stderr, test.text) {
			t.Errorf("serve %s: status %d: %s; want %d and %q", test.args, status, stderr, test.want, test.text)
		}
	}
	if _, err := os.Stat(none); !os.IsNotExist(err) {
		t.Errorf("Stat(%s) = %v, want no directory", none, err)
	}
}
