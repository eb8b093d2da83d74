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

// candidate is a node to query for the members of the cluster.
type candidate struct {
	host string // to dial
	name string // in its certificate
}

// discover queries all known nodes concurrently and applies the first valid answer, so nodes that
// are down or frozen cost no time. Error: the reason why there is no answer.
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
	var queries sync.WaitGroup
	for _, c := range candidates {
		queries.Go(func() {
			members, err := n.readGossip(ctx, c)
			answers <- answer{c, members, err}
		})
	}
	defer queries.Wait()
	defer cancel()
	var failures []error
	for range candidates {
		a := <-answers
		if a.err == nil {
			a.err = n.applyMembers(a.members)
		}
		if a.err == nil {
			return nil
		}
		failures = append(failures, fmt.Errorf("%s: %w", a.from.host, a.err))
	}
	return errors.Join(failures...)
}

// candidates returns the hosts of the address and the last known members, each with all its network
// addresses.
func (n *nodes) candidates(ctx context.Context) []candidate {
	n.mu.Lock()
	members := slices.Clone(n.members)
	n.mu.Unlock()
	var all []candidate
	for _, name := range append(slices.Clone(n.hosts), members...) {
		for _, host := range n.resolve(ctx, name) {
			if c := (candidate{host, name}); !slices.Contains(all, c) {
				all = append(all, c)
			}
		}
	}
	return all
}

// resolve returns the addresses of a host, because one name may stand for the whole cluster.
func (n *nodes) resolve(ctx context.Context, name string) []string {
	host, port, err := net.SplitHostPort(name)
	if err != nil || n.lookupHost == nil || net.ParseIP(host) != nil {
		return []string{name}
	}
	found, err := n.lookupHost(ctx, host)
	if err != nil || len(found) < 2 {
		return []string{name} // dialling the name returns the error
	}
	for i := range found {
		found[i] = net.JoinHostPort(found[i], port)
	}
	return found
}

// readGossip queries one node over a separate connection.
func (n *nodes) readGossip(ctx context.Context, c candidate) ([]*gossip.MemberInfo, error) {
	var socket atomic.Pointer[net.Conn]
	conn, err := n.open(c.host, c.name, n.recordSocket(&socket))
	if err != nil {
		return nil, err
	}
	defer closeNow(conn, &socket)
	cluster, err := gossip.NewGossipClient(conn).Read(ctx, &shared.Empty{})
	if err != nil {
		return nil, err
	}
	return cluster.GetMembers(), nil
}

var errNoLeader = errors.New("no leader at present")

// applyMembers connects to the leader among members, and to the preferred node for followers.
// Errors: errNoLeader, and those of connecting to the leader.
func (n *nodes) applyMembers(members []*gossip.MemberInfo) error {
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
	current := ""
	if l := n.conns[following]; l != nil {
		current = l.host
	}
	n.mu.Unlock()
	return n.moveTo(leader, n.choose(alive, leader, current))
}

// choose returns the node for followers: the current one if it is still preferred.
func (n *nodes) choose(alive []*gossip.MemberInfo, leader, current string) string {
	var preferred []string
	for _, m := range alive {
		if isPreferred(n.prefer, m.GetState()) {
			preferred = append(preferred, hostOf(m))
		}
	}
	switch {
	case len(preferred) == 0:
		return leader
	case slices.Contains(preferred, current):
		return current
	}
	return preferred[rand.IntN(len(preferred))]
}

// isPreferred reports whether a node in that state is preferred.
func isPreferred(p preference, state gossip.MemberInfo_VNodeState) bool {
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
	return net.JoinHostPort(m.GetHttpEndPoint().GetAddress(),
		strconv.FormatUint(uint64(m.GetHttpEndPoint().GetPort()), 10))
}
