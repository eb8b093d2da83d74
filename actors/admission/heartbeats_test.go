package admission

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"admitone/actors"
	"admitone/actors/waitingroom"
	"admitone/events"
)

// forwardingNodes is a cluster in which the owner of the room, node 0 at first, receives the
// heartbeats that the other nodes forward.
type forwardingNodes struct {
	*cluster
	owner             int
	members           uint64
	unreachable       bool // forwarding fails
	forwardedMessages int
}

func newForwardingNodes(t *testing.T, nodes int) *forwardingNodes {
	c := &forwardingNodes{cluster: newCluster(t, 0)}
	for i := range nodes {
		c.nodes = append(c.nodes, start(t, c.log, c.clock, func(_ *actors.Config, rooms *Config) {
			rooms.Shared, rooms.Node = true, fmt.Sprint("n", i)
			rooms.Owns = func(events.RoomID) bool { return c.owner == i }
			rooms.Reachable = func() (uint64, bool) { return c.members, true }
			rooms.ForwardHeartbeats = func(id events.RoomID, marks []byte) error {
				if c.unreachable || c.owner < 0 {
					return errors.New("simulated")
				}
				c.forwardedMessages++
				return c.nodes[c.owner].rooms.ReceiveHeartbeats(ctx, id, marks)
			}
		}))
	}
	c.nodes[0].set(pausedSettings())
	for i := range nodes {
		c.resume(i)
	}
	return c
}

// pollRepeatedly returns a function that polls once per heartbeat interval, at the given nodes in
// turn.
func (c *forwardingNodes) pollRepeatedly(heartbeats int, at ...int) func(v Visit) {
	return func(v Visit) {
		c.t.Helper()
		for i := range heartbeats {
			if got := c.nodes[at[i%len(at)]].poll(v.Visitor); got.Status != events.VisitorWaiting {
				c.t.Fatalf("poll %d: %+v, want Status %v", i+1, got, events.VisitorWaiting)
			}
			c.elapse(10 * s)
		}
	}
}

// TestPollsAtAnyNode checks that polls at nodes that don't run the room count, and that the node that
// runs it drops visitors who never poll.
func TestPollsAtAnyNode(t *testing.T) {
	c := newForwardingNodes(t, 3)
	ann, bob := c.nodes[0].join("ann"), c.nodes[0].join("bob")
	c.elapse(s)
	if !c.nodes[1].rooms.Follows("sale", ann.Visitor) || c.nodes[1].rooms.Follows("sale", "x") {
		t.Error("Follows = false for a known visitor or true for an invalid id")
	}
	c.pollRepeatedly(6, 1, 2, 2)(ann)
	if got := c.nodes[2].poll(bob.Visitor); got.Status != events.VisitorExpired {
		t.Errorf("a visitor who never polled: %+v, want Status %v", got, events.VisitorExpired)
	}
	if n := count[*events.WaitingRoomRun](c.cluster); n != 1 {
		t.Errorf("the room was taken over %d times, want 1", n)
	}
	if c.forwardedMessages == 0 {
		t.Error("no heartbeat was forwarded")
	}
}

// TestUnreachableOwner checks that a node that receives polls and can't reach the owner takes the
// room over, so that nobody is dropped, and that the owner runs the room again once it is reachable.
func TestUnreachableOwner(t *testing.T) {
	c := newForwardingNodes(t, 2)
	ann := c.nodes[0].join("ann")
	c.elapse(s)
	c.pollRepeatedly(3, 1)(ann)
	c.unreachable = true
	c.pollRepeatedly(6, 1)(ann)
	if n := count[*events.WaitingRoomRun](c.cluster); n < 2 {
		t.Errorf("the room was taken over %d times, want at least 2", n)
	}
	c.unreachable = false
	c.pollRepeatedly(1, 1)(ann) // the owner waits for up to a heartbeat, because it has lost the room several times
	before := count[*events.WaitingRoomRun](c.cluster)
	c.pollRepeatedly(4, 1)(ann)
	if n := count[*events.WaitingRoomRun](c.cluster) - before; n > 0 {
		t.Errorf("the room was taken over %d more times, want none", n)
	}
}

// TestNodeDiesBeforeForwarding lets a node die after a poll and before it forwards the heartbeat, or
// the owner before it receives the heartbeat. The visitor polls another node a little later than
// usual, and keeps the place.
func TestNodeDiesBeforeForwarding(t *testing.T) {
	for _, dies := range []int{0, 1} {
		t.Run(fmt.Sprint(dies), func(t *testing.T) {
			c := newForwardingNodes(t, 3)
			ann := c.nodes[0].join("ann")
			c.elapse(s)
			c.pollRepeatedly(3, 1)(ann)
			c.unreachable = true
			c.nodes[1].poll(ann.Visitor)
			c.elapse(s)
			c.members++
			if dies == 0 {
				c.owner = 2
			}
			c.nodes[dies].stop()
			c.nodes[dies] = c.start() // an idle node instead, since the helpers step all nodes
			c.unreachable = false
			c.elapse(14 * s) // it takes the visitor a while to find another node
			c.pollRepeatedly(4, 2)(ann)
		})
	}
}

// TestReceiveHeartbeats checks that only the node that runs the room accepts heartbeats, and that it
// refuses malformed and too large messages.
func TestReceiveHeartbeats(t *testing.T) {
	c := newForwardingNodes(t, 2)
	ann := c.nodes[0].join("ann")
	c.elapse(s)
	marks, _ := appendHeartbeats(nil, []int64{ann.Ticket, 4_000_000_000})
	if err := c.nodes[0].rooms.ReceiveHeartbeats(ctx, "sale", marks); err != nil {
		t.Error(err)
	}
	for _, test := range []struct {
		node  int
		room  events.RoomID
		marks []byte
		want  error
	}{
		{1, "sale", marks, ErrRunsElsewhere},
		{0, "other", marks, ErrRunsElsewhere},
		{0, "sale", []byte{0}, ErrMalformedHeartbeats},
		{0, "sale", []byte{0x80}, ErrMalformedHeartbeats},
		{0, "sale", []byte{1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}, ErrMalformedHeartbeats},
		{0, "sale", slices.Repeat([]byte{1}, MaxHeartbeatMessage+1), ErrMalformedHeartbeats},
	} {
		if err := c.nodes[test.node].rooms.ReceiveHeartbeats(ctx, test.room, test.marks); !errors.Is(err, test.want) {
			t.Errorf("%s, %.9x at node %d: %v, want %v", test.room, test.marks, test.node, err, test.want)
		}
	}
	if chunks := *c.nodes[0].rooms.getOrStart("sale").seen.chunks.Load(); len(chunks) > 1 {
		t.Errorf("with an unknown ticket the table has %d chunks, want at most 1", len(chunks))
	}
}

// TestHeartbeatMessages checks that tickets are decoded as they were encoded, in as many messages as
// necessary.
func TestHeartbeatMessages(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tickets := rapid.SliceOfNDistinct(rapid.Int64Range(1, waitingroom.MaxTickets), 0, 20_000, rapid.ID).Draw(t, "tickets")
		slices.Sort(tickets)
		var got []int64
		for rest := tickets; len(rest) > 0; {
			var marks []byte
			marks, rest = appendHeartbeats(nil, rest)
			decoded, err := readHeartbeats(marks)
			if err != nil || len(decoded) == 0 {
				t.Fatalf("readHeartbeats = %d tickets, %v; want some, nil", len(decoded), err)
			}
			got = append(got, decoded...)
		}
		if !slices.Equal(got, tickets) {
			t.Errorf("the %d decoded tickets differ from the %d encoded ones", len(got), len(tickets))
		}
	})
}

// FuzzHeartbeatMessages checks that decoding never panics, and that decoded tickets are in order.
func FuzzHeartbeatMessages(f *testing.F) {
	f.Add([]byte{1, 2, 3})
	f.Add([]byte{0x80, 0x80})
	f.Fuzz(func(t *testing.T, marks []byte) {
		tickets, err := readHeartbeats(marks)
		if err == nil && !slices.IsSorted(tickets) {
			t.Errorf("decoded tickets are not in order: %v", tickets)
		}
	})
}
