package cli

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"admitone/actors/placement"
	"admitone/actors/waitingroom"
	"admitone/events"
)

// faultCluster is three servers on one log into which faults are injected. All traffic between them, and
// between the third one and the log, passes through proxies.
type faultCluster struct {
	nodes
	clustered   bool // the servers run with --cluster
	servers     []*serverProcess
	peerProxies []*proxy // for the traffic between the nodes
	logProxy    *proxy   // of the third node
	buyers      []*buyers
	pause       time.Duration // of a buyer before each purchase
}

func newFaultCluster(t *testing.T, clustered bool) *faultCluster {
	d := &faultCluster{nodes: nodes{t: t, log: newEventStore(t), secrets: t.TempDir()}, clustered: clustered}
	d.logProxy = newProxy(t, "127.0.0.1:0", d.log.host)
	cut := strings.Replace(d.log.address(), d.log.host, d.logProxy.ln.Addr().String(), 1)
	for i, log := range []string{d.log.address(), d.log.address(), cut} {
		listen := freeAddress(t)
		args := []string{"--secrets", d.secrets, "--listen", listen, "--drain", "300ms"}
		if clustered {
			at := freeAddress(t)
			host, _, _ := net.SplitHostPort(freeAddress(t))
			_, port, _ := net.SplitHostPort(at)
			gossip := newProxy(t, net.JoinHostPort(host, port), at)
			gossip.forwardUDP(t)
			hops := newProxy(t, "127.0.0.1:0", listen)
			d.peerProxies = append(d.peerProxies, gossip, hops)
			args = append(args, "--cluster", at, "--cluster-advertise", host, "--http-advertise", hops.ln.Addr().String(),
				"--node", fmt.Sprintf("n%d", i+1))
		}
		d.servers = append(d.servers, serveOn(t, log, args...))
	}
	t.Cleanup(func() {
		for _, s := range d.servers {
			if t.Failed() {
				t.Logf("%.10000s", s.stderr)
			}
		}
	})
	d.waitForMembers(3)
	for i := range soldProducts {
		d.servers[0].must(201, "POST", "/v1/products", fmt.Sprintf(`{"id":"p%d","name":"n","stock":1000000}`, i))
	}
	return d
}

// waitForMembers waits until the first nodes, serving in number, are ready and agree that they serve.
func (d *faultCluster) waitForMembers(serving int) {
	d.t.Helper()
	for _, s := range d.servers[:serving] {
		for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
			if status, _, text := s.ask("GET", "/readyz", ""); status == 200 {
				break
			} else if time.Now().After(end) {
				d.t.Fatalf("/readyz of %s is %d %s after %v, want 200", s.url, status, text, patience)
			}
		}
	}
	if d.clustered {
		d.waitForServing(serving, d.servers[:serving]...)
	}
}

// nodesPoller is a visitor of a waiting room who polls nodes in turn.
type nodesPoller struct {
	path    string
	status  string        // in the last answer
	gap     time.Duration // the longest time without an answer
	refused int           // polls that failed, other than with 429
}

func (c *nodesPoller) poll(client *http.Client, stop <-chan struct{}, at []*serverProcess) {
	for i, received := 0, time.Now(); ; i++ {
		response, err := sendBalanced(i, urlsOf(at), func(url string) (*http.Response, error) {
			return client.Get(url + c.path)
		})
		var v visitor
		if err == nil {
			if response.StatusCode == http.StatusOK {
				err = json.NewDecoder(response.Body).Decode(&v)
			}
			response.Body.Close()
		}
		switch {
		case err == nil && response.StatusCode == http.StatusOK:
			c.status, c.gap, received = v.Status, max(c.gap, time.Since(received)), time.Now()
		case err != nil || response.StatusCode != http.StatusTooManyRequests: // with 429 the visitor keeps the place
			c.refused++
		}
		select {
		case <-stop:
			return
		case <-time.After(400 * time.Millisecond):
		}
	}
}

// roomHeartbeat is the heartbeat of the waiting room.
const roomHeartbeat = 2 * time.Second

// roomOfLast returns the name of a waiting room that the last node of a cluster owns.
func roomOfLast() string {
	for i := 0; ; i++ {
		room := fmt.Sprint("r", i)
		if placement.NewView("n1", "n2", "n3").Owner(placement.KeyOf(waitingroom.Stream(events.RoomID(room)))) == "n3" {
			return room
		}
	}
}

// startVisitors lets visitors join a waiting room at the last node, which runs it, and poll nodes until end
// is called. end returns the number of places lost although their visitors polled in time, and the number of
// refused polls.
func (d *faultCluster) startVisitors(visitors int, at []*serverProcess) (end func() (lost, refused int)) {
	d.t.Helper()
	last, room := d.servers[len(d.servers)-1], "/v1/waiting-rooms/"+roomOfLast()
	last.ask("PUT", room, fmt.Sprintf(
		`{"admit_per_second":0,"max_active":9,"active_seconds":600,"heartbeat_seconds":%d}`, roomHeartbeat/time.Second))
	stop, all, polling := make(chan struct{}), []*nodesPoller{}, sync.WaitGroup{}
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{}}
	for i := range visitors {
		status, _, text := last.ask("POST", room+"/visitors", fmt.Sprintf(`{"holder":"v%d"}`, i))
		if status >= 300 {
			d.t.Fatalf("visitor %d can't join: %d %s; want a status below 300", i, status, text)
		}
		c := &nodesPoller{path: room + "/visitors/" + decode[visitor](d.t, text).Visitor}
		all = append(all, c)
		polling.Go(func() { c.poll(client, stop, at) })
	}
	return func() (lost, refused int) {
		close(stop)
		polling.Wait()
		client.CloseIdleConnections()
		for _, c := range all {
			if refused += c.refused; c.status != "waiting" && c.gap < 2*roomHeartbeat {
				lost++
			}
		}
		return lost, refused
	}
}

// fault is a fault of the third node or of all nodes.
type fault struct {
	name      string
	used      int // number of nodes, the first ones, to which clients send requests
	inject    func(d *faultCluster, length time.Duration)
	heal      func(d *faultCluster)
	tolerated bool // no request is refused if the nodes form a cluster
}

var faults = []fault{
	{name: "none", used: 3, tolerated: true, inject: func(_ *faultCluster, length time.Duration) { time.Sleep(length) }},
	{name: "n3 frozen", used: 2, tolerated: true, inject: func(d *faultCluster, length time.Duration) {
		d.servers[2].signal(syscall.SIGSTOP)
		time.Sleep(length)
		d.servers[2].signal(syscall.SIGCONT)
	}},
	{name: "n3 cut from the log", used: 2, tolerated: true, inject: func(d *faultCluster, length time.Duration) {
		d.logProxy.cut()
		time.Sleep(length)
		if d.clustered {
			d.servers[2].answerThroughOthers()
		}
	}, heal: func(d *faultCluster) { d.logProxy.heal() }},
	{name: "nodes cut from each other", used: 3, tolerated: true, inject: func(d *faultCluster, length time.Duration) {
		for _, p := range d.peerProxies {
			p.cut()
		}
		time.Sleep(length)
	}, heal: func(d *faultCluster) {
		for _, p := range d.peerProxies {
			p.heal()
		}
	}},
	{name: "log killed and restarted", used: 3, inject: func(d *faultCluster, length time.Duration) {
		d.log.kill()
		time.Sleep(length / 2)
		d.log.start()
	}},
	{name: "n3 killed and restarted", used: 2, tolerated: true, inject: func(d *faultCluster, length time.Duration) {
		d.servers[2].kill()
		time.Sleep(length)
		d.servers[2].startAgain()
	}},
	{name: "all restarted in turn", used: 3, tolerated: true, inject: func(d *faultCluster, _ time.Duration) {
		for i := range d.servers {
			d.servers[i].restart()
			d.waitForMembers(3)
		}
	}},
}

// runFault lets buyers and visitors send requests during a fault. It returns the row of the fault in the
// table of TestNodesUnderFaults.
func (d *faultCluster) runFault(f *fault, length time.Duration) string {
	d.t.Helper()
	at := d.servers[:f.used]
	end := d.startVisitors(20, at)
	c := newBuyers()
	c.start(8, soldProducts, d.pause, urlsOf(at)...)
	c.waitForPurchases(d.t, 100)
	f.inject(d, length)
	if f.heal != nil {
		f.heal(d)
	}
	c.waitForPurchases(d.t, 100)
	d.waitForMembers(3)
	c.waitForPurchases(d.t, 100)
	c.end()
	lost, polls := end()
	d.buyers = append(d.buyers, c)
	over, lostUnits := d.sold(d.servers[0], d.buyers...)
	if over+lostUnits > 0 {
		d.t.Errorf("%s: %d units are oversold, %d acknowledged ones are lost; want none", f.name, over, lostUnits)
	}
	if d.clustered && f.tolerated && len(c.refused)+polls > 0 {
		d.t.Errorf("%s: %d purchases and %d polls were refused, want none: %q", f.name, len(c.refused), polls, c.refused)
	}
	if d.clustered && lost > 0 {
		d.t.Errorf("%s: %d places were lost, want 0", f.name, lost)
	}
	return fmt.Sprintf("| %s | %d of %d | %.2f s | %.2f s | %d of 20 | %d | %d | %d |", f.name, len(c.refused),
		len(c.refused)+c.answered, c.gap.Seconds(), c.slowest.Seconds(), lost, polls, over, lostUnits)
}

// TestNodesUnderFaults: three nodes sell twelve products, and visitors wait, while one node is frozen, cut
// from the log or killed, all nodes are cut from each other or restarted, or the log is restarted. Visitors
// who poll keep their places, and sold units equal acknowledged ones. Unless the log is down, no request to
// the other nodes is refused. With ADMITONE_FAULT the test also runs three servers without a cluster, for
// comparison.
func TestNodesUnderFaults(t *testing.T) {
	t.Parallel()
	modes := []bool{true}
	if os.Getenv("ADMITONE_FAULT") != "" {
		modes = append(modes, false)
	}
	for _, clustered := range modes {
		d := newFaultCluster(t, clustered)
		table := []string{"| fault | refused | longest gap | slowest | places lost | polls refused | oversold | lost |"}
		for i := range faults {
			t.Logf("clustered: %t, %s", clustered, faults[i].name)
			table = append(table, d.runFault(&faults[i], faultLength(t)))
		}
		for _, s := range d.servers {
			s.end()
		}
		must(t, exitDone, "verify", "--store", d.log.address())
		t.Logf("clustered: %t\n%s", clustered, strings.Join(table, "\n"))
	}
}
