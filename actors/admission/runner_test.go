package admission

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"admitone/actors"
	"admitone/actors/waitingroom"
	"admitone/actors/waitingroom/pass"
	"admitone/events"
)

// cluster is several nodes on one log, with one clock.
type cluster struct {
	t     *testing.T
	log   *memory
	clock *clock
	nodes []*node
}

func newCluster(t *testing.T, nodes int) *cluster {
	c := &cluster{t: t, log: newMemory(), clock: &clock{}}
	for range nodes {
		c.nodes = append(c.nodes, c.start())
	}
	t.Cleanup(func() {
		for _, n := range c.nodes {
			n.stop()
		}
	})
	return c
}

func (c *cluster) start() *node {
	return start(c.t, c.log, c.clock, func(_ *actors.Config, rooms *Config) { rooms.Shared, rooms.Node = true, "n" })
}

// restart replaces a node, and resumes the room on the new one.
func (c *cluster) restart(i int) {
	c.t.Helper()
	c.nodes[i].stop()
	c.nodes[i] = c.start()
	c.resume(i)
}

func (c *cluster) resume(i int) {
	c.t.Helper()
	if err := c.nodes[i].rooms.Resume(ctx, "sale"); err != nil {
		c.t.Fatal(err)
	}
}

// pass advances the clock by d, with a round of every node every 50 ms. Nodes observe each other's
// events before their next round.
func (c *cluster) elapse(d time.Duration) {
	c.t.Helper()
	for range d / (50 * time.Millisecond) {
		c.clock.move(50 * time.Millisecond)
		for _, n := range c.nodes {
			n.step()
			c.log.mu.RLock()
			last := events.Revision(len(c.log.log["waitingroom-sale"])) - 1
			c.log.mu.RUnlock()
			for _, other := range c.nodes {
				other.desk.Observe("waitingroom-sale", last)
			}
		}
	}
}

// count counts the facts of one kind in the log.
func count[F events.Fact](c *cluster) (n int) {
	for _, entry := range readLog(c.t, c.log) {
		if _, is := entry.fact.(F); is {
			n++
		}
	}
	return n
}

// pausedSettings returns the settings of a room in which everybody waits.
func pausedSettings() events.WaitingRoomSettings {
	settings := sale
	settings.AdmitPerSecond = 0
	return settings
}

// TestRestartOfAnotherNodeDropsNobody checks that visitors who poll the first node keep their places
// while the other nodes, which receive no polls, are restarted repeatedly.
func TestRestartOfAnotherNodeDropsNobody(t *testing.T) {
	c := newCluster(t, 3)
	c.nodes[0].set(pausedSettings())
	var visits []Visit
	for i := range 5 {
		visits = append(visits, c.nodes[0].join(events.Holder(fmt.Sprint("h", i))))
	}
	silent := c.nodes[0].join("silent")
	c.resume(1)
	for round := range 24 {
		if round%6 == 0 {
			c.restart(1 + round/6%2)
		}
		c.elapse(5 * s)
		for _, v := range visits {
			if got := c.nodes[0].poll(v.Visitor); got.Status != events.VisitorWaiting {
				t.Fatalf("after %d s, ticket %d: %+v, want Status %v",
					5*(round+1), v.Ticket, got, events.VisitorWaiting)
			}
		}
	}
	if got := c.nodes[0].poll(silent.Visitor); got.Status != events.VisitorExpired {
		t.Errorf("without a poll: %+v, want Status %v", got, events.VisitorExpired)
	}
	if n := count[*events.WaitingRoomRun](c); n != 1 {
		t.Errorf("the room was taken over %d times, want 1, since only one node receives polls", n)
	}
}

// TestVisitorsMoveToAnotherNode checks that visitors whose polls move between two nodes keep their
// places, and that visitors who poll neither node are dropped.
func TestVisitorsMoveToAnotherNode(t *testing.T) {
	c := newCluster(t, 2)
	c.nodes[0].set(pausedSettings())
	ann, bob := c.nodes[0].join("ann"), c.nodes[0].join("bob")
	for round := range 24 {
		at := round / 6 % 2 // 30 s each
		c.elapse(5 * s)
		if got := c.nodes[at].poll(ann.Visitor); got.Status != events.VisitorWaiting {
			t.Fatalf("after %d s: %+v, want Status %v", 5*(round+1), got, events.VisitorWaiting)
		}
	}
	if got := c.nodes[1].poll(bob.Visitor); got.Status != events.VisitorExpired {
		t.Errorf("without a poll: %+v, want Status %v", got, events.VisitorExpired)
	}
	if n := count[*events.WaitingRoomRun](c); n != 4 {
		t.Errorf("the room was taken over %d times, want 4, once per move", n)
	}
}

// TestPollsAtAllNodes checks that visitors who are spread over all nodes and poll as rarely as allowed
// keep their places, and that takeovers are bounded.
func TestPollsAtAllNodes(t *testing.T) {
	c := newCluster(t, 3)
	c.nodes[0].set(pausedSettings())
	var visits []Visit
	for i := range 9 {
		visits = append(visits, c.nodes[0].join(events.Holder(fmt.Sprint("h", i))))
	}
	for round := range 10 {
		c.elapse(10 * s) // the heartbeat interval
		for i, v := range visits {
			if got := c.nodes[i%3].poll(v.Visitor); got.Status != events.VisitorWaiting {
				t.Fatalf("round %d, visitor %d: %+v, want Status %v", round, i, got, events.VisitorWaiting)
			}
		}
	}
	if n := count[*events.WaitingRoomRun](c); n < 9 || n > 40 {
		t.Errorf("the room was taken over %d times in 10 heartbeats of 3 nodes, want 9 to 40", n)
	}
}

// TestDropOfAnotherTerm checks that a node that has found timeouts while another node took the room
// over drops nobody, and answers polls accordingly.
func TestDropOfAnotherTerm(t *testing.T) {
	c := newCluster(t, 1)
	n := c.nodes[0]
	n.set(pausedSettings())
	ann := n.join("ann")
	c.elapse(s)
	rm, err := n.rooms.find(ctx, "sale")
	if err != nil {
		t.Fatal(err)
	}
	if err := rm.ask(ctx, &waitingroom.TakeOver{Node: "m", Run: "other", Term: 1}); err != nil {
		t.Fatal(err)
	}
	c.clock.move(21 * s)
	if err := rm.drop(ctx, []int64{ann.Ticket}, c.clock.now().Add(-s)); err != nil {
		t.Fatal(err)
	}
	if got := n.poll(ann.Visitor); got.Status != events.VisitorWaiting || got.TooSoon && got.PollAfter == droppedAfter {
		t.Errorf("after the refused drop: %+v, want waiting", got)
	}
	if got := count[*events.WaitingRoomDropped](c); got != 0 {
		t.Errorf("%d were dropped, want 0", got)
	}
}

// TestRunnerDied checks that if the server that ran the room has died and its visitors don't poll,
// another admits them slowly, and at the full rate once it receives a poll.
func TestRunnerDied(t *testing.T) {
	c := newCluster(t, 2)
	settings := sale
	settings.AdmitPerSecond, settings.MaxActive = 100, 1000
	c.nodes[0].set(pausedSettings())
	c.resume(1)
	var last Visit
	for i := range 200 {
		last = c.nodes[0].join(events.Holder(fmt.Sprint("h", i)))
	}
	c.elapse(s)
	c.nodes[1].set(settings)
	c.nodes[0].stop()
	c.nodes = c.nodes[1:]
	c.elapse(7 * s)
	line, err := c.nodes[0].rooms.Line(ctx, "sale")
	if err != nil || line.Admitted == 0 || line.Admitted > 60 {
		t.Fatalf("%d admitted, %v; want 1 to 60", line.Admitted, err)
	}
	c.nodes[0].poll(last.Visitor)
	c.elapse(2 * s)
	if line, err = c.nodes[0].rooms.Line(ctx, "sale"); err != nil || line.Admitted != 200 {
		t.Errorf("%d admitted after the first poll, %v, want 200", line.Admitted, err)
	}
}

// startWithKeys starts a node with a ring, and has it compare the ring with the log.
func (c *cluster) startWithKeys(ring *pass.Keyring, use KeyUse) *node {
	c.t.Helper()
	n := start(c.t, c.log, c.clock, func(_ *actors.Config, rooms *Config) {
		rooms.Shared, rooms.Store, rooms.Keys = true, c.log, ring
	})
	c.nodes = append(c.nodes, n)
	if err := n.rooms.UseKeys(ctx, ring, use); err != nil {
		c.t.Fatal(err)
	}
	return n
}

func ringOf(t *testing.T, ids ...byte) *pass.Keyring {
	var keys []pass.Key
	for _, id := range ids {
		keys = append(keys, pass.Key{ID: id, Secret: [pass.SecretSize]byte{id}})
	}
	ring, err := pass.NewKeyring(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// TestKeyStates checks the state of rings one after another, and the number of keys then in the log.
func TestKeyStates(t *testing.T) {
	c := newCluster(t, 0)
	for i, step := range []struct {
		about string
		ring  *pass.Keyring
		use   KeyUse
		want  KeyState
		named int
	}{
		{"a log without keys", ringOf(t, 1), KeysIfKnown, KeysNotLogged, 0},
		{"the first ring", ringOf(t, 1), KeysFirst, KeysAgree, 1},
		{"the first ring again", ringOf(t, 1), KeysFirst, KeysAgree, 1},
		{"an unrelated ring", ringOf(t, 9), KeysFirst, KeysDiffer, 1},
		{"a rotated ring", ringOf(t, 2, 1), KeysIfKnown, KeysAgree, 2},
		{"the ring before the rotation", ringOf(t, 1), KeysIfKnown, KeysBehind, 2},
		{"a ring without the oldest key", ringOf(t, 2), KeysIfKnown, KeysAgree, 2},
		{"an unrelated ring, accepted", ringOf(t, 9), KeysAccepted, KeysAgree, 3},
		{"the accepted ring again", ringOf(t, 9), KeysIfKnown, KeysAgree, 3},
	} {
		n := c.startWithKeys(step.ring, step.use)
		state, own, named := n.rooms.Keys()
		if state != step.want || len(named) != step.named || len(own) == 0 {
			t.Errorf("step %d, %s: state %v, own keys %q, keys in the log %q; want state %v, some, %d", i+1, step.about,
				state, own, named, step.want, step.named)
		}
	}
}

// TestServerWithOtherKeys checks that a server with none of the log's keys neither verifies nor signs,
// drops nobody, and works as soon as it has them.
func TestServerWithOtherKeys(t *testing.T) {
	c := newCluster(t, 0)
	good, other := c.startWithKeys(ringOf(t, 1), KeysFirst), c.startWithKeys(ringOf(t, 9), KeysFirst)
	good.set(sale)
	ann := good.join("ann")
	c.resume(1)
	c.elapse(s)
	shown := good.poll(ann.Visitor).Pass
	bob := good.join("bob")
	ask := func(n *node) (errs []error) {
		_, polled := n.rooms.Poll(ctx, "sale", bob.Visitor)
		_, _, _, joined := n.rooms.Join(ctx, "sale", "bob", by("bob"))
		_, checked := n.rooms.Check("sale", "ann", shown, time.Time{})
		_, none := n.rooms.Check("sale", "ann", "", time.Time{})
		return []error{polled, joined, checked, none}
	}
	for i, err := range append(ask(other), func() error {
		_, _, err := other.rooms.Leave(ctx, "sale", bob.Visitor, by("bob"))
		return err
	}(), func() error { _, err := other.rooms.Set(ctx, "x", sale, nil, by("organiser")); return err }()) {
		if !errors.Is(err, ErrKeysDiffer) {
			t.Errorf("operation %d: %v, want %v", i, err, ErrKeysDiffer)
		}
	}
	c.elapse(time.Minute)
	if err := other.rooms.UseKeys(ctx, ringOf(t, 1), KeysIfKnown); err != nil {
		t.Fatal(err)
	}
	c.elapse(s)
	for i, err := range ask(other)[:3] {
		if err != nil && code(err) != "pass_invalid" {
			t.Errorf("with the log's keys, operation %d: %v, want success or pass_invalid", i, err)
		}
	}
	// A pass signed by a key that this server does not have yet is not refused as invalid.
	if err := good.rooms.UseKeys(ctx, ringOf(t, 2, 1), KeysIfKnown); err != nil {
		t.Fatal(err)
	}
	cid := good.join("cid")
	if err := other.rooms.UseKeys(ctx, nil, KeysIfKnown); err != nil {
		t.Fatal(err)
	}
	if _, err := other.rooms.Poll(ctx, "sale", cid.Visitor); !errors.Is(err, ErrKeysDiffer) {
		t.Errorf("signed by a newer key: %v, want %v", err, ErrKeysDiffer)
	}
	if _, err := other.rooms.Check("sale", "ann", "nonsense", time.Time{}); !errors.Is(err, ErrKeysDiffer) {
		t.Errorf("a pass that can't be read: %v, want %v", err, ErrKeysDiffer)
	}
	if err := other.rooms.UseKeys(ctx, ringOf(t, 2, 1), KeysIfKnown); err != nil {
		t.Fatal(err)
	}
	c.elapse(s)
	if _, err := other.rooms.Poll(ctx, "sale", cid.Visitor); err != nil {
		t.Errorf("polling with an id signed by the newer key: %v, want success", err)
	}
}

// TestConcurrentFirstKeys checks that if several servers add their first keys at the same time, only
// one succeeds.
func TestConcurrentFirstKeys(t *testing.T) {
	c := newCluster(t, 0)
	states := make(chan KeyState, 4)
	for i := range byte(4) {
		n := start(t, c.log, c.clock, func(_ *actors.Config, rooms *Config) { rooms.Store, rooms.Keys = c.log, ringOf(t, i) })
		c.nodes = append(c.nodes, n)
		go func() {
			if err := n.rooms.UseKeys(ctx, nil, KeysFirst); err != nil {
				t.Error(err)
			}
			states <- n.rooms.KeyState()
		}()
	}
	agree := 0
	for range 4 {
		if state := <-states; state == KeysAgree {
			agree++
		} else if state != KeysDiffer {
			t.Errorf("KeyState() = %v, want KeysAgree or KeysDiffer", state)
		}
	}
	if agree != 1 {
		t.Errorf("%d servers have KeysAgree, want 1", agree)
	}
}
