package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestNodesRestartBehindNginx: three nodes behind the shipped load balancer are restarted one after another,
// three times each, while buyers send requests over ADMITONE_ROLLING keep-alive connections. No request
// fails.
func TestNodesRestartBehindNginx(t *testing.T) {
	text := os.Getenv("ADMITONE_ROLLING")
	if text == "" {
		t.Skip("skipped, since it takes a minute: set ADMITONE_ROLLING to the number of connections, such as 256")
	}
	connections, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	nginxPath(t)
	n := &nodes{t: t, log: newEventStore(t), secrets: t.TempDir()}
	outside := freeAddress(t)
	replace := map[string]string{"listen 8080;": "listen " + outside + ";"}
	var servers []*serverProcess
	for i := range 3 {
		listen := freeAddress(t)
		replace[fmt.Sprintf("admitone%d:8080", i+1)] = listen
		servers = append(servers, serveOn(t, n.log.address(), "--secrets", n.secrets, "--listen", listen, "--drain", "2s",
			"--cluster", freeAddress(t), "--node", fmt.Sprintf("n%d", i+1)))
	}
	t.Cleanup(func() {
		for _, s := range servers {
			if t.Failed() {
				t.Logf("%.10000s", s.stderr)
			}
		}
	})
	n.waitForServing(3, servers...)
	startNginx(t, "nginx.conf", outside, replace)
	proxy := &serverProcess{process: &process{url: "http://" + outside}, t: t}
	for i := range soldProducts {
		proxy.must(201, "POST", "/v1/products", fmt.Sprintf(`{"id":"p%d","name":"n","stock":1000000}`, i))
	}
	c := newBuyers()
	c.start(connections, soldProducts, 500*time.Millisecond, proxy.url)
	conflicted := 0 // appends; the counter of a server begins at 0 after each restart
	for range 3 {
		for _, s := range servers {
			conflicted += conflicts(t, s)
			s.restart()
			n.waitForServing(3, servers...)
			c.waitForPurchases(t, connections)
		}
	}
	conflicted += conflicts(t, servers...)
	c.end()
	over, lost := n.sold(servers[0], c)
	t.Logf("%d sold over %d connections, %d refused, %d conflicts, the longest time without a sale %.2f s, the slowest "+
		"answer %.2f s", c.answered, connections, len(c.refused), conflicted, c.gap.Seconds(), c.slowest.Seconds())
	if len(c.refused) > 0 || over+lost > 0 {
		t.Errorf("%d units are oversold, %d are lost, refused: %v; want none", over, lost, c.refusals())
	}
	if conflicted > c.answered/1000 {
		t.Errorf("%d conflicts in %d sales, want at most %d", conflicted, c.answered, c.answered/1000)
	}
}

// nextProtocol builds the program with the next version of the protocol between nodes, and returns its path.
func nextProtocol(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	source, err := filepath.Abs("../../../api/peers/hop.go")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	path, changed := filepath.Join(dir, "admitone"), filepath.Join(dir, "hop.go")
	overlay := filepath.Join(dir, "overlay.json")
	next := strings.Replace(string(text), "const Protocol = 1\n", "const Protocol = 2\n", 1)
	if next == string(text) {
		t.Fatalf("%s has no line %q; change it here as well", source, "const Protocol = 1")
	}
	replaced, err := json.Marshal(map[string]any{"Replace": map[string]string{source: changed}})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{changed: []byte(next), overlay: replaced} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.Command("go", "build", "-buildvcs=false", "-overlay", overlay, "-o", path, "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build with the changed protocol: %v: %s", err, out)
	}
	return path
}

// TestNodesOfTwoProtocols: nodes of two builds with different protocols sell the same products. No request
// is forwarded between the builds, and sold units equal acknowledged ones.
func TestNodesOfTwoProtocols(t *testing.T) {
	if os.Getenv("ADMITONE_MIXED") == "" {
		t.Skip("skipped, since it builds the program once more: set ADMITONE_MIXED=1")
	}
	n := &nodes{t: t, log: newEventStore(t), secrets: t.TempDir()}
	n1, n2 := n.launch("n1", n.log.address()), n.launch("n2", n.log.address())
	m1 := &serverProcess{t: t, process: launchBuild(t, nextProtocol(t), n.log.address(), "--data", t.TempDir(),
		"--secrets", n.secrets, "--cluster", freeAddress(t), "--node", "m1")}
	n.waitForServing(3, n1, n2, m1)
	for i := range soldProducts {
		n1.must(201, "POST", "/v1/products", fmt.Sprintf(`{"id":"p%d","name":"n","stock":1000000}`, i))
	}
	c := startBuyers(n1, n2, m1)
	c.waitForPurchases(t, 1000)
	c.end()
	if over, lost := n.sold(n1, c); over+lost > 0 || len(c.refused) > 0 {
		t.Errorf("%d units are oversold, %d are lost, refused: %q; want none", over, lost, c.refused)
	}
	forwarded := func(s *serverProcess) int {
		return decode[struct{ Hops struct{ Passed int } }](t, s.must(200, "GET", "/v1/cluster", "")).Hops.Passed
	}
	t.Logf("%d sold; forwarded: %d, %d, and %d by the other build; %d conflicts", c.answered, forwarded(n1), forwarded(n2),
		forwarded(m1), conflicts(t, n1, n2, m1))
	if forwarded(m1) > 0 || forwarded(n1) == 0 {
		t.Errorf("the other build forwarded %d requests and n1 %d, want 0 and some", forwarded(m1), forwarded(n1))
	}
	for _, s := range []*serverProcess{n1, n2, m1} {
		s.end()
	}
	must(t, exitDone, "verify", "--store", n.log.address())
}
