package stripetest

import (
	"bufio"
	_ "embed" // sign.cjs
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Event is a delivery to a webhook endpoint.
type Event struct {
	Payload []byte
	Header  string
}

// SignedEvent creates a signed event about an object. Without Node it skips the test with a reason.
func (s *Server) SignedEvent(kind string, object any) Event {
	s.t.Helper()
	s.mu.Lock()
	s.lastID++
	id := fmt.Sprintf("evt_test_%d", s.lastID)
	s.mu.Unlock()
	payload, err := json.Marshal(map[string]any{"id": id, "object": "event", "type": kind, "api_version": "2020-08-27",
		"created": time.Now().Unix(), "data": map[string]any{"object": object}})
	if err != nil {
		s.t.Fatal(err)
	}
	return Event{payload, s.Sign(payload, WebhookSecret, time.Now())}
}

// SessionEvent creates a signed event about a session in its current state.
func (s *Server) SessionEvent(kind, session string) Event {
	s.t.Helper()
	s.mu.Lock()
	found := s.session(session)
	s.mu.Unlock()
	if found == nil {
		s.t.Fatalf("there is no session %s", session)
	}
	return s.SignedEvent("checkout.session."+kind, *found)
}

// Send delivers an event to an endpoint and returns the status of the response, 0 if there was none.
func (e Event) Send(url string) (status int) {
	request, err := http.NewRequest(http.MethodPost, url+"/v1/payments/stripe", strings.NewReader(string(e.Payload)))
	if err != nil {
		return 0
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	request.Header.Set("Stripe-Signature", e.Header)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return 0
	}
	return response.StatusCode
}

// Sign returns the signature header that Stripe's library for Node makes for a payload. Without Node it
// skips the test with a reason.
func (s *Server) Sign(payload []byte, secret string, at time.Time) string {
	s.t.Helper()
	s.mu.Lock()
	if s.signer == nil {
		s.signer = newSigner(s.t)
	}
	signer := s.signer
	s.mu.Unlock()
	header, err := signer.sign(payload, secret, at)
	if err != nil {
		s.t.Fatal(err)
	}
	return header
}

// signScript is the script for Node. It is embedded, so that a test binary finds it whatever its working
// directory.
//
//go:embed sign.cjs
var signScript string

// signer is a Node process with Stripe's library.
type signer struct {
	command *exec.Cmd
	in      io.WriteCloser

	mu  sync.Mutex // held while one header is made
	out *bufio.Reader
}

func newSigner(t testing.TB) *signer {
	t.Helper()
	node, modules := findNode(t)
	command := exec.Command(node, "-e", signScript)
	command.Env = append(os.Environ(), "NODE_PATH="+modules)
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	return &signer{command: command, in: in, out: bufio.NewReader(out)}
}

func (s *signer) end() {
	_ = s.in.Close()
	_ = s.command.Wait()
}

func (s *signer) sign(payload []byte, secret string, at time.Time) (string, error) {
	line, err := json.Marshal(map[string]any{"payload": string(payload), "secret": secret, "timestamp": at.Unix()})
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.in.Write(append(line, '\n')); err != nil {
		return "", err
	}
	header, err := s.out.ReadString('\n')
	return strings.TrimSpace(header), err
}

// findNode returns the path of Node and of the folder with the library.
func findNode(t testing.TB) (node, modules string) {
	t.Helper()
	node, err := exec.LookPath("node")
	if cache, cacheErr := os.UserCacheDir(); cacheErr == nil {
		modules = filepath.Join(cache, "admitone-stripe", "node_modules")
	}
	if err == nil {
		_, err = os.Stat(filepath.Join(modules, "stripe", "package.json"))
	}
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("Node or Stripe's library is missing, but CI requires them: %v", err)
		}
		t.Skipf("Node or Stripe's library is missing; .ci/run install installs them: %v", err)
	}
	return node, modules
}
