package cli

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// nodes are servers on one log that form a cluster.
type nodes struct {
	t       *testing.T
	log     *eventStore
	secrets string
	all     []*serverProcess
}

// launch starts a node with a name.
func (n *nodes) launch(name, log string, args ...string) *serverProcess {
	n.t.Helper()
	args = append([]string{"--secrets", n.secrets, "--cluster", freeAddress(n.t), "--node", name}, args...)
	s := serveOn(n.t, log, args...)
	n.all = append(n.all, s)
	return s
}

// clusterAnswer is the answer of GET /v1/cluster.
type clusterAnswer struct {
	View  string
	Nodes []struct {
		Name, State string
		Self        bool
	}
}

// waitForServing waits until these nodes have the same view, with the given number of serving nodes.
func (n *nodes) waitForServing(serving int, servers ...*serverProcess) {
	n.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		views, enough := map[string]bool{}, true
		for _, s := range servers {
			answer := decode[clusterAnswer](n.t, s.must(200, "GET", "/v1/cluster", ""))
			found := 0
			for _, node := range answer.Nodes {
				if node.State == "serving" {
					found++
				}
			}
			views[answer.View] = true
			enough = enough && found == serving
		}
		if enough && len(views) == 1 {
			return
		}
		if time.Now().After(end) {
			n.t.Fatalf("the nodes have the views %v after %v, want one view with %d serving nodes", views, patience, serving)
		}
	}
}

// faultLength returns the duration of a fault: ADMITONE_FAULT, or 3 s.
func faultLength(t *testing.T) time.Duration {
	if text := os.Getenv("ADMITONE_FAULT"); text != "" {
		d, err := time.ParseDuration(text)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	return 3 * time.Second
}

func (s *serverProcess) signal(which syscall.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(which); err != nil {
		s.t.Fatal(err)
	}
}

// answerThroughOthers checks that a node that is cut from the log still answers a command for each product.
func (s *serverProcess) answerThroughOthers() {
	s.t.Helper()
	var reason struct{ Reason string }
	if _, _, text := s.ask("GET", "/readyz", ""); json.Unmarshal([]byte(text), &reason) != nil || reason.Reason != "cut" {
		s.t.Errorf("/readyz of a node cut from the log: %s; want the reason cut", text)
	}
	for i := range soldProducts {
		s.must(201, "POST", fmt.Sprintf("/v1/products/p%d/reservations", i), `{"holder":"ann","hold":true}`)
	}
}

// sharedSecret writes a secret for the messages between nodes, and returns the path of the file.
func sharedSecret(t *testing.T) string {
	shared := filepath.Join(t.TempDir(), "shared")
	if err := os.WriteFile(shared, []byte("0123456789abcdefghijklmnopqrstuvwxyz\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return shared
}

// TestNodesOfAnotherSystem: a node of another log does not join, a forged header between nodes is refused,
// and so are flags of a cluster that are wrong.
func TestNodesOfAnotherSystem(t *testing.T) {
	t.Parallel()
	n := &nodes{t: t, log: newEventStore(t), secrets: t.TempDir()}
	at := freeAddress(t)
	n1 := serveOn(t, n.log.address(), "--secrets", n.secrets, "--cluster", at, "--node", "n1")
	n.waitForServing(1, n1)
	other := newEventStore(t)
	shared := sharedSecret(t)
	at2 := freeAddress(t)
	m1 := serveOn(t, n.log.address(), "--cluster", at2, "--node", "m1", "--cluster-secret-file", shared)
	m1.must(200, "GET", "/v1/cluster", "")
	status, header, text := n1.ask("POST", "/v1/products", `{"id":"x","name":"n","stock":1}`, "Admitone-Hop",
		"1; from=x; view=0; command=c; after=0; client=-; at=0; until=0; mac=00")
	if status != 400 || !strings.Contains(text, "bad_parameter") {
		t.Errorf("a forged Admitone-Hop is answered %d %v %s; want 400 and %q", status, header, text, "bad_parameter")
	}
	for args, want := range map[string]string{
		"--store " + t.TempDir() + " --cluster 127.0.0.1:0":                                                                 "one process writes the log in a directory",
		"--store " + n.log.address() + " --cluster fd00::1":                                                                 "did you mean [fd00::1]:8080?",
		"--store " + n.log.address() + " --cluster [fe80::1]:7946 --cluster-secret-file " + shared:                          "a link-local address",
		"--store " + n.log.address() + " --cluster 127.0.0.1:0 --join fd00::1:7946":                                         "one of IPv6 in brackets",
		"--store " + n.log.address() + " --cluster 127.0.0.1:0 --join dns://nodes":                                          "such as dns://admitone:7946",
		"--store " + n.log.address() + " --cluster 127.0.0.1:0 --http-advertise ::1":                                        "did you mean [::1]:8080?",
		"--store " + n.log.address() + " --cluster 127.0.0.1:0 --cluster-advertise [::1]:7946":                              "without a port",
		"--store " + n.log.address() + " --node x":                                                                          "need --cluster",
		"--store " + n.log.address() + " --auth jwt --jwks f --cluster 0.0.0.0:0":                                           "jwt-issuer",
		"--store " + other.address() + " --cluster 127.0.0.1:0 --node y --join " + at2 + " --cluster-secret-file " + shared: "that is another log",
	} {
		_, stderr := must(t, exitUsage, append([]string{"serve", "--listen", "127.0.0.1:0", "--data", t.TempDir()},
			strings.Fields(args)...)...)
		if !strings.Contains(stderr, want) {
			t.Errorf("%s: %s; want %q", args, stderr, want)
		}
	}
}

// TestNodesOnIPv6: nodes join each other at IPv6 addresses, also one that listens on all addresses and
// advertises a single one.
func TestNodesOnIPv6(t *testing.T) {
	t.Parallel()
	probe, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skip("skipped: this machine has no IPv6:", err)
	}
	probe.Close()
	n := &nodes{t: t, log: newEventStore(t), secrets: t.TempDir()}
	first, secret := freePort(t, "[::1]"), sharedSecret(t)
	n1 := serveOn(t, n.log.address(), "--secrets", n.secrets, "--listen", "[::1]:0", "--cluster", first, "--node", "n1",
		"--cluster-secret-file", secret)
	_, port, _ := net.SplitHostPort(freePort(t, "[::]"))
	n2 := serveOn(t, n.log.address(), "--secrets", n.secrets, "--cluster", "[::]:"+port, "--cluster-advertise", "[::1]",
		"--join", first, "--node", "n2", "--cluster-secret-file", secret)
	n.waitForServing(2, n1, n2)
	for i, s := range []*serverProcess{n1, n2, n1, n2} {
		s.must(201, "POST", "/v1/products", fmt.Sprintf(`{"id":"six%d","name":"n","stock":1}`, i))
	}
}
