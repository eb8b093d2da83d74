package sockets

import (
	"fmt"
	"strings"
	"testing"

	"admitone/actors/product"
	"admitone/api/sockets/sockettest"
	"admitone/events"
	"admitone/projections/live"
)

func TestResume(t *testing.T) {
	w := newHarness(t)
	w.product("p", 10)
	watching := w.dial("/ws") // prevents the topic's actor from stopping
	watching.Send(subscribeP)
	watching.Expect("snapshot")
	p := w.dial("/ws")
	p.Send(subscribeP)
	first := p.Expect("snapshot")
	p.Conn.Close()
	var position events.Position
	for range 3 {
		position = w.reserve("p")
	}
	for seen := int64(0); events.Position(seen) != position; {
		seen = watching.Expect("delta").Position
	}
	resume := func(since any, epoch string) *sockettest.Peer {
		p := w.dial("/ws")
		p.Send(fmt.Sprintf(`{"event":"subscribe","data":{"topics":["product:p"],"since":{"product:p":%v},"epoch":%q}}`,
			since, epoch))
		return p
	}
	p = resume(first.Position, first.Epoch)
	if d := p.Expect("delta"); d.Previous != first.Position || events.Position(d.Position) != position ||
		d.Change != -3 || d.Remaining != 7 {
		t.Errorf("after three missed changes: delta = %+v, want change -3 and 7 remaining", d)
	}
	if d := resume(position, first.Epoch).Expect("delta"); events.Position(d.Previous) != position ||
		events.Position(d.Position) != position || d.Change != 0 {
		t.Errorf("without missed changes: delta = %+v, want change 0 at %d", d, position)
	}
	if d := resume(first.Position, "different").Expect("snapshot"); events.Position(d.Position) != position {
		t.Errorf("a different epoch: snapshot = %+v, want position %d", d, position)
	}
	resume(first.Position, "").Expect("snapshot")
	// Resume without another subscriber, then at a restarted server.
	watching.Conn.Close()
	w.hold("p")
	position = w.ask("p", &product.Edit{Stock: new(int64(20))})
	for _, server := range []string{"the same", "a restarted"} {
		if server == "a restarted" {
			w.stop()
			w.start()
		}
		client := w.dial("/ws")
		client.Send(fmt.Sprintf(`{"event":"subscribe","data":{"topics":["product:p"],"since":{"product:p":%v},"epoch":%q}}`,
			first.Position, first.Epoch))
		if d := client.Expect("delta"); d.Previous != first.Position || events.Position(d.Position) != position ||
			d.Change != 6 ||
			d.Remaining != 16 ||
			d.Held != 1 ||
			d.Stock != 20 ||
			d.Cause != "mixed" {
			t.Errorf("from %s server: delta = %+v, want one mixed change of 6 to 16 remaining", server, d)
		}
		client.Conn.Close()
	}
	resume(999999, first.Epoch).Expect("snapshot")
	resume(0, first.Epoch).Expect("snapshot")
	for _, since := range []string{"-1", "1.5", `"1"`, "18446744073709551616", "null"} {
		resume(since, first.Epoch).ExpectError("invalid_field")
	}
}

func TestTooManyWatches(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.MaxWatches = 2 })
	for _, id := range []string{"a", "b", "c"} {
		w.product(id, 1)
	}
	p := w.dial("/ws")
	p.Send(`{"event":"subscribe","data":{"topics":["product:a","product:b"]}}`)
	p.Expect("snapshot")
	p.Expect("snapshot")
	p.Send(`{"event":"subscribe","data":{"topics":["product:c"]}}`)
	if _, d, err := p.Read(); err != nil || d.Code != "overloaded" {
		t.Errorf("a third topic: %+v, %v; want overloaded", d, err)
	}
	p.Send(`{"event":"unsubscribe","data":{"topics":["product:a"]}}`)
	p.Expect("unsubscribed")
	p.Send(`{"event":"subscribe","data":{"topics":["product:c"]}}`)
	p.Expect("snapshot")
}

// brokenDelta is a delta that can't be encoded.
type brokenDelta struct{ live.Delta }

func (brokenDelta) Row() any          { return nil }
func (brokenDelta) Clone() live.Delta { return brokenDelta{} }

// TestWriterPanic: a panic of the writer closes only that socket.
func TestWriterPanic(t *testing.T) {
	w := newHarness(t)
	w.product("p", 5)
	p, q := w.dial("/ws"), w.dial("/ws")
	for _, peer := range []*sockettest.Peer{p, q} {
		peer.Send(subscribeP)
		peer.Expect("snapshot")
	}
	w.hub.mu.Lock()
	for s := range w.hub.open {
		if s.raw.RemoteAddr().String() == p.Conn.LocalAddr().String() {
			s.mu.Lock()
			watch := s.watches[watchKey{topic: "product:p"}]
			s.mu.Unlock()
			watch.Deliver(&live.Frame{Topic: "product:p", Kind: live.DeltaFrame, Delta: brokenDelta{}})
		}
	}
	w.hub.mu.Unlock()
	if _, _, err := p.Read(); err == nil {
		t.Error("Read after the writer panicked: no error, want a closed socket")
	}
	w.reserve("p")
	q.Expect("delta")
	if log := w.log.String(); !strings.Contains(log, "a socket panicked") {
		t.Errorf("log = %s, want %q", log, "a socket panicked")
	}
	w.log.clear()
}
