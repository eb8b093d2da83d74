package peers

import (
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"admitone/actors/placement"
	"admitone/events"
)

type metrics struct {
	passed      hopCounter
	decidedHere hopCounter
	misplaced   hopCounter
	suspicions  prometheus.Counter
	seconds     prometheus.Histogram
}

// hopCounter counts hops of one result, for the metrics and for [Peers.Hops].
type hopCounter struct {
	n      atomic.Int64
	metric prometheus.Counter
}

func (c *hopCounter) inc() {
	c.n.Add(1)
	c.metric.Inc()
}

// Hops counts requests whose entity another node owns, by outcome, and requests that others
// forwarded here although this node does not own their entity (Misplaced).
type Hops struct{ Passed, DecidedHere, Misplaced int64 }

// Hops returns the counts since the start.
func (p *Peers) Hops() Hops {
	m := &p.metrics
	return Hops{Passed: m.passed.n.Load(), DecidedHere: m.decidedHere.n.Load(), Misplaced: m.misplaced.n.Load()}
}

var (
	viewDesc = prometheus.NewDesc("admitone_cluster_view", "A number that is equal on all nodes that agree on "+
		"which nodes own entities.", nil, nil)
	reachableDesc = prometheus.NewDesc("admitone_cluster_log_reachable", "1 while the log answers this node.", nil, nil)
	drainDesc     = prometheus.NewDesc("admitone_cluster_drain_seconds", "Time since this node began to drain.", nil, nil)
	membersDesc   = prometheus.NewDesc("admitone_cluster_members", "Nodes of this system, by state; keys_differ has those "+
		"that would serve but lack the keys of the others.",
		[]string{"state"}, nil)
	heartbeatDesc = prometheus.NewDesc("admitone_cluster_peer_heard_seconds", "Time since the last heartbeat of another node.",
		[]string{"peer"}, nil)
)

// register registers the metrics of p.
func (m *metrics) register(registry *prometheus.Registry, p *Peers) {
	hops := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "admitone_cluster_hops_total",
		Help: "Requests whose entity another node owns, by result: forwarded (passed) or decided here; and " +
			"requests forwarded to this node although it does not own their entity (misplaced)."}, []string{"result"})
	*m = metrics{
		passed:      hopCounter{metric: hops.WithLabelValues("passed")},
		decidedHere: hopCounter{metric: hops.WithLabelValues("decided_here")},
		misplaced:   hopCounter{metric: hops.WithLabelValues("misplaced")},
		suspicions: prometheus.NewCounter(prometheus.CounterOpts{Name: "admitone_cluster_suspicions_total",
			Help: "How often another node missed its heartbeats and was suspected."}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "admitone_cluster_hop_seconds",
			Help: "Time spent waiting for forwarded requests.", Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14)}),
	}
	registry.MustRegister(hops, m.suspicions, m.seconds, (*collector)(p))
}

// Misplaced counts a request that another node forwarded here although this node does not own its
// entity.
func (p *Peers) Misplaced() { p.metrics.misplaced.inc() }

// keysDiffer is the label of serving nodes without the keys of the others. They own nothing.
const keysDiffer State = "keys_differ"

// collector computes the metrics of the members when they are scraped.
type collector Peers

// Describe implements prometheus.Collector.
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{membersDesc, heartbeatDesc, viewDesc, reachableDesc, drainDesc} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	counts := map[State]int{Joining: 0, Serving: 0, Cut: 0, Draining: 0, keysDiffer: 0}
	for _, m := range (*Peers)(c).Members() {
		if state := m.State; state == Serving && m.KeysDiffer {
			counts[keysDiffer]++
		} else {
			counts[state]++
		}
		if m.SinceHeartbeat > 0 {
			out <- prometheus.MustNewConstMetric(heartbeatDesc, prometheus.GaugeValue,
				m.SinceHeartbeat.Seconds(), string(m.Name))
		}
	}
	gauge := func(d *prometheus.Desc, value float64) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value)
	}
	p, reachable, drained := (*Peers)(c), 1.0, 0.0
	switch p.State() {
	case Cut:
		reachable = 0
	case Draining:
		drained = p.drainStarted.since().Seconds()
	}
	gauge(viewDesc, float64(p.View()>>32)) // 32 bits, which a float64 represents exactly
	gauge(reachableDesc, reachable)
	gauge(drainDesc, drained)
	for state, n := range counts {
		out <- prometheus.MustNewConstMetric(membersDesc, prometheus.GaugeValue, float64(n), string(state))
	}
}

// Status is a member from the viewpoint of this node.
type Status struct {
	Member
	Self, Suspected bool
	// Share is the estimated share of all keys that it owns, from 0 to 1.
	Share float64
	// Position is the log position up to which it has read, as last reported.
	Position events.Position
	// SinceHeartbeat is the time since its last heartbeat, Skew how far its clock is ahead of this node's.
	SinceHeartbeat, Skew time.Duration
}

// Members returns all nodes, sorted by name.
func (p *Peers) Members() []Status {
	v := p.view.Load()
	all, shares := make([]Status, len(v.members)), v.shares()
	for i, m := range v.members {
		all[i] = Status{Member: m, Self: m.Run == p.config.Self.Run, Share: shares[m.Name]}
		if all[i].Self {
			all[i].Position = p.config.Position()
		}
		if q := p.peer(m.Run); q != nil {
			all[i].Suspected, all[i].Skew = q.suspected(), time.Duration(q.skew.Load())
			all[i].Position = events.Position(q.position.Load())
			if q.lastHeartbeat.isSet() {
				all[i].SinceHeartbeat = q.lastHeartbeat.since()
			}
		}
	}
	return all
}

// shareKeys is the sample size for estimating shares.
const shareKeys = 1000

// shares estimates each node's share of all keys.
func (v *view) shares() map[placement.Member]float64 {
	shares := map[placement.Member]float64{}
	for n := range shareKeys {
		shares[v.placed.Owner(placement.Key(strconv.Itoa(n)))] += 1.0 / shareKeys
	}
	return shares
}

// ViewText returns View as 16 hexadecimal digits.
func (p *Peers) ViewText() string { return hash16(p.View()) }

// takeOverTime is the time within which the other nodes take over from a node that lost the log, or notice that they
// lost it too.
const takeOverTime = 1500 * time.Millisecond

// OthersServe reports whether other nodes serve in place of this one, which has not reached the log for some time.
func (p *Peers) OthersServe() bool {
	if p.State() != Cut || p.stateSet.since() < takeOverTime {
		return false
	}
	for _, m := range p.Members() {
		if !m.Self && m.State == Serving && !m.Suspected {
			return true
		}
	}
	return false
}

// OwnerOf returns the name of the serving node that owns key in the current view, "" if no node serves.
func (p *Peers) OwnerOf(key placement.Key) placement.Member {
	v := p.view.Load()
	if v.owners.state != Serving {
		return ""
	}
	return v.placed.Owner(key)
}

// NameOf returns the name of the node whose process has this run, "" if it is not a member.
func (p *Peers) NameOf(run string) placement.Member {
	if m := p.view.Load().memberOf(run); m != nil {
		return m.Name
	}
	return ""
}
