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

// visitor is an answer about a visitor of a waiting room.
type visitor struct {
	Visitor, Status, Pass string
	Position, Ticket      int64
}

// visitor decodes an answer about a visitor.
func (s *testServer) visitor(text string) (v visitor) {
	s.t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		s.t.Fatal(err, text)
	}
	return v
}

// join lets a holder join a waiting room.
func (s *testServer) join(room, holder string) visitor {
	s.t.Helper()
	return s.visitor(s.send("POST", "/v1/waiting-rooms/"+room+"/visitors", fmt.Sprintf(`{"holder":%q}`, holder)))
}

// waitForVisitor polls until a visitor has a status. Polls may be answered with 429.
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
			s.t.Fatalf("visitor %s of %s: %s %+v, want status %s", id, room, response.Status, v, status)
		}
	}
}

// TestKeysOfPasses: the file of pass keys is created with access for its owner only. A key can be added while
// the server runs, and signatures with the old key stay valid, also after a restart.
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
		t.Fatalf("mode of the keys after rotate-passes = %v, %v; want 0600", info, err)
	}
	for end := time.Now().Add(patience); s.join("r", "bob").Visitor == bob.Visitor; {
		if time.Now().After(end) {
			t.Fatalf("the id of bob's place does not change within %v, want it signed with the new key", patience)
		}
	}
	if v := s.waitForVisitor("r", ada.Visitor, "admitted"); v.Ticket != 1 {
		t.Errorf("ada has %+v after the rotation, want ticket 1", v)
	}
	// After the restart the room continues without a request by a visitor.
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
			t.Fatalf("the room has %d admitted %v after the restart, want 2", room.Admitted, patience)
		}
	}
	if v := s.waitForVisitor("r", bob.Visitor, "admitted"); v.Ticket != 2 || v.Pass == "" {
		t.Errorf("bob's id from before the rotation: %+v; want ticket 2 and a pass", v)
	}
	if err := os.WriteFile(file, []byte("1 short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, exitUsage, "rotate-passes", "--store", dir)
	must(t, exitUsage, "rotate-passes", "--store", t.TempDir())
}

// TestDamagedKeysOfPasses: a server does not start with an invalid file of pass keys.
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
