package tournament

import (
	"testing"

	"admitone/actors/core/coretest"
	"admitone/events"
)

// TestGuard: behind a waiting room, an entry requires its pass; withdrawing does not.
func TestGuard(t *testing.T) {
	guardedBy := func(room events.RoomID) *Edit { return &Edit{WaitingRoom: &room} }
	with := func(teams events.TeamID, room events.RoomID) *Enter {
		cmd := enter(string(teams))
		cmd.Room = room
		return cmd
	}
	made := plain(2)
	made.WaitingRoom = "r"
	c := New()
	for _, a := range []attempt{
		{0, made, "created cup for 2, strict"},
		{0, made, "nothing"},
		{0, plain(2), "already_exists"},
		{0, enter("a"), "pass_required [waiting_room:r]"},
		{0, with("a", "q"), "pass_required [waiting_room:r]"},
		{0, with("a a", ""), "invalid_field [field:team_ids]"},
		{0, with("a", "r"), "entered [a]: 1 in, 1 free, 0 wait"},
		{0, enter("a"), "pass_required [waiting_room:r]"},
		{0, with("a", "r"), "already_entered [entry:entered team_id:a]"},
		{0, withdraw("a"), "withdrew entered a: 0 in, 2 free, 0 wait"},
		{0, limit(3), "edited Cup to 3 until 1h0m0s, open: 0 in, 3 free, 0 wait"},
		{0, guardedBy("q"), "edited Cup to 3 until 1h0m0s, open: 0 in, 3 free, 0 wait"},
		{0, with("b", "r"), "pass_required [waiting_room:q]"},
	} {
		if got := coretest.Do(c, a.cmd, day.Add(a.at), sentence); got != a.then {
			t.Errorf("%+v: %s, want %s", a.cmd, got, a.then)
		}
	}
	c = coretest.RoundTrip(t, c.Freeze(), New)
	for _, a := range []attempt{
		{0, enter("b"), "pass_required [waiting_room:q]"},
		{0, guardedBy(""), "edited Cup to 3 until 1h0m0s, open: 0 in, 3 free, 0 wait"},
		{0, enter("b"), "entered [b]: 1 in, 2 free, 0 wait"},
	} {
		if got := coretest.Do(c, a.cmd, day.Add(a.at), sentence); got != a.then {
			t.Errorf("restored, %+v: %s, want %s", a.cmd, got, a.then)
		}
	}
}
