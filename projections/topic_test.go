package projections

import (
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
)

func TestFramesOnTheWire(t *testing.T) {
	log := newMemoryLog()
	facts := life()
	log.add(product("a"), facts[0])
	p := opened(t, log, vfs.NewMem())
	started(t, p)
	<-p.ready
	w := newWatcher()
	subscribe(t, p, "product:a", Resume{}, w)
	w.reach(t, 1)
	for _, fact := range facts[1:] {
		w.reach(t, log.add(product("a"), fact))
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
		`{"event":"delta","data":{"topic":"product:a","position":10,"previous":9,"remaining":17,"held":0,"sold":3,"change":10,"cause":"edited","revision":9,"name":"B","stock":20,"price":6}}`,
	}
	var pending Pending
	for i, f := range w.frames {
		if string(f.Bytes()) != want[i] {
			t.Errorf("frame %d is\n%s, want\n%s", i, f.Bytes(), want[i])
		}
		if row, ok := f.Row().(Product); !ok || row.Position != f.Position {
			t.Errorf("frame %d shows the row %+v", i, f.Row())
		}
		pending.Add(f)
	}
	if f := pending.Next(); f != w.frames[0] {
		t.Errorf("first %s", f.Bytes())
	}
	merged := `{"event":"delta","data":{"topic":"product:a","position":10,"previous":1,"remaining":17,"held":0,"sold":3,"change":7,"cause":"mixed","revision":9,"name":"B","stock":20,"price":6}}`
	if f := pending.Next(); string(f.Bytes()) != merged {
		t.Errorf("then %s, want %s", f.Bytes(), merged)
	}
	if !pending.Empty() || pending.Next() != nil {
		t.Error("something is left")
	}
	for i, f := range w.frames { // merging changed nobody else's frames
		if i > 0 && string(f.encodeDelta()) != want[i] {
			t.Errorf("frame %d is now\n%s", i, f.encodeDelta())
		}
	}
}

func TestUnknownTopics(t *testing.T) {
	_, p := onSale(t)
	for name, want := range map[string]error{"product:b": ErrNotFound, "product:": ErrNotFound, "product": ErrNotFound, "nonsense:a": ErrBadTopic, "": ErrBadTopic} {
		if _, err := p.Subscribe(name, Resume{}, newWatcher()); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", name, err, want)
		}
	}
	if s := p.Stats(); s.Topics != 0 || s.Subscribers != 0 {
		t.Errorf("the stats are %+v", s)
	}
	early := opened(t, newMemoryLog(), vfs.NewMem())
	if _, err := early.Subscribe("product:a", Resume{}, newWatcher()); !errors.Is(err, ErrNotReady) {
		t.Errorf("before Run: %v", err)
	}
}

func TestEverySubscriberSeesEveryChange(t *testing.T) {
	log, p := onSale(t)
	log.change(func() { log.batch = 10 })
	const sales, each = 20_000, 50
	go func() {
		for n := 1; n <= sales; n += 10 {
			facts := make([]events.Fact, 10)
			for i := range facts {
				facts[i] = sale(n + i)
			}
			log.change(func() {
				for i, fact := range facts {
					log.recorded = append(log.recorded, record(product("a"), events.Revision(n+i), events.Position(n+i+1), fact))
				}
			})
		}
	}()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { // comes and goes
			for range each {
				w := newWatcher()
				sub := subscribe(t, p, "product:a", Resume{}, w)
				w.reach(t, 0)
				w.reach(t, min(sales+1, w.last().Position+events.Position(rand.N(200))))
				sub.Close()
				// The frames of one that comes back continue the ones it had.
				w.mu.Lock()
				again := &watcher{position: w.position, remaining: w.remaining, more: make(chan struct{})}
				w.mu.Unlock()
				sub = subscribe(t, p, "product:a", Resume{Since: again.position, Epoch: "first"}, again)
				again.reach(t, 0)
				sub.Close()
				again.check(t, -1)
			}
		})
		all.Go(func() { // stays, and is slow
			s := &slowWatcher{watcher: newWatcher()}
			sub := subscribe(t, p, "product:a", Resume{}, s)
			defer sub.Close()
			waitFor(t, p, sales+1)
			last := newWatcher()
			defer subscribe(t, p, "product:a", Resume{}, last).Close()
			last.reach(t, sales+1) // everything before has been delivered
			s.drain()
			s.check(t, 1_000_000-sales)
		})
	}
	all.Wait()
	if s := p.Stats(); s.Topics != 0 || s.Subscribers != 0 {
		t.Errorf("the stats are %+v", s)
	}
}

func TestResume(t *testing.T) {
	log, p := onSale(t)
	stays := newWatcher()
	subscribe(t, p, "product:a", Resume{}, stays)
	stays.reach(t, 1)
	for n := 1; n <= historySize+10; n++ {
		stays.reach(t, log.add(product("a"), sale(n)))
	}
	head := events.Position(historySize + 11)
	for name, c := range map[string]struct {
		from     Resume
		kind     FrameKind
		previous events.Position
		change   int64
		cause    Cause
	}{
		"nothing missed": {Resume{head, "first"}, DeltaFrame, head, 0, CauseNone},
		"one missed":     {Resume{head - 1, "first"}, DeltaFrame, head - 1, -1, CauseReserved},
		"many missed":    {Resume{head - 100, "first"}, DeltaFrame, head - 100, -100, CauseReserved},
		"all there is":   {Resume{head - historySize, "first"}, DeltaFrame, head - historySize, -historySize, CauseReserved},
		"too long ago":   {Resume{head - historySize - 1, "first"}, SnapshotFrame, 0, 0, ""},
		"not seen yet":   {Resume{head + 1, "first"}, SnapshotFrame, 0, 0, ""},
		"another epoch":  {Resume{head, "second"}, SnapshotFrame, 0, 0, ""},
		"from nothing":   {Resume{0, "first"}, SnapshotFrame, 0, 0, ""},
	} {
		w := newWatcher()
		w.position = c.from.Since
		sub := subscribe(t, p, "product:a", c.from, &slowWatcher{watcher: w})
		other := newWatcher()
		subscribe(t, p, "product:a", Resume{}, other).Close()
		other.reach(t, head) // so the one before has its frame too
		f := sub.to.(*slowWatcher).pending.Next()
		if f == nil {
			f = w.last()
		}
		m := parse(f)
		if f.Kind != c.kind || f.Position != head || m.Data.Previous != c.previous || m.Data.Change != c.change || m.Data.Cause != string(c.cause) || m.Data.Remaining != 1_000_000-historySize-10 {
			t.Errorf("%s: %s", name, f.Bytes())
		}
		sub.Close()
	}
}

// The last subscriber leaves while another comes, again and again; the test's
// Spawner panics if an actor is sent anything once it has been stopped.
func TestLastLeavesWhileAnotherComes(t *testing.T) {
	log, p := onSale(t)
	stop := make(chan struct{})
	var writer, all sync.WaitGroup
	writer.Go(func() {
		for n := 1; ; n++ {
			select {
			case <-stop:
				return
			default:
				waitFor(t, p, log.add(product("a"), sale(n)))
			}
		}
	})
	for range 4 {
		all.Go(func() {
			for range 500 {
				w := newWatcher()
				sub := subscribe(t, p, "product:a", Resume{}, w)
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
		t.Errorf("the stats are %+v", s)
	}
}

// Between two frames of a topic there is a pause, in which changes are merged;
// none is left behind when the events stop.
func TestFramesArePaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kind := newTopicKind("product", nil)
		row := Product{ID: "a", Stock: 100}
		topic := &topic{kind: kind, id: "a", name: "product:a", every: 20 * time.Millisecond, state: &productState{row}, position: 1}
		var inbox []any
		var mu sync.Mutex
		topic.send = func(msg any) { mu.Lock(); inbox = append(inbox, msg); mu.Unlock() }
		receive := func() (n int) {
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			for _, msg := range inbox {
				topic.receive(msg)
			}
			n, inbox = len(inbox), nil
			return n
		}
		w := newWatcher()
		topic.receive(join{who: &Subscription{topic: topic, to: w}})
		sell := func() {
			row.Sold++
			row.Position++
			topic.change(row.Position+1, &ProductDelta{Product: row, Change: -1, Cause: CauseReserved})
			kind.publish()
		}
		sell()
		if receive() != 1 || w.remaining != 99 {
			t.Error("the first change has to go out at once")
		}
		for range 10 {
			sell()
		}
		if receive() != 0 {
			t.Error("the next changes have to wait")
		}
		time.Sleep(20 * time.Millisecond)
		if receive() != 1 || len(w.frames) != 3 || w.remaining != 89 || w.wrong != nil {
			t.Errorf("after the pause: %d frames, %d remain, %v", len(w.frames), w.remaining, w.wrong)
		}
		sell()
		late := newWatcher()
		topic.receive(join{who: &Subscription{topic: topic, to: late}})
		if late.remaining != 88 || w.remaining != 88 || w.wrong != nil {
			t.Errorf("who comes in the pause hears of %d, the other of %d, %v", late.remaining, w.remaining, w.wrong)
		}
		time.Sleep(20 * time.Millisecond)
		sell()
		receive()
		topic.stop = func() {}
		sell() // waits for the pause to end
		topic.end()
		time.Sleep(time.Second)
		if receive() != 0 {
			t.Error("a message behind stop")
		}
	})
}

// TestRecall: whoever comes back to a topic that nobody watches hears what it missed
// as one delta, wherever it stopped, as far back as a topic remembers.
func TestRecall(t *testing.T) {
	log, p := onSale(t)
	head := events.Position(1)
	for n := 1; n <= historySize+20; n++ {
		head = log.add(product("a"), sale(n))
	}
	waitFor(t, p, head)
	for since := events.Position(1); since <= head; since += 5 {
		w := newWatcher()
		w.position, w.remaining = since, 1_000_001-int64(since) // as if it had seen that
		sub := subscribe(t, p, "product:a", Resume{Since: since, Epoch: log.Epoch()}, w)
		w.reach(t, head)
		w.reach(t, 0)
		sub.Close()
		known := head-since < historySize
		if got := w.last().Kind == DeltaFrame; got != known || w.wrong != nil || len(w.frames) != 1 {
			t.Errorf("since %d of %d: a delta %t, want %t; %v", since, head, got, known, w.wrong)
		}
	}
}
