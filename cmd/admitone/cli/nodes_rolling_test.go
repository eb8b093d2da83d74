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

// TestNodesRestartBehindNginx: three nodes behind the shipped load balancer are restarted one after
// another, three times each, while ADMITONE_ROLLING keep-alive connections buy. No request fails.
func TestNodesRestartBehindNginx(t *testing.T) {
	given := os.Getenv("ADMITONE_ROLLING")
	if given == "" {
		t.Skip("it takes a minute: ADMITONE_ROLLING says how many connections, such as 256")
	}
	connections, err := strconv.Atoi(given)
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
	n.agree(3, servers...)
	startNginx(t, "nginx.conf", outside, replace)
	proxy := &serverProcess{process: &process{url: "http://" + outside}, t: t}
	for i := range soldProducts {
		proxy.must(201, "POST", "/v1/products", fmt.Sprintf(`{"id":"p%d","name":"n","stock":1000000}`, i))
	}
	c := newBuyers()
	c.start(connections, soldProducts, 500*time.Millisecond, proxy.url)
	lost := 0
	for range 3 {
		for _, s := range servers {
			lost += conflicts(t, s)
			s.restart()
			n.agree(3, servers...)
			c.some(t, connections)
		}
	}
	lost += conflicts(t, servers...)
	c.end()
	over, gone := n.sold(servers[0], c)
	t.Logf("%d sold over %d connections, %d refused, %d conflicts, the longest time without a sale %.2f s, the slowest "+
		"answer %.2f s", c.answered, connections, len(c.refused), lost, c.gap.Seconds(), c.slowest.Seconds())
	if len(c.refused) > 0 || over+gone > 0 {
		t.Errorf("%d are oversold, %d lost; refused: %v; want no c.refused and over+gone = 0",
			over, gone, c.refusals())
	}
	if lost > c.answered/1000 {
		t.Errorf("%d sales lost %d races; want lost <= c.answered/1000", c.answered, lost)
	}
}

// nextProtocol builds the program with the next version of the nodes' protocol.
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
		t.Fatal("hop.go does not state the protocol as it did")
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
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

// TestNodesOfTwoProtocols: two builds whose nodes use different protocols sell together. No request
// is forwarded between them, and sold units equal acknowledged ones.
func TestNodesOfTwoProtocols(t *testing.T) {
	if os.Getenv("ADMITONE_MIXED") == "" {
		t.Skip("it builds the program once more: set ADMITONE_MIXED")
	}
	n := &nodes{t: t, log: newEventStore(t), secrets: t.TempDir()}
	n1, n2 := n.begin("n1", n.log.address()), n.begin("n2", n.log.address())
	m1 := &serverProcess{t: t, process: launchBuild(t, nextProtocol(t), n.log.address(), "--data", t.TempDir(),
		"--secrets", n.secrets, "--cluster", freeAddress(t), "--node", "m1")}
	n.agree(3, n1, n2, m1)
	for i := range soldProducts {
		n1.must(201, "POST", "/v1/products", fmt.Sprintf(`{"id":"p%d","name":"n","stock":1000000}`, i))
	}
	c := buying(n1, n2, m1)
	c.some(t, 1000)
	c.end()
	if over, lost := n.sold(n1, c); over+lost > 0 || len(c.refused) > 0 {
		t.Errorf("%d are oversold, %d lost, %v refused; want over+lost = 0 and no c.refused", over, lost, c.refused)
	}
	passed := func(s *serverProcess) (passed int) {
		return decoded[struct{ Hops struct{ Passed int } }](t, s.must(200, "GET", "/v1/cluster", "")).Hops.Passed
	}
	t.Logf("%d sold; passed on: %d, %d, and %d by the other build; %d conflicts", c.answered, passed(n1), passed(n2),
		passed(m1), conflicts(t, n1, n2, m1))
	if passed(m1) > 0 || passed(n1) == 0 {
		t.Errorf("the other build has passed %d on, and this one %d", passed(m1), passed(n1))
	}
	for _, s := range []*serverProcess{n1, n2, m1} {
		s.end()
	}
	must(t, exitDone, "verify", "--store", n.log.address())
}
