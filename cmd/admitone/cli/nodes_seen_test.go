package cli

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// waitForClusterLine waits until the output of admitone cluster has a line with all of the texts.
func (s *serverProcess) waitForClusterLine(texts ...string) {
	s.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		stdout, _ := must(s.t, exitDone, "cluster", "--url", s.url)
		for line := range strings.Lines(stdout) {
			matches := true
			for _, text := range texts {
				matches = matches && strings.Contains(line, text)
			}
			if matches {
				return
			}
		}
		if time.Now().After(end) {
			s.t.Fatalf("admitone cluster has no line with %q:\n%s", texts, stdout)
		}
	}
}

// waitUnready waits until /readyz is 503 with a reason, and returns the answer.
func (s *serverProcess) waitUnready(reason string) (text string) {
	s.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		status, _, text := s.ask("GET", "/readyz", "")
		var got struct{ Reason string }
		if status == 503 && json.Unmarshal([]byte(text), &got) == nil && got.Reason == reason {
			return text
		}
		if time.Now().After(end) {
			s.t.Fatalf("/readyz: %d %s, want 503 with the reason %s", status, text, reason)
		}
	}
}

// TestDepartedNodesAreShown: the other node logs and shows a stopped node as left, and a killed one as lost,
// until the node is back.
func TestDepartedNodesAreShown(t *testing.T) {
	t.Parallel()
	n := &nodes{t: t, log: newEventStore(t), secrets: t.TempDir()}
	n1, n2 := n.launch("n1", n.log.address()), n.launch("n2", n.log.address())
	n.waitForServing(2, n1, n2)
	n2.end()
	n1.waitLog("INFO", "a node left", `"node":"n2"`)
	n1.waitForClusterLine("n2 ", " left ")
	if found := n1.linesWith("WARN", `"node":"n2"`); len(found) > 0 {
		t.Errorf("n1 warns about n2, which was stopped: %q; want no warning", found)
	}
	n2.startAgain()
	n1.waitLog("INFO", "a node was restarted", `"node":"n2"`)
	n.waitForServing(2, n1, n2)
	if stdout, _ := must(t, exitDone, "cluster", "--url", n1.url); strings.Contains(stdout, "left") {
		t.Errorf("admitone cluster shows that n2 left after its restart, want it serving:\n%s", stdout)
	}
	n2.kill()
	n1.waitLog("WARN", "a node was lost", `"node":"n2"`)
	n1.waitForClusterLine("n2 ", " lost ")
}

// TestWrongJoins: an address given with --join that can't be reached causes one warning; one without a host
// and a valid port is refused at the start.
func TestWrongJoins(t *testing.T) {
	t.Parallel()
	log := newEventStore(t)
	free := freeAddress(t)
	n1 := serveOn(t, log.address(), "--cluster", freeAddress(t), "--join", free, "--join", "nodes.invalid:7946", "--join",
		"dns://nodes.invalid:7946")
	n1.waitLog("WARN", "no node given with --join answers", free)
	n1.waitLog("WARN", "can't be resolved", `"nodes.invalid:7946"`)
	n1.waitLog("WARN", "can't be resolved", `"dns://nodes.invalid:7946"`)
	for _, join := range []string{"127.0.0.1", "node2", "node2:0", "node2:port", ":7946"} {
		_, stderr := must(t, exitUsage, "serve", "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--store", log.address(),
			"--cluster", "127.0.0.1:0", "--join", join)
		if !strings.Contains(stderr, "--join "+join) || !strings.Contains(stderr, ":7946") {
			t.Errorf("--join %s is refused with %q, want the address and an example", join, stderr)
		}
	}
	if found := n1.linesWith("WARN", "--join"); len(found) != 3 {
		t.Errorf("warnings about --join are %q, want 3", found)
	}
	if found := n1.linesWith(`\n`); len(found) > 0 {
		t.Errorf("errors have several lines: %q", found)
	}
}

// TestNodesWithoutLog: when no node reaches the log, none reports that others have taken over.
func TestNodesWithoutLog(t *testing.T) {
	t.Parallel()
	n := &nodes{t: t, log: newEventStore(t), secrets: t.TempDir()}
	n1, n2 := n.launch("n1", n.log.address()), n.launch("n2", n.log.address())
	n.waitForServing(2, n1, n2)
	n.log.kill()
	for _, s := range []*serverProcess{n1, n2} {
		s.waitUnready("cut")
		s.waitLog("WARN", "no other node reaches the log either")
		if text := s.waitUnready("cut"); strings.Contains(text, "taken over") {
			t.Errorf("/readyz: %s, want no %q", text, "taken over")
		}
		if found := s.linesWith("taken over"); len(found) > 0 {
			t.Errorf("the log of a node has %q, want no %q", found, "taken over")
		}
	}
	n.log.start()
	n.waitForServing(2, n1, n2)
}

// TestClusterPortInUse: serve fails and names the remedy if the port of --cluster or the directory of --data
// is in use, or if nothing listens at the address of the log.
func TestClusterPortInUse(t *testing.T) {
	t.Parallel()
	log := newEventStore(t)
	at := freeAddress(t)
	n1 := serveOn(t, log.address(), "--cluster", at)
	for args, want := range map[string]string{
		"--data " + t.TempDir() + " --store " + log.address() + " --cluster " + at: "admitone: can't listen on " + at +
			" for other nodes: the port is taken by another program; give another address with --cluster\n",
		"--data " + n1.args[1] + " --store " + log.address():                                               "give this one another --data",
		"--data " + t.TempDir() + " --store esdb://" + freeAddress(t) + "?tls=false&maxDiscoverAttempts=1": "admitone eventstore",
	} {
		_, stderr := must(t, exitUnavailable, append([]string{"serve", "--listen", "127.0.0.1:0"}, strings.Fields(args)...)...)
		if !strings.Contains(stderr, want) {
			t.Errorf("serve %s: %q, want %q", args, stderr, want)
		}
	}
}

// TestDataInUse: a second server with the same --data is told what to do.
func TestDataInUse(t *testing.T) {
	t.Parallel()
	log, data := newEventStore(t), t.TempDir()
	launch(t, log.address(), "--data", data)
	_, stderr := must(t, exitUnavailable, "serve", "--listen", "127.0.0.1:0", "--store", log.address(), "--data", data)
	if want := "another server is using " + data + "; stop it, or give this one another --data\n"; !strings.HasSuffix(stderr, want) {
		t.Errorf("stderr is %q, want it to end with %q", stderr, want)
	}
}

// TestClusterJSON: cluster --json prints the answer of GET /v1/cluster.
func TestClusterJSON(t *testing.T) {
	s := serveIn(t, t.TempDir(), nil)
	stdout, _ := must(t, exitDone, "cluster", "--url", s.url, "--json")
	if want := s.send("GET", "/v1/cluster", ""); strings.TrimSpace(stdout) != strings.TrimSpace(want) {
		t.Errorf("admitone cluster --json = %s, want %s", stdout, want)
	}
}
