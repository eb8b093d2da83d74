package admission

import (
	"testing"
	"time"

	"admitone/actors"
	"admitone/events"
)

// awaitFinish waits for what a node does in the background.
func (n *node) awaitFinish() {
	n.t.Helper()
	n.rooms.goroutines.Wait()
	if left := n.rooms.finishing.Load(); left != 0 {
		n.t.Errorf("%d are still being finished, want 0", left)
	}
	n.step()
}

// TestFinishPass: ending a pass makes room for the next visitor; by ticket or, later, by name; once.
func TestFinishPass(t *testing.T) {
	n := newNode(t)
	n.set(events.WaitingRoomSettings{AdmitPerSecond: 10, MaxActive: 1, ActiveSeconds: 60, HeartbeatSeconds: 10})
	ann, bob, cid := n.join("ann"), n.join("bob"), n.join("cid")
	n.step()
	is := func(visit Visit, want events.VisitorStatus) {
		t.Helper()
		if got := n.poll(visit.Visitor).Status; got != want {
			t.Errorf("ticket %d is %s, want %s", visit.Ticket, got, want)
		}
	}
	n.rooms.FinishPass("sale", "bob", 0, by("bob")) // a waiting visitor keeps the place
	n.rooms.FinishPass("sale", "dee", 0, by("dee")) // has never joined
	n.rooms.FinishPass("sale", "ann", 99, by("ann"))
	n.rooms.FinishPass("nowhere", "ann", 0, by("ann"))
	n.rooms.FinishPass("", "ann", 1, by("ann"))
	n.awaitFinish()
	is(ann, events.VisitorAdmitted)
	is(bob, events.VisitorWaiting)
	n.rooms.FinishPass("sale", "ann", ann.Ticket, by("ann"))
	n.awaitFinish()
	n.pass(time.Second)
	is(ann, events.VisitorLeft)
	is(bob, events.VisitorAdmitted)
	n.rooms.FinishPass("sale", "ann", ann.Ticket, by("ann")) // again: nothing
	n.rooms.FinishPass("sale", "bob", 0, by("bob"))
	n.awaitFinish()
	n.pass(time.Second)
	is(bob, events.VisitorLeft)
	is(cid, events.VisitorAdmitted)
}

// TestJoiningAfterAPurchase: a holder who joins again while the pass is being ended gets a new
// place, and not the used pass.
func TestJoiningAfterAPurchase(t *testing.T) {
	n := newNode(t)
	n.set(sale)
	ann := n.join("ann")
	n.step()
	rm, err := n.rooms.find(ctx, "sale")
	if err != nil {
		t.Fatal(err)
	}
	rm.seen.markEnded(ann.Ticket) // as Done begins
	if again := n.join("ann"); again.Status != events.VisitorWaiting || again.Ticket != 2 {
		t.Errorf("joining again gives %+v, want Status %v, Ticket 2", again, events.VisitorWaiting)
	}
	n.rooms.FinishPass("sale", "ann", ann.Ticket, by("ann"))
	n.awaitFinish()
	n.step()
	if line := rm.line.Load(); line.Active != 1 || line.Admitted != 2 {
		t.Errorf("%d active, %d came in, want 1, 2", line.Active, line.Admitted)
	}
}

// TestChecksOnly: a node that does not run the rooms checks their passes and ends them, and
// does not touch the line, since it receives no polls.
func TestChecksOnly(t *testing.T) {
	n := newNode(t)
	other := start(t, n.store, n.clock, func(_ *actors.Config, c *Config) { c.ChecksOnly = true })
	t.Cleanup(other.stop)
	n.set(sale)
	ann := n.join("ann")
	n.step()
	shown := n.poll(ann.Visitor).Pass
	for about, err := range map[string]error{
		"resume": other.rooms.Resume(ctx, "sale"),
		"join":   func() error { _, _, _, err := other.rooms.Join(ctx, "sale", "bob", by("bob")); return err }(),
		"poll":   func() error { _, err := other.rooms.Poll(ctx, "sale", ann.Visitor); return err }(),
		"leave":  func() error { _, _, err := other.rooms.Leave(ctx, "sale", ann.Visitor, by("ann")); return err }(),
		"set":    func() error { _, err := other.rooms.Set(ctx, "sale", sale, nil, by("x")); return err }(),
	} {
		if code(err) != "not_found" {
			t.Errorf("%s: %v, want not_found", about, err)
		}
	}
	if ticket, err := other.rooms.Check("sale", "ann", shown, time.Time{}); ticket != ann.Ticket || err != nil {
		t.Errorf("ticket %d, %v, want %d", ticket, err, ann.Ticket)
	}
	other.rooms.FinishPass("sale", "ann", ann.Ticket, by("ann"))
	other.rooms.goroutines.Wait()
	n.join("bob") // reads the other node's fact first
	n.step()
	if visit := n.poll(ann.Visitor); visit.Status != events.VisitorLeft {
		t.Errorf("ann is %s, want %s", visit.Status, events.VisitorLeft)
	}
	if lines := other.rooms.Lines(); len(lines) != 0 {
		t.Errorf("%d rooms run on this node, want 0", len(lines))
	}
}
