package cli

import (
	"strings"
	"testing"
)

// TestReadingWaitingRooms: show, history, diff and verify print the expected output for waiting rooms.
func TestReadingWaitingRooms(t *testing.T) {
	dir := t.TempDir()
	s := serveIn(t, dir, nil)
	s.send("PUT", "/v1/waiting-rooms/r", `{"admit_per_second":100,"max_active":1,"active_seconds":3600,
		"heartbeat_seconds":3600}`)
	ada := s.join("r", "ada")
	s.join("r", "bob")
	s.waitForVisitor("r", ada.Visitor, "admitted")
	s.send("DELETE", "/v1/waiting-rooms/r/visitors/"+ada.Visitor, "")
	s.end()
	for _, test := range []struct{ args, want string }{
		{"show waiting-room/r --at 3", "waiting-room/r  open, fifo\n  line       1 waiting, 0 active, 0 admitted, 1 " +
			"joined\n  admission  100 per second, 1 active at most, for 3600 s\n"},
		{"show waiting-room/r --json", `"joined":2`},
		{"history waiting-room/r", "ada joined the queue with ticket 1; 1 waiting, 0 active"},
		{"history holder/bob", "bob joined the queue with ticket 2; "},
		{"diff waiting-room/r --from 2 --to 3", "joined               0 → 1"},
		{"verify", "nothing is wrong"},
	} {
		stdout, _ := must(t, exitDone, append(strings.Fields(test.args), "--store", dir)...)
		if !strings.Contains(stdout, test.want) {
			t.Errorf("admitone %s printed\n%s\nwant %q", test.args, stdout, test.want)
		}
	}
	must(t, exitProblemsFound, "show", "waiting-room/none", "--store", dir)
}
