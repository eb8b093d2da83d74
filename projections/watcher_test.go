package projections

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
	"admitone/projections/live"
	"admitone/projections/logtest"
)

// watcher is a subscriber that follows a product like a client: it checks that no frame is missing
// and that the changes add up.
type watcher struct {
	mu        sync.Mutex
	frames    []*live.Frame
	position  events.Position
	remaining int64
	wrong     []string
	more      chan struct{} // closed and replaced with every frame
}

func newWatcher() *watcher { return &watcher{more: make(chan struct{})} }

func (w *watcher) Deliver(f *live.Frame) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.apply(f)
	w.frames = append(w.frames, f)
	close(w.more)
	w.more = make(chan struct{})
}

// wire is the content of a frame for a client.
type wire struct {
	Event string `json:"event"`
	Data  struct {
		Topic, Epoch, Cause, Name, ID                         string
		Position, Previous                                    events.Position
		Stock, Remaining, Held, Sold, Change, Price, Revision int64
	} `json:"data"`
}

func parse(f *live.Frame) (m wire) {
	if err := json.Unmarshal(f.Bytes(), &m); err != nil {
		panic(fmt.Sprintf("%s: %v", f.Bytes(), err))
	}
	return m
}

func (w *watcher) apply(f *live.Frame) {
	m := parse(f)
	switch {
	case m.Event == "snapshot":
		w.remaining = m.Data.Remaining
	case w.position == 0:
		w.wrong = append(w.wrong, "the first frame is a delta")
	case m.Data.Previous != w.position:
		w.wrong = append(w.wrong, fmt.Sprintf("a delta from %d at %d", m.Data.Previous, w.position))
	default:
		w.remaining += m.Data.Change
	}
	if w.remaining != m.Data.Remaining {
		w.wrong = append(w.wrong, fmt.Sprintf("the changes add up to %d at %s", w.remaining, f.Bytes()))
	}
	w.position = m.Data.Position
}

// reach waits until the watcher has received the frame for pos, or any frame if pos is 0.
func (w *watcher) reach(t testing.TB, pos events.Position) {
	t.Helper()
	timeout := time.After(waitLimit)
	for {
		w.mu.Lock()
		at, n, more := w.position, len(w.frames), w.more
		w.mu.Unlock()
		if at >= pos && n > 0 {
			return
		}
		select {
		case <-more:
		case <-timeout:
			t.Fatalf("the subscriber is at %d, want %d", at, pos)
		}
	}
}

func (w *watcher) last() *live.Frame {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.frames[len(w.frames)-1]
}

func subscribe(t testing.TB, p *Projections, topic string, from live.Resume, s live.Subscriber) *live.Subscription {
	t.Helper()
	sub, err := p.Subscribe(topic, from, s)
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

// productOnSale returns a log with product "a", of 1,000,000 units, and projections that follow it.
func productOnSale(t testing.TB) (*logtest.Memory, *Projections) {
	log := logtest.NewMemory()
	log.Add(product("a"), &events.ProductCreated{ProductID: "a", DisplayName: "A", Stock: 1_000_000})
	p := openViews(t, log, vfs.NewMem())
	runViews(t, p)
	<-p.ready
	return log, p
}

// sale returns the n-th reservation, counted from 1, of the product of productOnSale.
func sale(n int) events.Fact {
	return &events.ProductReserved{
		ReservationID: events.ReservationID(fmt.Sprint("r", n)),
		Quantity:      1,
		Remaining:     1_000_000 - int64(n),
	}
}

// slowWatcher is a watcher that reads some frames late, merged by a live.Pending.
type slowWatcher struct {
	*watcher
	lock    sync.Mutex
	pending live.Pending
}

func (s *slowWatcher) Deliver(f *live.Frame) {
	s.lock.Lock()
	s.pending.Add(f)
	busy := rand.N(4) > 0
	s.lock.Unlock()
	if !busy {
		s.drain()
	}
}

func (s *slowWatcher) drain() {
	s.lock.Lock()
	defer s.lock.Unlock()
	for f := s.pending.Next(); f != nil; f = s.pending.Next() {
		s.watcher.Deliver(f)
	}
}

// check reports wrong frames, and a last count other than remaining; a negative remaining accepts any count.
func (w *watcher) check(t *testing.T, remaining int64) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, wrong := range w.wrong {
		t.Error("the subscriber: " + wrong)
	}
	if w.remaining != remaining && remaining >= 0 {
		t.Errorf("remaining = %d, want %d", w.remaining, remaining)
	}
}
