package esdb

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"admitone/events"
	"admitone/events/esdbwire"
)

// cluster is several nodes of one log in a network, one of which is the leader.
type cluster struct {
	*network
	log   *memory
	hosts []string

	state       sync.Mutex
	leader      string          // "" during an election; guarded by state
	gone        map[string]bool // according to gossip; guarded by state
	isolated    string          // a node that is cut off from the others; guarded by state
	redirected  int             // redirected calls; guarded by state
	leaderCalls int             // calls that required the leader
	otherCalls  int             // calls that did not
}

func newCluster(hosts ...string) *cluster {
	c := &cluster{network: newNetwork(), log: newMemory(), hosts: hosts, gone: map[string]bool{}}
	for _, host := range hosts {
		c.up(host)
	}
	c.elect(hosts[0])
	return c
}

// up starts a node.
func (c *cluster) up(host string) {
	c.setAlive(host, true)
	c.start(host, c.log, esdbwire.Config{Options: []grpc.ServerOption{
		grpc.UnaryInterceptor(func(ctx context.Context, request any, info *grpc.UnaryServerInfo,
			handler grpc.UnaryHandler) (any, error) {
			if strings.HasSuffix(info.FullMethod, "Gossip/Read") {
				return c.members(), nil
			}
			return handler(ctx, request)
		}),
		grpc.StreamInterceptor(func(server any, call grpc.ServerStream, _ *grpc.StreamServerInfo,
			handler grpc.StreamHandler) error {
			if at, elsewhere := c.redirect(host, call.Context()); elsewhere {
				name, port, _ := net.SplitHostPort(at)
				return refuse(codes.NotFound, "exception", "not-leader", "leader-endpoint-host", name,
					"leader-endpoint-port", port)(call, nil)
			}
			return handler(server, call)
		}),
	}})
}

// redirect returns the leader that a call to host is redirected to, if any.
func (c *cluster) redirect(host string, ctx context.Context) (leader string, elsewhere bool) {
	header, _ := metadata.FromIncomingContext(ctx)
	requiresLeader := len(header.Get("requires-leader")) == 1 && header.Get("requires-leader")[0] == "true"
	c.state.Lock()
	defer c.state.Unlock()
	switch {
	case !requiresLeader:
		c.otherCalls++
	case c.leader == host:
		c.leaderCalls++
	case c.isolated == host:
		c.redirected++
		return "", true
	default:
		c.redirected++
		return c.leader, true
	}
	return "", false
}

func (c *cluster) elect(leader string) {
	c.state.Lock()
	defer c.state.Unlock()
	c.leader = leader
}

// setAlive sets the liveness of a node in gossip.
func (c *cluster) setAlive(host string, alive bool) {
	c.state.Lock()
	defer c.state.Unlock()
	c.gone[host] = !alive
}

func (c *cluster) members() *gossip.ClusterInfo {
	c.state.Lock()
	defer c.state.Unlock()
	info := &gossip.ClusterInfo{}
	for _, host := range c.hosts {
		name, port, _ := net.SplitHostPort(host)
		number, _ := strconv.Atoi(port)
		m := &gossip.MemberInfo{
			State: gossip.MemberInfo_Follower, IsAlive: !c.gone[host],
			HttpEndPoint: &gossip.EndPoint{Address: name, Port: uint32(number)},
		}
		if host == c.leader {
			m.State = gossip.MemberInfo_Leader
		}
		info.Members = append(info.Members, m)
	}
	return info
}

// connected returns the hosts that the store is connected to, by role.
func connected(s *Store) (hosts [roles]string) {
	for r, l := range s.nodes.present() {
		hosts[r] = l.host
	}
	return hosts
}

func (c *cluster) down(t *testing.T, hosts ...string) {
	t.Helper()
	for _, host := range hosts {
		c.kill(t, host)
	}
}

// TestLeaderStepsDown: the previous leader redirects to the new one, and no append is lost.
func TestLeaderStepsDown(t *testing.T) {
	for _, connectionString := range []string{"esdb://a:1,b:1,c:1?tls=false", "esdb+discover://c:1?tls=false",
		"esdb://a:1?tls=false"} {
		synctest.Test(t, func(t *testing.T) {
			c := newCluster("a:1", "b:1", "c:1")
			s := c.connect(t, connectionString)
			workload := startWorkload(s, 4, 50*time.Millisecond)
			for _, leader := range []string{"b:1", "c:1", "a:1", "c:1"} {
				time.Sleep(2 * time.Second)
				c.elect(leader)
			}
			time.Sleep(2 * time.Second)
			if at := connected(s); at != [roles]string{"c:1", "c:1", "c:1"} {
				t.Errorf("%s: connected to %v, want %v", connectionString, at, [roles]string{"c:1", "c:1", "c:1"})
			}
			workload.check(t, c.log)
			if failed := len(workload.unknown) + len(workload.notWritten); failed > 0 || c.redirected == 0 {
				t.Errorf("%s: %d events were not acknowledged, %d calls were redirected; want 0, some", connectionString,
					failed, c.redirected)
			}
			if open := c.open(); open != int(roles) {
				t.Errorf("%s: %d connections are open, want %d", connectionString, open, int(roles))
			}
			s.Close()
			c.down(t, c.hosts...)
		})
	}
}

// TestLostLeader: a leader that is down or frozen is abandoned as soon as another one has been
// elected.
func TestLostLeader(t *testing.T) {
	for _, frozen := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			c := newCluster("a:1", "b:1", "c:1")
			s := c.connect(t, "esdb+discover://a:1,b:1,c:1?tls=false")
			workload := startWorkload(s, 4, 50*time.Millisecond)
			for _, turn := range []struct{ from, to string }{{"a:1", "b:1"}, {"b:1", "c:1"}, {"c:1", "a:1"}} {
				time.Sleep(time.Second)
				if frozen {
					c.freeze(turn.from, false)
				} else {
					c.kill(t, turn.from)
				}
				c.elect("")
				c.setAlive(turn.from, false)
				time.Sleep(2 * time.Second) // the others hold an election
				c.elect(turn.to)
				if elapsed := waitUntilWorking(t, s); elapsed > 2*time.Second {
					t.Errorf("frozen %t: recovery after the election took %v, want at most 2s", frozen, elapsed)
				}
				if at := connected(s); at != [roles]string{turn.to, turn.to, turn.to} {
					t.Errorf("frozen %t: connected to %v, want %s", frozen, at, turn.to)
				}
				if frozen {
					c.thaw(turn.from, false)
					c.setAlive(turn.from, true)
				} else {
					c.up(turn.from)
				}
			}
			time.Sleep(5 * time.Second)
			if open := c.open(); open != int(roles) {
				t.Errorf("frozen %t: %d connections are open, want %d", frozen, open, int(roles))
			}
			workload.check(t, c.log)
			s.Close()
			c.down(t, c.hosts...)
		})
	}
}

// TestIsolatedLeader: a leader that is cut off reports that it is not the leader but cannot name the
// new one; the others can.
func TestIsolatedLeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster("a:1", "b:1", "c:1")
		s := c.connect(t, "esdb://a:1,b:1,c:1?tls=false")
		c.state.Lock()
		c.isolated, c.leader = "a:1", "b:1"
		c.state.Unlock()
		if elapsed := waitUntilWorking(t, s); elapsed > 2*time.Second {
			t.Errorf("recovery took %v, want at most 2s", elapsed)
		}
		s.Close()
		c.down(t, c.hosts...)
	})
}

// TestReturnToConfiguredNode: without gossip, the store returns to the node of the connection string
// when a leader it was redirected to is down.
func TestReturnToConfiguredNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster("a:1", "b:1")
		c.elect("b:1")
		s := c.connect(t, "esdb://a:1?tls=false")
		if at := connected(s); at[appending] != "b:1" || at[reading] != "b:1" {
			t.Errorf("connected to %v, want the leader for appends and reads", at)
		}
		c.kill(t, "b:1")
		c.elect("a:1")
		if elapsed := waitUntilWorking(t, s); elapsed > 2*time.Second {
			t.Errorf("recovery took %v, want at most 2s", elapsed)
		}
		s.Close()
		c.down(t, "a:1")
	})
}

// TestNodePreference: the connection string determines the node of followers, but not that of
// appends and reads.
func TestNodePreference(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster("a:1", "b:1", "c:1")
		s := c.connect(t, "esdb+discover://a:1?tls=false&nodePreference=follower")
		workload := startWorkload(s, 2, 20*time.Millisecond)
		time.Sleep(time.Second)
		at := connected(s)
		if at[appending] != "a:1" || at[reading] != "a:1" || at[following] == "a:1" {
			t.Errorf("connected to %v, want the leader for appends and reads", at)
		}
		for range 10 { // a new discovery keeps the node if it is still preferred
			if err := s.nodes.discover(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if now := connected(s); now != at {
			t.Errorf("connected to %v, before to %v; want only followers to move", now, at)
		}
		c.setAlive(at[following], false)
		c.kill(t, at[following])
		time.Sleep(2 * time.Second)
		if now := connected(s); now[following] == "a:1" || now[following] == at[following] || now[appending] != "a:1" {
			t.Errorf("connected to %v, before to %v; want only followers to move", now, at)
		}
		workload.check(t, c.log)
		if c.otherCalls == 0 || c.redirected > 0 {
			t.Errorf("%d calls did not require the leader, %d were redirected; want some, none", c.otherCalls, c.redirected)
		}
		s.Close()
		c.down(t, c.hosts...)
	})
}

// TestCallsRequireTheLeader checks the header that requires the leader; the official client
// does not send it.
func TestCallsRequireTheLeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster("a:1")
		s := c.connect(t, "esdb://a:1?tls=false")
		workload := startWorkload(s, 1, 20*time.Millisecond)
		time.Sleep(time.Second)
		workload.check(t, c.log)
		if c.leaderCalls == 0 || c.otherCalls > 0 {
			t.Errorf("%d calls required the leader, %d did not; want some, none", c.leaderCalls, c.otherCalls)
		}
		s.Close()
		c.down(t, "a:1")
	})
}

// TestBusyNode: a node that has the maximum number of calls and answers none of them for a while
// keeps its connections. Further calls fail.
func TestBusyNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, f, log := newNetwork(), &faults{}, newMemory()
		n.start("a:2113", log, esdbwire.Config{Options: []grpc.ServerOption{
			grpc.StreamInterceptor(f.intercept), grpc.MaxConcurrentStreams(maxCalls + 1),
		}})
		s := n.connect(t, "esdb://a?tls=false")
		s.unbatched.Store(true)
		dialed := n.dialed
		busy := make(chan struct{})
		var callers sync.WaitGroup
		for i := range maxCalls {
			f.then("Append", func(call grpc.ServerStream, serve func(grpc.ServerStream) error) error {
				<-busy
				return serve(call)
			})
			callers.Go(func() {
				stream := events.StreamID("product-" + strconv.Itoa(i))
				if _, err := s.Append(t.Context(), stream, events.NoStream, sampleBatch(stream, 2)); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		_, err := s.Append(ctx, "seat-1", events.NoStream, sampleBatch("seat-1", 1))
		if !errors.Is(err, events.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("an append more than the maximum: %v, want %v, %v", err, events.ErrUnavailable, context.DeadlineExceeded)
		}
		cancel()
		time.Sleep(7 * time.Second) // less than the default deadline
		close(busy)
		callers.Wait()
		if n.dialed != dialed {
			t.Errorf("connected %d times, want %d as before", n.dialed, dialed)
		}
		s.Close()
		n.kill(t, "a:2113")
	})
}

// TestFrozenNodeKeepsItsCalls: if the only node does not respond on any connection, its calls keep
// waiting.
func TestFrozenNodeKeepsItsCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.start("a:2113", newMemory(), esdbwire.Config{})
		s := n.connect(t, "esdb://a?tls=false")
		n.freeze("a:2113", false)
		time.AfterFunc(8*time.Second, func() { n.thaw("a:2113", false) })
		if _, err := s.Append(t.Context(), "product-1", events.NoStream, sampleBatch("product-1", 2)); err != nil {
			t.Error(err)
		}
		s.Close()
		n.kill(t, "a:2113")
		if open := n.open(); open != 0 {
			t.Errorf("%d connections are left, want 0", open)
		}
	})
}

// TestOpenFails: Open fails with the reason, and leaks no connections.
func TestOpenFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		for _, connectionString := range []string{"esdb://a?tls=false", "esdb+discover://a,b?tls=false"} {
			_, err := Open(t.Context(), connectionString, Options{Logger: discardLogger, Dial: n.dial})
			if err == nil || !strings.Contains(err.Error(), errDown.Error()) {
				t.Errorf("%s: Open = %v, want %q", connectionString, err, errDown)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			began := time.Now()
			if _, err := Open(ctx, connectionString, Options{Logger: discardLogger, Dial: n.dial}); err == nil ||
				time.Since(began) > 300*time.Millisecond {
				t.Errorf("%s: Open = %v after %v, want an error within 300ms", connectionString, err, time.Since(began))
			}
			cancel()
		}
		// Open waits for a node that comes up a moment later.
		log := newMemory()
		time.AfterFunc(500*time.Millisecond, func() { n.start("a:2113", log, esdbwire.Config{}) })
		s := n.connect(t, "esdb://a?tls=false")
		if _, err := s.Append(t.Context(), "product-1", events.NoStream, sampleBatch("product-1", 1)); err != nil {
			t.Error(err)
		}
		s.Close()
		n.kill(t, "a:2113")
		if open := n.open(); open != 0 {
			t.Errorf("%d connections are left, want 0", open)
		}
	})
}
