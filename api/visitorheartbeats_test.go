package api

import (
	"strings"
	"testing"
	"time"

	"admitone/actors/admission"
	"admitone/api/peers"
)

// TestHeartbeatsOfOtherNodes: heartbeats count if a node has sent them, in time, for a room that runs
// here.
func TestHeartbeatsOfOtherNodes(t *testing.T) {
	w := newNode(t, OpenAuth{})
	w.do("PUT", "/v1/waiting-rooms/r",
		`{"admit_per_second":0,"max_active":9,"active_seconds":600,"heartbeat_seconds":10}`).is(201)
	w.do("POST", "/v1/waiting-rooms/r/visitors", `{"holder":"ann"}`).is(201)
	const path, marks = peers.VisitorHeartbeatsPath + "?room=r", "\x01" // a mark of ticket 1
	header := func(uri, body string, until time.Duration) string {
		now := time.Now()
		return nodesSecret.Seal(&peers.Hop{From: "r2", Command: "-", At: now, Until: now.Add(until)}, 0, "POST",
			uri, []byte(body))
	}
	for what, test := range map[string]struct {
		path, body, header string
		want               int
	}{
		"ticket 1":            {path, marks, header(path, marks, patience), 204},
		"unsigned":            {path, marks, "", 400},
		"forged":              {path, marks, header(path, "\x02", patience), 400},
		"of a different room": {path, marks, header(path+"x", marks, patience), 400},
		"too late":            {path, marks, header(path, marks, -time.Second), 400},
		"no ticket":           {path, "\x00", header(path, "\x00", patience), 400},
		"an unknown room":     {path + "x", marks, header(path+"x", marks, patience), 409},
		"too many":            {path, strings.Repeat(marks, admission.MaxHeartbeatMessage+1), "", 400},
	} {
		if got := w.do("POST", test.path, test.body, peers.Header, test.header); got.status != test.want {
			t.Errorf("%s: got %d %s, want %d", what, got.status, got.text, test.want)
		}
	}
}
