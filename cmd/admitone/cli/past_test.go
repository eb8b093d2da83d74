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

// servePast starts a server of the past.
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

// tree returns the files below a directory with their bytes.
func tree(t *testing.T, dir string) map[string]string {
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

// TestServePast: a server of the past answers as the present one does with ?at=, on every resource,
// and its sockets have the state of that moment; it refuses commands, and leaves the store
// unchanged.
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
	before := tree(t, filepath.Join(now.store, "views"))

	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	past := servePast(t, now.store, jsonOf(t, head))
	if own, err := os.ReadDir(temporary); err != nil || len(own) != 1 {
		t.Errorf("%d directories for its own views, %v; want 1", len(own), err)
	}
	if err := past.Views.WaitFor(t.Context(), head); err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		// Entities that were created later are missing from the lists; before, they were filtered
		// out of them.
		if got := withoutTime(past.send("GET", path, "")); got != then[path] {
			t.Errorf("%s: the server of the past answers\n%s\nthat of the present answered\n%s", path, got, then[path])
		}
		if got := withoutTime(past.send("GET", path+"?at=9000-01-01T00:00:00Z", "")); got != then[path] {
			t.Errorf("%s: it shows later state\n%s; want %v", path, got, then[path])
		}
	}
	if page := past.send("GET", "/", ""); !strings.Contains(page, `class="as-of"`) ||
		!strings.Contains(page, "position "+jsonOf(t, head)+" of the log") {
		t.Errorf("the page does not show its moment: %s", page)
	}
	requireReadOnly(t, past)
	if nobody, err := http.Get(past.url + "/v1/waiting-rooms/r/visitors/v"); err != nil || nobody.Body.Close() != nil ||
		nobody.StatusCode != 404 {
		t.Errorf("a visitor of the past: %v, %v", nobody, err)
	}
	snapshotOf(t, past, head)
	past.end()
	after := tree(t, filepath.Join(now.store, "views"))
	if len(after) != len(before) {
		t.Errorf("%d files of views before, %d after; want %v", len(before), len(after), len(before))
	}
	for name, body := range before {
		if after[name] != body {
			t.Errorf("%s has changed; want after[name] = body", name)
		}
	}
	if own, err := os.ReadDir(temporary); err != nil || len(own) != 0 {
		t.Errorf("its own views are still there: %v, %v", own, err)
	}
	again := serveIn(t, now.store, nil)
	if end, err := again.Log.Head(t.Context()); err != nil || end <= head {
		t.Errorf("the log ends at %d, %v; want end > head", end, err)
	}
}

// withoutTime removes the time of as_of: only one of the two servers knows it from an event.
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
		t.Fatalf("%s: %v; want some ID", text, err)
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

// requireRefusals sends commands of every kind.
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
			t.Errorf("%s: %s, Allow %q: %s", command, response.Status, response.Header.Get("Allow"), body)
		}
	}
}

// snapshotOf subscribes to an entity that has changed since, and expects its past state.
func snapshotOf(t *testing.T, s *testServer, head events.Position) {
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
			t.Errorf("the snapshot: %+v; want Data.Position <= head, Data.Remaining = 6 and Data.Sold = 4", frame)
		}
		return
	}
}

// TestServePastRefuses: invalid moments, missing logs, and flags of the present are refused;
// nothing is created.
func TestServePastRefuses(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	s.sell("1")
	s.end()
	none := filepath.Join(t.TempDir(), "none")
	for _, test := range []struct {
		args string
		want int
		says string
	}{
		{"--at noon --store " + s.store, exitUsage, "RFC 3339"},
		{"--at 2001-01-01T00:00:00Z --store " + s.store, exitUsage, "no events yet"},
		{"--at 3 --store " + none, exitUnavailable, "no log in"},
		{"--at 3 --demo --store " + s.store, exitUsage, "--demo"},
		{"--at 3 --record-refusals --store " + s.store, exitUsage, "--record-refusals"},
	} {
		status, _, stderr := command(t, append([]string{"serve", "--listen", "127.0.0.1:0"}, strings.Fields(test.args)...)...)
		if status != test.want || !strings.Contains(stderr, test.says) {
			t.Errorf("serve %s ended with %d: %s; want %v and %q", test.args, status, stderr, test.want, test.says)
		}
	}
	if _, err := os.Stat(none); !os.IsNotExist(err) {
		t.Errorf("a log was made where there was none: %v", err)
	}
}
