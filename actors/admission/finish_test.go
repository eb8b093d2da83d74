package admission

import (
	"testing"
	"time"

	"admitone/actors"
	"admitone/events"
)

// awaitFinish waits for the background work of FinishPass.
func (n *node) awaitFinish() {
	n.t.Helper()
	n.rooms.goroutines.Wait()
	if left := n.rooms.finishing.Load(); left != 0 {
		n.t.Errorf("%d calls of FinishPass are unfinished, want 0", left)
	}
	n.step()
}

// TestFinishPass checks that a pass can be ended by ticket or by holder, once, and that the next
// visitor is then admitted.
func TestFinishPass(t *testing.T) {
	n := newNode(t)
	n.set(events.WaitingRoomSettings{AdmitPerSecond: 10, MaxActive: 1, ActiveSeconds: 60, HeartbeatSeconds: 10})
	ann, bob, cid := n.join("ann"), n.join("bob"), n.join("cid")
	n.step()
	is := func(visit Visit, want events.VisitorStatus) {
		t.Helper()
		if got := n.poll(visit.Visitor).Status; got != want {
			t.Errorf("ticket %d: Status = %s, want %s", visit.Ticket, got, want)
		}
	}
	n.rooms.FinishPass("sale", "bob", 0, by("bob")) // is still waiting
	n.rooms.FinishPass("sale", "dee", 0, by("dee")) // has never joined
	n.rooms.FinishPass("sale", "ann", 99, by("ann"))
	n.rooms.FinishPass("nowhere", "ann", 0, by("ann"))
	n.rooms.FinishPass("", "ann", 1, by("ann"))
	n.awaitFinish()
	is(ann, events.VisitorAdmitted)
	is(bob, events.VisitorWaiting)
	n.rooms.FinishPass("sale", "ann", ann.Ticket, by("ann"))
	n.awaitFinish()
	n.elapse(time.Second)
	is(ann, events.VisitorLeft)
	is(bob, events.VisitorAdmitted)
	n.rooms.FinishPass("sale", "ann", ann.Ticket, by("ann")) // a no-op, since the pass has ended
	n.rooms.FinishPass("sale", "bob", 0, by("bob"))
	n.awaitFinish()
	n.elapse(time.Second)
	is(bob, events.VisitorLeft)
	is(cid, events.VisitorAdmitted)
}

// TestJoinWhilePassEnds checks that a holder who joins again while the pass is being ended gets a new
// place, and not the used pass.
func TestJoinWhilePassEnds(t *testing.T) {
	n := newNode(t)
	n.set(sale)
	ann := n.join("ann")
	n.step()
	rm, err := n.rooms.find(ctx, "sale")
	if err != nil {
		t.Fatal(err)
	}
	rm.seen.markEnded(ann.Ticket) // as FinishPass does first
	if again := n.join("ann"); again.Status != events.VisitorWaiting || again.Ticket != 2 {
		t.Errorf("second join: %+v, want Status %v, Ticket 2", again, events.VisitorWaiting)
	}
	n.rooms.FinishPass("sale", "ann", ann.Ticket, by("ann"))
	n.awaitFinish()
	n.step()
	if line := rm.line.Load(); line.Active != 1 || line.Admitted != 2 {
		t.Errorf("Active = %d, Admitted = %d; want 1, 2", line.Active, line.Admitted)
	}
}

// TestChecksOnly checks that a node with ChecksOnly checks and ends passes, and refuses everything
// else.
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
		t.Errorf("Check = %d, %v; want %d, nil", ticket, err, ann.Ticket)
	}
	other.rooms.FinishPass("sale", "ann", ann.Ticket, by("ann"))
	other.rooms.goroutines.Wait()
	n.join("bob") // reads the other node's fact first
	n.step()
	if visit := n.poll(ann.Visitor); visit.Status != events.VisitorLeft {
		t.Errorf("after FinishPass: Status = %s, want %s", visit.Status, events.VisitorLeft)
	}
	if lines := other.rooms.Lines(); len(lines) != 0 {
		t.Errorf("the node with ChecksOnly has %d rooms, want 0", len(lines))
	}
}
