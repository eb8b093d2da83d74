package admission

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"admitone/actors"
	"admitone/actors/waitingroom/pass"
	"admitone/events"
)

// TestOneVisit follows three visitors from joining to the end.
func TestOneVisit(t *testing.T) {
	n := newNode(t)
	n.set(sale)
	ann, bob, cid := n.join("ann"), n.join("bob"), n.join("cid")
	for i, v := range []Visit{ann, bob, cid} {
		if v.Status != events.VisitorWaiting || v.Ticket != int64(i+1) || v.Number != int64(i+1) || v.PollAfter != s ||
			v.Pass != "" {
			t.Errorf("visitor %d joined: %+v, want waiting with this number", i+1, v)
		}
	}
	n.clock.move(s)
	n.step() // admits two: an eighth of ten per second, rounded up
	for _, v := range []Visit{ann, bob} {
		got := n.poll(v.Visitor)
		if got.Status != events.VisitorAdmitted || !got.ExpiresAt.Equal(at(61*s)) || got.Number != 0 || got.PollAfter != 0 {
			t.Fatalf("after the round: %+v, want admitted until 1m1s", got)
		}
		if again := n.poll(v.Visitor); again != got {
			t.Errorf("second poll: %+v, want %+v", again, got)
		}
	}
	if got := n.poll(cid.Visitor); got.Status != events.VisitorWaiting || got.Number != 1 || got.ETA != 100*ms ||
		got.Pass != "" {
		t.Errorf("third visitor: %+v, want waiting as number 1", got)
	}
	if left, answer, err := n.rooms.Leave(ctx, "sale", bob.Visitor, by("bob")); err != nil ||
		left.Status != events.VisitorLeft ||
		len(answer.Facts) != 1 {
		t.Errorf("leaving: %+v, %v; want left with one fact", left, err)
	}
	if left, answer, err := n.rooms.Leave(ctx, "sale", bob.Visitor, by("bob")); err != nil ||
		left.Status != events.VisitorLeft ||
		len(answer.Facts) != 0 {
		t.Errorf("leaving again: %+v, %v; want left without a fact", left, err)
	}
	if got := n.poll(bob.Visitor); got.Status != events.VisitorLeft || got.Pass != "" {
		t.Errorf("after leaving, before a new line: %+v, want Status %v, Pass \"\"", got, events.VisitorLeft)
	}
	n.clock.move(60*s + ms) // without a round
	if got := n.poll(ann.Visitor); got.Status != events.VisitorExpired || got.Pass != "" {
		t.Errorf("after the pass: %+v, want Status %v, Pass \"\"", got, events.VisitorExpired)
	}
	n.step()
	if got := n.poll(ann.Visitor); got.Status != events.VisitorExpired || got.Pass != "" {
		t.Errorf("after the pass and a round: %+v, want Status %v, Pass \"\"", got, events.VisitorExpired)
	}
	if left, _, err := n.rooms.Leave(ctx, "sale", ann.Visitor, by("ann")); err != nil ||
		left.Status != events.VisitorExpired {
		t.Errorf("leaving after the pass: %+v, %v; want expired", left, err)
	}
}

// TestLeavingTooLate checks that giving up a pass that has just expired returns expired, even before
// the line shows it.
func TestLeavingTooLate(t *testing.T) {
	n := newNode(t)
	n.set(sale)
	ann := n.join("ann")
	n.step()
	n.clock.move(60*s + ms)
	if left, answer, err := n.rooms.Leave(ctx, "sale", ann.Visitor, by("ann")); err != nil ||
		left.Status != events.VisitorExpired ||
		len(answer.Facts) != 0 {
		t.Errorf("giving up an expired pass: %+v, %+v, %v; want expired without a fact", left, answer, err)
	}
}

// TestJoiningAgain checks that a holder has one place with one id until it ends.
func TestJoiningAgain(t *testing.T) {
	n := newNode(t)
	n.set(sale)
	first := n.join("ann")
	n.join("bob")
	n.clock.move(4 * s)
	visit, answer, again, err := n.rooms.Join(ctx, "sale", "ann", by("ann"))
	if err != nil || !again || len(answer.Facts) != 0 || visit != first {
		t.Errorf("joining again: %+v, again %t, %v; want %+v", visit, again, err, first)
	}
	n.step()
	visit, _, again, err = n.rooms.Join(ctx, "sale", "ann", by("ann"))
	if err != nil || !again || visit.Status != events.VisitorAdmitted || visit.Pass == "" || visit.Ticket != 1 {
		t.Errorf("joining when admitted: %+v, again %t, %v; want the pass of ticket 1", visit, again, err)
	}
	n.elapse(61 * s)
	if visit := n.join("ann"); visit.Ticket != 3 || visit.Visitor == first.Visitor {
		t.Errorf("joining after the pass: %+v, want ticket 3 under a new id", visit)
	}
	// A repeated key gets the same answer, replayed from the log.
	request := by("cid")
	request.ID = actors.KeyedCommandID("cid", "key")
	one, _, _, err := n.rooms.Join(ctx, "sale", "cid", request)
	two, answer, again, errAgain := n.rooms.Join(ctx, "sale", "cid", request)
	if err != nil || errAgain != nil || one != two || !again || !answer.Replayed {
		t.Errorf("joins with the same key: %+v (%v), then %+v (%v), again %t; want a replay", one, err, two, errAgain, again)
	}
}

func TestRefusals(t *testing.T) {
	n := newNode(t)
	join := func(id events.RoomID, holder events.Holder) string {
		_, _, _, err := n.rooms.Join(ctx, id, holder, by(string(holder)))
		return code(err)
	}
	stranger := ring.VisitorID("sale", pass.Visitor{Ticket: 99, Holder: pass.HolderOf("ann")})
	poll := func(id events.RoomID, visitor string) string {
		_, err := n.rooms.Poll(ctx, id, visitor)
		return code(err)
	}
	leave := func(id events.RoomID, visitor string) string {
		_, _, err := n.rooms.Leave(ctx, id, visitor, by("ann"))
		return code(err)
	}
	check := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
	}
	check("joining a room that does not exist", join("sale", "ann"), "not_found")
	check("polling a room that does not exist", poll("sale", stranger), "not_found")
	check("leaving a room that does not exist", leave("sale", stranger), "not_found")
	check("finishing in a room that does not exist", code(n.finish(1)), "not_found")
	_, err := n.rooms.Line(ctx, "sale")
	check("the line of a room that does not exist", code(err), "not_found")
	check("resuming a room that does not exist", code(n.rooms.Resume(ctx, "sale")), "not_found")
	n.set(sale) // the earlier not_found is not cached
	check("joining without a holder", join("sale", ""), "invalid_field")
	check("joining", join("sale", "ann"), "ok")
	check("polling with the id of a different room", poll("sale", ring.VisitorID("other", pass.Visitor{Ticket: 1})), "not_found")
	check("polling with an invalid id", poll("sale", "nonsense"), "not_found")
	check("leaving with an invalid id", leave("sale", "nonsense"), "not_found")
	check("leaving with a ticket that was never given out", leave("sale", stranger), "not_found")
	check("finishing a ticket that was never given out", code(n.finish(99)), "not_found")
	closed := sale
	closed.Status = events.RoomClosed
	n.set(closed)
	check("joining a closed room", join("sale", "bob"), "room_closed")
	n.step()
	ann := n.join("ann")
	if ann.Status != events.VisitorWaiting || ann.ETA != etaUnknown || ann.PollAfter != 10*s {
		t.Errorf("waiting in a closed room: %+v, want Status %v, ETA %v, PollAfter %v",
			ann, events.VisitorWaiting, etaUnknown, 10*s)
	}
	wrong := sale
	wrong.MaxActive = 0
	_, err = n.rooms.Set(ctx, "sale", wrong, nil, by("organiser"))
	check("a setting out of bounds", code(err), "invalid_field")
	wrong.MaxActive = 5
	_, err = n.rooms.Set(ctx, "sale", wrong, nil, by("organiser"))
	check("a change without a version", code(err), "revision_required")
}

// TestPasses checks which passes are accepted, and that a finished pass is not.
func TestPasses(t *testing.T) {
	n := newNode(t)
	n.set(sale)
	ann, bob := n.join("ann"), n.join("bob")
	cid := n.join("cid")
	n.step()
	given, other := n.poll(ann.Visitor).Pass, n.poll(bob.Visitor).Pass
	check := func(about string, room events.RoomID, holder events.Holder, shown, want string) {
		t.Helper()
		ticket, err := n.rooms.Check(room, holder, shown, time.Time{})
		if code(err) != want || err == nil && ticket != 1 {
			t.Errorf("%s: ticket %d, %s, want %s", about, ticket, code(err), want)
		}
	}
	check("no pass", "sale", "ann", "", "pass_required")
	check("the holder's own pass", "sale", "ann", given, "ok")
	check("the same pass again", "sale", "ann", given, "ok")
	check("presented by another holder", "sale", "bob", given, "pass_invalid")
	check("another visitor's pass", "sale", "ann", other, "pass_invalid")
	check("the pass of a different room", "sale2", "ann", given, "pass_invalid")
	check("a visitor's id instead of a pass", "sale", "ann", ann.Visitor, "pass_invalid")
	check("an invalid pass", "sale", "ann", "nonsense", "pass_invalid")
	if n.poll(cid.Visitor).Pass != "" {
		t.Error("a waiting visitor has a pass")
	}
	rotated := ring.Rotate()
	n.use(rotated)
	check("after a rotation of the keys", "sale", "ann", given, "ok")
	if fresh := n.poll(ann.Visitor).Pass; fresh == given {
		t.Error("the pass is still signed by the old key after the rotation")
	}
	for range pass.MaxKeys {
		rotated = rotated.Rotate()
	}
	n.use(rotated)
	check("after its key has left the ring", "sale", "ann", given, "pass_invalid")
	n.use(ring)

	if err := n.finish(1); err != nil {
		t.Fatal(err)
	}
	check("finished, before a new line", "sale", "ann", given, "pass_invalid")
	n.step()
	check("finished", "sale", "ann", given, "pass_invalid")
	if _, _, err := n.rooms.Leave(ctx, "sale", bob.Visitor, by("bob")); err != nil {
		t.Fatal(err)
	}
	n.step()
	if _, err := n.rooms.Check("sale", "bob", other, time.Time{}); code(err) != "pass_invalid" {
		t.Errorf("a pass that was given up: %v, want pass_invalid", err)
	}
	// A node that does not have the room checks the signature alone.
	elsewhere := start(t, newMemory(), n.clock, nil)
	defer elsewhere.stop()
	if ticket, err := elsewhere.rooms.Check("sale", "ann", given, time.Time{}); err != nil || ticket != 1 {
		t.Errorf("at a node without the room: Check = %d, %v; want 1, nil", ticket, err)
	}
	n.clock.move(61 * s)
	if _, err := elsewhere.rooms.Check("sale", "ann", given, time.Time{}); code(err) != "pass_invalid" {
		t.Errorf("an expired pass at a node without the room: %v, want pass_invalid", err)
	}
}

// TestConcurrentChecks checks one pass a thousand times concurrently for two holders: it is accepted
// only for its owner.
func TestConcurrentChecks(t *testing.T) {
	n := newNode(t)
	n.set(sale)
	ann := n.join("ann")
	n.step()
	given := n.poll(ann.Visitor).Pass
	results := map[string]int{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range 1000 {
		all.Go(func() {
			holder := []events.Holder{"ann", "bob"}[i%2]
			_, err := n.rooms.Check("sale", holder, given, time.Time{})
			mu.Lock()
			defer mu.Unlock()
			results[string(holder)+" "+code(err)]++
		})
	}
	all.Wait()
	if len(results) != 2 || results["ann ok"] != 500 || results["bob pass_invalid"] != 500 {
		t.Errorf("results = %v, want 500 accepted for ann, 500 refused for bob", results)
	}
}

// TestOverload checks that joins leave capacity for the room's own commands.
func TestOverload(t *testing.T) {
	n := start(t, newMemory(), &clock{}, func(_ *actors.Config, c *Config) { c.MaxJoins = 1 })
	defer n.stop()
	n.set(sale)
	rm, err := n.rooms.find(ctx, "sale")
	if err != nil {
		t.Fatal(err)
	}
	rm.asking.Add(1) // as if one join were in flight
	if _, _, _, err := n.rooms.Join(ctx, "sale", "ann", by("ann")); !errors.Is(err, actors.ErrOverloaded) {
		t.Errorf("a join above MaxJoins: %v, want %v", err, actors.ErrOverloaded)
	}
	rm.asking.Add(-1)
	n.join("ann")
	n.step()
}

// TestLogUnavailable checks that while the log is unavailable polls are answered from the last line,
// and that afterwards visitors who could not be dropped have their places, and the room recovers.
func TestLogUnavailable(t *testing.T) {
	log := newMemory()
	n := start(t, log, &clock{}, nil)
	defer n.stop()
	n.set(sale)
	ann, bob := n.join("ann"), n.join("bob")
	paused := sale
	paused.AdmitPerSecond = 0
	n.set(paused)
	n.step()
	rm, err := n.rooms.find(ctx, "sale")
	if err != nil {
		t.Fatal(err)
	}
	n.elapse(15 * s)
	n.poll(bob.Visitor)
	log.down.Store(true)
	failed := 0
	for range 7 { // ann's place is due to be dropped
		n.clock.move(s)
		rm.step(ctx)
		if rm.sweepSilent(ctx); rm.roundFailed || rm.sweepFailed {
			failed++
		}
	}
	if failed == 0 {
		t.Fatal("no round or sweep failed while the log was unavailable")
	}
	if got := n.poll(bob.Visitor); got.Status != events.VisitorWaiting || got.Number != 2 {
		t.Errorf("polling while the log was unavailable: %+v, want Status %v, Number 2", got, events.VisitorWaiting)
	}
	if _, _, _, err := n.rooms.Join(ctx, "sale", "cid", by("cid")); !errors.Is(err, actors.ErrUnavailable) {
		t.Errorf("joining while the log was unavailable: %v, want %v", err, actors.ErrUnavailable)
	}
	log.down.Store(false)
	n.clock.move(2 * s)
	n.step()
	if got := n.poll(ann.Visitor); rm.roundFailed || got.Status != events.VisitorWaiting || got.Number != 1 ||
		got.TooSoon {
		t.Errorf("after the recovery: failed %t, %+v; want waiting as number 1", rm.roundFailed, got)
	}
}

// TestCancelledWait checks that a caller whose context ends while a room is being loaded gets the error of the
// context.
func TestCancelledWait(t *testing.T) {
	n := newNode(t)
	n.rooms.rooms.Store(events.RoomID("sale"), newRoom(n.rooms, "sale")) // is never loaded
	ended, cancel := context.WithCancel(ctx)
	cancel()
	visitor := ring.VisitorID("sale", pass.Visitor{Ticket: 1})
	if _, err := n.rooms.Poll(ended, "sale", visitor); !errors.Is(err, context.Canceled) {
		t.Errorf("polling: %v, want %v", err, context.Canceled)
	}
	if _, err := n.rooms.Check("sale", "ann", ring.Pass("sale", pass.Visitor{Ticket: 1, Holder: pass.HolderOf("ann")}, at(s)), time.Time{}); err != nil {
		t.Errorf("checking a pass of a room that is not loaded: %v, want success", err)
	}
}
