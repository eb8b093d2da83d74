package api

import (
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"admitone/projections"
)

// watcher follows one product and checks that it is told of every gap.
type watcher struct {
	*peer
	epoch     string
	position  int64
	remaining int64
	frames    int
}

// subscribe asks for what follows on what the watcher has seen, and checks what
// comes first.
func (v *watcher) subscribe() error {
	v.say(fmt.Sprintf(`{"event":"subscribe","data":{"topics":["product:p"],"since":{"product:p":%d},"epoch":%q}}`, v.position, v.epoch))
	f, d, err := v.listen()
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

// follow reads deltas until position, or for some frames only.
func (v *watcher) follow(position int64, most int) error {
	for ; v.position < position && most > 0; most-- {
		f, d, err := v.listen()
		if err != nil {
			return err
		}
		if f.Event != "delta" || d.Previous != v.position || d.Remaining != v.remaining+d.Change || d.Remaining+d.Held+d.Sold != 20_000 {
			return fmt.Errorf("after position %d with %d remaining: %s %s", v.position, v.remaining, f.Event, f.Data)
		}
		v.position, v.remaining = d.Position, d.Remaining
		v.frames++
	}
	return nil
}

// A hundred watch ten thousand reservations; each is cut off once and comes back.
func TestCrowd(t *testing.T) {
	const reservations, callers, watchers = 10_000, 50, 100
	w := newWorld(t, func(w *world) { w.frames = 2 * time.Millisecond })
	w.product("p", 20_000, "")
	anchor := &watcher{peer: w.dial("/ws")} // keeps the topic's memory while others are away
	w.must(anchor.subscribe())
	var watching, calling sync.WaitGroup
	const end = 1 + reservations
	watching.Go(func() {
		if err := anchor.follow(end, end); err != nil {
			t.Error(err)
		}
	})
	for i := range watchers {
		v := &watcher{peer: w.dial("/ws")}
		w.must(v.subscribe())
		watching.Go(func() {
			err := v.follow(end, 5+i)
			if err == nil {
				v.conn.NetConn().Close() // without a word
				v.peer = w.dial("/ws")
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
	for c := range callers {
		calling.Go(func() {
			for range reservations / callers {
				if a := w.reserve("p", fmt.Sprint("holder-", c), ""); a.status != 201 {
					t.Errorf("%s: %d %s", a.what, a.status, a.text)
					return
				}
			}
		})
	}
	calling.Wait()
	watching.Wait()
	head, err := w.store.Head(t.Context())
	if v := w.do("GET", "/v1/products/p", "").is(200); err != nil || head != end || v["remaining"] != float64(20_000-reservations) {
		t.Errorf("the log ends at %d (%v), and the product says %v", head, err, v)
	}
	t.Logf("the anchor saw %d frames", anchor.frames)
}

// stalled dials a client with a small buffer that subscribes and reads nothing.
func (w *world) stalled() *peer {
	dialer := websocket.Dialer{NetDial: func(network, address string) (net.Conn, error) {
		conn, err := net.Dial(network, address)
		if err == nil {
			err = conn.(*net.TCPConn).SetReadBuffer(4096)
		}
		return conn, err
	}}
	conn, _, err := dialer.Dial("ws://"+w.address+"/ws", nil)
	w.must(err)
	w.t.Cleanup(func() { conn.Close() })
	p := &peer{w.t, conn}
	p.say(subscribeP)
	return p
}

// One that stops reading delays nobody, costs little, and is told why it was closed
// when it reads again.
func TestStalledSubscriber(t *testing.T) {
	w := newWorld(t, func(w *world) { w.frames = -1; w.config.StallAfter = 300 * time.Millisecond })
	w.product("p", 20_000, "")
	slow := w.stalled()
	good := &watcher{peer: w.dial("/ws")}
	w.must(good.subscribe())
	var busy sync.WaitGroup
	var gone atomic.Bool
	var last atomic.Int64
	last.Store(1)
	for c := range 8 {
		busy.Go(func() {
			for !gone.Load() {
				a := w.reserve("p", fmt.Sprint("holder-", c), "")
				if a.status != 201 {
					t.Errorf("%s: %d %s", a.what, a.status, a.text)
					return
				}
				last.Add(1)
			}
		})
	}
	// The good one reads on until the server has given the slow one up.
	for !strings.Contains(w.log.String(), "a socket took nothing for too long") {
		w.must(good.follow(good.position+1, 1))
	}
	gone.Store(true)
	busy.Wait()
	w.must(good.follow(last.Load(), 20_000))
	if good.remaining != 20_000-(last.Load()-1) {
		t.Errorf("the good one ends with %d remaining after %d reservations", good.remaining, last.Load()-1)
	}
	if frames := slow.ends(closeStalled); frames < 2 {
		t.Errorf("the slow one found %d frames before it was told to come back", frames)
	}
	if merged := metric(t, w, "admitone_frames_merged_total"); merged == 0 {
		t.Error("no frame was merged")
	}
	// It comes back, and is told what it missed.
	again := &watcher{peer: w.dial("/ws")}
	w.must(again.subscribe())
	if again.remaining != good.remaining {
		t.Errorf("after coming back it sees %d remaining, others %d", again.remaining, good.remaining)
	}
}

// One that stops for a moment is not closed: it gets the newest state.
func TestSlowSubscriber(t *testing.T) {
	w := newWorld(t, func(w *world) { w.frames = -1; w.config.StallAfter = time.Hour })
	w.product("p", 20_000, "")
	slow := &watcher{peer: w.stalled()}
	var d data
	if _, d, _ = slow.listen(); d.Epoch == "" {
		t.Fatalf("%+v", d)
	}
	slow.position, slow.remaining, slow.epoch = d.Position, d.Remaining, d.Epoch
	made := int64(0)
	for ; metric(t, w, "admitone_frames_merged_total") < 50 && made < 19_000; made += 50 {
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() { w.reserve("p", "ada", "").is(201) })
		}
		all.Wait()
	}
	w.must(slow.follow(1+made, 20_000))
	if slow.remaining != 20_000-made || int64(slow.frames) > made-50 {
		t.Errorf("%d frames for %d reservations, %d remaining", slow.frames, made, slow.remaining)
	}
}

// What is left unread of a client does not take its close frame away, even while
// the frame still waits in the kernel.
func TestCloseFrameArrives(t *testing.T) {
	w := newWorld(t, func(w *world) { w.frames = -1; w.config.StallAfter = time.Hour })
	w.product("p", 20_000, "")
	slow := w.stalled()
	for metric(t, w, "admitone_frames_merged_total") < 5 {
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() { w.reserve("p", "ada", "").is(201) })
		}
		all.Wait()
	}
	slow.must(slow.conn.WriteMessage(websocket.TextMessage, make([]byte, 512<<10)))
	slow.ends(websocket.CloseMessageTooBig)
}

// A frame that was under way when its topic was left is not sent.
func TestLateFrame(t *testing.T) {
	w := newWorld(t)
	w.product("p", 10, "")
	s := speaker(t, w)
	s.handle([]byte(subscribeP))
	left := s.watches[watchKey{topic: "product:p"}]
	s.handle([]byte(`{"event":"unsubscribe","data":{"topics":["product:p"]}}`))
	s.mu.Lock()
	for s.writing {
		s.changed.Wait()
	}
	s.mu.Unlock()
	left.Deliver(&projections.Frame{Topic: "product:p", Kind: projections.SnapshotFrame})
	s.mu.Lock()
	if len(s.queue) != 0 || s.writing || !left.pending.Empty() {
		t.Errorf("a frame of a topic that was left waits to be sent")
	}
	s.mu.Unlock()
	s.end()
}

// One that asks and asks but never reads is not read either, and goes.
func TestAsksButNeverReads(t *testing.T) {
	w := newWorld(t, func(w *world) { w.config.StallAfter = 300 * time.Millisecond })
	w.product("p", 10, "")
	p := w.stalled()
	p.conn.SetWriteDeadline(time.Now().Add(patience)) // by then it is blocked
	var err error
	for err == nil {
		err = p.conn.WriteMessage(websocket.TextMessage, []byte(`{"event":"subscribe","data":{"topics":["`+strings.Repeat("x", 3000)+`"]}}`))
		for _, s := range w.server.sockets.list() {
			s.mu.Lock()
			waiting := s.waiting
			s.mu.Unlock()
			if waiting > maxReplies+2*maxMessage {
				t.Fatalf("%d bytes of answers wait for it", waiting)
			}
		}
	}
	// The client itself may hear of its end late: its own window is shut.
	for end := time.Now().Add(patience); len(w.server.sockets.list()) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it was never closed; the client's end: %v", err)
		}
	}
}

// metric reads a figure of the server's.
func metric(t *testing.T, w *world, name string) float64 {
	t.Helper()
	families, err := w.server.config.Metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			m := f.GetMetric()[0]
			return m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	t.Fatalf("there is no metric %s", name)
	return 0
}

func TestShutdown(t *testing.T) {
	before := goleak.IgnoreCurrent()
	w := newWorld(t, func(w *world) { w.config.Metrics = prometheus.NewRegistry() })
	w.product("p", 100_000, "")
	var peers []*peer
	for range 20 {
		p := w.dial("/ws")
		p.say(subscribeP)
		p.hears("snapshot")
		peers = append(peers, p)
	}
	deaf := w.stalled() // never reads, and does not hold up the end
	var busy sync.WaitGroup
	stopped := make(chan struct{})
	for range 4 {
		busy.Go(func() {
			for {
				request := strings.NewReader(`{"holder":"ada"}`)
				response, err := w.client.Post("http://"+w.address+"/v1/products/p/reservations", "application/json", request)
				if err != nil {
					return // the server is gone
				}
				response.Body.Close()
				if response.StatusCode != 201 && response.StatusCode != 503 {
					t.Errorf("status %d while shutting down", response.StatusCode)
				}
			}
		})
	}
	go func() { w.stop(); close(stopped) }()
	for _, p := range peers {
		p.ends(websocket.CloseServiceRestart)
		p.conn.Close()
	}
	<-stopped
	busy.Wait()
	deaf.conn.Close()
	w.client.CloseIdleConnections()
	// What Fasthttp leaves for a while: its clock, and a worker pool that is asleep.
	goleak.VerifyNone(t, before, goleak.IgnoreTopFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"))
}

// TestShutdownAtTheStart: a server that is told to stop while it begins does not
// begin after all, whichever of the two is faster.
func TestShutdownAtTheStart(t *testing.T) {
	w := newWorld(t)
	config := w.server.config
	config.Metrics = nil
	for range 200 {
		server := New(config)
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		w.must(err)
		ended := make(chan error, 1)
		go func() { ended <- server.Listen(listener) }()
		runtime.Gosched()
		w.must(server.Shutdown(t.Context()))
		w.must(<-ended)
	}
}
