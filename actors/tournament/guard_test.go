package tournament

import (
	"testing"

	"admitone/actors/core/coretest"
	"admitone/events"
)

// TestWaitingRoom checks that behind a waiting room an entry requires a pass, and a withdrawal does not.
func TestWaitingRoom(t *testing.T) {
	requirePass := func(room events.RoomID) *Edit { return &Edit{WaitingRoom: &room} }
	enterWithPass := func(teams events.TeamID, room events.RoomID) *Enter {
		cmd := enter(string(teams))
		cmd.Room = room
		return cmd
	}
	create := plain(2)
	create.WaitingRoom = "r"
	c := New()
	for i, row := range []row{
		{0, create, "created cup for 2, strict"},
		{0, create, "nothing"},
		{0, plain(2), "already_exists"},
		{0, enter("a"), "pass_required [waiting_room:r]"},
		{0, enterWithPass("a", "q"), "pass_required [waiting_room:r]"},
		{0, enterWithPass("a a", ""), "invalid_field [field:team_ids]"},
		{0, enterWithPass("a", "r"), "entered [a]: 1 in, 1 free, 0 wait"},
		{0, enter("a"), "pass_required [waiting_room:r]"},
		{0, enterWithPass("a", "r"), "already_entered [entry:entered team_id:a]"},
		{0, withdraw("a"), "withdrew entered a: 0 in, 2 free, 0 wait"},
		{0, limit(3), "edited Cup to 3 until 1h0m0s, open: 0 in, 3 free, 0 wait"},
		{0, requirePass("q"), "edited Cup to 3 until 1h0m0s, open: 0 in, 3 free, 0 wait"},
		{0, enterWithPass("b", "r"), "pass_required [waiting_room:q]"},
	} {
		if got := coretest.Do(c, row.cmd, day.Add(row.at), describeFact); got != row.want {
			t.Errorf("row %d: %+v: got %s, want %s", i+1, row.cmd, got, row.want)
		}
	}
	c = coretest.RoundTrip(t, c.Freeze(), New)
	for i, row := range []row{
		{0, enter("b"), "pass_required [waiting_room:q]"},
		{0, requirePass(""), "edited Cup to 3 until 1h0m0s, open: 0 in, 3 free, 0 wait"},
		{0, enter("b"), "entered [b]: 1 in, 2 free, 0 wait"},
	} {
		if got := coretest.Do(c, row.cmd, day.Add(row.at), describeFact); got != row.want {
			t.Errorf("restored, row %d: %+v: got %s, want %s", i+1, row.cmd, got, row.want)
		}
	}
}
