package cli

import (
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"admitone/api"
	"admitone/cmd/admitone/server"
	"admitone/events"
	"admitone/events/embedded"
)

// serveSigned starts a server that signs heads of its log: by its interval only rarely, but also when it stops.
func serveSigned(t *testing.T, store string) *testServer {
	t.Helper()
	p, err := server.Start(server.Settings{Listen: "127.0.0.1:0", Store: store, Auth: api.OpenAuth{},
		IdleAfter: time.Minute,
		SignEvery: time.Hour, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	s := &testServer{Server: p, store: store, url: "http://" + p.Address(), t: t}
	t.Cleanup(s.end)
	return s
}

// write writes text to a new file, which the end of the test removes, and returns its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestReceipt checks receipts, with and without a server.
func TestReceipt(t *testing.T) {
	s := serveSigned(t, t.TempDir())
	s.sell("1")
	bought := s.create("POST", "/v1/products/1/reservations", `{"holder":"eve"}`)
	text := s.send("GET", "/v1/products/1/reservations/"+bought+"/receipt", "")
	receipt := write(t, "receipt.json", text+"\n")
	key, _ := must(t, exitDone, "receipt", "key", "--url", s.url)
	s.end()
	if again, _ := must(t, exitDone, "receipt", "key", "--store", s.store); again != key {
		t.Errorf("receipt key --store prints %s, want %s as with --url", again, key)
	}
	keyFile := write(t, "log.key", key)
	for _, k := range []string{strings.TrimSpace(key), keyFile} {
		stdout, _ := must(t, exitDone, "receipt", "check", receipt, "--key", k)
		if !strings.HasPrefix(stdout, "good: position 6, product-1, product.reserved.v1\n") ||
			!strings.Contains(stdout, "eve bought 1 unit") {
			t.Errorf("stdout %q; want the prefix %q, and %q",
				stdout, "good: position 6, product-1, product.reserved.v1\n", "eve bought 1 unit")
		}
	}
	stdout, _ := must(t, exitDone, "receipt", "check", "--json", receipt, "--key", keyFile)
	var c checked
	if err := json.Unmarshal([]byte(stdout), &c); err != nil || !c.Good || c.Position != 6 || c.Size < 6 {
		t.Errorf("receipt check --json printed %s (%v), want good at position 6", stdout, err)
	}
	forged := write(t, "forged.json", strings.Replace(text, `"quantity":1`, `"quantity":9`, 1))
	if stdout, _ := must(t, exitProblemsFound, "receipt", "check", forged, "--key", keyFile); !strings.HasPrefix(stdout,
		"bad: ") {
		t.Errorf("stdout %q; want the prefix %q", stdout, "bad: ")
	}
	other := serveSigned(t, t.TempDir())
	otherKey, _ := must(t, exitDone, "receipt", "key", "--url", other.url)
	if stdout, _ := must(t, exitProblemsFound, "receipt", "check", "--json", receipt, "--key",
		strings.TrimSpace(otherKey)); !strings.Contains(stdout, `"good":false,"reason":"`) {
		t.Errorf("stdout %q; want %q", stdout, `"good":false,"reason":"`)
	}
	for _, args := range [][]string{
		{"receipt", "check", receipt}, {"receipt", "check", "--key", keyFile},
		{"receipt", "check", receipt + "2", "--key", keyFile},
		{"receipt", "check", receipt, "--key", keyFile + "2"}, {"receipt", "check", receipt, "--key", "a+b"},
		{"receipt", "burn"},
		{"receipt", "check", receipt, "--key", receipt}, {"receipt", "key", "more"},
	} {
		must(t, exitUsage, args...)
	}
	must(t, exitDone, "receipt")
}

// TestVerifyAgainst: verify --against checks that the log extends the log of an older head or receipt.
func TestVerifyAgainst(t *testing.T) {
	s := serveSigned(t, t.TempDir())
	s.sell("1")
	heads := map[string]string{}
	for h := (logHead{}); h.Size < 5; {
		text, _ := must(t, exitDone, "head", "--url", s.url, "--json")
		if err := json.Unmarshal([]byte(text), &h); err != nil {
			t.Fatal(err)
		}
	}
	heads["a note"], _ = must(t, exitDone, "head", "--url", s.url)
	heads["an answer"], _ = must(t, exitDone, "head", "--url", s.url, "--json")
	bought := s.create("POST", "/v1/products/1/reservations", `{"holder":"eve"}`)
	heads["a receipt"] = s.send("GET", "/v1/products/1/reservations/"+bought+"/receipt", "")
	appendSales(t, s.Log, "big", 2000)
	for what, head := range heads {
		heads[what] = write(t, "head", head)
		if v := runVerify(t, exitDone, "--url", s.url, "--against", heads[what]); v.Heads != 1 || v.Root == "" {
			t.Errorf("verify --url --against %s: %+v; want 1 head and a root", what, v)
		}
	}
	s.end()
	stdout, _ := must(t, exitDone, "head", "--store", s.store)
	if again, _ := must(t, exitDone, "head", "--store", s.store); again != stdout ||
		!strings.Contains(stdout, "\n2007\n") {
		t.Errorf("the head of the log is\n%s\nand again\n%s\nwant equal heads of 2007 events", stdout, again)
	}
	for what, head := range heads {
		v := runVerify(t, exitDone, "--store", s.store, "--against", head)
		if v.Heads != 2 || !strings.Contains(stdout, "\n"+v.Root+"\n") {
			t.Errorf("verify --store --against %s: %+v; want 2 heads, and the root of the head %s", what, v, stdout)
		}
	}
	if stdout, _ := must(t, exitDone, "verify", "--store", s.store); !strings.Contains(stdout,
		"1 signed head is about this log; its root is ") {
		t.Errorf("stdout %q; want %q", stdout, "1 signed head is about this log; its root is ")
	}
	for _, bad := range []string{write(t, "bad", "no head"),
		write(t, "bad", strings.Replace(stdout, "\n2007\n", "\n2006\n", 1)), "none"} {
		must(t, exitUsage, "verify", "--store", s.store, "--against", bad)
	}
	must(t, exitUsage, "verify", "--store", s.store, "--against", heads["a note"], "--key", heads["a note"])
}

// TestVerifyFindsForgedLog: verify --against finds that a rewritten log, with correct chains of hashes,
// contradicts a stored head.
func TestVerifyFindsForgedLog(t *testing.T) {
	s := serveSigned(t, t.TempDir())
	head := appendSales(t, s.Log, "1", 300)
	s.end()
	note, _ := must(t, exitDone, "head", "--store", s.store)
	key, _ := must(t, exitDone, "receipt", "key", "--store", s.store)
	kept, log := write(t, "head", note), openLogIn(t, s.store)
	all, err := log.ReadAll(t.Context(), 0, events.Forward, 1000)
	if err := errors.Join(err, log.Close()); err != nil {
		t.Fatal(err)
	}
	for name, forged := range map[string][]events.Recorded{
		"the same log": all, "a log without its end": all[:len(all)-1], "an empty log": nil, "a different log": all[:1],
	} {
		dir := t.TempDir()
		i, err := embedded.OpenImport(dir, embedded.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(i.Append(forged), i.Finish(), i.Close()); err != nil {
			t.Fatal(err)
		}
		if name == "a different log" {
			log := openLogIn(t, dir)
			appendSales(t, log, "2", 400)
			if err := log.Close(); err != nil {
				t.Fatal(err)
			}
		}
		must(t, exitUsage, "verify", "--store", dir, "--against", kept) // the log has no key, or a different one
		want := exitProblemsFound
		if name == "the same log" {
			want = exitDone
		}
		v := runVerify(t, want, "--store", dir, "--against", kept, "--key", strings.TrimSpace(key))
		if want == exitProblemsFound && (v.Violation == nil || v.Violation.Position != head ||
			!strings.Contains(v.Violation.Rule, "signed heads")) {
			t.Errorf("%s: violation = %+v, want one of a rule of the signed heads, at %d", name, v.Violation, head)
		}
	}
}

// openLogIn opens a log that is not in use.
func openLogIn(t *testing.T, dir string) *embedded.Store {
	t.Helper()
	log, err := embedded.Open(dir, embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// TestServeRefusesForgedLog: a server does not start on, and no command signs, a log that contradicts its
// signed heads.
func TestServeRefusesForgedLog(t *testing.T) {
	s := serveSigned(t, t.TempDir())
	s.sell("1")
	s.end()
	before := t.TempDir()
	if err := os.CopyFS(before, os.DirFS(s.store)); err != nil {
		t.Fatal(err)
	}
	log := openLogIn(t, s.store)
	appendSales(t, log, "2", 10)
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	serveSigned(t, s.store).end() // signs a head over the new events
	// Put the newer heads next to the older log.
	tree := filepath.Join(before, server.TreeFolder)
	if err := errors.Join(os.RemoveAll(tree),
		os.CopyFS(tree, os.DirFS(filepath.Join(s.store, server.TreeFolder)))); err != nil {
		t.Fatal(err)
	}
	if _, stderr := must(t, exitUnavailable, "serve", "--listen", "127.0.0.1:0", "--store",
		before); !strings.Contains(stderr, "ends at position 5, and position 16 was seen by") {
		t.Errorf("stderr %q; want %q", stderr, "ends at position 5, and position 16 was seen by")
	}
	if v := runVerify(t, exitProblemsFound, "--store", before); v.Violation == nil || v.Violation.Position != 16 {
		t.Errorf("violation = %+v, want one at position 16", v.Violation)
	}
	must(t, exitProblemsFound, "head", "--store", before)
	lines, err := os.ReadFile(filepath.Join(tree, "heads"))
	if err != nil || strings.Count(string(lines), "\n") != 2 {
		t.Errorf("the signed heads are %s, %v; want the 2 of before", lines, err)
	}
	runVerify(t, exitDone, "--store", s.store)
}
