package admission

import (
	"testing"

	"admitone/actors"
	"admitone/events"
)

// TestRepeatedJoin checks that a join repeated under its key returns the first ticket, even if that has
// ended, with the current status as for a poll.
func TestRepeatedJoin(t *testing.T) {
	n := newNode(t)
	n.set(sale)
	join := func(holder events.Holder) Visit {
		t.Helper()
		request := actors.Request{ID: actors.KeyedCommandID(string(holder), "k"), Actor: string(holder)}
		visit, _, _, err := n.rooms.Join(ctx, "sale", holder, request)
		if err != nil {
			t.Fatal(err)
		}
		return visit
	}
	n.join("before")
	first := join("ann")
	second := join("bob")
	cid := join("cid")
	if again := join("ann"); again != first { // no round has run, so the line is still empty
		t.Errorf("before the first round: %+v, want %+v", again, first)
	}
	n.clock.move(s)
	n.step() // admits two
	ann := join("ann")
	if ann.Visitor != first.Visitor || ann.Ticket != first.Ticket || ann.Status != events.VisitorAdmitted ||
		ann.Pass == "" ||
		ann != n.poll(first.Visitor) {
		t.Errorf("repeated join after admission: %+v, want the answer of a poll", ann)
	}
	if bob := join("bob"); bob.Visitor != second.Visitor || bob.Status != events.VisitorWaiting || bob.Number != 1 ||
		bob.PollAfter == 0 {
		t.Errorf("repeated join after moving up: %+v, want the answer of a poll", bob)
	}
	if _, _, err := n.rooms.Leave(ctx, "sale", cid.Visitor, by("cid")); err != nil {
		t.Fatal(err)
	}
	if got := join("cid"); got.Ticket != cid.Ticket || got.Status != events.VisitorLeft || got.Number != 0 {
		t.Errorf("after leaving: %+v, want Ticket %v, Status %v, Number 0", got, cid.Ticket, events.VisitorLeft)
	}
	n.clock.move(61 * s)
	n.step()
	if got := join("ann"); got.Ticket != first.Ticket || got.Status != events.VisitorExpired || got.Pass != "" {
		t.Errorf("after the pass: %+v, want Ticket %v, Status %v, Pass \"\"", got, first.Ticket, events.VisitorExpired)
	}
}

// TestRepeatedJoinAfterLeaving repeats a join whose ticket was given up before the line had it.
func TestRepeatedJoinAfterLeaving(t *testing.T) {
	n := newNode(t)
	n.set(sale)
	request := actors.Request{ID: actors.KeyedCommandID("ann", "k"), Actor: "ann"}
	first, _, _, err := n.rooms.Join(ctx, "sale", "ann", request)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := n.rooms.Leave(ctx, "sale", first.Visitor, by("ann")); err != nil {
		t.Fatal(err)
	}
	if got, _, again, err := n.rooms.Join(ctx, "sale", "ann", request); err != nil || !again ||
		got.Ticket != first.Ticket ||
		got.Status != events.VisitorLeft {
		t.Errorf("repeated join: %+v, again %t, %v; want the first ticket as left", got, again, err)
	}
}
