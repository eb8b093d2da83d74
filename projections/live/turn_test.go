package live

import (
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"admitone/events"
	"admitone/projections/row"
)

// testTopic is a product's topic without an actor: the test passes its messages to receive.
type testTopic struct {
	*Topic
	product row.Product

	mu    sync.Mutex
	inbox []any // guarded by mu: a timer sends too
}

func newTestTopic(every time.Duration) *testTopic {
	p := &testTopic{product: row.Product{ID: "a", Stock: 1_000_000, Position: 1}}
	p.Topic = &Topic{group: NewTopics("product", nil), id: "a", name: "product:a", every: every,
		state: ProductTopics.State(p.product), position: 1}
	p.send = func(msg any) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.inbox = append(p.inbox, msg)
	}
	return p
}

func (p *testTopic) add() (*Subscription, *frameChecker) {
	w := &frameChecker{}
	s := &Subscription{topic: p.Topic, to: w}
	p.receive(join{member: s})
	return s, w
}

func (p *testTopic) sell() {
	p.product.Sold++
	p.product.Position++
	p.Change(p.product.Position, &ProductDelta{topics: ProductTopics, After: p.product, Change: -1, Cause: CauseReserved})
	p.group.publish()
}

// receiveOne handles the oldest message, and reports whether there was one.
func (p *testTopic) receiveOne() bool {
	synctest.Wait()
	p.mu.Lock()
	if len(p.inbox) == 0 {
		p.mu.Unlock()
		return false
	}
	msg := p.inbox[0]
	p.inbox = p.inbox[1:]
	p.mu.Unlock()
	p.receive(msg)
	return true
}

// countStale returns the number of members that are not at the topic's position.
func (p *testTopic) countStale() (n int) {
	for _, s := range p.members {
		if s.at != p.position {
			n++
		}
	}
	return n
}

// TestNextMemberLeaves: delivery continues after the member whose turn is next, the last of the list, has left.
func TestNextMemberLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newTestTopic(-1)
		var last *Subscription
		for range turnSize + 1 {
			last, _ = p.add()
		}
		p.sell()
		p.receiveOne()
		p.receive(leave{last})
		for range 2 {
			p.sell()
			for p.receiveOne() {
			}
		}
		if p.stale != 0 || p.countStale() != 0 {
			t.Errorf("%d members are stale, the topic counts %d; want 0", p.countStale(), p.stale)
		}
	})
}

// TestTurns: while members join and leave between turns, each receives frames without a gap, and each that stays ends
// with the last count.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newTestTopic(20 * time.Millisecond)
		watchers := map[*Subscription]*frameChecker{}
		for range 3*turnSize + 7 {
			s, w := p.add()
			watchers[s] = w
		}
		lagging := false
		for range 4000 {
			switch n := rand.N(20); {
			case n == 0:
				s, w := p.add()
				watchers[s] = w
			case n == 1:
				for s := range watchers {
					p.receive(leave{s})
					checkWatcher(t, watchers[s])
					delete(watchers, s)
					break
				}
			case n < 8:
				p.sell()
			case n < 10: // the budget is spent
				p.group.budget.spend(time.Now(), turnSize, time.Millisecond, time.Second)
			case n < 12:
				time.Sleep(time.Millisecond)
			default:
				p.receiveOne()
			}
			if stale := p.countStale(); stale != p.stale {
				t.Fatalf("%d members are stale, but the topic counts %d", stale, p.stale)
			}
			lagging = lagging || p.stale > 0 && p.stale < len(p.members)
		}
		for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
			for p.receiveOne() {
			}
		}
		if p.stale != 0 || !lagging {
			t.Errorf("%d members are stale, want 0; members were at different positions: %t, want true", p.stale, lagging)
		}
		for _, w := range watchers {
			checkWatcher(t, w)
			if w.position != p.product.Position || w.remaining != p.product.Remaining() {
				t.Errorf("a member ends with %d remaining at %d; want %d at %d", w.remaining, w.position,
					p.product.Remaining(), p.product.Position)
			}
		}
	})
}

func checkWatcher(t *testing.T, w *frameChecker) {
	t.Helper()
	if w.wrong != nil {
		t.Fatalf("a member: %s", w.wrong[0])
	}
}

// TestFramesAreShared: all members at one position share a frame.
func TestFramesAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newTestTopic(-1)
		var watchers []*frameChecker
		for range 4 * turnSize {
			_, w := p.add()
			watchers = append(watchers, w)
		}
		for range 10 { // a change in each turn
			p.sell()
			p.receiveOne()
		}
		for p.receiveOne() {
		}
		frames := map[*Frame]int{}
		for _, w := range watchers {
			checkWatcher(t, w)
			if w.remaining != p.product.Remaining() {
				t.Fatalf("remaining = %d, want %d", w.remaining, p.product.Remaining())
			}
			for _, f := range w.frames {
				if f.Kind == DeltaFrame {
					frames[f]++
				}
			}
		}
		for f, members := range frames {
			if members != turnSize {
				t.Errorf("%s went to %d members, want %d", f.Bytes(), members, turnSize)
			}
		}
	})
}

// TestSnapshotBeyondHistory: a member that lags behind the topic's history receives a snapshot, as do all members after
// the views were rebuilt.
func TestSnapshotBeyondHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newTestTopic(20 * time.Millisecond)
		var watchers []*frameChecker
		for range 2 * turnSize {
			_, w := p.add()
			watchers = append(watchers, w)
		}
		for range HistorySize + 2 {
			p.sell()
			p.step(time.Now())
		}
		checkLast := func(kind FrameKind, position events.Position) {
			t.Helper()
			for end := time.Now().Add(time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
				for p.receiveOne() {
				}
			}
			for _, w := range watchers {
				last := w.frames[len(w.frames)-1]
				if last.Kind != kind || last.Position != position || w.wrong != nil {
					t.Fatalf("the last frame is %s, %v; want kind %v at %d", last.Bytes(), w.wrong, kind, position)
				}
			}
		}
		checkLast(SnapshotFrame, p.product.Position)
		p.sell()
		checkLast(DeltaFrame, p.product.Position)
		rebuilt := row.Product{ID: "a", Stock: 5, Position: 3}
		p.sell()
		p.receiveOne() // the next step then has to wait
		p.renew(ProductTopics.State(rebuilt), 3)
		checkLast(SnapshotFrame, 3)
	})
}
