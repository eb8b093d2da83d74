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
	// Forwarded requests and heartbeats use separate connections.
	hops, heartbeats *pool
	ended            chan struct{}
	// dialling is true while a connection for frames is opened, not before dialAfter.
	dialling  atomic.Bool
	dialAfter instant

	closed atomic.Bool

	lastHeartbeat instant
	missed        atomic.Int64 // calls of countMissed since lastHeartbeat
	suspectUntil  instant
	reported      atomic.Bool  // the suspicion was logged
	skew          atomic.Int64 // how far its clock is ahead, in nanoseconds
	view          atomic.Uint64
	// position is the log position up to which it has read.
	position atomic.Uint64
}

func newPeer(m *Member) *peer {
	return &peer{member: m, ended: make(chan struct{}), hops: newPool(m.HTTP), heartbeats: newPool(m.HTTP)}
}

func (q *peer) close() {
	if !q.closed.Swap(true) {
		close(q.ended)
		q.hops.close()
		q.heartbeats.close()
	}
}

func (q *peer) noteHeartbeat() {
	q.lastHeartbeat.set(0)
	q.missed.Store(0)
}

// timedOut reports whether the last heartbeat is longer ago than HeartbeatTimeout.
func (q *peer) timedOut() bool {
	return q.lastHeartbeat.isSet() && q.lastHeartbeat.since() > HeartbeatTimeout
}

// countMissed is called once per watchEvery, and reports whether the heartbeats have been missing for
// HeartbeatTimeout. It counts calls, not time: while this node itself is stopped or starved, it can't notice a
// heartbeat.
func (q *peer) countMissed() (timedOut bool) {
	return q.missed.Add(1) > int64(HeartbeatTimeout/watchEvery)
}

// suspected reports whether no requests are forwarded to the peer, because it missed its heartbeats.
func (q *peer) suspected() bool { return q.suspectUntil.isSet() && q.suspectUntil.since() < 0 }

// HeartbeatPath is the path at which a node answers requests for a heartbeat.
const HeartbeatPath = "/.well-known/admitone-pulse"

// watchEvery is the interval at which each peer's heartbeats and state are checked.
const watchEvery = 50 * time.Millisecond

// runHeartbeats requests heartbeats from a peer until q is closed or ctx ends. It suspects the peer, and
// interrupts the requests in flight to it, while the peer misses its heartbeats.
func (p *Peers) runHeartbeats(ctx context.Context, q *peer) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	q.noteHeartbeat() // it has just joined
	inFlight := make(chan struct{}, 3)
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-q.ended:
			return
		case <-tick.C:
		}
		if n%int(HeartbeatEvery/watchEvery) == 0 {
			select {
			case inFlight <- struct{}{}:
				go func() { p.requestHeartbeat(q); <-inFlight }()
			default: // three are still unanswered: don't send another
			}
		}
		timedOut := q.countMissed()
		if timedOut {
			p.suspect(q)
		}
		if timedOut || !p.ownsEntities(q.member.Run) {
			q.hops.interrupt()
		} else if !q.suspected() {
			p.keepLink(q)
		}
		q.hops.closeIdle()
	}
}

// suspect makes this node forward no requests to a peer that missed its heartbeats. It logs that, unless the peer
// is starting or stopping: such a node owns nothing and need not answer.
func (p *Peers) suspect(q *peer) {
	m := p.view.Load().memberOf(q.member.Run)
	if m != nil && m.State != Joining && m.State != Draining && !q.reported.Swap(true) {
		p.config.Logger.Warn("a node missed its heartbeats; requests are no longer forwarded to it", "node", q.member.Name)
		p.metrics.suspicions.Inc()
	}
	q.suspectUntil.set(suspectFor)
}

// redialEvery is the interval at which a node tries to open a connection for frames: a node of an older build, or one
// with too many connections, accepts none.
const redialEvery = 2 * time.Second

// keepLink opens a connection for frames to a peer if there is none. Meanwhile requests use separate connections.
func (p *Peers) keepLink(q *peer) {
	early := q.dialAfter.isSet() && q.dialAfter.since() < 0
	if early || q.hops.linked() || q.member.Hop != Protocol || q.dialling.Swap(true) {
		return
	}
	q.dialAfter.set(redialEvery)
	go func() {
		defer q.dialling.Store(false)
		now := time.Now()
		hop := Hop{From: p.config.Self.Run, View: p.View(), Command: "-", At: now, Until: now.Add(suspectFor)}
		header := p.config.Secret.Seal(&hop, time.Duration(q.skew.Load()), fasthttp.MethodGet, HopsPath, nil)
		l, err := dialLink(q.member.HTTP, header)
		if err != nil {
			p.config.Logger.Debug("requests to a node go over connections of their own: it accepts no frames", "node",
				q.member.Name, "error", err)
			return
		}
		q.hops.setLink(l)
	}()
}

// Answers reports whether a node that need not be a peer answers a request for a heartbeat within limit, with its
// run.
func (p *Peers) Answers(m *Member, limit time.Duration) bool {
	pool := newPool(m.HTTP)
	defer pool.close()
	got, err := p.exchangeHeartbeat(m, pool, limit)
	return err == nil && got.run == m.Run
}

// exchangeHeartbeat requests one heartbeat of a node over a pool of connections to it, and waits for it up to limit.
func (p *Peers) exchangeHeartbeat(m *Member, pool *pool, limit time.Duration) (got heartbeat, err error) {
	request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(request)
	defer fasthttp.ReleaseResponse(response)
	now := time.Now()
	request.SetRequestURI("http://" + m.HTTP + HeartbeatPath)
	hop := Hop{From: p.config.Self.Run, View: p.View(), Command: "-", At: now, Until: now.Add(limit)}
	request.Header.Set(Header, p.config.Secret.Seal(&hop, 0, fasthttp.MethodGet, HeartbeatPath, nil))
	if err := pool.do(request, response, hop.Until); err != nil {
		return got, err
	}
	if status := response.StatusCode(); status != fasthttp.StatusOK {
		return got, fmt.Errorf("the node answers a request for a heartbeat with %d", status)
	}
	return parseHeartbeat(string(response.Body()))
}

// requestHeartbeat requests one heartbeat of a peer, and notes its answer.
func (p *Peers) requestHeartbeat(q *peer) {
	sentAt := time.Now()
	got, err := p.exchangeHeartbeat(q.member, q.heartbeats, suspectFor)
	if err != nil || got.run != q.member.Run {
		return
	}
	now := time.Now()
	q.skew.Store(int64(got.clock.Sub(sentAt.Add(now.Sub(sentAt) / 2))))
	q.view.Store(got.view)
	q.position.Store(got.position)
	q.noteHeartbeat()
	q.suspectUntil.clear()
	if q.reported.Swap(false) {
		p.config.Logger.Info("a node answers heartbeats again", "node", q.member.Name)
	}
}

// Heartbeat returns the answer to a request for a heartbeat: the run, the hash of the view, the clock in
// Unix nanoseconds, and the log position up to which this node has read.
func (p *Peers) Heartbeat() string {
	return fmt.Sprintf("%s %016x %d %d", p.config.Self.Run, p.View(), time.Now().UnixNano(), p.config.Position())
}

// heartbeat is a parsed heartbeat.
type heartbeat struct {
	run            string
	view, position uint64
	clock          time.Time
}

func parseHeartbeat(text string) (got heartbeat, err error) {
	var nanos int64
	if _, err := fmt.Sscanf(text, "%s %x %d %d", &got.run, &got.view, &nanos, &got.position); err != nil {
		return got, fmt.Errorf("malformed heartbeat %.100q", text)
	}
	got.clock = time.Unix(0, nanos)
	return got, nil
}
