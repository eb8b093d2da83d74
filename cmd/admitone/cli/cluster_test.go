package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"admitone/api"
	"admitone/cmd/admitone/server"
)

// serverProcess is a server on a shared log, in a process of its own that can be restarted at the same
// address.
type serverProcess struct {
	*process
	t    *testing.T
	args []string
	log  string // its address
}

// outputBuffer collects the output of a process, and can be read while it runs.
type outputBuffer struct {
	mu   sync.Mutex
	text strings.Builder // guarded by mu
}

// Write implements io.Writer.
func (s *outputBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *outputBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// serveOn starts a server on a shared log.
func serveOn(t *testing.T, log string, args ...string) *serverProcess {
	t.Helper()
	s := &serverProcess{t: t, log: log, args: append([]string{"--data", t.TempDir()}, args...)}
	s.process = launch(t, log, s.args...)
	return s
}

// end stops the server with SIGTERM, as an operator does, and waits for its exit.
func (s *serverProcess) end() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		s.t.Fatal("the server did not stop with status 0:", err)
	}
}

// startAgain starts the server at its former address, with additional arguments.
func (s *serverProcess) startAgain(args ...string) {
	s.t.Helper()
	s.process = launch(s.t, s.log, append(append(s.args, "--listen", strings.TrimPrefix(s.url, "http://")), args...)...)
}

// restart stops the server and starts it again.
func (s *serverProcess) restart() {
	s.t.Helper()
	s.end()
	s.startAgain()
}

// ask sends a request and returns the answer's status, headers and body.
func (s *serverProcess) ask(method, path, body string, headers ...string) (int, http.Header, string) {
	s.t.Helper()
	request, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(text)
}

// must sends a request and requires a status.
func (s *serverProcess) must(status int, method, path, body string, headers ...string) string {
	s.t.Helper()
	got, _, text := s.ask(method, path, body, headers...)
	if got != status {
		s.t.Fatalf("%s %s: %d %s, want %d", method, path, got, text, status)
	}
	return text
}

func decode[V any](t *testing.T, text string) (v V) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err, text)
	}
	return v
}

// waitForReadyz waits until /readyz is 200 and its member is true, or until it is not true if want is false.
func (s *serverProcess) waitForReadyz(member string, want bool) {
	s.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		status, _, text := s.ask("GET", "/readyz", "")
		if status == 200 && strings.Contains(text, `"`+member+`":true`) == want {
			return
		}
		if time.Now().After(end) {
			s.t.Fatalf("/readyz: %d %s, want status 200 and %s: %v", status, text, member, want)
		}
	}
}

// poller is a visitor of room r who polls twice a second, and records the longest time without an
// answer.
type poller struct {
	id, status string
	gap        time.Duration
}

func (p *poller) run(s *serverProcess, stop <-chan struct{}) error {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for received := time.Now(); ; {
		response, err := http.Get(s.url + "/v1/waiting-rooms/r/visitors/" + p.id)
		if err != nil {
			return err
		}
		var v visitor
		err = json.NewDecoder(response.Body).Decode(&v)
		response.Body.Close()
		switch {
		case response.StatusCode == http.StatusTooManyRequests: // the visitor keeps the place
		case err != nil || response.StatusCode != 200:
			return fmt.Errorf("a poll for %s: %s %v, want 200 or 429", p.id, response.Status, err)
		default:
			p.status, p.gap, received = v.Status, max(p.gap, time.Since(received)), time.Now()
		}
		if p.status != "" && p.status != "waiting" {
			return nil
		}
		select {
		case <-stop:
			return nil
		case <-tick.C:
		}
	}
}

// TestVisitorsSurviveRestarts: 40 visitors poll the first of three servers, all of which run
// waiting rooms. The others are restarted, and then the first as well. Visitors who poll within the
// heartbeat keep their places, and others lose theirs.
func TestVisitorsSurviveRestarts(t *testing.T) {
	t.Parallel()
	const heartbeat = 2 * time.Second
	log := newEventStore(t)
	keys := filepath.Join(t.TempDir(), "passes.key")
	var all []*serverProcess
	for range 3 {
		all = append(all, serveOn(t, log.address(), "--pass-keys-file", keys))
	}
	n1 := all[0]
	n1.must(201, "PUT", "/v1/waiting-rooms/r",
		fmt.Sprintf(`{"admit_per_second":0,"max_active":9,"active_seconds":600,"heartbeat_seconds":%d}`,
			heartbeat/time.Second))
	join := func(holder string) visitor {
		return decode[visitor](t, n1.must(201, "POST", "/v1/waiting-rooms/r/visitors", fmt.Sprintf(`{"holder":%q}`, holder)))
	}
	silent := join("silent")
	pollers := make([]*poller, 40)
	var crowd sync.WaitGroup
	stop := make(chan struct{})
	for i := range pollers {
		p := &poller{id: join(fmt.Sprint("h", i)).Visitor}
		pollers[i] = p
		crowd.Go(func() {
			if err := p.run(n1, stop); err != nil {
				t.Error(err)
			}
		})
	}
	for _, other := range all[1:] {
		other.restart()
		other.waitForReadyz("keys_differ", false)
	}
	// A visitor who is silent for two heartbeats is dropped.
	end := time.After(2*heartbeat + heartbeat/2)
	<-end
	close(stop)
	crowd.Wait()
	for i, p := range pollers {
		if p.status != "waiting" && p.gap < heartbeat {
			t.Errorf("visitor %d, who polled at least every %v, is %s; want waiting", i, p.gap, p.status)
		}
	}
	if text := n1.must(200, "GET", "/v1/waiting-rooms/r/visitors/"+silent.Visitor, ""); !strings.Contains(text,
		`"expired"`) {
		t.Errorf("the visitor who never polled: %s; want %q", text, `"expired"`)
	}
	path := "/v1/waiting-rooms/r/visitors/" + pollers[0].id
	last := time.Now()
	status, _, before := n1.ask("GET", path, "") // a poll that comes too early is refused, but counts
	n1.end()
	silence := time.Since(last)
	n1.startAgain()
	if text := n1.must(200, "GET", path, ""); silence >= 2*heartbeat || strings.Contains(before, `"expired"`) {
		t.Logf("not checked: the server took %v to end, or the visitor was dropped before: %d %s", silence, status, before)
	} else if !strings.Contains(text, `"waiting"`) {
		t.Errorf("a visitor after the restart of the server that ran the room: %s; want %q", text, `"waiting"`)
	}
}

// mustRefuseKeys fails the test unless the request is refused because of the server's keys.
func (s *serverProcess) mustRefuseKeys(method, path, body string, headers ...string) {
	s.t.Helper()
	status, header, text := s.ask(method, path, body, headers...)
	if status != 503 || !strings.Contains(text, `"code":"keys_differ"`) || header.Get("Retry-After") == "" {
		s.t.Errorf("%s %s: %d %s, Retry-After %q; want 503, keys_differ and a Retry-After",
			method, path, status, text, header.Get("Retry-After"))
	}
}

// TestServersWithOtherKeys: a server that has none of the log's pass keys reports it, sells products
// without a waiting room, and answers keys_differ for rooms and for products that have one. With a copy
// of the other server's key file it accepts that server's passes. A rotation on one server is detected by
// the other, and a server whose keys are lost starts with --accept-keys.
func TestServersWithOtherKeys(t *testing.T) {
	t.Parallel()
	log := newEventStore(t)
	file := func(dir string) string { return filepath.Join(dir, "passes.key") }
	owned, others := file(t.TempDir()), file(t.TempDir())
	n1 := serveOn(t, log.address(), "--pass-keys-file", owned)
	n2 := serveOn(t, log.address(), "--pass-keys-file", others)
	n1.waitForReadyz("keys_differ", false)
	n2.waitForReadyz("keys_differ", true)

	n1.must(201, "PUT", "/v1/waiting-rooms/r",
		`{"admit_per_second":100,"max_active":50,"active_seconds":600,"heartbeat_seconds":600}`)
	n1.must(201, "POST", "/v1/products", `{"id":"p","name":"p","stock":9,"hold_seconds":600,"waiting_room":"r"}`)
	n1.must(201, "POST", "/v1/products", `{"id":"free","name":"free","stock":9}`)
	passOf := func(s *serverProcess, holder string) (id, pass string) {
		var v visitor
		for end := time.Now().Add(patience); v.Pass == ""; time.Sleep(20 * time.Millisecond) {
			if _, _, text := s.ask("POST", "/v1/waiting-rooms/r/visitors",
				fmt.Sprintf(`{"holder":%q}`, holder)); json.Unmarshal([]byte(text), &v) != nil || time.Now().After(end) {
				t.Fatalf("%s gets %s; want a pass", holder, text)
			}
		}
		return v.Visitor, v.Pass
	}
	id, pass := passOf(n1, "ann")
	buy := func(s *serverProcess, want int, holder, pass string) {
		t.Helper()
		s.must(want, "POST", "/v1/products/p/reservations", fmt.Sprintf(`{"holder":%q,"hold":true}`, holder),
			"Admission-Pass", pass)
	}
	visitors := "/v1/waiting-rooms/r/visitors"
	n2.mustRefuseKeys("POST", visitors, `{"holder":"bob"}`)
	n2.mustRefuseKeys("GET", visitors+"/"+id, "")
	n2.mustRefuseKeys("DELETE", visitors+"/"+id, "")
	n2.mustRefuseKeys("PUT", "/v1/waiting-rooms/s",
		`{"admit_per_second":1,"max_active":1,"active_seconds":60,"heartbeat_seconds":60}`)
	n2.mustRefuseKeys("POST", "/v1/products/p/reservations", `{"holder":"ann"}`, "Admission-Pass", pass)
	n2.mustRefuseKeys("POST", "/v1/products/p/reservations", `{"holder":"ann"}`)
	n2.must(201, "POST", "/v1/products/free/reservations", `{"holder":"ann"}`)
	if !strings.Contains(n2.stderr.String(), "--accept-keys") {
		t.Errorf("the server's output: %s; want %q in it", n2.stderr, "--accept-keys")
	}

	copyFile(t, owned, others)
	n2.waitForReadyz("keys_differ", false)
	buy(n2, 201, "ann", pass)

	must(t, exitDone, "rotate-passes", "--pass-keys-file", owned)
	n2.waitForReadyz("keys_behind", true) // it has read the other's rotation
	id, pass = passOf(n1, "bob")
	n2.mustRefuseKeys("GET", visitors+"/"+id, "")
	copyFile(t, owned, others)
	n2.waitForReadyz("keys_behind", false)
	buy(n2, 201, "bob", pass)

	// All keys are lost.
	n1.end()
	n2.end()
	if err := os.Remove(owned); err != nil {
		t.Fatal(err)
	}
	n1.startAgain()
	n1.waitForReadyz("keys_differ", true)
	n1.end()
	n1.startAgain("--accept-keys")
	n1.waitForReadyz("keys_differ", false)
	_, pass = passOf(n1, "cid")
	buy(n1, 201, "cid", pass)
	n1.restart() // the flag was used for one start only
	n1.waitForReadyz("keys_differ", false)
	buy(n1, 201, "cid", pass)
	secret, err := os.ReadFile(owned)
	if err != nil {
		t.Fatal(err)
	}
	stdout, _ := must(t, exitDone, "log", "--store", log.address(), "--stream", "settings-log")
	if _, key, _ := strings.Cut(strings.TrimSpace(string(secret)), " "); strings.Contains(stdout, key) ||
		strings.Count(stdout, "pass_keys_added") != 3 {
		t.Errorf("the stream settings-log: %s; want 3 pass_keys_added, and not the secret key", stdout)
	}
	n1.end()
	must(t, exitDone, "verify", "--store", log.address())
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// nodeIn starts a server with these settings in the test's process.
func nodeIn(t *testing.T, s server.Settings) *testServer {
	t.Helper()
	if s.Auth == nil {
		s.Auth = api.OpenAuth{}
	}
	s.IdleAfter, s.Logger = time.Minute, slog.New(slog.DiscardHandler)
	p, err := server.Start(s)
	if err != nil {
		t.Fatal(err)
	}
	node := &testServer{Server: p, settings: s, store: s.Store, url: "http://" + p.Address(), t: t}
	t.Cleanup(node.end)
	return node
}
