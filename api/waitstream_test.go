package api

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"admitone/api/sockets/sockettest"
)

// awaitVisit starts a wait stream and reads up to a status, checked against the description.
func awaitVisit(p *sockettest.Peer, d *described, room, visitor string, until ...string) (statuses string) {
	p.T.Helper()
	p.Send(fmt.Sprintf(`{"event":"wait","data":{"room":%q,"visitor":%q}}`, room, visitor))
	return readVisits(p, d, until...)
}

// readVisits reads until the visitor has a status, and returns all statuses.
func readVisits(p *sockettest.Peer, d *described, until ...string) (statuses string) {
	p.T.Helper()
	for {
		f, _ := p.Next()
		if f.Event != "visit" {
			p.T.Fatalf("got %s %s, want a visit", f.Event, f.Data)
		}
		d.check("a visit", "#/components/schemas/VisitFrame", f.Data)
		var v struct{ Status, Pass string }
		if err := json.Unmarshal(f.Data, &v); err != nil {
			p.T.Fatal(err)
		}
		statuses += v.Status + " "
		if (v.Pass != "") != (v.Status == "admitted") {
			p.T.Errorf("status %s with the pass %q; want a pass if and only if admitted", v.Status, v.Pass)
		}
		for _, status := range until {
			if v.Status == status {
				return statuses
			}
		}
	}
}

// TestWaitStream: the place and the pass are sent, and the open socket serves as the heartbeat.
func TestWaitStream(t *testing.T) {
	w, d := newHarness(t), describe(t)
	w.room("r", `"max_active":1,"heartbeat_seconds":1`)
	ada, _ := w.joinRoom("r", "ada")
	first := w.dial("/ws")
	awaitVisit(first, d, "r", strings.TrimPrefix(ada, "/v1/waiting-rooms/r/visitors/"), "admitted")
	_, visit := w.joinRoom("r", "bob")
	second := w.dial("/ws")
	awaitVisit(second, d, "r", visit["visitor"].(string), "waiting")
	// A third visitor without a socket expires. The second, whose socket is open, does not.
	silent, _ := w.joinRoom("r", "cleo")
	watcher := w.dial("/ws")
	watcher.Send(`{"event":"subscribe","data":{"topics":["waiting-room:r"]}}`)
	f, _ := watcher.Next()
	d.check("a snapshot", "#/components/schemas/RoomSnapshot", f.Data)
	for waiting := 2; waiting != 1; {
		f, _ := watcher.Next()
		d.check("a delta", "#/components/schemas/RoomDelta", f.Data)
		var counts struct{ Waiting int }
		w.must(json.Unmarshal(f.Data, &counts))
		waiting = counts.Waiting
	}
	w.awaitVisit(silent, "expired")
	w.do("DELETE", ada, "").is(200)
	readVisits(second, d, "admitted")
}

// TestWaitStreamErrors: errors are sent, and the socket stays open.
func TestWaitStreamErrors(t *testing.T) {
	w := newHarness(t)
	w.room("r", "")
	p := w.dial("/ws")
	p.Send(`{"event":"wait","data":{"room":"r","visitor":"x"}}`)
	p.ExpectError("not_found")
	p.Send(`{"event":"wait","data":{"room":"r"}}`)
	p.ExpectError("not_found")
	p.Send(`{"event":"wait","data":{"rooms":"r"}}`)
	p.ExpectError("unknown_field")
	p.Send(`{"event":"wait"}`)
	p.ExpectError("invalid_field")
	p.Send(`{"event":"ping"}`)
	p.Expect("pong")
}

// TestWaitStreamReplaced: a socket receives frames only for the visitor that it last asked to wait for.
func TestWaitStreamReplaced(t *testing.T) {
	w, d := newHarness(t), describe(t)
	w.room("r", `"admit_per_second":0,"heartbeat_seconds":3600`)
	_, ada := w.joinRoom("r", "ada")
	_, bob := w.joinRoom("r", "bob")
	p := w.dial("/ws")
	awaitVisit(p, d, "r", ada["visitor"].(string), "waiting")
	awaitVisit(p, d, "r", bob["visitor"].(string), "waiting")
	w.do("DELETE", "/v1/waiting-rooms/r/visitors/"+ada["visitor"].(string), "").is(200)
	p.Send(`{"event":"ping"}`)
	p.Expect("pong")
}
