package esdb

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
)

// candidate is where to ask for the members of the cluster.
type candidate struct {
	host string // what is dialled
	name string // what its certificate has to say
}

// discover asks all nodes that are known at once, and moves to what the first good
// answer says. So a node that is down, or frozen, costs no time.
// Error: why there is no good answer.
func (n *nodes) discover(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, n.discoverTimeout)
	defer cancel()
	candidates := n.candidates(ctx)
	type answer struct {
		from    candidate
		members []*gossip.MemberInfo
		err     error
	}
	answers := make(chan answer, len(candidates))
	var asking sync.WaitGroup
	for _, c := range candidates {
		asking.Go(func() {
			members, err := n.ask(ctx, c)
			answers <- answer{c, members, err}
		})
	}
	defer asking.Wait()
	defer cancel()
	var failures []error
	for range candidates {
		a := <-answers
		if a.err == nil {
			a.err = n.settle(a.members)
		}
		if a.err == nil {
			return nil
		}
		failures = append(failures, fmt.Errorf("%s: %w", a.from.host, a.err))
	}
	return errors.Join(failures...)
}

// candidates are the hosts of the address, each at all its places in the network,
// and the members there were.
func (n *nodes) candidates(ctx context.Context) []candidate {
	n.mu.Lock()
	members := slices.Clone(n.members)
	n.mu.Unlock()
	var all []candidate
	for _, name := range append(slices.Clone(n.hosts), members...) {
		for _, host := range n.places(ctx, name) {
			if c := (candidate{host, name}); !slices.Contains(all, c) {
				all = append(all, c)
			}
		}
	}
	return all
}

// places are where a host is in the network: one name may stand for the whole
// cluster.
func (n *nodes) places(ctx context.Context, name string) []string {
	host, port, err := net.SplitHostPort(name)
	if err != nil || n.lookUp == nil || net.ParseIP(host) != nil {
		return []string{name}
	}
	found, err := n.lookUp(ctx, host)
	if err != nil || len(found) < 2 {
		return []string{name} // dialling it will say what is wrong
	}
	for i := range found {
		found[i] = net.JoinHostPort(found[i], port)
	}
	return found
}

// ask asks one node, over a connection of its own.
func (n *nodes) ask(ctx context.Context, c candidate) ([]*gossip.MemberInfo, error) {
	var socket atomic.Pointer[net.Conn]
	conn, err := n.open(c.host, c.name, n.keep(&socket))
	if err != nil {
		return nil, err
	}
	defer hangUp(conn, &socket)
	cluster, err := gossip.NewGossipClient(conn).Read(ctx, &shared.Empty{})
	if err != nil {
		return nil, err
	}
	return cluster.GetMembers(), nil
}

var errNoLeader = errors.New("no node leads at present")

// settle moves to the leader among members, and to whom it is best to follow at.
// Error: errNoLeader, and what is wrong with the leader's host.
func (n *nodes) settle(members []*gossip.MemberInfo) error {
	alive := slices.DeleteFunc(slices.Clone(members), func(m *gossip.MemberInfo) bool {
		return !m.GetIsAlive() || m.GetHttpEndPoint().GetAddress() == "" || m.GetHttpEndPoint().GetPort() == 0
	})
	at := slices.IndexFunc(alive, func(m *gossip.MemberInfo) bool { return m.GetState() == gossip.MemberInfo_Leader })
	if at < 0 {
		return errNoLeader
	}
	leader := hostOf(alive[at])
	n.mu.Lock()
	n.members = n.members[:0]
	for _, m := range alive {
		n.members = append(n.members, hostOf(m))
	}
	now := ""
	if l := n.lines[following]; l != nil {
		now = l.host
	}
	n.mu.Unlock()
	return n.moveTo(leader, n.choose(alive, leader, now))
}

// choose returns the node to follow at: the present one if it will do.
func (n *nodes) choose(alive []*gossip.MemberInfo, leader, now string) string {
	var fit []string
	for _, m := range alive {
		if fits(n.prefer, m.GetState()) {
			fit = append(fit, hostOf(m))
		}
	}
	switch {
	case len(fit) == 0:
		return leader
	case slices.Contains(fit, now):
		return now
	}
	return fit[rand.IntN(len(fit))]
}

// fits says whether a node in that state is one of the preferred.
func fits(p preference, state gossip.MemberInfo_VNodeState) bool {
	switch state {
	case gossip.MemberInfo_Leader:
		return p == preferLeader || p == preferRandom
	case gossip.MemberInfo_Follower:
		return p == preferFollower || p == preferRandom
	case gossip.MemberInfo_ReadOnlyReplica, gossip.MemberInfo_PreReadOnlyReplica, gossip.MemberInfo_ReadOnlyLeaderless:
		return p == preferReplica || p == preferRandom
	}
	return false
}

func hostOf(m *gossip.MemberInfo) string {
	return net.JoinHostPort(m.GetHttpEndPoint().GetAddress(), strconv.FormatUint(uint64(m.GetHttpEndPoint().GetPort()), 10))
}
