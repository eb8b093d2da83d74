package cli

import (
	"errors"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// linesWith returns the lines of a server's log that have all of the texts.
func (s *serverProcess) linesWith(texts ...string) (found []string) {
	for line := range strings.Lines(s.stderr.String()) {
		has := true
		for _, text := range texts {
			has = has && strings.Contains(line, text)
		}
		if has {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

// waitLog waits until a line of the server's log has all of the texts, and returns it.
func (s *serverProcess) waitLog(texts ...string) string {
	s.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if found := s.linesWith(texts...); len(found) > 0 {
			return found[0]
		}
		if time.Now().After(end) {
			s.t.Fatalf("no line of the log has %q:\n%s", texts, s.stderr)
		}
	}
}

// waitNode waits until the server knows a node at its present address.
func (s *serverProcess) waitNode(other *serverProcess) {
	s.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		text := s.must(200, "GET", "/v1/cluster", "")
		if strings.Contains(text, `"http":"`+strings.TrimPrefix(other.url, "http://")+`"`) {
			return
		}
		if time.Now().After(end) {
			s.t.Fatalf("the node at %s is not known: %s", other.url, text)
		}
	}
}

// TestNodeNamesAreUnique: a node with the name of a live one is refused and disturbs no other; one with the name of a
// dead node replaces it, also at another address.
func TestNodeNamesAreUnique(t *testing.T) {
	t.Parallel()
	n := &nodes{t: t, log: newEventStore(t), secrets: t.TempDir()}
	n1, n2 := n.begin("n1", n.log.address()), n.begin("n2", n.log.address())
	n.agree(2, n1, n2)
	_, stderr := must(t, exitUsage, "serve", "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--store", n.log.address(),
		"--secrets", n.secrets, "--cluster", freeAddress(t), "--node", "n1")
	for _, want := range []string{"already has the name n1", n1.args[5], strings.TrimPrefix(n1.url, "http://"), "--node"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("a second node n1 is refused with %q, want %q in it", stderr, want)
		}
	}
	n.agree(2, n1, n2)
	if found := n2.linesWith(`"node":"n1"`); len(found) != 1 {
		t.Errorf("n2 says of n1 %q, want one line: that it joined", found)
	}
	n1.kill()
	before := time.Now()
	n1 = n.begin("n1", n.log.address())
	n2.waitNode(n1)
	t.Logf("n1 is known at another address %.1f s after it was killed", time.Since(before).Seconds())
	n.agree(2, n1, n2)
	n1.kill()
	n1.again()
	n.agree(2, n1, n2)
}

// TestNodesStartWithOneName: of two nodes that start at the same time with one name, one is refused.
func TestNodesStartWithOneName(t *testing.T) {
	t.Parallel()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	log, secrets := newEventStore(t), t.TempDir()
	type end struct {
		err    error
		stderr string
	}
	ends := make(chan end, 2)
	for range 2 {
		var stderr outputBuffer
		cmd := exec.Command(path, "serve", "--listen", "127.0.0.1:0", "--store", log.address(), "--data", t.TempDir(),
			"--secrets", secrets, "--cluster", freeAddress(t), "--node", "n1")
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() {
			err := cmd.Wait()
			close(ended)
			ends <- end{err, stderr.String()}
		}()
		t.Cleanup(func() { cmd.Process.Kill(); <-ended })
	}
	select {
	case got := <-ends:
		var status *exec.ExitError
		if !errors.As(got.err, &status) || !strings.Contains(got.stderr, "already has the name n1") {
			t.Errorf("one node ended with %v: %s; want a failure about its name", got.err, got.stderr)
		}
	case <-time.After(patience):
		t.Fatal("two nodes with one name serve")
	}
	select {
	case got := <-ends:
		t.Errorf("the other node ended too, with %v: %s", got.err, got.stderr)
	case <-time.After(time.Second):
	}
}

// TestThawedNodeFindsNamesake: a frozen node was replaced by one with its name. When it runs again, both log the
// other's address, and the third node keeps the one that it knows.
func TestThawedNodeFindsNamesake(t *testing.T) {
	t.Parallel()
	n := &nodes{t: t, log: newEventStore(t), secrets: t.TempDir()}
	old, n2 := n.begin("n1", n.log.address()), n.begin("n2", n.log.address())
	n.agree(2, old, n2)
	old.signal(syscall.SIGSTOP)
	n2.waitLog("WARN", "a node was lost", `"node":"n1"`)
	fresh := n.begin("n1", n.log.address())
	n2.waitNode(fresh)
	n.agree(2, fresh, n2)
	before := len(n2.linesWith(`"node":"n1"`))
	old.signal(syscall.SIGCONT)
	old.waitLog("ERROR", "another node has the name of this one", fresh.args[5])
	fresh.waitLog("ERROR", "another node has the name of this one", old.args[5])
	fresh.must(200, "GET", "/readyz", "")
	n.agree(2, fresh, n2)
	old.end()
	n.agree(2, fresh, n2)
	if found := n2.linesWith(`"node":"n1"`); len(found) != before {
		t.Errorf("n2 says of n1 %q, want nothing after the first %d lines", found, before)
	}
}
