package peers

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"admitone/actors/placement"
	"admitone/events"
)

const (
	// HeartbeatEvery is the interval at which a node requests a heartbeat from each other node.
	HeartbeatEvery = 200 * time.Millisecond
	// HeartbeatTimeout is the time without a heartbeat after which a peer is suspected.
	HeartbeatTimeout = 600 * time.Millisecond
	// suspectFor is the time for which a peer stays suspected after a missed heartbeat.
	suspectFor = 2 * time.Second
)

// Config of the peers of a node.
type Config struct {
	// Self is this node in its initial state. Secret is shared by all nodes.
	Self   Member
	Secret *Secret
	Logger *slog.Logger
	// Position returns the log position up to which this node has read; nil means 0.
	Position func() events.Position
	// Metrics is the registry to which the metrics of this package are added.
	Metrics *prometheus.Registry
}

// Peers are the other nodes of a system from the viewpoint of one of them. Its methods are safe for
// concurrent use.
type Peers struct {
	config       Config
	metrics      metrics
	view         atomic.Pointer[view]
	drainStarted instant
	stateSet     instant     // when this node's state last changed
	retired      atomic.Bool // this node no longer decides forwarded requests

	mu       sync.Mutex       // held while the members change
	self     Member           // guarded by mu
	keyFault string           // how this node's keys differ, "" if they don't; guarded by mu
	others   []Member         // guarded by mu
	peers    map[string]*peer // by run, the id of a process; guarded by mu
	departed []Departed       // nodes that went away, in order; guarded by mu
	runCtx   context.Context  // the context of Run, nil before Run; guarded by mu
}

// New returns the peers of a node that knows no other node yet.
func New(config Config) *Peers {
	p := &Peers{config: config, self: config.Self, peers: map[string]*peer{}}
	if p.config.Position == nil {
		p.config.Position = func() events.Position { return 0 }
	}
	p.metrics.register(config.Metrics, p)
	p.updateView()
	return p
}

// Secret returns the secret that all nodes share.
func (p *Peers) Secret() *Secret { return p.config.Secret }

// Self returns this node as it is announced to the others.
func (p *Peers) Self() Member {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.self
}

// SetState sets the state of this node and reports whether it changed. Draining is final.
func (p *Peers) SetState(state State) (changed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.self.State == Draining || p.self.State == state {
		return false
	}
	if state == Draining {
		p.drainStarted.set(0)
	}
	p.self.State = state
	p.stateSet.set(0)
	p.updateView()
	return true
}

// State returns the state of this node.
func (p *Peers) State() State { return p.view.Load().byName[p.config.Self.Name].State }

// SetMembers replaces the other nodes. It creates a peer for each new run, and closes the peers of runs that are gone.
func (p *Peers) SetMembers(others []Member) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.noteChanges(others)
	p.others = others
	for run, old := range p.peers {
		if !slices.ContainsFunc(others, func(m Member) bool { return m.Run == run }) {
			old.close()
			delete(p.peers, run)
		}
	}
	for i := range others {
		if p.peers[others[i].Run] == nil {
			q := newPeer(&others[i])
			p.peers[others[i].Run] = q
			if p.runCtx != nil {
				go p.runHeartbeats(p.runCtx, q)
			}
		}
	}
	p.updateView()
}

// updateView recomputes the view. The caller holds mu, or p is not shared yet.
func (p *Peers) updateView() {
	members := append([]Member{p.self}, p.others...)
	slices.SortFunc(members, func(a, b Member) int { return strings.Compare(string(a.Name), string(b.Name)) })
	p.view.Store(newView(members))
}

// Run requests heartbeats from the other nodes until ctx ends, and returns nil.
func (p *Peers) Run(ctx context.Context) error {
	p.mu.Lock()
	p.runCtx = ctx
	for _, q := range p.peers {
		go p.runHeartbeats(ctx, q)
	}
	p.mu.Unlock()
	<-ctx.Done()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, q := range p.peers {
		q.close()
	}
	return nil
}

// Owner returns the node to which a request about key has to be forwarded: the highest-ranked one
// that is not suspected. nil means that this node decides it.
func (p *Peers) Owner(key placement.Key) *Owner {
	v := p.view.Load()
	if key == "" || len(v.members) == 1 {
		return nil
	}
	for _, name := range v.placed.Rank(key) {
		m := v.byName[name]
		switch {
		case name == p.config.Self.Name:
			return nil
		case m.Hop != Protocol:
			return nil // the node would not understand the header
		}
		if q := p.peer(m.Run); q != nil && !q.suspected() {
			return &Owner{peers: p, peer: q, member: *m}
		}
	}
	return nil
}

func (p *Peers) peer(run string) *peer {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.peers[run]
}

// Rank returns the number of owning nodes that rank before this one for key: 0 for its own keys,
// and if no node owns any.
func (p *Peers) Rank(key placement.Key) int {
	v := p.view.Load()
	if rank := v.placed.Place(key, p.config.Self.Name); rank >= 0 {
		return rank
	}
	return len(v.placed.Members())
}

// View returns the hash of the names of the owning nodes.
func (p *Peers) View() uint64 { return p.view.Load().placed.Hash() }

// StopDeciding makes this node answer forwarded requests with 503 from now on.
func (p *Peers) StopDeciding() { p.retired.Store(true) }

// Decides reports whether this node still decides forwarded requests.
func (p *Peers) Decides() bool { return !p.retired.Load() }

// joinTimeout bounds the wait of a request at a node that is still joining.
const joinTimeout = 3 * time.Second

// AwaitServing returns when a node owns entities or this node is no longer joining, after joinTimeout at the
// latest. Without the wait a joining node would consider itself the owner of every entity.
func (p *Peers) AwaitServing() {
	for end := time.Now().Add(joinTimeout); p.State() == Joining && time.Now().Before(end); time.Sleep(watchEvery) {
		if len(p.view.Load().placed.Members()) > 0 {
			return
		}
	}
}

// AwaitAgreement waits until all peers that are not suspected report the same view as this node, or ctx ends.
func (p *Peers) AwaitAgreement(ctx context.Context) {
	tick := time.NewTicker(HeartbeatEvery / 4)
	defer tick.Stop()
	for !p.agreed() {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (p *Peers) agreed() bool {
	mine := p.View()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, q := range p.peers {
		if !q.suspected() && q.view.Load() != mine {
			return false
		}
	}
	return true
}

// ownsEntities reports whether the node whose process has this run is still known and owns entities.
func (p *Peers) ownsEntities(run string) bool {
	v := p.view.Load()
	m := v.memberOf(run)
	return m != nil && m.eligibility() == v.owners
}
