package admission

import (
	"fmt"
	"testing"

	"admitone/actors/waitingroom/pass"
	"admitone/events"
)

// TestShuffledOpening checks that visitors have no numbers before the draw, and the promised order
// after it.
func TestShuffledOpening(t *testing.T) {
	n := newNode(t)
	opening := sale
	opening.AdmitPerSecond, opening.Order, opening.OpensAt = 1, events.RoomShuffle, at(100*s)
	n.set(opening)
	line, err := n.rooms.Line(ctx, "sale")
	seed, hash := ring.Seed("sale")
	if err != nil || line.Settings.SeedHash != hash || line.Seed != "" {
		t.Fatalf("line before the opening: %+v, %v, want Settings.SeedHash %v, Seed \"\"", line, err, hash)
	}
	var visitors []Visit
	for i := range 20 {
		visitors = append(visitors, n.join(events.Holder(fmt.Sprint("h", i))))
	}
	n.set(opening) // keeps the seed
	for range 10 {
		n.elapse(10 * s)
		for _, v := range visitors {
			got := n.poll(v.Visitor)
			if got.Status != events.VisitorWaiting || got.Number != 0 || v.Number != 0 {
				t.Fatalf("before the opening: %+v, want waiting without a number", got)
			}
		}
	}
	n.use(ring.Rotate()) // the promised seed stays valid
	opening.MaxActive++
	n.set(opening)
	n.clock.move(ms)
	late := n.join("late")
	n.step()
	n.step()
	for place, ticket := range events.ShuffledTickets(seed, 20) {
		n.clock.move(0)
		line, _ := n.rooms.Line(ctx, "sale")
		got := line.Look(int64(ticket))
		if place == 0 && got.Status != events.VisitorAdmitted || place > 0 && got.Number != int64(place) {
			t.Errorf("place %d, ticket %d: %+v; want the drawn order", place, ticket, got)
		}
	}
	if got := n.poll(late.Visitor); got.Number != 20 || late.Number != 0 {
		t.Errorf("a later visitor: %+v, then %+v; want Number 0, then 20", late, got)
	}
	line, err = n.rooms.Line(ctx, "sale")
	if err != nil || line.Seed != fmt.Sprintf("%x", seed) {
		t.Errorf("seed = %q, %v; want %x", line.Seed, err, seed)
	}
}

// TestLostSeed checks that a room whose key is lost reports the failure, still publishes its line, and
// continues once the organiser admits visitors in order of arrival.
func TestLostSeed(t *testing.T) {
	n := newNode(t)
	opening := sale
	opening.Order, opening.OpensAt = events.RoomShuffle, at(s)
	n.set(opening)
	ann := n.join("ann")
	other, err := pass.NewKeyring(pass.NewKey(9))
	if err != nil {
		t.Fatal(err)
	}
	n.use(other)
	n.clock.move(2 * s)
	rm, err := n.rooms.find(ctx, "sale")
	if err != nil {
		t.Fatal(err)
	}
	rm.step(ctx) // the opening begins
	rm.step(ctx)
	if line := rm.line.Load(); !rm.roundFailed || !line.Begun || line.Drawn() {
		t.Fatalf("failed %t, line %+v; want a failed opening without a draw", rm.roundFailed, line)
	}
	n.join("bob")
	rm.step(ctx)
	if line := rm.line.Load(); line.Waiting != 2 {
		t.Errorf("Waiting = %d in the published line, want 2", line.Waiting)
	}
	opening.Order = events.RoomFIFO
	n.set(opening)
	rm.step(ctx) // still has the old line
	n.step()
	if got := rm.line.Load().Look(ann.Ticket); got.Status != events.VisitorAdmitted {
		t.Errorf("in order of arrival: %+v, want Status %v", got, events.VisitorAdmitted)
	}
}
