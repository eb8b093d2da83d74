package projections

import (
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
	"admitone/projections/live"
	"admitone/projections/logtest"
	"admitone/projections/row"
)

// TestFramesOnTheWire: the frames of a product have the documented JSON, also when merged.
func TestFramesOnTheWire(t *testing.T) {
	log := logtest.NewMemory()
	facts := logtest.ProductFacts()
	log.Add(product("a"), facts[0])
	p := openViews(t, log, vfs.NewMem())
	runViews(t, p)
	<-p.ready
	w := newWatcher()
	subscribe(t, p, "product:a", live.Resume{}, w)
	w.reach(t, 1)
	for _, fact := range facts[1:] {
		w.reach(t, log.Add(product("a"), fact))
	}
	want := []string{
		`{"event":"snapshot","data":{"topic":"product:a","epoch":"first","position":1,"id":"a","name":"A","stock":10,"remaining":10,"held":0,"sold":0,"price":5,"revision":0}}`,
		`{"event":"delta","data":{"topic":"product:a","position":2,"previous":1,"remaining":8,"held":0,"sold":2,"change":-2,"cause":"reserved","revision":1}}`,
		`{"event":"delta","data":{"topic":"product:a","position":3,"previous":2,"remaining":5,"held":3,"sold":2,"change":-3,"cause":"held","revision":2}}`,
		`{"event":"delta","data":{"topic":"product:a","position":4,"previous":3,"remaining":4,"held":4,"sold":2,"change":-1,"cause":"held","revision":3}}`,
		`{"event":"delta","data":{"topic":"product:a","position":5,"previous":4,"remaining":3,"held":5,"sold":2,"change":-1,"cause":"held","revision":4}}`,
		`{"event":"delta","data":{"topic":"product:a","position":6,"previous":5,"remaining":3,"held":2,"sold":5,"change":0,"cause":"confirmed","revision":5}}`,
		`{"event":"delta","data":{"topic":"product:a","position":7,"previous":6,"remaining":5,"held":2,"sold":3,"change":2,"cause":"released","revision":6}}`,
		`{"event":"delta","data":{"topic":"product:a","position":8,"previous":7,"remaining":6,"held":1,"sold":3,"change":1,"cause":"released","revision":7}}`,
		`{"event":"delta","data":{"topic":"product:a","position":9,"previous":8,"remaining":7,"held":0,"sold":3,"change":1,"cause":"expired","revision":8}}`,
		`{"event":"delta","data":{"topic":"product:a","position":10,"previous":9,"remaining":17,"held":0,"sold":3,"change":10,"cause":"edited","revision":9,"name":"B","stock":20,"price":6,"opens_at":"2027-01-15T08:00:00Z","closes_at":"2027-01-15T09:00:00Z"}}`,
		`{"event":"delta","data":{"topic":"product:a","position":11,"previous":10,"remaining":17,"held":0,"sold":3,"change":0,"cause":"opened","revision":10}}`,
		`{"event":"delta","data":{"topic":"product:a","position":12,"previous":11,"remaining":17,"held":0,"sold":3,"change":0,"cause":"closed","revision":11}}`,
	}
	var pending live.Pending
	for i, f := range w.frames {
		if string(f.Bytes()) != want[i] {
			t.Errorf("frame %d is\n%s, want\n%s", i, f.Bytes(), want[i])
		}
		if product, ok := f.Row().(row.Product); !ok || product.Position != f.Position {
			t.Errorf("frame %d has the row %+v, want one at position %d", i, f.Row(), f.Position)
		}
		pending.Add(f)
	}
	if f := pending.Next(); f != w.frames[0] {
		t.Errorf("the first pending frame is %s, want the snapshot", f.Bytes())
	}
	merged := `{"event":"delta","data":{"topic":"product:a","position":12,"previous":1,"remaining":17,"held":0,"sold":3,"change":7,"cause":"mixed","revision":11,"name":"B","stock":20,"price":6,"opens_at":"2027-01-15T08:00:00Z","closes_at":"2027-01-15T09:00:00Z"}}`
	if f := pending.Next(); string(f.Bytes()) != merged {
		t.Errorf("the next pending frame is %s, want %s", f.Bytes(), merged)
	}
	if !pending.Empty() || pending.Next() != nil {
		t.Error("more frames are pending, want none")
	}
	for i, f := range w.frames { // merging must not change shared frames
		if i > 0 && string(reencode(f)) != want[i] {
			t.Errorf("after merging, frame %d is\n%s, want\n%s", i, reencode(f), want[i])
		}
	}
}

func TestUnknownTopics(t *testing.T) {
	_, p := productOnSale(t)
	for name, want := range map[string]error{"product:b": live.ErrNotFound, "product:": live.ErrNotFound,
		"product": live.ErrNotFound, "nonsense:a": live.ErrBadTopic, "": live.ErrBadTopic} {
		if _, err := p.Subscribe(name, live.Resume{}, newWatcher()); !errors.Is(err, want) {
			t.Errorf("Subscribe(%q): %v, want %v", name, err, want)
		}
	}
	if s := p.Stats(); s.Topics != 0 || s.Subscribers != 0 {
		t.Errorf("Stats() = %+v, want no topics and subscribers", s)
	}
	early := openViews(t, logtest.NewMemory(), vfs.NewMem())
	if _, err := early.Subscribe("product:a", live.Resume{}, newWatcher()); !errors.Is(err, ErrNotReady) {
		t.Errorf("Subscribe before Run: %v, want ErrNotReady", err)
	}
}

// TestEverySubscriberSeesEveryChange: subscribers that come and go, resume or are slow miss no change of a busy
// product.
func TestEverySubscriberSeesEveryChange(t *testing.T) {
	log, p := productOnSale(t)
	log.Change(func() { log.Batch = 10 })
	const sales, each = 20_000, 50
	go func() {
		for n := 1; n <= sales; n += 10 {
			facts := make([]events.Fact, 10)
			for i := range facts {
				facts[i] = sale(n + i)
			}
			log.Change(func() {
				for i, fact := range facts {
					log.Recorded = append(log.Recorded,
						logtest.Record(product("a"), events.Revision(n+i), events.Position(n+i+1), fact))
				}
			})
		}
	}()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { // subscribes and resumes repeatedly
			for range each {
				w := newWatcher()
				sub := subscribe(t, p, "product:a", live.Resume{}, w)
				w.reach(t, 0)
				w.reach(t, min(sales+1, w.last().Position+events.Position(rand.N(200))))
				sub.Close()
				// After resuming, the frames continue the earlier ones.
				w.mu.Lock()
				again := &watcher{position: w.position, remaining: w.remaining, more: make(chan struct{})}
				w.mu.Unlock()
				sub = subscribe(t, p, "product:a", live.Resume{Since: again.position, Epoch: "first"}, again)
				again.reach(t, 0)
				sub.Close()
				again.check(t, -1)
			}
		})
		all.Go(func() { // stays subscribed, and is slow
			s := &slowWatcher{watcher: newWatcher()}
			sub := subscribe(t, p, "product:a", live.Resume{}, s)
			defer sub.Close()
			waitFor(t, p, sales+1)
			last := newWatcher()
			defer subscribe(t, p, "product:a", live.Resume{}, last).Close()
			last.reach(t, sales+1) // all earlier frames have been delivered
			s.drain()
			s.check(t, 1_000_000-sales)
		})
	}
	all.Wait()
	if s := p.Stats(); s.Topics != 0 || s.Subscribers != 0 {
		t.Errorf("Stats() = %+v, want no topics and subscribers", s)
	}
}

func TestResume(t *testing.T) {
	log, p := productOnSale(t)
	subscribed := newWatcher()
	subscribe(t, p, "product:a", live.Resume{}, subscribed)
	subscribed.reach(t, 1)
	for n := 1; n <= live.HistorySize+10; n++ {
		subscribed.reach(t, log.Add(product("a"), sale(n)))
	}
	head := events.Position(live.HistorySize + 11)
	for name, c := range map[string]struct {
		from     live.Resume
		kind     live.FrameKind
		previous events.Position
		change   int64
		cause    live.Cause
	}{
		"nothing missed": {live.Resume{Since: head, Epoch: "first"}, live.DeltaFrame, head, 0, live.CauseNone},
		"one missed":     {live.Resume{Since: head - 1, Epoch: "first"}, live.DeltaFrame, head - 1, -1, live.CauseReserved},
		"many missed": {live.Resume{Since: head - 100, Epoch: "first"}, live.DeltaFrame, head - 100, -100,
			live.CauseReserved},
		"whole history missed": {live.Resume{Since: head - live.HistorySize, Epoch: "first"}, live.DeltaFrame,
			head - live.HistorySize, -live.HistorySize, live.CauseReserved},
		"before the history": {live.Resume{Since: head - live.HistorySize - 1, Epoch: "first"}, live.SnapshotFrame, 0, 0, ""},
		"after the head":     {live.Resume{Since: head + 1, Epoch: "first"}, live.SnapshotFrame, 0, 0, ""},
		"different epoch":    {live.Resume{Since: head, Epoch: "second"}, live.SnapshotFrame, 0, 0, ""},
		"position 0":         {live.Resume{Since: 0, Epoch: "first"}, live.SnapshotFrame, 0, 0, ""},
	} {
		w := newWatcher()
		w.position = c.from.Since
		slow := &slowWatcher{watcher: w}
		sub := subscribe(t, p, "product:a", c.from, slow)
		other := newWatcher()
		subscribe(t, p, "product:a", live.Resume{}, other).Close()
		other.reach(t, head) // then the earlier subscriber has its frame too
		f := slow.pending.Next()
		if f == nil {
			f = w.last()
		}
		m := parse(f)
		if f.Kind != c.kind || f.Position != head || m.Data.Previous != c.previous || m.Data.Change != c.change ||
			m.Data.Cause != string(c.cause) || m.Data.Remaining != 1_000_000-live.HistorySize-10 {
			t.Errorf("%s: %s, want kind %v from %d with change %d, cause %q", name, f.Bytes(), c.kind, c.previous, c.change,
				c.cause)
		}
		sub.Close()
	}
}

// TestConcurrentSubscribeAndClose: the last subscriber of a topic leaves while another joins, repeatedly. The
// test's Spawner panics if a message is sent to a stopped actor.
func TestConcurrentSubscribeAndClose(t *testing.T) {
	log, p := productOnSale(t)
	stop := make(chan struct{})
	var writer, all sync.WaitGroup
	writer.Go(func() {
		for n := 1; ; n++ {
			select {
			case <-stop:
				return
			default:
				waitFor(t, p, log.Add(product("a"), sale(n)))
			}
		}
	})
	for range 4 {
		all.Go(func() {
			for range 500 {
				w := newWatcher()
				sub := subscribe(t, p, "product:a", live.Resume{}, w)
				if rand.N(2) == 0 {
					w.reach(t, 0)
				}
				sub.Close()
				sub.Close()
			}
		})
	}
	all.Wait()
	close(stop)
	writer.Wait()
	if s := p.Stats(); s.Topics != 0 || s.Subscribers != 0 {
		t.Errorf("Stats() = %+v, want no topics and subscribers", s)
	}
}

// TestResumeWithoutSubscribers: a subscriber that resumes on a topic without subscribers gets the missed changes as
// one delta, from any position within the topic's history.
func TestResumeWithoutSubscribers(t *testing.T) {
	log, p := productOnSale(t)
	head := events.Position(1)
	for n := 1; n <= live.HistorySize+20; n++ {
		head = log.Add(product("a"), sale(n))
	}
	waitFor(t, p, head)
	for since := events.Position(1); since <= head; since += 5 {
		w := newWatcher()
		w.position, w.remaining = since, 1_000_001-int64(since) // as if it had received the frames until then
		sub := subscribe(t, p, "product:a", live.Resume{Since: since, Epoch: log.Epoch()}, w)
		w.reach(t, head)
		w.reach(t, 0)
		sub.Close()
		within := head-since < live.HistorySize
		if got := w.last().Kind == live.DeltaFrame; got != within || w.wrong != nil || len(w.frames) != 1 {
			t.Errorf("since %d of %d: %d frames, a delta %t, wrong %v; want one frame, a delta %t", since, head,
				len(w.frames), got, w.wrong, within)
		}
	}
}

// reencode encodes a delta frame again, from its delta.
func reencode(f *live.Frame) []byte {
	return live.NewDelta(f.Topic, f.Previous, f.Position, f.Delta).Bytes()
}
