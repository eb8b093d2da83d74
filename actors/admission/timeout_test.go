package admission

import (
	"fmt"
	"testing"
	"time"

	"admitone/events"
)

// TestTooSoon checks that a poll that comes too soon is answered with TooSoon, and that the visitor
// keeps the place.
func TestTooSoon(t *testing.T) {
	n := newNode(t)
	slow := sale
	slow.AdmitPerSecond, slow.HeartbeatSeconds = 1, 20
	n.set(slow)
	for i := range 99 {
		n.join(events.Holder(fmt.Sprint("h", i)))
	}
	ann := n.join("ann")
	if ann.PollAfter != 20*s { // the heartbeat interval, since a quarter of 100 s is more
		t.Fatalf("the hundredth visitor: %+v, want PollAfter %v", ann, 20*s)
	}
	for _, step := range []struct {
		at, after time.Duration
		tooSoon   bool
	}{
		{0, 20 * s, false}, // the first poll is never too soon
		{0, 20 * s, true}, {5 * s, 15 * s, true}, {9 * s, 11 * s, true},
		{10 * s, 20 * s, false}, // half of the interval is enough
		{11 * s, 19 * s, true},
		{40 * s, 20 * s, false},
	} {
		n.clock.nanos.Store(int64(step.at))
		got := n.poll(ann.Visitor)
		if got.TooSoon != step.tooSoon || got.PollAfter != step.after || got.Status != events.VisitorWaiting ||
			got.Number != 100 {
			t.Errorf("at %v: %+v, want %+v", step.at, got, step)
		}
	}
	// A visitor who joins again may poll immediately.
	if again := n.join("ann"); again.Visitor != ann.Visitor {
		t.Fatalf("joining again: %+v, want Visitor %v", again, ann.Visitor)
	}
	for i, tooSoon := range []bool{false, true} {
		if got := n.poll(ann.Visitor); got.TooSoon != tooSoon {
			t.Errorf("poll %d after joining again: %+v, want TooSoon %v", i+1, got, tooSoon)
		}
	}
	// A visitor who polls every second for a minute keeps the place, since some polls are not too soon.
	for range 60 {
		n.elapse(s)
		if got := n.poll(ann.Visitor); got.Status != events.VisitorWaiting {
			t.Fatalf("polling every second: %+v, want Status %v", got, events.VisitorWaiting)
		}
	}
}

// TestSilence checks that a visitor is dropped after two heartbeat intervals without a poll, and not
// sooner.
func TestSilence(t *testing.T) {
	n := newNode(t)
	paused := sale
	paused.AdmitPerSecond = 0
	n.set(paused)
	ann, bob, cid := n.join("ann"), n.join("bob"), n.join("cid")
	n.elapse(10 * s)
	n.poll(cid.Visitor)
	n.elapse(9 * s)
	if got := n.poll(bob.Visitor); got.Number != 2 {
		t.Fatalf("after 19 s: %+v, want Number 2", got)
	}
	n.elapse(3 * s)
	if got := n.poll(ann.Visitor); got.Status != events.VisitorExpired {
		t.Errorf("after 22 s without a poll: %+v, want Status %v", got, events.VisitorExpired)
	}
	line, err := n.rooms.Line(ctx, "sale")
	if err != nil || line.Waiting != 2 {
		t.Fatalf("Waiting = %d, %v; want 2", line.Waiting, err)
	}
	if got := line.Look(cid.Ticket); got.Number != 2 {
		t.Errorf("the next visitor: %+v, want Number 2", got)
	}
	if again := n.join("ann"); again.Ticket != 4 || again.Number != 3 {
		t.Errorf("joining again: %+v, want Ticket 4, Number 3", again)
	}
}

// TestPollWhileDropping checks that a visitor who polls while the place is being dropped is told to
// poll again.
func TestPollWhileDropping(t *testing.T) {
	n := newNode(t)
	n.set(sale)
	ann := n.join("ann")
	rm, err := n.rooms.find(ctx, "sale")
	if err != nil {
		t.Fatal(err)
	}
	n.clock.move(30 * s)
	if !rm.seen.markDropping(ann.Ticket, n.clock.now()) {
		t.Fatal("markDropping = false for a silent visitor, want true")
	}
	if got := n.poll(ann.Visitor); !got.TooSoon || got.PollAfter != s || got.Status != events.VisitorWaiting {
		t.Errorf("poll while the place is being dropped: %+v, want waiting, TooSoon, PollAfter %v", got, s)
	}
}

// TestSuspendedMachine checks that a sweep that comes far too late drops nobody, since no polls could
// be received before it.
func TestSuspendedMachine(t *testing.T) {
	n := newNode(t)
	paused := sale
	paused.AdmitPerSecond = 0
	n.set(paused)
	ann, bob := n.join("ann"), n.join("bob")
	n.elapse(s)
	n.clock.move(8 * time.Hour)
	n.elapse(19 * s)
	if got := n.poll(ann.Visitor); got.Status != events.VisitorWaiting || got.Number != 1 {
		t.Errorf("polling after the pause: %+v, want Status %v, Number 1", got, events.VisitorWaiting)
	}
	n.elapse(4 * s)
	if got := n.poll(bob.Visitor); got.Status != events.VisitorExpired {
		t.Errorf("without a poll after the pause: %+v, want Status %v", got, events.VisitorExpired)
	}
}
