package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"admitone/cmd/admitone/server"
)

// visitor is a waiting room's answer about a visitor.
type visitor struct {
	Visitor, Status, Pass string
	Position, Ticket      int64
}

func (s *testServer) visitor(text string) (v visitor) {
	s.t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		s.t.Fatal(err, text)
	}
	return v
}

func (s *testServer) join(room, holder string) visitor {
	s.t.Helper()
	return s.visitor(s.send("POST", "/v1/waiting-rooms/"+room+"/visitors", fmt.Sprintf(`{"holder":%q}`, holder)))
}

// until polls until a visitor has a status. Polls that are too early are not an error.
func (s *testServer) waitForVisitor(room, id, status string) visitor {
	s.t.Helper()
	for end := time.Now().Add(patience); ; {
		response, err := http.Get(s.url + "/v1/waiting-rooms/" + room + "/visitors/" + id)
		if err != nil {
			s.t.Fatal(err)
		}
		var v visitor
		err = json.NewDecoder(response.Body).Decode(&v)
		response.Body.Close()
		if response.StatusCode == 200 && err == nil && v.Status == status {
			return v
		}
		if response.StatusCode != 200 && response.StatusCode != 429 || time.Now().After(end) {
			s.t.Fatalf("%s %+v, want %s", response.Status, v, status)
		}
	}
}

// TestKeysOfPasses: keys are created with access for their owner only, and replaced while the
// server runs; signatures of the old key stay valid, across a restart too.
func TestKeysOfPasses(t *testing.T) {
	dir := t.TempDir()
	s := serveIn(t, dir, nil)
	file := filepath.Join(dir, server.PassKeysFile)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode of the keys = %v, %v; want 0600", info, err)
	}
	s.send("PUT", "/v1/waiting-rooms/r", `{"admit_per_second":100,"max_active":1,"active_seconds":3600,
		"heartbeat_seconds":3600}`)
	ada := s.join("r", "ada")
	s.waitForVisitor("r", ada.Visitor, "admitted")
	bob := s.join("r", "bob")

	must(t, exitDone, "rotate-passes", "--store", dir)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the new keys: %v, %v", info, err)
	}
	for end := time.Now().Add(patience); s.join("r", "bob").Visitor == bob.Visitor; {
		if time.Now().After(end) {
			t.Fatal("the new key is never used")
		}
	}
	if v := s.waitForVisitor("r", ada.Visitor, "admitted"); v.Ticket != 1 {
		t.Errorf("until: %+v; want Ticket = 1", v)
	}
	// Without a request after the restart, the room continues.
	s.send("DELETE", "/v1/waiting-rooms/r/visitors/"+ada.Visitor, "")
	s.end()
	s = serveIn(t, dir, nil)
	for end := time.Now().Add(patience); ; {
		var room struct{ Admitted int64 }
		if err := json.Unmarshal([]byte(s.send("GET", "/v1/waiting-rooms/r", "")), &room); err != nil {
			t.Fatal(err)
		}
		if room.Admitted == 2 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("no visitor was admitted after the restart: %+v", room)
		}
	}
	if v := s.waitForVisitor("r", bob.Visitor, "admitted"); v.Ticket != 2 || v.Pass == "" {
		t.Errorf("the id from before the new key: %+v", v)
	}
	if err := os.WriteFile(file, []byte("1 short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, exitUsage, "rotate-passes", "--store", dir)
	must(t, exitUsage, "rotate-passes", "--store", t.TempDir())
}

// TestDamagedKeysOfPasses: a server does not start on invalid keys.
func TestDamagedKeysOfPasses(t *testing.T) {
	for _, text := range []string{"", "\n", " \n\n", "garbage", "1 short\n"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, server.PassKeysFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{nil, {"--accept-keys"}} {
			_, stderr := must(t, exitUnavailable, append([]string{"serve", "--listen", "127.0.0.1:0", "--store", dir},
				args...)...)
			if !strings.Contains(stderr, server.PassKeysFile) || !strings.Contains(stderr, "not a key ring of passes") {
				t.Errorf("%q: %s; want %q and %q", text, stderr, server.PassKeysFile, "not a key ring of passes")
			}
		}
	}
}
