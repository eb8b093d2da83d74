package peers

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

const (
	// maxConnections bounds the concurrent requests that are forwarded to one peer.
	maxConnections = 1024
	// dialLimit bounds the time to establish a connection to a peer.
	dialLimit = 300 * time.Millisecond
	// idleLimit bounds the time for which an idle connection is kept. It is shorter than the
	// server's keep-alive timeout, so that a reused connection is not just being closed.
	idleLimit = 30 * time.Second
)

// peer is one run of another node.
type peer struct {
	member *Member
	client *fasthttp.HostClient
	ended  chan struct{}
	closed atomic.Bool

	heard   instant      // its last heartbeat
	suspect instant      // the end of the present suspicion
	skew    atomic.Int64 // the lead of its clock, in nanoseconds
	view    atomic.Uint64
	// position is the log position up to which it has read.
	position atomic.Uint64
}

func newPeer(m *Member) *peer {
	return &peer{member: m, ended: make(chan struct{}), client: &fasthttp.HostClient{
		Addr: m.HTTP, MaxConns: maxConnections, MaxConnWaitTimeout: Patience,
		MaxIdleConnDuration: idleLimit, MaxIdemponentCallAttempts: 1,
		NoDefaultUserAgentHeader: true, DisablePathNormalizing: true,
		RetryIfErr: func(*fasthttp.Request, int, error) (bool, bool) { return false, false },
		Dial: func(address string) (net.Conn, error) {
			return net.DialTimeout("tcp", address, dialLimit)
		},
	}}
}

func (q *peer) close() {
	if !q.closed.Swap(true) {
		close(q.ended)
		q.client.CloseIdleConnections()
	}
}

// alive records a heartbeat.
func (q *peer) alive() { q.heard.set(0) }

// silent reports whether the last heartbeat is longer ago than Silence.
func (q *peer) silent() bool { return q.heard.isSet() && q.heard.since() > Silence }

// suspected reports whether no requests are forwarded to the peer, because it missed its heartbeats.
func (q *peer) suspected() bool { return q.suspect.isSet() && q.suspect.since() < 0 }

// PulsePath is the path at which a node answers requests for a heartbeat.
const PulsePath = "/.well-known/admitone-pulse"

// pulse requests heartbeats from a peer until q is closed or ctx ends. The peer is suspected for as
// long as it misses them.
func (p *Peers) pulse(ctx context.Context, q *peer) {
	tick := time.NewTicker(PulseEvery)
	defer tick.Stop()
	q.alive() // it has just joined
	inFlight := make(chan struct{}, 3)
	for {
		select {
		case <-ctx.Done():
			return
		case <-q.ended:
			return
		case <-tick.C:
		}
		select {
		case inFlight <- struct{}{}:
			go func() { p.ask(q); <-inFlight }()
		default: // three are still unanswered: don't send another
		}
		if q.silent() && !q.suspected() {
			p.config.Logger.Warn("a node missed its heartbeats; requests are no longer forwarded to it", "node", q.member.Name)
			p.metrics.suspicions.Inc()
		}
		if q.silent() {
			q.suspect.set(suspectFor)
		}
	}
}

// ask requests one heartbeat.
func (p *Peers) ask(q *peer) {
	request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(request)
	defer fasthttp.ReleaseResponse(response)
	begun := time.Now()
	request.SetRequestURI("http://" + q.member.HTTP + PulsePath)
	hop := Hop{From: p.config.Self.Run, View: p.View(), Command: "-", At: begun, Until: begun.Add(Patience)}
	request.Header.Set(Header, p.config.Secret.Seal(&hop, 0, fasthttp.MethodGet, PulsePath, nil))
	if err := q.client.DoTimeout(request, response, suspectFor); err != nil || response.StatusCode() != fasthttp.StatusOK {
		return
	}
	said, err := parsePulse(string(response.Body()))
	if err != nil || said.run != q.member.Run {
		return
	}
	now := time.Now()
	q.skew.Store(int64(said.clock.Sub(begun.Add(now.Sub(begun) / 2))))
	q.view.Store(said.view)
	q.position.Store(said.position)
	q.alive()
	if q.suspected() {
		q.suspect.clear()
		p.config.Logger.Info("a node answers heartbeats again", "node", q.member.Name)
	}
}

// Pulse returns the answer to a request for a heartbeat: the run, the hash of the view, the clock in
// Unix nanoseconds, and the log position up to which this node has read.
func (p *Peers) Pulse() string {
	return fmt.Sprintf("%s %016x %d %d", p.config.Self.Run, p.View(), time.Now().UnixNano(), p.config.Position())
}

// pulse is a parsed heartbeat.
type pulse struct {
	run            string
	view, position uint64
	clock          time.Time
}

func parsePulse(text string) (said pulse, err error) {
	var nanos int64
	if _, err := fmt.Sscanf(text, "%s %x %d %d", &said.run, &said.view, &nanos, &said.position); err != nil {
		return said, fmt.Errorf("malformed heartbeat %.100q", text)
	}
	said.clock = time.Unix(0, nanos)
	return said, nil
}
