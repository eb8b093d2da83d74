package cli

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"admitone/api"
	"admitone/cmd/admitone/server"
)

// canaryHolder is the id of a holder, which appears in facts. Its contact must not appear anywhere.
const (
	canaryHolder  = "Qz7mK2vXw9"
	canaryPhone   = "+00 8Jw3 Ty6Lp 4Rd"
	canaryContact = `"contact":{"name":"Hx5nB8cVt1","email":"Gf4sD9jRe2@example.org","phone":"` + canaryPhone + `"}`
)

var canaries = []string{"Hx5nB8cVt1", "Gf4sD9jRe2", canaryPhone}

// TestForgottenContactIsGone stores a contact with everything that accepts one, forgets the holder, makes
// every kind of copy of the log, and searches all files for the contact and its key.
func TestForgottenContactIsGone(t *testing.T) {
	dir := t.TempDir()
	var logs, access bytes.Buffer // read after the server has ended
	p, err := server.Start(server.Settings{Listen: "127.0.0.1:0", Store: dir, Auth: api.OpenAuth{}, IdleAfter: time.Minute,
		SignEvery: time.Hour,
		Refusals:  true,
		Logger:    slog.New(slog.NewTextHandler(&logs, nil)), AccessLog: &access})
	if err != nil {
		t.Fatal(err)
	}
	s := &testServer{Server: p, store: dir, url: "http://" + p.Address(), t: t}
	t.Cleanup(s.end)
	paths := s.createContacts()
	find := func() (found int) {
		for _, path := range paths {
			if strings.Contains(s.send("GET", path, ""), canaryPhone) {
				found++
			}
		}
		return found
	}
	if found := find(); found != len(paths) {
		t.Fatalf("%d resources show the contact, want %d", found, len(paths))
	}
	receipt := write(t, "receipt.json", s.send("GET", paths[0]+"/receipt", ""))
	head, _ := must(t, exitDone, "head", "--url", s.url)
	keys := contents(t, filepath.Join(dir, "contacts", "keys"))
	key := keys[32:64]

	if stdout, _ := must(t, exitDone, "forget", canaryHolder, "--url", s.url); !strings.Contains(stdout, "is forgotten") {
		t.Errorf("stdout %q; want %q", stdout, "is forgotten")
	}
	if stdout, _ := must(t, exitDone, "forget", "a", "--url", s.url,
		"--json"); stdout != `{"holder":"a","forgotten":true}`+"\n" {
		t.Errorf("forget --json printed %q, want %q", stdout, `{"holder":"a","forgotten":true}`+"\n")
	}
	if found := find(); found != 0 {
		t.Errorf("%d resources show the contact after forget, want 0", found)
	}
	page := s.send("GET", "/metrics", "") + s.send("GET", "/v1/events?limit=500", "") + s.send("GET",
		"/v1/history/holder/"+canaryHolder, "")
	must(t, exitDone, "backup", "--url", s.url) // in the store's directory
	s.end()

	must(t, exitDone, "verify", "--store", dir, "--against", write(t, "head", head))
	logKey, _ := must(t, exitDone, "receipt", "key", "--store", dir)
	must(t, exitDone, "receipt", "check", receipt, "--key", strings.TrimSpace(logKey))
	must(t, exitDone, "export", filepath.Join(dir, "out.jsonl"), "--store", dir)
	must(t, exitDone, "backup", "--store", dir, "--to", filepath.Join(dir, "monday"))
	if stdout, _ := must(t, exitDone, "forget", canaryHolder, "--store", dir); !strings.Contains(stdout,
		"nothing to forget") {
		t.Errorf("stdout %q; want %q", stdout, "nothing to forget")
	}
	texts := map[string][]byte{"the log": logs.Bytes(), "the access log": access.Bytes(), "the answers": []byte(page),
		"the receipt": contents(t, receipt)}
	readAll(t, dir, texts)
	if !bytes.Contains(texts[filepath.Join(dir, "out.jsonl")], []byte(canaryHolder)) {
		t.Fatalf("the export has no %q, so the search proves nothing", canaryHolder)
	}
	if !bytes.Contains(texts[filepath.Join(dir, "out.jsonl")], []byte("refusal.recorded.v1")) || access.Len() == 0 {
		t.Fatal("refusals or requests were not logged, so the search proves nothing")
	}
	for name, text := range texts {
		for _, canary := range append(canaries, string(key)) {
			if bytes.Contains(text, []byte(canary)) {
				t.Errorf("%s contains %q, want no part of the contact or its key", name, canary)
			}
		}
	}
}

// createContacts creates a resource of each kind that accepts a contact, and returns their paths, that of
// the booking first.
func (s *testServer) createContacts() []string {
	s.t.Helper()
	s.send("POST", "/v1/products", `{"id":"p","name":"n","stock":1}`)
	s.send("POST", "/v1/teams", `{"id":"a","name":"A"}`)
	s.send("POST", "/v1/tournaments", `{"id":"cup","name":"Cup","team_limit":2,
		"register_deadline":"2999-01-01T00:00:00Z"}`)
	s.send("POST", "/v1/performances", `{"id":"gig","title":"t","venue":"v","starts_at":"2099-01-01T20:00:00Z",
		"sections":[{"id":"A","rows":1,"seats_per_row":4,"price":0}]}`)
	holder := `{"holder":"` + canaryHolder + `",` + canaryContact
	paths := []string{"/v1/tournaments/cup/entries/a"}
	for path, one := range map[string]string{
		"/v1/products/p/reservations":   "/v1/products/p/reservations/",
		"/v1/performances/gig/bookings": "/v1/bookings/",
	} {
		body := holder + `,"seats":["A-1-1"]}`
		if strings.Contains(path, "products") {
			body = holder + `}`
		}
		var made struct{ ID string }
		for range 2 { // the retry, too
			if err := json.Unmarshal([]byte(s.sendWith("POST", path, body, "Idempotency-Key", "k-"+path[4:12])),
				&made); err != nil {
				s.t.Fatal(err)
			}
		}
		paths = append(paths, one+made.ID)
	}
	s.send("POST", "/v1/tournaments/cup/entries", `{"team_id":"a",`+canaryContact+`}`)
	for _, body := range []string{holder + `}`, holder + `,"quantity":0}`, holder + `,"Gf4sD9jRe2":1}`,
		holder} { // sold out, and invalid requests
		answer, err := http.Post(s.url+"/v1/products/p/reservations", "application/json", strings.NewReader(body))
		if err != nil || answer.StatusCode < 400 {
			s.t.Fatalf("an invalid reservation: %v, %v; want a refusal", answer, err)
		}
		answer.Body.Close()
	}
	slices.Sort(paths) // the booking first
	return paths
}

// readAll reads every file below dir.
func readAll(t *testing.T, dir string, into map[string][]byte) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		into[path], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestForgetUsage(t *testing.T) {
	must(t, exitUsage, "forget")
	must(t, exitUsage, "forget", "ada", "--store", "esdb://127.0.0.1:1")
	must(t, exitUnavailable, "forget", "ada", "--store", t.TempDir())
	must(t, exitUnavailable, "forget", "ada", "--url", "http://127.0.0.1:1")
	s := serveIn(t, t.TempDir(), nil)
	s.sell("1")
	_, stderr := must(t, exitUnavailable, "forget", "ada", "--store", s.store)
	if !strings.Contains(stderr, "forget ada --url") {
		t.Errorf("stderr %q; want %q", stderr, "forget ada --url")
	}
}
