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

// cluster is several nodes of one log, one of which leads, in a network.
type cluster struct {
	*network
	log   *memory
	hosts []string

	state  sync.Mutex
	leader string          // "" during an election; guarded by state
	gone   map[string]bool // what gossip says; guarded by state
	alone  string          // a node that hears nothing of the others; guarded by state
	told   int             // calls that were sent elsewhere; guarded by state
	led    int             // calls that were served by the leader, asked for as such
	loose  int             // calls that were served by anybody
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
	c.gossips(host, true)
	c.start(host, c.log, esdbwire.Config{Options: []grpc.ServerOption{
		grpc.UnaryInterceptor(func(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			if strings.HasSuffix(info.FullMethod, "Gossip/Read") {
				return c.members(), nil
			}
			return handler(ctx, request)
		}),
		grpc.StreamInterceptor(func(server any, call grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			if at, elsewhere := c.elsewhere(host, call.Context()); elsewhere {
				name, port, _ := net.SplitHostPort(at)
				return refuse(codes.NotFound, "exception", "not-leader", "leader-endpoint-host", name, "leader-endpoint-port", port)(call, nil)
			}
			return handler(server, call)
		}),
	}})
}

// elsewhere says where a call to host has to go if not there.
func (c *cluster) elsewhere(host string, ctx context.Context) (leader string, elsewhere bool) {
	header, _ := metadata.FromIncomingContext(ctx)
	wants := len(header.Get("requires-leader")) == 1 && header.Get("requires-leader")[0] == "true"
	c.state.Lock()
	defer c.state.Unlock()
	switch {
	case !wants:
		c.loose++
	case c.leader == host:
		c.led++
	case c.alone == host:
		c.told++
		return "", true
	default:
		c.told++
		return c.leader, true
	}
	return "", false
}

func (c *cluster) elect(leader string) {
	c.state.Lock()
	defer c.state.Unlock()
	c.leader = leader
}

// gossips sets what the nodes say of one.
func (c *cluster) gossips(host string, alive bool) {
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

// connected returns the hosts that the store talks to, by role.
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

// TestLeaderStepsDown: who leads now is said by whoever led before, and no append is
// lost on the way.
func TestLeaderStepsDown(t *testing.T) {
	for _, connectionString := range []string{"esdb://a:1,b:1,c:1?tls=false", "esdb+discover://c:1?tls=false", "esdb://a:1?tls=false"} {
		synctest.Test(t, func(t *testing.T) {
			c := newCluster("a:1", "b:1", "c:1")
			s := c.connect(t, connectionString)
			crowd := gather(s, 4, 50*time.Millisecond)
			for _, leader := range []string{"b:1", "c:1", "a:1", "c:1"} {
				time.Sleep(2 * time.Second)
				c.elect(leader)
			}
			time.Sleep(2 * time.Second)
			if at := connected(s); at != [roles]string{"c:1", "c:1", "c:1"} {
				t.Errorf("%s: connected to %v", connectionString, at)
			}
			crowd.check(t, c.log)
			if failed := len(crowd.unknown) + len(crowd.never); failed > 0 || c.told == 0 {
				t.Errorf("%s: %d events were not acknowledged, %d calls were sent elsewhere", connectionString, failed, c.told)
			}
			if open := c.open(); open != int(roles) {
				t.Errorf("%s: %d connections are open", connectionString, open)
			}
			s.Close()
			c.down(t, c.hosts...)
		})
	}
}

// TestLeaderIsGone: a leader that is down or frozen is left as soon as another one
// has been elected and it is known not to answer.
func TestLeaderIsGone(t *testing.T) {
	for _, frozen := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			c := newCluster("a:1", "b:1", "c:1")
			s := c.connect(t, "esdb+discover://a:1,b:1,c:1?tls=false")
			crowd := gather(s, 4, 50*time.Millisecond)
			for _, turn := range []struct{ from, to string }{{"a:1", "b:1"}, {"b:1", "c:1"}, {"c:1", "a:1"}} {
				time.Sleep(time.Second)
				if frozen {
					c.freeze(turn.from, false)
				} else {
					c.kill(t, turn.from)
				}
				c.elect("")
				c.gossips(turn.from, false)
				time.Sleep(2 * time.Second) // the others notice and vote
				c.elect(turn.to)
				if took := untilItWorks(t, s); took > 2*time.Second {
					t.Errorf("frozen %t: %v after the election it did not work yet", frozen, took)
				}
				if at := connected(s); at != [roles]string{turn.to, turn.to, turn.to} {
					t.Errorf("frozen %t: connected to %v, want %s", frozen, at, turn.to)
				}
				if frozen {
					c.thaw(turn.from, false)
					c.gossips(turn.from, true)
				} else {
					c.up(turn.from)
				}
			}
			time.Sleep(5 * time.Second)
			if open := c.open(); open != int(roles) {
				t.Errorf("frozen %t: %d connections are open", frozen, open)
			}
			crowd.check(t, c.log)
			s.Close()
			c.down(t, c.hosts...)
		})
	}
}

// TestLeaderIsAlone: a leader that has lost the others says that it leads no more, and
// can't say who does. The others can.
func TestLeaderIsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster("a:1", "b:1", "c:1")
		s := c.connect(t, "esdb://a:1,b:1,c:1?tls=false")
		c.state.Lock()
		c.alone, c.leader = "a:1", "b:1"
		c.state.Unlock()
		if took := untilItWorks(t, s); took > 2*time.Second {
			t.Errorf("it took %v", took)
		}
		s.Close()
		c.down(t, c.hosts...)
	})
}

// TestNamedNodeIsGivenUp: without gossip, a leader that another node has named is
// given up for the node of the connection string when it is gone.
func TestNamedNodeIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster("a:1", "b:1")
		c.elect("b:1")
		s := c.connect(t, "esdb://a:1?tls=false")
		if at := connected(s); at[appending] != "b:1" || at[reading] != "b:1" {
			t.Errorf("connected to %v", at)
		}
		c.kill(t, "b:1")
		c.elect("a:1")
		if took := untilItWorks(t, s); took > 2*time.Second {
			t.Errorf("it took %v", took)
		}
		s.Close()
		c.down(t, "a:1")
	})
}

// TestNodePreference: followers are sent where the connection string says, appends
// and reads to the leader all the same.
func TestNodePreference(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster("a:1", "b:1", "c:1")
		s := c.connect(t, "esdb+discover://a:1?tls=false&nodePreference=follower")
		crowd := gather(s, 2, 20*time.Millisecond)
		time.Sleep(time.Second)
		at := connected(s)
		if at[appending] != "a:1" || at[reading] != "a:1" || at[following] == "a:1" {
			t.Errorf("connected to %v", at)
		}
		for range 10 { // who looks again stays, if the node will do
			if err := s.nodes.discover(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if now := connected(s); now != at {
			t.Errorf("connected to %v, before to %v", now, at)
		}
		c.gossips(at[following], false)
		c.kill(t, at[following])
		time.Sleep(2 * time.Second)
		if now := connected(s); now[following] == "a:1" || now[following] == at[following] || now[appending] != "a:1" {
			t.Errorf("connected to %v, before to %v", now, at)
		}
		crowd.check(t, c.log)
		if c.loose == 0 || c.told > 0 {
			t.Errorf("%d calls were for anybody, %d were sent elsewhere", c.loose, c.told)
		}
		s.Close()
		c.down(t, c.hosts...)
	})
}

// TestEverythingIsAskedOfTheLeader: the header that the official client forgets.
func TestEverythingIsAskedOfTheLeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster("a:1")
		s := c.connect(t, "esdb://a:1?tls=false")
		crowd := gather(s, 1, 20*time.Millisecond)
		time.Sleep(time.Second)
		crowd.check(t, c.log)
		if c.led == 0 || c.loose > 0 {
			t.Errorf("%d calls asked for the leader, %d did not", c.led, c.loose)
		}
		s.Close()
		c.down(t, "a:1")
	})
}

// TestBusyNode: a node that has taken as many calls as it may, and answers none of
// them for a while, keeps its connections. Who can't even be heard is told so.
func TestBusyNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, f, log := newNetwork(), &faults{}, newMemory()
		n.start("a:2113", log, esdbwire.Config{Options: []grpc.ServerOption{
			grpc.StreamInterceptor(f.intercept), grpc.MaxConcurrentStreams(maxCalls + 1),
		}})
		s := n.connect(t, "esdb://a?tls=false")
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
			t.Errorf("one more: %v", err)
		}
		cancel()
		time.Sleep(7 * time.Second) // below the deadline that appends without one have
		close(busy)
		callers.Wait()
		if n.dialed != dialed {
			t.Errorf("it connected %d times, before %d", n.dialed, dialed)
		}
		s.Close()
		n.kill(t, "a:2113")
	})
}

// TestFrozenNodeKeepsItsCalls: where there is no other node, and this one answers on no
// connection, who waits may go on waiting.
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
			t.Errorf("%d connections are left", open)
		}
	})
}

// TestOpenFails: with the reason, and leaving nothing behind.
func TestOpenFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		for _, connectionString := range []string{"esdb://a?tls=false", "esdb+discover://a,b?tls=false"} {
			_, err := Open(t.Context(), connectionString, Options{Logger: quiet, Dial: n.dial})
			if err == nil || !strings.Contains(err.Error(), errDown.Error()) {
				t.Errorf("%s: %v", connectionString, err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			began := time.Now()
			if _, err := Open(ctx, connectionString, Options{Logger: quiet, Dial: n.dial}); err == nil || time.Since(began) > 300*time.Millisecond {
				t.Errorf("%s: %v after %v", connectionString, err, time.Since(began))
			}
			cancel()
		}
		// One that comes up a moment later is waited for.
		log := newMemory()
		time.AfterFunc(500*time.Millisecond, func() { n.start("a:2113", log, esdbwire.Config{}) })
		s := n.connect(t, "esdb://a?tls=false")
		if _, err := s.Append(t.Context(), "product-1", events.NoStream, sampleBatch("product-1", 1)); err != nil {
			t.Error(err)
		}
		s.Close()
		n.kill(t, "a:2113")
		if open := n.open(); open != 0 {
			t.Errorf("%d connections are left", open)
		}
	})
}
