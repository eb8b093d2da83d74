package cli

import (
	"errors"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// linesWith returns the lines of the server's log that contain all of the texts.
func (s *serverProcess) linesWith(texts ...string) (found []string) {
	for line := range strings.Lines(s.stderr.String()) {
		matches := true
		for _, text := range texts {
			matches = matches && strings.Contains(line, text)
		}
		if matches {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

// waitLog waits until a line of the server's log contains all of the texts, and returns the line.
func (s *serverProcess) waitLog(texts ...string) string {
	s.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if found := s.linesWith(texts...); len(found) > 0 {
			return found[0]
		}
		if time.Now().After(end) {
			s.t.Fatalf("no line of the log contains %q after %v:\n%s", texts, patience, s.stderr)
		}
	}
}

// waitNode waits until the server's view of the cluster has the address of another server.
func (s *serverProcess) waitNode(other *serverProcess) {
	s.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		text := s.must(200, "GET", "/v1/cluster", "")
		if strings.Contains(text, `"http":"`+strings.TrimPrefix(other.url, "http://")+`"`) {
			return
		}
		if time.Now().After(end) {
			s.t.Fatalf("/v1/cluster has no node at %s after %v: %s", other.url, patience, text)
		}
	}
}

// TestNodeNamesAreUnique: a node with the name of a live node does not start, and the others don't notice it.
// A node with the name of a dead node replaces it, also at another address.
func TestNodeNamesAreUnique(t *testing.T) {
	t.Parallel()
	n := &nodes{t: t, log: newEventStore(t), secrets: t.TempDir()}
	n1, n2 := n.launch("n1", n.log.address()), n.launch("n2", n.log.address())
	n.waitForServing(2, n1, n2)
	_, stderr := must(t, exitUsage, "serve", "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--store", n.log.address(),
		"--secrets", n.secrets, "--cluster", freeAddress(t), "--node", "n1")
	for _, want := range []string{"already has the name n1", n1.args[5], strings.TrimPrefix(n1.url, "http://"), "--node"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("a second node n1 fails with %q, want %q in it", stderr, want)
		}
	}
	n.waitForServing(2, n1, n2)
	if found := n2.linesWith(`"node":"n1"`); len(found) != 1 {
		t.Errorf("the log of n2 has %q about n1, want one line: that it joined", found)
	}
	n1.kill()
	before := time.Now()
	n1 = n.launch("n1", n.log.address())
	n2.waitNode(n1)
	t.Logf("n1 is known at another address %.1f s after it was killed", time.Since(before).Seconds())
	n.waitForServing(2, n1, n2)
	n1.kill()
	n1.startAgain()
	n.waitForServing(2, n1, n2)
}

// TestNodesStartWithOneName: of two nodes that start at the same time with the same name, exactly one fails.
func TestNodesStartWithOneName(t *testing.T) {
	t.Parallel()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	log, secrets := newEventStore(t), t.TempDir()
	type result struct {
		err    error
		stderr string
	}
	results := make(chan result, 2)
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
			results <- result{err, stderr.String()}
		}()
		t.Cleanup(func() { cmd.Process.Kill(); <-ended })
	}
	select {
	case got := <-results:
		var status *exec.ExitError
		if !errors.As(got.err, &status) || !strings.Contains(got.stderr, "already has the name n1") {
			t.Errorf("one node ended with %v: %s; want a failure about its name", got.err, got.stderr)
		}
	case <-time.After(patience):
		t.Fatalf("both nodes with the name n1 still run after %v, want one to fail", patience)
	}
	select {
	case got := <-results:
		t.Errorf("the other node ended too, with %v: %s; want it to serve", got.err, got.stderr)
	case <-time.After(time.Second):
	}
}

// TestThawedNodeFindsNamesake: a node is frozen, and another one with its name is started. When the frozen
// node continues, both log an error with the address of the other, and the third node keeps to the new one.
func TestThawedNodeFindsNamesake(t *testing.T) {
	t.Parallel()
	n := &nodes{t: t, log: newEventStore(t), secrets: t.TempDir()}
	old, n2 := n.launch("n1", n.log.address()), n.launch("n2", n.log.address())
	n.waitForServing(2, old, n2)
	old.signal(syscall.SIGSTOP)
	n2.waitLog("WARN", "a node was lost", `"node":"n1"`)
	fresh := n.launch("n1", n.log.address())
	n2.waitNode(fresh)
	n.waitForServing(2, fresh, n2)
	before := len(n2.linesWith(`"node":"n1"`))
	old.signal(syscall.SIGCONT)
	old.waitLog("ERROR", "another node has the name of this one", fresh.args[5])
	fresh.waitLog("ERROR", "another node has the name of this one", old.args[5])
	fresh.must(200, "GET", "/readyz", "")
	n.waitForServing(2, fresh, n2)
	old.end()
	n.waitForServing(2, fresh, n2)
	if found := n2.linesWith(`"node":"n1"`); len(found) != before {
		t.Errorf("the log of n2 has %q about n1, want only the first %d lines", found, before)
	}
}
