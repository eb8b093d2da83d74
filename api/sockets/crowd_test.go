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

// watcher follows the product p and checks that its frames have no gap.
type watcher struct {
	*sockettest.Peer
	epoch     string
	position  int64
	remaining int64
	frames    int
}

// subscribe resumes from the watcher's position, and checks the first frame.
func (v *watcher) subscribe() error {
	v.Send(fmt.Sprintf(`{"event":"subscribe","data":{"topics":["product:p"],"since":{"product:p":%d},"epoch":%q}}`,
		v.position, v.epoch))
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

// follow reads deltas until position, but at most maxFrames.
func (v *watcher) follow(position int64, maxFrames int) error {
	for ; v.position < position && maxFrames > 0; maxFrames-- {
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

// TestManyWatchers: a hundred clients watch ten thousand reservations; each is disconnected once and resumes.
func TestManyWatchers(t *testing.T) {
	const reservations, callers, watchers = 10_000, 50, 100
	w := newHarness(t, func(w *harness) { w.frames = 2 * time.Millisecond })
	w.product("p", 20_000)
	anchor := &watcher{Peer: w.dial("/ws")} // keeps the topic in memory while others are disconnected
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
				t.Errorf("watcher %d: %v; at %d with %d remaining, want %d with %d", i, err, v.position, v.remaining, end,
					20_000-reservations)
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
		t.Errorf("the log ends at %d (%v), want %d", head, err, end)
	}
	t.Logf("the anchor saw %d frames", anchor.frames)
}

// TestStalledSubscriber: a client that stops reading delays no other client and has its frames merged. When it
// reads again, it finds the reason in the close frame.
func TestStalledSubscriber(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.frames = -1; w.config.StallAfter = 300 * time.Millisecond })
	w.product("p", 20_000)
	slow := w.stalled()
	fast := &watcher{Peer: w.dial("/ws")}
	w.must(fast.subscribe())
	var busy sync.WaitGroup
	var stop atomic.Bool
	var last atomic.Int64
	last.Store(1)
	for range 8 {
		busy.Go(func() {
			for !stop.Load() {
				w.reserve("p")
				last.Add(1)
			}
		})
	}
	// The other client reads until the server has closed the slow one.
	for !strings.Contains(w.log.String(), "a socket is closed because its client does not read") {
		w.must(fast.follow(fast.position+1, 1))
	}
	stop.Store(true)
	busy.Wait()
	w.must(fast.follow(last.Load(), 20_000))
	if fast.remaining != 20_000-(last.Load()-1) {
		t.Errorf("the reading client ends with %d remaining, want %d", fast.remaining, 20_000-(last.Load()-1))
	}
	if frames := slow.ExpectClose(closeStalled); frames < 2 {
		t.Errorf("the slow client received %d frames before the close frame, want at least 2", frames)
	}
	if merged := w.metric("admitone_frames_merged_total"); merged == 0 {
		t.Error("admitone_frames_merged_total = 0, want more")
	}
	// The slow client reconnects, and receives the current state.
	resumed := &watcher{Peer: w.dial("/ws")}
	w.must(resumed.subscribe())
	if resumed.remaining != fast.remaining {
		t.Errorf("after reconnecting, the slow client sees %d remaining, want %d", resumed.remaining, fast.remaining)
	}
}

// TestSlowSubscriber: a client that pauses is not disconnected, and then receives the newest state in few frames.
func TestSlowSubscriber(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.frames = -1; w.config.StallAfter = time.Hour })
	w.product("p", 20_000)
	slow := &watcher{Peer: w.stalled()}
	var d sockettest.Data
	if _, d, _ = slow.Read(); d.Epoch == "" {
		t.Fatalf("the first frame is %+v, want a snapshot", d)
	}
	slow.position, slow.remaining, slow.epoch = d.Position, d.Remaining, d.Epoch
	created := int64(0)
	for ; w.metric("admitone_frames_merged_total") < 50 && created < 19_000; created += 50 {
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() { w.reserve("p") })
		}
		all.Wait()
	}
	w.must(slow.follow(1+created, 20_000))
	if slow.remaining != 20_000-created || int64(slow.frames) > created-50 {
		t.Errorf("%d frames for %d reservations, %d remaining; want at most %d frames, %d remaining", slow.frames, created,
			slow.remaining, created-50, 20_000-created)
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
	s := newTestSocket(t, w)
	s.handle([]byte(subscribeP))
	watch := s.watches[watchKey{topic: "product:p"}]
	s.handle([]byte(`{"event":"unsubscribe","data":{"topics":["product:p"]}}`))
	s.mu.Lock()
	for s.writing {
		s.changed.Wait()
	}
	s.mu.Unlock()
	watch.Deliver(&live.Frame{Topic: "product:p", Kind: live.SnapshotFrame})
	s.mu.Lock()
	if len(s.queue) != 0 || s.writing || !watch.pending.Empty() {
		t.Errorf("after a late frame: %d watches queued, writing = %t, pending empty = %t; want 0, false, true", len(s.queue),
			s.writing, watch.pending.Empty())
	}
	s.mu.Unlock()
	s.end()
}

// TestUnreadReplies: the server stops reading from a client that does not read its replies, and closes the socket.
func TestUnreadReplies(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.StallAfter = 300 * time.Millisecond })
	w.product("p", 10)
	p := w.stalled()
	p.Conn.SetWriteDeadline(time.Now().Add(testTimeout)) // by then it is blocked
	var err error
	for err == nil {
		err = p.Conn.WriteMessage(websocket.TextMessage,
			[]byte(`{"event":"subscribe","data":{"topics":["`+strings.Repeat("x", 3000)+`"]}}`))
		for _, s := range w.hub.list() {
			s.mu.Lock()
			queued := s.replyBytes
			s.mu.Unlock()
			if queued > maxReplies+2*maxMessage {
				t.Fatalf("%d bytes of replies are queued, want at most %d", queued, maxReplies+2*maxMessage)
			}
		}
	}
	// The client itself may notice late: its receive window is full.
	for end := time.Now().Add(testTimeout); len(w.hub.list()) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the socket was not closed; the client's error: %v", err)
		}
	}
}
