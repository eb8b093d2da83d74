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

// drill is three servers on one log under faults. All traffic between them, and between the third
// one and the log, passes through proxies.
type drill struct {
	nodes
	clustered bool
	n         []*serverProcess
	between   []*proxy // for the traffic between the nodes
	toLog     *proxy   // of the third node
	crowds    []*buyers
	pause     time.Duration // of a buyer before each purchase
}

func newDrill(t *testing.T, clustered bool) *drill {
	d := &drill{nodes: nodes{t: t, log: newEventStore(t), secrets: t.TempDir()}, clustered: clustered}
	d.toLog = newProxy(t, "127.0.0.1:0", d.log.host)
	cut := strings.Replace(d.log.address(), d.log.host, d.toLog.ln.Addr().String(), 1)
	for i, log := range []string{d.log.address(), d.log.address(), cut} {
		listen := freeAddress(t)
		args := []string{"--secrets", d.secrets, "--listen", listen, "--drain", "300ms"}
		if clustered {
			at := freeAddress(t)
			host, _, _ := net.SplitHostPort(freeAddress(t))
			_, port, _ := net.SplitHostPort(at)
			gossip := newProxy(t, net.JoinHostPort(host, port), at)
			gossip.carry(t)
			hops := newProxy(t, "127.0.0.1:0", listen)
			d.between = append(d.between, gossip, hops)
			args = append(args, "--cluster", at, "--cluster-advertise", host, "--http-advertise", hops.ln.Addr().String(),
				"--node", fmt.Sprintf("n%d", i+1))
		}
		d.n = append(d.n, serveOn(t, log, args...))
	}
	t.Cleanup(func() {
		for _, s := range d.n {
			if t.Failed() {
				t.Logf("%.10000s", s.stderr)
			}
		}
	})
	d.settled(3)
	for i := range soldProducts {
		d.n[0].must(201, "POST", "/v1/products", fmt.Sprintf(`{"id":"p%d","name":"n","stock":1000000}`, i))
	}
	return d
}

// settled waits until the first serving nodes are ready and agree on the members.
func (d *drill) settled(serving int) {
	d.t.Helper()
	for _, s := range d.n[:serving] {
		for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
			if status, _, text := s.ask("GET", "/readyz", ""); status == 200 {
				break
			} else if time.Now().After(end) {
				d.t.Fatalf("it does not get ready: %s", text)
			}
		}
	}
	if d.clustered {
		d.agree(serving, d.n[:serving]...)
	}
}

// caller is a visitor of a waiting room who polls nodes in turn.
type caller struct {
	path    string
	status  string
	gap     time.Duration // the longest without an answer
	refused int
}

func (c *caller) poll(client *http.Client, stop <-chan struct{}, at []*serverProcess) {
	for i, received := 0, time.Now(); ; i++ {
		response, err := balanced(i, urlsOf(at), func(url string) (*http.Response, error) {
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
		case err != nil || response.StatusCode != http.StatusTooManyRequests: // a 429 means that the place is safe
			c.refused++
		}
		select {
		case <-stop:
			return
		case <-time.After(400 * time.Millisecond):
		}
	}
}

// drillHeartbeat is the heartbeat of a drill's waiting room.
const drillHeartbeat = 2 * time.Second

// roomOfLast returns the name of a waiting room that the last node owns, in a cluster.
func roomOfLast() string {
	for i := 0; ; i++ {
		room := fmt.Sprint("r", i)
		if placement.NewView("n1", "n2", "n3").Owner(placement.KeyOf(waitingroom.Stream(events.RoomID(room)))) == "n3" {
			return room
		}
	}
}

// line makes visitors join a waiting room at the last node, which runs it, and poll nodes until end
// is called. end returns how many places were lost although their visitors polled in time, and how
// many polls were refused.
func (d *drill) line(visitors int, at []*serverProcess) (end func() (lost, refused int)) {
	d.t.Helper()
	last, room := d.n[len(d.n)-1], "/v1/waiting-rooms/"+roomOfLast()
	last.ask("PUT", room, fmt.Sprintf(
		`{"admit_per_second":0,"max_active":9,"active_seconds":600,"heartbeat_seconds":%d}`, drillHeartbeat/time.Second))
	stop, all, crowd := make(chan struct{}), []*caller{}, sync.WaitGroup{}
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{}}
	for i := range visitors {
		status, _, text := last.ask("POST", room+"/visitors", fmt.Sprintf(`{"holder":"v%d"}`, i))
		if status >= 300 {
			d.t.Fatalf("a visitor is answered %d %s; want status < 300", status, text)
		}
		c := &caller{path: room + "/visitors/" + decoded[visitor](d.t, text).Visitor}
		all = append(all, c)
		crowd.Go(func() { c.poll(client, stop, at) })
	}
	return func() (lost, refused int) {
		close(stop)
		crowd.Wait()
		client.CloseIdleConnections()
		for _, c := range all {
			if refused += c.refused; c.status != "waiting" && c.gap < 2*drillHeartbeat {
				lost++
			}
		}
		return lost, refused
	}
}

// fault is a fault of the third node or of all, while clients use the first ones.
type fault struct {
	name   string
	asked  int
	do     func(d *drill, length time.Duration)
	heal   func(d *drill)
	spared bool // no request is refused if the nodes form a cluster
}

var faults = []fault{
	{name: "none", asked: 3, spared: true, do: func(_ *drill, length time.Duration) { time.Sleep(length) }},
	{name: "n3 frozen", asked: 2, spared: true, do: func(d *drill, length time.Duration) {
		d.n[2].signal(syscall.SIGSTOP)
		time.Sleep(length)
		d.n[2].signal(syscall.SIGCONT)
	}},
	{name: "n3 cut from the log", asked: 2, spared: true, do: func(d *drill, length time.Duration) {
		d.toLog.cut()
		time.Sleep(length)
		if d.clustered {
			d.n[2].answerThroughOthers()
		}
	}, heal: func(d *drill) { d.toLog.heal() }},
	{name: "nodes cut from each other", asked: 3, spared: true, do: func(d *drill, length time.Duration) {
		for _, p := range d.between {
			p.cut()
		}
		time.Sleep(length)
	}, heal: func(d *drill) {
		for _, p := range d.between {
			p.heal()
		}
	}},
	{name: "log killed, and back", asked: 3, do: func(d *drill, length time.Duration) {
		d.log.kill()
		time.Sleep(length / 2)
		d.log.start()
	}},
	{name: "n3 killed, and back", asked: 2, spared: true, do: func(d *drill, length time.Duration) {
		d.n[2].kill()
		time.Sleep(length)
		d.n[2].again()
	}},
	{name: "all restarted in turn", asked: 3, spared: true, do: func(d *drill, _ time.Duration) {
		for i := range d.n {
			d.n[i].restart()
			d.settled(3)
		}
	}},
}

// runFault makes buyers and visitors send requests during a fault, and returns a line of the table.
func (d *drill) runFault(f *fault, length time.Duration) string {
	d.t.Helper()
	at := d.n[:f.asked]
	end := d.line(20, at)
	c := newBuyers()
	c.start(8, soldProducts, d.pause, urlsOf(at)...)
	c.some(d.t, 100)
	f.do(d, length)
	if f.heal != nil {
		f.heal(d)
	}
	c.some(d.t, 100)
	d.settled(3)
	c.some(d.t, 100)
	c.end()
	lost, polls := end()
	d.crowds = append(d.crowds, c)
	over, gone := d.sold(d.n[0], d.crowds...)
	if over+gone > 0 {
		d.t.Errorf("%s: %d are oversold, %d acknowledged are lost; want over+gone = 0", f.name, over, gone)
	}
	if d.clustered && f.spared && len(c.refused)+polls > 0 {
		d.t.Errorf("%s: %d are refused, and %d polls: %v", f.name, len(c.refused), polls, c.refused)
	}
	if d.clustered && lost > 0 {
		d.t.Errorf("%s: %d places are lost", f.name, lost)
	}
	return fmt.Sprintf("| %s | %d of %d | %.2f s | %.2f s | %d of 20 | %d | %d | %d |", f.name, len(c.refused),
		len(c.refused)+c.answered, c.gap.Seconds(), c.slowest.Seconds(), lost, polls, over, gone)
}

// TestNodesUnderFaults: three nodes sell twelve products, and visitors wait, while one node is
// frozen, cut from the log or killed, all are cut from each other or restarted, or the log is
// unreachable. No request of the other nodes' clients is refused, visitors who poll keep their
// places, and sold units equal acknowledged ones. With ADMITONE_FAULT the same is done to three
// servers without a cluster, to compare the tables.
func TestNodesUnderFaults(t *testing.T) {
	t.Parallel()
	modes := []bool{true}
	if os.Getenv("ADMITONE_FAULT") != "" {
		modes = append(modes, false)
	}
	for _, clustered := range modes {
		d := newDrill(t, clustered)
		table := []string{"| fault | refused | longest gap | slowest | places lost | polls refused | oversold | lost |"}
		for i := range faults {
			t.Logf("clustered: %t, %s", clustered, faults[i].name)
			table = append(table, d.runFault(&faults[i], faultLength(t)))
		}
		for _, s := range d.n {
			s.end()
		}
		must(t, exitDone, "verify", "--store", d.log.address())
		t.Logf("clustered: %t\n%s", clustered, strings.Join(table, "\n"))
	}
}
