package server

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/hashicorp/memberlist"

	"admitone/actors/placement"
	"admitone/api"
	"admitone/api/peers"
	"admitone/cmd/admitone/usage"
	"admitone/events"
	"admitone/events/esdb"
)

// ClusterSettings configure a server as a node of a cluster: several servers on one log.
type ClusterSettings struct {
	Listen     string   // address for the other nodes, "" for a server without a cluster
	Node       string   // name of this one, "" for its host and the port of Listen
	Join       []string // addresses of other nodes, in addition to those stored with the log
	Advertise  string   // host that others reach, "" for that of Listen
	HTTP       string   // address at which other nodes reach Listen of the server, "" for its own
	SecretFile string   // file of the secret for messages between nodes, "" to derive it from that of tokens
	Version    string   // of the program
}

// node is this server as a member of the cluster.
type node struct {
	peers    *peers.Peers
	list     *memberlist.Memberlist
	seeds    []string
	address  string // at which others reach this node
	log      DurableLog
	health   events.Store // a separate connection, for health checks
	delegate *delegate
	logger   *slog.Logger
	keys     nodeKeys

	// These belong to the goroutine that joins other nodes.
	settled  bool      // it has had time to join them
	faults   repeats   // why it could not, by address
	namesake *namesake // another node with this node's name that was last reported, nil if there is none

	// These belong to watchHealth.
	cutAt time.Time // when the log stopped to answer, until that is explained
	ranAt time.Time // when it last ran

	disputed atomic.Bool // namesake answers
	yields   atomic.Bool // and has run for longer
}

const (
	// met is how long a node that finds no others waits before it starts its own cluster.
	met = 2 * time.Second
	// headEvery is the interval of health checks of the log, headSilence their timeout, and watchEvery the
	// interval at which their answers are awaited.
	headEvery, headSilence, watchEvery = 250 * time.Millisecond, 800 * time.Millisecond, 50 * time.Millisecond
	// lookEvery is the interval at which a node without others tries to join them.
	lookEvery = 2 * time.Second
	// lookInCompany is the factor by which the interval is longer for a node with others.
	lookInCompany = 15
	// cutSettled is how long after the log stopped to answer this node the others have noticed too, or taken over.
	cutSettled = 2 * time.Second
	// reclaimAfter is how long after its death a node may come back at another address.
	reclaimAfter = time.Millisecond
	// stoodLimit is the time without running after which a node logs that.
	stoodLimit = 3 * time.Second
	// agreeLimit bounds how long a stopping node waits for the others' acknowledgement.
	agreeLimit = time.Second
)

// openCluster makes this server a node if the settings specify it. Errors: a [usage.Error] for
// invalid settings, and for a log or secrets that differ from the other nodes'.
func (p *Server) openCluster(s Settings) (err error) {
	c := s.Cluster
	if c.Listen == "" {
		return nil
	}
	n := &node{log: p.Log, logger: s.Logger, seeds: c.Join}
	secret, err := clusterSecret(s, p.Log.Epoch())
	if err != nil {
		return err
	}
	self, host, port, err := p.selfOf(s)
	if err != nil {
		return err
	}
	n.peers = peers.New(peers.Config{Self: self, Secret: peers.NewSecret(derive(secret, "hop")), Logger: s.Logger,
		Metrics: p.metrics, Position: p.announced})
	n.delegate = newDelegate(n.peers, s.Logger)
	advertise, err := advertised(c.Advertise, host)
	if err != nil {
		return err
	}
	n.keys.secretFile = secretName(&s)
	n.keys.passes = p.Rooms.KeyState
	n.peers.SetKeyFault(n.keyFault())
	if err := checkClusterPort(c.Listen, net.JoinHostPort(host, strconv.Itoa(port))); err != nil {
		return err
	}
	config := n.configure(self, host, port, advertise, derive(secret, "gossip"))
	if n.list, err = memberlist.Create(config); err != nil {
		return fmt.Errorf("can't listen on %s for other nodes: %w; give another address with --cluster", c.Listen, err)
	}
	p.node = n
	n.address = n.list.LocalNode().Address()
	health, err := Connect(context.Background(), s.Store, esdb.Options{Logger: s.Logger, ReadOnly: true})
	if err != nil {
		return err
	}
	n.health = health
	n.removeSeed() // this run comes after the nodes that are there
	if err := n.meet(); err != nil {
		return err
	}
	return n.checkName()
}

// name returns the name of the node.
func (c *ClusterSettings) name() string {
	if c.Node != "" {
		return c.Node
	}
	_, port, _ := net.SplitHostPort(c.Listen)
	return net.JoinHostPort(machine(), port)
}

// selfOf describes this node, and the address at which it listens for others.
func (p *Server) selfOf(s Settings) (self peers.Member, host string, port int, err error) {
	c := s.Cluster
	if err := CheckAddress("cluster", c.Listen); err != nil {
		return self, "", 0, err
	}
	host, text, _ := net.SplitHostPort(c.Listen)
	port, _ = strconv.Atoi(text)
	if host, err = bindHost(host); err != nil {
		return self, "", 0, usage.Errorf("--cluster %s: %w; give an address of this machine, or 0.0.0.0 or [::] for all of them",
			c.Listen, err)
	}
	at := c.HTTP
	if at == "" {
		at = reachable(p.listener.Addr().String(), c.Advertise, host)
	}
	prints := map[string]string{}
	if tokens, ok := s.Auth.(api.JWTAuth); ok && tokens.Keys == nil {
		prints[peers.PrintTokens] = printOf(tokens.Secret)
	}
	return peers.Member{Name: placement.Member(c.name()), Run: p.runID, HTTP: at, Hop: peers.Protocol,
		Version: c.Version, State: peers.Joining, Epoch: p.Log.Epoch(), Prints: prints}, host, port, nil
}

// configure configures memberlist for nodes in one network.
func (n *node) configure(self peers.Member, host string, port int, advertise string, secret []byte) *memberlist.Config {
	c := memberlist.DefaultLANConfig()
	c.Name, c.BindAddr, c.BindPort, c.AdvertisePort = string(self.Name), host, port, port
	c.AdvertiseAddr = advertise
	c.SecretKey, c.DeadNodeReclaimTime = secret, reclaimAfter
	c.ProbeInterval, c.ProbeTimeout, c.AwarenessMaxMultiplier = 200*time.Millisecond, 100*time.Millisecond, 3
	c.SuspicionMult, c.SuspicionMaxTimeoutMult = 3, 2
	c.GossipInterval, c.PushPullInterval, c.TCPTimeout = 50*time.Millisecond, 5*time.Second, met
	c.Delegate, c.Events, c.Alive, c.Merge, c.Conflict = n.delegate, n.delegate, n.delegate, n.delegate, n.delegate
	c.Logger = log.New(&gossipLog{logger: n.logger}, "", 0)
	return c
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// tell announces this node's state to the other nodes.
func (n *node) tell(state peers.State) {
	if n.peers.SetState(state) {
		n.update()
	}
}

// update announces to the other nodes how this one has changed.
func (n *node) update() {
	if err := n.list.UpdateNode(agreeLimit); err != nil {
		n.logger.Warn("not all nodes have acknowledged this node's state", "state", n.peers.State(), "error", err)
	}
}

// watchHealth checks whether the log answers, until ctx ends. The timeout is counted in intervals in which this
// node ran: one that was stopped or starved has not awaited an answer.
func (n *node) watchHealth(ctx context.Context) error {
	missed := 0
	n.ranAt = time.Now()
	answers := make(chan struct{}, 8)
	asking := make(chan struct{}, 4)
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for round := 0; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-answers:
			missed = 0
		case <-tick.C:
			n.noteRan()
			if missed++; round%int(headEvery/watchEvery) == 0 {
				n.checkHealth(ctx, asking, answers)
			}
			round++
		}
		n.noteHealth(missed <= int(headSilence/watchEvery))
		n.tellKeys()
	}
}

// noteRan logs if this node did not run since the last call, because its process or its machine was stopped.
func (n *node) noteRan() {
	if stood := time.Since(n.ranAt); stood > stoodLimit {
		n.logger.Warn("this node did not run for a while: its process or its machine was stopped", "seconds", stood.Seconds())
	}
	n.ranAt = time.Now()
}

// checkHealth sends the log a request whose answer is reported to answers, unless too many are unanswered.
func (n *node) checkHealth(ctx context.Context, asking, answers chan struct{}) {
	select {
	case asking <- struct{}{}:
	default:
		return
	}
	go func() {
		defer func() { <-asking }()
		limit, cancel := context.WithTimeout(ctx, 4*headSilence)
		defer cancel()
		if _, err := n.health.Head(limit); err == nil {
			answers <- struct{}{}
		}
	}()
}

// noteHealth announces a change of whether the log answers.
func (n *node) noteHealth(answers bool) {
	switch state := n.peers.State(); {
	case state == peers.Serving && !answers:
		n.logger.Warn("the log does not answer this node")
		n.cutAt = time.Now()
		n.tell(peers.Cut)
	case state == peers.Cut && answers:
		n.logger.Info("the log answers again")
		n.cutAt = time.Time{}
		n.tell(peers.Serving)
	case state == peers.Cut && !n.cutAt.IsZero() && time.Since(n.cutAt) > cutSettled:
		n.cutAt = time.Time{}
		n.explainCut()
	}
}

// explainCut logs whether others serve in place of this node, which can't reach the log.
func (n *node) explainCut() {
	switch {
	case n.peers.OthersServe():
		n.logger.Info("other nodes reach the log, and have taken over from this one")
	case n.list.NumMembers() > 1:
		n.logger.Warn("no other node reaches the log either; requests that need it fail until it answers")
	}
}

// drain hands over the entities that this node owns: it announces that first, then decides no more
// commands for the others, and forwards those of its own clients.
func (n *node) drain(ctx context.Context) {
	n.tell(peers.Draining)
	limit, cancel := context.WithTimeout(ctx, agreeLimit)
	defer cancel()
	n.peers.AwaitAgreement(limit)
	n.peers.StopDeciding()
}

// close leaves the cluster. It does not if another node has the same name, which would leave with it.
func (n *node) close() (err error) {
	if !n.disputed.Load() {
		n.leave()
	}
	err = n.list.Shutdown()
	if n.health != nil {
		err = errors.Join(err, n.health.Close())
	}
	return err
}

// leave announces that this node leaves. It does not wait long, because others may be leaving too.
func (n *node) leave() {
	n.tell(peers.Draining)
	if err := n.list.Leave(agreeLimit); err != nil {
		n.logger.Debug("not all nodes have acknowledged that this node leaves", "error", err)
	}
}

// runCluster starts the work of a node, if this server is one.
func (p *Server) runCluster(ctx context.Context, spawn func(string, func() error)) {
	if p.node == nil {
		return
	}
	spawn("the other nodes", func() error { return p.node.peers.Run(ctx) })
	spawn("joining the other nodes", func() error { return p.joinCluster(ctx) })
	spawn("the health of the log", func() error { return p.node.watchHealth(ctx) })
	spawn("the waiting rooms of other nodes", func() error { return p.watchOwners(ctx) })
}

// handOver lets the other nodes take over from this one, if it is a node that serves.
func (p *Server) handOver(ctx context.Context) {
	if p.node != nil && p.http != nil {
		p.node.drain(ctx)
	}
}

// leaveCluster leaves the cluster.
func (p *Server) leaveCluster() error {
	if p.node == nil {
		return nil
	}
	return p.node.close()
}

// peers returns the other nodes, nil for a server without a cluster.
func (p *Server) peers() *peers.Peers {
	if p.node == nil {
		return nil
	}
	return p.node.peers
}

// SecretsDirectory returns the directory of the secrets that all nodes share.
func (s *Settings) SecretsDirectory() string {
	if s.Secrets != "" {
		return s.Secrets
	}
	return s.Directory()
}

// rank returns how many nodes precede this one for a stream; ranked is false for a server without a
// cluster.
func (p *Server) rank(stream events.StreamID) (before int, ranked bool) {
	if p.node == nil {
		return 0, false
	}
	before = p.node.peers.Rank(placement.KeyOf(stream))
	if p.node.keys.foreign.Load() { // the nodes of the other system precede it
		before++
	}
	return before, true
}
