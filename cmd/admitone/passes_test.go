package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// visitor is what a waiting room says of one.
type visitor struct {
	Visitor, Status, Pass string
	Position, Ticket      int64
}

func (s *served) visitor(text string) (v visitor) {
	s.t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		s.t.Fatal(err, text)
	}
	return v
}

func (s *served) join(room, holder string) visitor {
	s.t.Helper()
	return s.visitor(s.send("POST", "/v1/waiting-rooms/"+room+"/visitors", fmt.Sprintf(`{"holder":%q}`, holder)))
}

// until asks how a visitor's wait goes until it has a status. Too early is no harm.
func (s *served) until(room, id, status string) visitor {
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

// TestKeysOfPasses: they are made for their owner alone, replaced while the server
// runs, and what the old one has signed stays good, across a restart too.
func TestKeysOfPasses(t *testing.T) {
	dir := t.TempDir()
	s := serveIn(t, dir, nil)
	file := filepath.Join(dir, passKeysFile)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the keys: %v, %v", info, err)
	}
	s.send("PUT", "/v1/waiting-rooms/r", `{"admit_per_second":100,"max_active":1,"active_seconds":3600,"heartbeat_seconds":3600}`)
	ada := s.join("r", "ada")
	s.until("r", ada.Visitor, "admitted")
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
	if v := s.until("r", ada.Visitor, "admitted"); v.Ticket != 1 {
		t.Errorf("%+v", v)
	}
	// Nobody asks for the room after a restart, and it goes on all the same.
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
			t.Fatalf("nobody was let in after the restart: %+v", room)
		}
	}
	if v := s.until("r", bob.Visitor, "admitted"); v.Ticket != 2 || v.Pass == "" {
		t.Errorf("the id from before the new key: %+v", v)
	}
	if err := os.WriteFile(file, []byte("1 short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, exitUsage, "rotate-passes", "--store", dir)
	must(t, exitUsage, "rotate-passes", "--store", t.TempDir())
}
