package api

import (
	"fmt"
	"strings"
	"testing"

	"admitone/projections"
)

func TestResume(t *testing.T) {
	w := newWorld(t)
	w.product("p", 10, "")
	watching := w.dial("/ws") // keeps the topic alive
	watching.say(subscribeP)
	watching.hears("snapshot")
	p := w.dial("/ws")
	p.say(subscribeP)
	first := p.hears("snapshot")
	p.conn.Close()
	var position any
	for range 3 {
		position = w.reserve("p", "ada", "").is(201)["position"]
	}
	for seen := int64(0); float64(seen) != position; {
		seen = watching.hears("delta").Position
	}
	resume := func(since any, epoch string) *peer {
		p := w.dial("/ws")
		p.say(fmt.Sprintf(`{"event":"subscribe","data":{"topics":["product:p"],"since":{"product:p":%v},"epoch":%q}}`, since, epoch))
		return p
	}
	p = resume(first.Position, first.Epoch)
	if d := p.hears("delta"); d.Previous != first.Position || float64(d.Position) != position || d.Change != -3 || d.Remaining != 7 {
		t.Errorf("what was missed: %+v", d)
	}
	if d := resume(position, first.Epoch).hears("delta"); float64(d.Previous) != position || float64(d.Position) != position || d.Change != 0 {
		t.Errorf("nothing was missed: %+v", d)
	}
	if d := resume(first.Position, "another").hears("snapshot"); float64(d.Position) != position {
		t.Errorf("another epoch: %+v", d)
	}
	resume(first.Position, "").hears("snapshot")
	// Nobody watches any more, and then the server is another one.
	watching.conn.Close()
	w.reserve("p", "bob", `,"hold":true`).is(201)
	position = w.do("PATCH", "/v1/products/p", `{"stock":20}`, "If-Match", `"4"`).is(200)["position"]
	for _, server := range []string{"the same", "a new"} {
		if server == "a new" {
			w.stop()
			w.start()
		}
		alone := w.dial("/ws")
		alone.say(fmt.Sprintf(`{"event":"subscribe","data":{"topics":["product:p"],"since":{"product:p":%v},"epoch":%q}}`, first.Position, first.Epoch))
		if d := alone.hears("delta"); d.Previous != first.Position || float64(d.Position) != position || d.Change != 6 || d.Remaining != 16 || d.Held != 1 || d.Stock != 20 || d.Cause != "mixed" {
			t.Errorf("from %s server: %+v", server, d)
		}
		alone.conn.Close()
	}
	resume(999999, first.Epoch).hears("snapshot")
	resume(0, first.Epoch).hears("snapshot")
	for _, since := range []string{"-1", "1.5", `"1"`, "18446744073709551616", "null"} {
		resume(since, first.Epoch).complains("invalid_field")
	}
}

func TestTooManyWatches(t *testing.T) {
	w := newWorld(t, func(w *world) { w.config.MaxWatches = 2 })
	for _, id := range []string{"a", "b", "c"} {
		w.product(id, 1, "")
	}
	p := w.dial("/ws")
	p.say(`{"event":"subscribe","data":{"topics":["product:a","product:b"]}}`)
	p.hears("snapshot")
	p.hears("snapshot")
	p.say(`{"event":"subscribe","data":{"topics":["product:c"]}}`)
	if _, d, err := p.listen(); err != nil || d.Code != "overloaded" {
		t.Errorf("a third topic: %+v, %v", d, err)
	}
	p.say(`{"event":"unsubscribe","data":{"topics":["product:a"]}}`)
	p.hears("unsubscribed")
	p.say(`{"event":"subscribe","data":{"topics":["product:c"]}}`)
	p.hears("snapshot")
}

// broken is a delta that can't be written down.
type broken struct{ projections.Delta }

func (broken) Row() any                 { return nil }
func (broken) Clone() projections.Delta { return broken{} }

// TestWriterPanic costs one socket, and nobody else anything.
func TestWriterPanic(t *testing.T) {
	w := newWorld(t)
	w.product("p", 5, "")
	p, q := w.dial("/ws"), w.dial("/ws")
	for _, peer := range []*peer{p, q} {
		peer.say(subscribeP)
		peer.hears("snapshot")
	}
	w.server.sockets.mu.Lock()
	for s := range w.server.sockets.open {
		if s.raw.RemoteAddr().String() == p.conn.LocalAddr().String() {
			s.mu.Lock()
			watch := s.watches[watchKey{topic: "product:p"}]
			s.mu.Unlock()
			watch.Deliver(&projections.Frame{Topic: "product:p", Kind: projections.DeltaFrame, Delta: broken{}})
		}
	}
	w.server.sockets.mu.Unlock()
	if _, _, err := p.listen(); err == nil {
		t.Error("the socket goes on")
	}
	w.reserve("p", "ada", "").is(201)
	q.hears("delta")
	if log := w.log.String(); !strings.Contains(log, "a socket panicked") {
		t.Errorf("the log says nothing of it: %s", log)
	}
	w.log.clear()
}
