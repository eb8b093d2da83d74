package product

import (
	"testing"

	"admitone/actors/core/coretest"
	"admitone/events"
)

// TestPassRequired checks that reserving a product behind a waiting room requires a pass of that room, and that
// confirming and releasing don't.
func TestPassRequired(t *testing.T) {
	guardedBy := func(room events.RoomID) *Edit { return &Edit{WaitingRoom: &room} }
	with := func(cmd *Reserve, room events.RoomID) *Reserve { cmd.Room = room; return cmd }
	guarded := create(9, 0)
	guarded.WaitingRoom = "r"
	p := New()
	for _, a := range []attempt{
		{0, guarded, "created p with 9"},
		{0, guarded, "nothing"},
		{0, create(9, 0), "already_exists"},
		{0, hold(1, "ann", 1), "pass_required [waiting_room:r]"},
		{0, with(hold(1, "ann", 1), "q"), "pass_required [waiting_room:r]"},
		{0, with(hold(1, "ann", 0), ""), "invalid_field [field:quantity]"},
		{0, with(reserve(1, "ann", 10), ""), "pass_required [waiting_room:r]"},
		{0, with(hold(1, "ann", 1), "r"), "held #1 ann 1 until 1m0s, 8 left"},
		{0, confirm(1, "ann"), "confirmed #1 ann 1, 8 left"},
		{0, release(1, "ann"), "released #1 ann 1 confirmed, 9 left"},
		{0, stock(10), "edited Lamp to 10 at 500, limit 0, 10 left"},
		{0, reserve(2, "bob", 1), "pass_required [waiting_room:r]"},
		{0, guardedBy("q"), "edited Lamp to 10 at 500, limit 0, 10 left"},
		{0, with(reserve(2, "bob", 1), "r"), "pass_required [waiting_room:q]"},
	} {
		if got := coretest.Do(p, a.cmd, day.Add(a.at), describeFact); got != a.want {
			t.Errorf("%+v: got %q, want %q", a.cmd, got, a.want)
		}
	}
	p = coretest.RoundTrip(t, p.Freeze(), New)
	for _, a := range []attempt{
		{0, reserve(2, "bob", 1), "pass_required [waiting_room:q]"},
		{0, guardedBy(""), "edited Lamp to 10 at 500, limit 0, 10 left"},
		{0, reserve(2, "bob", 1), "reserved #2 bob 1, 9 left"},
	} {
		if got := coretest.Do(p, a.cmd, day.Add(a.at), describeFact); got != a.want {
			t.Errorf("after a restore, %+v: got %q, want %q", a.cmd, got, a.want)
		}
	}
}
