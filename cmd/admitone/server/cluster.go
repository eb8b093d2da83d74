package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/memberlist"

	"admitone/actors"
	"admitone/actors/admission"
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
	// keysDiffer reports whether this node's keys for passes are not those that the log names.
	keysDiffer func() bool
	complaint  complaint
	logger     *slog.Logger
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
	// nameTaken is how long a starting node waits while another one has its name: the others may not have noticed yet
	// that its previous run ended.
	nameTaken = 5 * time.Second
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
	n := &node{log: p.Log, logger: s.Logger, seeds: c.Join,
		keysDiffer: func() bool { return p.Rooms.KeyState() == admission.KeysDiffer }}
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
	config := n.configure(self, host, port, advertise, derive(secret, "gossip"))
	if n.list, err = memberlist.Create(config); err != nil {
		return fmt.Errorf("can't listen on %s for other nodes: %s; give another address with --cluster", c.Listen, cause(err))
	}
	p.node = n
	n.address = n.list.LocalNode().Address()
	n.delegate.setAddress(n.address)
	health, err := Connect(context.Background(), s.Store, esdb.Options{Logger: s.Logger, ReadOnly: true})
	if err != nil {
		return err
	}
	n.health = health
	return n.start()
}

// cause returns the last part of an error of memberlist, which precedes the system's error with several sentences.
func cause(err error) string {
	text := strings.TrimSpace(err.Error())
	if end := strings.LastIndex(text, ": "); end >= 0 {
		text = text[end+len(": "):]
	}
	return text
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
	return peers.Member{Name: placement.Member(c.name()), Run: actors.NewID().String(), HTTP: at, Hop: peers.Protocol,
		Version: c.Version, State: peers.Joining, Epoch: p.Log.Epoch(), Prints: prints}, host, port, nil
}

// configure configures memberlist for nodes in one network.
func (n *node) configure(self peers.Member, host string, port int, advertise string, secret []byte) *memberlist.Config {
	c := memberlist.DefaultLANConfig()
	c.Name, c.BindAddr, c.BindPort, c.AdvertisePort = string(self.Name), host, port, port
	c.AdvertiseAddr = advertise
	c.SecretKey, c.DeadNodeReclaimTime = secret, time.Second
	c.ProbeInterval, c.ProbeTimeout, c.AwarenessMaxMultiplier = 200*time.Millisecond, 100*time.Millisecond, 3
	c.SuspicionMult, c.SuspicionMaxTimeoutMult = 3, 2
	c.GossipInterval, c.PushPullInterval, c.TCPTimeout = 50*time.Millisecond, 5*time.Second, met
	c.Delegate, c.Events, c.Alive, c.Merge, c.Conflict = n.delegate, n.delegate, n.delegate, n.delegate, n.delegate
	c.Logger = slog.NewLogLogger(n.logger.Handler(), slog.LevelDebug)
	return c
}

// joinCluster makes the node serve once its views have read the log up to the end at this time.
func (p *Server) joinCluster(ctx context.Context) error {
	n := p.node
	n.saveSeed()
	if err := untilAvailable(ctx, func() error { return p.awaitEnd(ctx) }); err != nil {
		return err
	}
	for end := time.Now().Add(met); n.list.NumMembers() == 1 && time.Now().Before(end); {
		if err := sleep(ctx, met/8); err != nil {
			return err
		}
		if err := n.meet(slog.LevelInfo); err != nil {
			return err
		}
	}
	n.tell(peers.Serving)
	return n.rejoin(ctx)
}

// rejoin tries to join other nodes, regularly while this node has none and less often otherwise: after a network
// split each side may have several nodes. It ends with ctx.
func (n *node) rejoin(ctx context.Context) error {
	for round := 1; sleep(ctx, lookEvery) == nil; round++ {
		if n.list.NumMembers() > 1 && round%lookInCompany != 0 {
			continue
		}
		n.saveSeed()
		if err := n.meet(slog.LevelWarn); err != nil {
			n.complain(slog.LevelError, "a node was refused; this one continues without it", err.Error())
		}
	}
	return nil
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
		n.announce()
	}
}

// announce sends the description of this node to the others.
func (n *node) announce() {
	if err := n.list.UpdateNode(agreeLimit); err != nil {
		n.logger.Warn("not all nodes have acknowledged this node's state", "state", n.peers.State(), "error", err)
	}
}

// watchHealth checks whether the log answers, until ctx ends. The timeout is counted in intervals in which this
// node ran: one that was stopped or starved has not awaited an answer.
func (n *node) watchHealth(ctx context.Context) error {
	missed := 0
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
			if missed++; round%int(headEvery/watchEvery) == 0 {
				n.checkHealth(ctx, asking, answers)
				if n.peers.SetKeysDiffer(n.keysDiffer()) {
					n.announce()
				}
			}
			round++
		}
		n.noteHealth(missed <= int(headSilence/watchEvery))
	}
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
		n.logger.Warn("the log does not answer this node; the nodes that it answers take over")
		n.tell(peers.Cut)
	case state == peers.Cut && answers:
		n.logger.Info("the log answers again")
		n.tell(peers.Serving)
	}
}

// drain hands over the entities that this node owns: it announces that first, then decides no more
// commands for the others, and forwards those of its own clients.
func (n *node) drain(ctx context.Context) {
	n.tell(peers.Draining)
	limit, cancel := context.WithTimeout(ctx, agreeLimit)
	defer cancel()
	n.peers.Agree(limit)
	n.peers.StopDeciding()
}

// close leaves the cluster.
func (n *node) close() error {
	if err := n.list.Leave(agreeLimit); err != nil { // it waits for others that may be leaving too
		n.logger.Debug("not all nodes have acknowledged that this node leaves", "error", err)
	}
	err := n.list.Shutdown()
	if n.health != nil {
		err = errors.Join(err, n.health.Close())
	}
	return err
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
	return p.node.peers.Rank(placement.KeyOf(stream)), true
}
