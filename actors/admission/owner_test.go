package admission

import (
	"fmt"
	"testing"
	"time"

	"admitone/actors"
	"admitone/events"
)

// newOwnerCluster returns nodes that each own the room while their element of owns is true.
func newOwnerCluster(t *testing.T, nodes int) (c *cluster, owns []bool) {
	c, owns = newCluster(t, 0), make([]bool, nodes)
	for i := range nodes {
		c.nodes = append(c.nodes, start(t, c.log, c.clock, func(_ *actors.Config, rooms *Config) {
			rooms.Shared, rooms.Node = true, fmt.Sprint("n", i)
			rooms.Owns = func(events.RoomID) bool { return owns[i] }
		}))
	}
	return c, owns
}

// TestOwnerTakesOver checks that the owner of a room takes it over without having received a poll,
// admits visitors within two seconds, and drops nobody within two heartbeat intervals.
func TestOwnerTakesOver(t *testing.T) {
	c, owns := newOwnerCluster(t, 2)
	owns[0] = true
	settings := sale
	settings.AdmitPerSecond, settings.MaxActive, settings.ActiveSeconds = 1, 1000, 600
	c.nodes[0].set(settings)
	c.resume(1)
	var visits []Visit
	for i := range 90 {
		visits = append(visits, c.nodes[0].join(events.Holder(fmt.Sprint("h", i))))
	}
	c.elapse(8 * s)
	before, err := c.nodes[0].rooms.Line(ctx, "sale")
	if err != nil || before.Term != 1 || before.Admitted == 0 {
		t.Fatalf("term %d, %d admitted, %v; want term 1 and at least 1 admitted", before.Term, before.Admitted, err)
	}
	c.nodes[0].stop()
	c.nodes, owns[0], owns[1] = c.nodes[1:], false, true
	c.elapse(2 * s)
	line, err := c.nodes[0].rooms.Line(ctx, "sale")
	if err != nil || line.Term != 2 || line.Admitted < before.Admitted+1 {
		t.Errorf("term %d, %d admitted, %v; want term 2, more than %d", line.Term, line.Admitted, err, before.Admitted)
	}
	c.elapse(17 * s) // two heartbeats are 20 s; the last heartbeat was 27 s ago
	if n := count[*events.WaitingRoomDropped](c); n > 0 {
		t.Errorf("visitors were dropped %d times before the timeout, want 0", n)
	}
	if got := c.nodes[0].poll(visits[89].Visitor); got.Status != events.VisitorWaiting {
		t.Errorf("after a poll in time: %+v, want Status %v", got, events.VisitorWaiting)
	}
	c.elapse(3 * s)
	if got := c.nodes[0].poll(visits[88].Visitor); got.Status != events.VisitorExpired {
		t.Errorf("without a poll: %+v, want Status %v", got, events.VisitorExpired)
	}
	if got := c.nodes[0].poll(visits[89].Visitor); got.Status == events.VisitorExpired {
		t.Errorf("after a poll in time: %+v, want the place", got)
	}
}

// TestOwnersDisagree lets two nodes both consider themselves the owner and receive the polls of
// different visitors, like two systems on one log. It checks that nobody is dropped, that the room is taken over less
// and less often, down to once per heartbeat interval, and that a node that then keeps the room reacts quickly again.
func TestOwnersDisagree(t *testing.T) {
	c, owns := newOwnerCluster(t, 2)
	owns[0] = true
	c.nodes[0].set(pausedSettings())
	c.resume(1)
	ann, bob := c.nodes[0].join("ann"), c.nodes[0].join("bob")
	c.elapse(s)
	owns[1] = true
	for range 60 {
		c.elapse(s)
		for i, v := range []Visit{ann, bob} {
			if got := c.nodes[i].poll(v.Visitor); got.Status != events.VisitorWaiting {
				t.Fatalf("a polling visitor is %+v, want Status %v", got, events.VisitorWaiting)
			}
		}
	}
	if n := count[*events.WaitingRoomRun](c); n < 5 || n > 20 {
		t.Errorf("%d terms after a minute, want 5 to 20", n)
	}
	owns[1] = false
	before := count[*events.WaitingRoomRun](c)
	for range 20 {
		c.elapse(s)
		c.nodes[0].poll(ann.Visitor)
		c.nodes[0].poll(bob.Visitor)
	}
	if n := count[*events.WaitingRoomRun](c) - before; n > 1 {
		t.Errorf("%d more terms once one node owns the room, want at most 1", n)
	}
	c.elapse(21 * s) // longer than two heartbeat intervals
	for range 2 {
		owns[0], owns[1] = owns[1], owns[0]
		before = count[*events.WaitingRoomRun](c)
		c.elapse(1500 * time.Millisecond)
		if n := count[*events.WaitingRoomRun](c) - before; n != 1 {
			t.Errorf("%d terms within 1.5 s after the owner changed, want 1", n)
		}
	}
}
