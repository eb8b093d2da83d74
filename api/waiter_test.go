package api

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// waits asks to be told of a visitor, and hears up to a status, as described.
func (p *peer) waits(d *described, room, visitor string, until ...string) (statuses string) {
	p.t.Helper()
	p.say(fmt.Sprintf(`{"event":"wait","data":{"room":%q,"visitor":%q}}`, room, visitor))
	return p.visits(d, until...)
}

// visits hears until the visitor has a status, and returns all statuses heard.
func (p *peer) visits(d *described, until ...string) (statuses string) {
	p.t.Helper()
	for {
		f, _ := p.hear()
		if f.Event != "visit" {
			p.t.Fatalf("heard %s %s", f.Event, f.Data)
		}
		d.check("a visit", "#/components/schemas/VisitFrame", f.Data)
		var v struct{ Status, Pass string }
		if err := json.Unmarshal(f.Data, &v); err != nil {
			p.t.Fatal(err)
		}
		statuses += v.Status + " "
		if (v.Pass != "") != (v.Status == "admitted") {
			p.t.Errorf("%s with the pass %q", v.Status, v.Pass)
		}
		for _, status := range until {
			if v.Status == status {
				return statuses
			}
		}
	}
}

// TestWaitingOverASocket: the place, the pass and the end are told as they come, and
// being there is the sign of life.
func TestWaitingOverASocket(t *testing.T) {
	w, d := newWorld(t), describe(t)
	w.room("r", `"max_active":1,"heartbeat_seconds":1`)
	ada, _ := w.joins("r", "ada")
	first := w.dial("/ws")
	first.waits(d, "r", strings.TrimPrefix(ada, "/v1/waiting-rooms/r/visitors/"), "admitted")
	_, visit := w.joins("r", "bob")
	second := w.dial("/ws")
	second.waits(d, "r", visit["visitor"].(string), "waiting")
	// Twice the heartbeat and more: a third visitor who says nothing is lost, and the
	// second is not.
	silent, _ := w.joins("r", "cleo")
	watcher := w.dial("/ws")
	watcher.say(`{"event":"subscribe","data":{"topics":["waiting-room:r"]}}`)
	f, _ := watcher.hear()
	d.check("a snapshot", "#/components/schemas/RoomSnapshot", f.Data)
	for waiting := 2; waiting != 1; {
		f, _ := watcher.hear()
		d.check("a delta", "#/components/schemas/RoomDelta", f.Data)
		var counts struct{ Waiting int }
		w.must(json.Unmarshal(f.Data, &counts))
		waiting = counts.Waiting
	}
	w.until(silent, "expired")
	w.do("DELETE", ada, "").is(200)
	second.visits(d, "admitted")
}

// TestWaitingForNobody: what can't be is said, and the socket stays.
func TestWaitingForNobody(t *testing.T) {
	w := newWorld(t)
	w.room("r", "")
	p := w.dial("/ws")
	p.say(`{"event":"wait","data":{"room":"r","visitor":"x"}}`)
	p.complains("not_found")
	p.say(`{"event":"wait","data":{"room":"r"}}`)
	p.complains("not_found")
	p.say(`{"event":"wait","data":{"rooms":"r"}}`)
	p.complains("unknown_field")
	p.say(`{"event":"wait"}`)
	p.complains("invalid_field")
	p.say(`{"event":"ping"}`)
	p.hears("pong")
}

// TestAnotherWaitTakesThePlace: a socket waits for one visitor.
func TestAnotherWaitTakesThePlace(t *testing.T) {
	w, d := newWorld(t), describe(t)
	w.room("r", `"admit_per_second":0,"heartbeat_seconds":3600`)
	_, ada := w.joins("r", "ada")
	_, bob := w.joins("r", "bob")
	p := w.dial("/ws")
	p.waits(d, "r", ada["visitor"].(string), "waiting")
	p.waits(d, "r", bob["visitor"].(string), "waiting")
	w.do("DELETE", "/v1/waiting-rooms/r/visitors/"+ada["visitor"].(string), "").is(200)
	p.say(`{"event":"ping"}`)
	p.hears("pong")
}
