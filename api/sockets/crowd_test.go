package sockets

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"admitone/api/sockets/sockettest"
	"admitone/projections/live"
)

// watcher follows one product and checks that no gap goes unnoticed.
type watcher struct {
	*sockettest.Peer
	epoch     string
	position  int64
	remaining int64
	frames    int
}

// subscribe resumes from the watcher's position, and checks the first frame.
func (v *watcher) subscribe() error {
	v.Send(
		fmt.Sprintf(
			`{"event":"subscribe","data":{"topics":["product:p"],"since":{"product:p":%d},"epoch":%q}}`,
			v.position,
			v.epoch,
		),
	)
	f, d, err := v.Read()
	switch {
	case err != nil:
		return err
	case f.Event == "snapshot":
	case f.Event != "delta" || d.Previous != v.position || v.epoch == "":
		return fmt.Errorf("after a subscription since %d: %s %s", v.position, f.Event, f.Data)
	}
	if f.Event == "snapshot" {
		v.epoch = d.Epoch
	}
	v.position, v.remaining = d.Position, d.Remaining
	return nil
}

// follow reads deltas until position, or a number of frames.
func (v *watcher) follow(position int64, most int) error {
	for ; v.position < position && most > 0; most-- {
		f, d, err := v.Read()
		if err != nil {
			return err
		}
		if f.Event != "delta" || d.Previous != v.position || d.Remaining != v.remaining+d.Change ||
			d.Remaining+d.Held+d.Sold != 20_000 {
			return fmt.Errorf("after position %d with %d remaining: %s %s", v.position, v.remaining, f.Event, f.Data)
		}
		v.position, v.remaining = d.Position, d.Remaining
		v.frames++
	}
	return nil
}

// TestCrowd: a hundred watch ten thousand reservations; each is disconnected once and comes back.
func TestCrowd(t *testing.T) {
	const reservations, callers, watchers = 10_000, 50, 100
	w := newHarness(t, func(w *harness) { w.frames = 2 * time.Millisecond })
	w.product("p", 20_000)
	anchor := &watcher{Peer: w.dial("/ws")} // keeps the topic's memory while others are away
	w.must(anchor.subscribe())
	var watching, calling sync.WaitGroup
	const end = 1 + reservations
	watching.Go(func() {
		if err := anchor.follow(end, end); err != nil {
			t.Error(err)
		}
	})
	for i := range watchers {
		v := &watcher{Peer: w.dial("/ws")}
		w.must(v.subscribe())
		watching.Go(func() {
			err := v.follow(end, 5+i)
			if err == nil {
				v.Conn.NetConn().Close() // without a close frame
				v.Peer = w.dial("/ws")
				err = v.subscribe()
			}
			if err == nil {
				err = v.follow(end, end)
			}
			if err != nil || v.position != end || v.remaining != 20_000-reservations {
				t.Errorf("watcher %d: %v; at %d with %d remaining", i, err, v.position, v.remaining)
			}
		})
	}
	for range callers {
		calling.Go(func() {
			for range reservations / callers {
				w.reserve("p")
			}
		})
	}
	calling.Wait()
	watching.Wait()
	head, err := w.store.Head(t.Context())
	if err != nil || head != end {
		t.Errorf("the log ends at %d (%v)", head, err)
	}
	t.Logf("the anchor saw %d frames", anchor.frames)
}

// TestStalledSubscriber: a client that stops reading delays no other, costs little, and finds the
// reason in the close frame when it reads again.
func TestStalledSubscriber(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.frames = -1; w.config.StallAfter = 300 * time.Millisecond })
	w.product("p", 20_000)
	slow := w.stalled()
	good := &watcher{Peer: w.dial("/ws")}
	w.must(good.subscribe())
	var busy sync.WaitGroup
	var gone atomic.Bool
	var last atomic.Int64
	last.Store(1)
	for range 8 {
		busy.Go(func() {
			for !gone.Load() {
				w.reserve("p")
				last.Add(1)
			}
		})
	}
	// The other one reads on until the server has closed the slow one.
	for !strings.Contains(w.log.String(), "a socket is closed because its client does not read") {
		w.must(good.follow(good.position+1, 1))
	}
	gone.Store(true)
	busy.Wait()
	w.must(good.follow(last.Load(), 20_000))
	if good.remaining != 20_000-(last.Load()-1) {
		t.Errorf("the good one ends with %d remaining after %d reservations", good.remaining, last.Load()-1)
	}
	if frames := slow.ExpectClose(closeStalled); frames < 2 {
		t.Errorf("the slow one found %d frames before the close frame", frames)
	}
	if merged := w.metric("admitone_frames_merged_total"); merged == 0 {
		t.Error("no frame was merged")
	}
	// It comes back, and gets the missed changes.
	again := &watcher{Peer: w.dial("/ws")}
	w.must(again.subscribe())
	if again.remaining != good.remaining {
		t.Errorf("after coming back it sees %d remaining, others %d", again.remaining, good.remaining)
	}
}

// TestSlowSubscriber: a client that pauses is not closed: it gets the newest state.
func TestSlowSubscriber(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.frames = -1; w.config.StallAfter = time.Hour })
	w.product("p", 20_000)
	slow := &watcher{Peer: w.stalled()}
	var d sockettest.Data
	if _, d, _ = slow.Read(); d.Epoch == "" {
		t.Fatalf("%+v", d)
	}
	slow.position, slow.remaining, slow.epoch = d.Position, d.Remaining, d.Epoch
	made := int64(0)
	for ; w.metric("admitone_frames_merged_total") < 50 && made < 19_000; made += 50 {
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() { w.reserve("p") })
		}
		all.Wait()
	}
	w.must(slow.follow(1+made, 20_000))
	if slow.remaining != 20_000-made || int64(slow.frames) > made-50 {
		t.Errorf("%d frames for %d reservations, %d remaining", slow.frames, made, slow.remaining)
	}
}

// TestCloseFrameArrives: unread bytes of a client do not prevent its close frame, even while they
// are still in the kernel.
func TestCloseFrameArrives(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.frames = -1; w.config.StallAfter = time.Hour })
	w.product("p", 20_000)
	slow := w.stalled()
	for w.metric("admitone_frames_merged_total") < 5 {
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() { w.reserve("p") })
		}
		all.Wait()
	}
	w.must(slow.Conn.WriteMessage(websocket.TextMessage, make([]byte, 512<<10)))
	slow.ExpectClose(websocket.CloseMessageTooBig)
}

// TestLateFrame: a frame for a topic that was unsubscribed meanwhile is not sent.
func TestLateFrame(t *testing.T) {
	w := newHarness(t)
	w.product("p", 10)
	s := speaker(t, w)
	s.handle([]byte(subscribeP))
	left := s.watches[watchKey{topic: "product:p"}]
	s.handle([]byte(`{"event":"unsubscribe","data":{"topics":["product:p"]}}`))
	s.mu.Lock()
	for s.writing {
		s.changed.Wait()
	}
	s.mu.Unlock()
	left.Deliver(&live.Frame{Topic: "product:p", Kind: live.SnapshotFrame})
	s.mu.Lock()
	if len(s.queue) != 0 || s.writing || !left.pending.Empty() {
		t.Errorf("a frame of a topic that was left waits to be sent")
	}
	s.mu.Unlock()
	s.end()
}

// TestUnreadReplies: a client that sends requests without reading is no longer read, and is closed.
func TestUnreadReplies(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.StallAfter = 300 * time.Millisecond })
	w.product("p", 10)
	p := w.stalled()
	p.Conn.SetWriteDeadline(time.Now().Add(patience)) // by then it is blocked
	var err error
	for err == nil {
		err = p.Conn.WriteMessage(
			websocket.TextMessage,
			[]byte(`{"event":"subscribe","data":{"topics":["`+strings.Repeat("x", 3000)+`"]}}`),
		)
		for _, s := range w.hub.list() {
			s.mu.Lock()
			waiting := s.waiting
			s.mu.Unlock()
			if waiting > maxReplies+2*maxMessage {
				t.Fatalf("%d bytes of answers wait for it", waiting)
			}
		}
	}
	// The client itself may notice late: its receive window is full.
	for end := time.Now().Add(patience); len(w.hub.list()) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it was never closed; the client's end: %v", err)
		}
	}
}
