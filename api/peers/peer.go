package peers

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// peer is one run of another node.
type peer struct {
	member *Member
	// hops are the connections for requests, pulses those for heartbeats.
	hops, pulses *pool
	ended        chan struct{}
	closed       atomic.Bool

	heard   instant      // its last heartbeat
	missed  atomic.Int64 // number of times it was watched since then
	suspect instant      // the end of the present suspicion
	skew    atomic.Int64 // the lead of its clock, in nanoseconds
	view    atomic.Uint64
	// position is the log position up to which it has read.
	position atomic.Uint64
}

func newPeer(m *Member) *peer {
	return &peer{member: m, ended: make(chan struct{}), hops: newPool(m.HTTP), pulses: newPool(m.HTTP)}
}

func (q *peer) close() {
	if !q.closed.Swap(true) {
		close(q.ended)
		q.hops.close()
		q.pulses.close()
	}
}

// alive records a heartbeat.
func (q *peer) alive() {
	q.heard.set(0)
	q.missed.Store(0)
}

// silent reports whether the last heartbeat is longer ago than Silence.
func (q *peer) silent() bool { return q.heard.isSet() && q.heard.since() > Silence }

// watch reports whether no heartbeat has come for Silence while this node watched. Called once per watchEvery,
// it does not count time in which this node itself was stopped or starved, so could not have noticed one.
func (q *peer) watch() (silent bool) { return q.missed.Add(1) > int64(Silence/watchEvery) }

// suspected reports whether no requests are forwarded to the peer, because it missed its heartbeats.
func (q *peer) suspected() bool { return q.suspect.isSet() && q.suspect.since() < 0 }

// PulsePath is the path at which a node answers requests for a heartbeat.
const PulsePath = "/.well-known/admitone-pulse"

// watchEvery is the interval at which a peer is watched: while requests wait for its answers, it has
// to send heartbeats and to serve.
const watchEvery = 50 * time.Millisecond

// pulse requests heartbeats from a peer until q is closed or ctx ends. The peer is suspected for as
// long as it misses them, and no request waits for it.
func (p *Peers) pulse(ctx context.Context, q *peer) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	q.alive() // it has just joined
	inFlight := make(chan struct{}, 3)
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-q.ended:
			return
		case <-tick.C:
		}
		if n%int(PulseEvery/watchEvery) == 0 {
			select {
			case inFlight <- struct{}{}:
				go func() { p.ask(q); <-inFlight }()
			default: // three are still unanswered: don't send another
			}
		}
		silent := q.watch()
		if silent && !q.suspected() {
			p.config.Logger.Warn("a node missed its heartbeats; requests are no longer forwarded to it", "node", q.member.Name)
			p.metrics.suspicions.Inc()
		}
		if silent {
			q.suspect.set(suspectFor)
		}
		if silent || !p.stands(q.member.Run) {
			q.hops.interrupt()
		}
		q.hops.tidy()
	}
}

// ask requests one heartbeat.
func (p *Peers) ask(q *peer) {
	request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(request)
	defer fasthttp.ReleaseResponse(response)
	begun := time.Now()
	request.SetRequestURI("http://" + q.member.HTTP + PulsePath)
	hop := Hop{From: p.config.Self.Run, View: p.View(), Command: "-", At: begun, Until: begun.Add(suspectFor)}
	request.Header.Set(Header, p.config.Secret.Seal(&hop, 0, fasthttp.MethodGet, PulsePath, nil))
	err := q.pulses.do(request, response, hop.Until)
	if err != nil || response.StatusCode() != fasthttp.StatusOK {
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
