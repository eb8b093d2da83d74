package cli

import (
	"strings"
	"testing"
	"time"
)

// logged waits until a server has logged a line that contains all the texts.
func (s *serverProcess) logged(texts ...string) {
	s.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		for line := range strings.Lines(s.stderr.String()) {
			if containsAll(line, texts) {
				return
			}
		}
		if time.Now().After(end) {
			s.t.Fatalf("the log has no line with %q: %s", texts, s.stderr)
		}
	}
}

func containsAll(text string, parts []string) bool {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}

// shown waits until GET /v1/cluster of a node contains, or lacks, a text.
func (s *serverProcess) shown(text string, want bool) {
	s.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		got := s.must(200, "GET", "/v1/cluster", "")
		if strings.Contains(got, text) == want {
			return
		}
		if time.Now().After(end) {
			s.t.Fatalf("the nodes are %s; want contains %s = %v", got, text, want)
		}
	}
}

// TestNodeNamesAreUnique: a second node with a name is refused, and a node that was killed may return at another
// address.
func TestNodeNamesAreUnique(t *testing.T) {
	t.Parallel()
	n := &nodes{t: t, log: newEventStore(t), secrets: t.TempDir()}
	at := freeAddress(t)
	n1 := serveOn(t, n.log.address(), "--secrets", n.secrets, "--cluster", at, "--node", "n1")
	n2 := n.begin("n2", n.log.address())
	n.agree(2, n1, n2)
	refused := func(want, address, name string) {
		t.Helper()
		status, _, stderr := command(t, "serve", "--listen", "127.0.0.1:0", "--store", n.log.address(), "--data",
			t.TempDir(), "--secrets", n.secrets, "--cluster", address, "--node", name)
		if status == exitDone || !strings.Contains(stderr, want) || strings.Count(stderr, address) > 1 {
			t.Errorf("a node %s at %s ended with %d: %s; want a refusal that contains %q and the address once", name, address,
				status, stderr, want)
		}
	}
	refused("the node n2 already runs at 127.", freeAddress(t), "n2")
	refused("for other nodes: address already in use; give another address with --cluster", at, "n3")
	n2.kill()
	n2 = n.begin("n2", n.log.address())
	n.agree(2, n1, n2)
	if text := n1.stderr.String(); strings.Contains(text, "two nodes have the same name") {
		t.Errorf("a restart at another address is reported as a conflict of names: %s", text)
	}
}

// TestDepartedNodesAreShown: a node that was killed is shown as lost, one that was stopped as left, and neither once
// it is back.
func TestDepartedNodesAreShown(t *testing.T) {
	t.Parallel()
	n := &nodes{t: t, log: newEventStore(t), secrets: t.TempDir()}
	n1, n2, n3 := n.begin("n1", n.log.address()), n.begin("n2", n.log.address()), n.begin("n3", n.log.address())
	n.agree(3, n1, n2, n3)
	n1.logged(`"INFO"`, "a node joined", `"node":"n3"`)
	n3.kill()
	n1.shown(`"name":"n3","run":`, true)
	n1.shown(`"state":"lost"`, true)
	n1.logged(`"WARN"`, "a node is lost", `"node":"n3"`)
	n2.end()
	n1.shown(`"state":"left"`, true)
	n1.logged(`"INFO"`, "a node left", `"node":"n2"`)
	for line := range strings.Lines(n1.stderr.String()) {
		if strings.Contains(line, "WARN") && strings.Contains(line, `"node":"n2"`) {
			t.Errorf("a node that was stopped causes the warning %s", line)
		}
	}
	table, _ := must(t, exitDone, "cluster", "--url", n1.url)
	for _, want := range []string{"n3    lost", "n2    left"} {
		if !strings.Contains(table, want) {
			t.Errorf("the table lacks %q:\n%s", want, table)
		}
	}
	n2.again()
	n1.shown(`"state":"left"`, false)
	n1.logged(`"INFO"`, "a node is back", `"node":"n2"`)
}

// TestDifferentKeysAreShown: nodes with different directories of secrets are members, and are shown to differ.
func TestDifferentKeysAreShown(t *testing.T) {
	t.Parallel()
	n := &nodes{t: t, log: newEventStore(t), secrets: t.TempDir()}
	n1 := n.begin("n1", n.log.address())
	n1.must(201, "PUT", "/v1/waiting-rooms/r", roomWith(1, 5, 30, ""))
	n.secrets = t.TempDir()
	n2 := n.begin("n2", n.log.address())
	n.agree(2, n1, n2)
	for _, s := range []*serverProcess{n1, n2} {
		s.shown(`"keys_differ":true`, true)
	}
	if table, _ := must(t, exitDone, "cluster", "--url", n1.url); !strings.Contains(table, "serving, other keys") {
		t.Errorf("the table lacks the different keys:\n%s", table)
	}
}

// TestNodesThatCannotJoin: a node says which others it can't join, and whether their secret is different.
func TestNodesThatCannotJoin(t *testing.T) {
	t.Parallel()
	n := &nodes{t: t, log: newEventStore(t), secrets: t.TempDir()}
	nobody := freeAddress(t)
	n1 := n.begin("n1", n.log.address(), "--cluster-secret-file", sharedSecret(t), "--join", nobody, "--join",
		"nowhere.invalid:7946")
	n1.logged(`"WARN"`, "nodes given with --join can't be joined", nobody+": connection refused", "nowhere.invalid:7946: ")
	n2 := n.begin("n2", n.log.address())
	for _, s := range []*serverProcess{n1, n2} {
		s.logged(`"WARN"`, "other nodes have a different secret; give all nodes the same --cluster-secret-file")
	}
	if count := strings.Count(n2.stderr.String(), "a different secret"); count != 1 {
		t.Errorf("the different secret is logged %d times, want once: %s", count, n2.stderr)
	}
}

// TestDataInUse: a second server with the same --data is told what to do.
func TestDataInUse(t *testing.T) {
	t.Parallel()
	log, data := newEventStore(t), t.TempDir()
	launch(t, log.address(), "--data", data)
	_, stderr := must(t, exitUnavailable, "serve", "--listen", "127.0.0.1:0", "--store", log.address(), "--data", data)
	if want := "another server is using " + data + "; give this one a --data of its own\n"; !strings.HasSuffix(stderr, want) {
		t.Errorf("stderr is %q, want %q", stderr, want)
	}
}
