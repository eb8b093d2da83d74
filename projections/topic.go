package projections

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"admitone/events"
)

// The errors of [Projections.Subscribe].
var (
	// ErrNotFound: the topic's kind exists, what it is about doesn't (yet).
	ErrNotFound = errors.New("projections: there is no such thing")
	// ErrBadTopic: no kind of topic has that name.
	ErrBadTopic = errors.New("projections: no such kind of topic")
	// ErrNotReady: the views have not caught up yet since the program's start.
	ErrNotReady = errors.New("projections: the views are still catching up")
)

// Spawner starts an actor: receive is called with the messages sent, one after
// another, in order. send never blocks. After stop nothing is sent any more, and
// what was sent before is still received. All three may be called from any
// goroutine and must not call back.
type Spawner func(name string, receive func(msg any)) (send func(msg any), stop func())

// Subscriber is told what happens to a topic.
type Subscriber interface {
	// Deliver is called on the topic's actor with one frame after another, and
	// must not block. One call may still be under way when its subscription has
	// been closed. It may close subscriptions, and must not open any.
	Deliver(*Frame)
}

// Resume says what a subscriber has seen already. The zero Resume asks for a
// snapshot.
type Resume struct {
	// Since is the position of the last frame seen.
	Since events.Position
	// Epoch of the log that position belongs to.
	Epoch string
}

// topicKind is a kind of topics: those named "<prefix>:<id>".
type topicKind struct {
	prefix string
	// category of the streams that the topics are, one each; "" if they aren't.
	category string
	// load returns a topic's present state and the position of its last change.
	// It is called with Projections.mu held. Errors: ErrNotFound, the disk's.
	load func(id string) (State, events.Position, error)
	// recollect, if set, returns what was missed since a position, nil if that is not
	// known. It is called with Projections.mu held, and regain before it and without
	// the lock, for a position of this log's.
	recollect func(id string, since events.Position) *recollection
	regain    func(ctx context.Context, since events.Position)
	// slowest is a pause between two frames that is longer than that of others; 0 if
	// it isn't.
	slowest time.Duration
	// live are the topics with subscribers, by id. Guarded by Projections.mu, as
	// is touched: those with changes in the batch being folded.
	live    map[string]*topic
	touched []*topic
}

func newTopicKind(prefix string, load func(string) (State, events.Position, error)) *topicKind {
	return &topicKind{prefix: prefix, load: load, live: map[string]*topic{}}
}

// watched returns the topic of id if somebody watches it, else nil.
func (k *topicKind) watched(id string) *topic {
	if len(k.live) == 0 {
		return nil
	}
	return k.live[id]
}

// publish hands the changes of a batch to the actors of their topics.
func (k *topicKind) publish() {
	for i, t := range k.touched {
		t.publish()
		k.touched[i] = nil
	}
	k.touched = k.touched[:0]
}

// historySize is how many deltas a topic remembers for those who come back.
const historySize = 256

// topic is one topic while it has subscribers. Its actor owns them and the
// state, so that a snapshot and the deltas after it can't miss or repeat
// anything; the fold only leaves changes in pending.
type topic struct {
	kind  *topicKind
	id    string
	name  string
	epoch string
	every time.Duration
	send  func(msg any)
	stop  func()
	// recalled: the events from before the topic are in history.
	recalled atomic.Bool

	// Guarded by Projections.mu.
	subscribers int
	next        Delta // of the batch being folded
	nextTo      events.Position

	// mu guards what passes from the fold to the actor. Deltas are merged here
	// while the actor is busy or the last frame is younger than every.
	mu        sync.Mutex
	pending   Delta
	pendingTo events.Position
	delivered time.Time
	timer     *time.Timer
	stopped   bool

	// Owned by the actor.
	state    State
	position events.Position
	present  *Frame // the snapshot of state, if it has been asked for
	members  []*Subscription
	history  []*Frame // the latest deltas, without a gap, the oldest at oldest
	oldest   int
}

// The messages to a topic's actor. catchUp says that something is pending.
type (
	catchUp struct{}
	join    struct {
		who   *Subscription
		from  Resume
		found []earlier
		again *recollection
	}
	leave struct{ who *Subscription }
)

// Subscription is a subscriber's place in a topic.
type Subscription struct {
	p     *Projections
	topic *topic
	to    Subscriber
	index int // in topic.members; owned by the actor

	closed bool // guarded by Projections.mu
}

// Subscribe lets s have the topic's frames: first a snapshot, or, if resume fits,
// one delta with all that was missed (whose change is 0 if nothing was); then
// every change behind it, exactly once, possibly merged with others.
//
// Errors: [ErrBadTopic]; [ErrNotReady]; [ErrNotFound], also for something so new that the views
// don't have it yet; [ErrClosed]; the disk's.
func (p *Projections) Subscribe(name string, resume Resume, s Subscriber) (*Subscription, error) {
	prefix, id, _ := strings.Cut(name, ":")
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	found := p.recall(name, resume)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, ErrClosed
	}
	if !p.Ready() {
		return nil, ErrNotReady
	}
	kind, ok := p.topics[prefix]
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrBadTopic, name)
	}
	t := kind.live[id]
	if t == nil {
		state, position, err := kind.load(id)
		if err != nil {
			return nil, err
		}
		t = &topic{kind: kind, id: strings.Clone(id), name: strings.Clone(name), epoch: p.epoch, every: p.pause(kind), state: state, position: position}
		p.incarnations++
		t.send, t.stop = p.spawn(fmt.Sprintf("topic/%s#%d", name, p.incarnations), t.receive)
		kind.live[t.id] = t
	}
	t.subscribers++
	p.subscribers.Add(1)
	sub := &Subscription{p: p, topic: t, to: s}
	t.send(join{sub, resume, found, p.recollect(kind, id, resume)})
	return sub, nil
}

// pause is the shortest time between two frames of a topic; none if there is none for
// any.
func (p *Projections) pause(kind *topicKind) time.Duration {
	if p.frameEvery < 0 {
		return p.frameEvery
	}
	return max(p.frameEvery, kind.slowest)
}

// Close ends the subscription. A second Close does nothing.
func (s *Subscription) Close() {
	p, t := s.p, s.topic
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.closed || p.closed {
		return
	}
	s.closed = true
	p.subscribers.Add(-1)
	t.send(leave{s})
	// Who subscribes from now on finds no topic and makes a new one, with an
	// actor of its own: nobody joins one that is about to end.
	if t.subscribers--; t.subscribers == 0 {
		delete(t.kind.live, t.id)
		t.end()
	}
}

// end stops the actor. It is called with Projections.mu held.
func (t *topic) end() {
	t.mu.Lock()
	t.stopped = true
	if t.timer != nil {
		t.timer.Stop()
	}
	t.mu.Unlock()
	t.stop()
}

// change adds a delta to those of the batch being folded. It doesn't keep d.
func (t *topic) change(position events.Position, d Delta) {
	if t.next == nil {
		t.next = d.Clone()
		t.kind.touched = append(t.kind.touched, t)
	} else {
		t.next.Merge(d)
	}
	t.nextTo = position
}

func (t *topic) publish() {
	next := t.next
	t.next = nil
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopped {
		return
	}
	t.pendingTo = t.nextTo
	if t.pending != nil {
		t.pending.Merge(next)
		return
	}
	t.pending = next
	wait := t.every - time.Since(t.delivered)
	switch {
	case wait <= 0:
		t.send(catchUp{})
	case t.timer == nil:
		t.timer = time.AfterFunc(wait, t.wake)
	default:
		t.timer.Reset(wait)
	}
}

// wake runs on the timer's goroutine.
func (t *topic) wake() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.stopped {
		t.send(catchUp{})
	}
}

// receive is the actor.
func (t *topic) receive(msg any) {
	switch m := msg.(type) {
	case catchUp:
		t.catchUp()
	case join:
		t.catchUp()
		t.recall(m.found)
		m.who.index = len(t.members)
		t.members = append(t.members, m.who)
		m.who.to.Deliver(t.first(m.from, m.again))
	case leave:
		last := len(t.members) - 1
		t.members[last].index = m.who.index
		t.members[m.who.index] = t.members[last]
		t.members[last] = nil
		t.members = t.members[:last]
	}
}

// catchUp delivers what is pending to all members.
func (t *topic) catchUp() {
	t.mu.Lock()
	delta, position := t.pending, t.pendingTo
	t.pending = nil
	if delta != nil {
		t.delivered = time.Now()
	}
	t.mu.Unlock()
	if delta == nil {
		return
	}
	f := newDelta(t.name, t.position, position, delta)
	t.state.Apply(delta)
	t.position, t.present = position, nil
	t.remember(f)
	for _, s := range t.members {
		s.to.Deliver(f)
	}
}

func (t *topic) remember(f *Frame) {
	if len(t.history) < historySize {
		t.history = append(t.history, f)
		return
	}
	t.history[t.oldest] = f
	t.oldest = (t.oldest + 1) % historySize
}

// first is what a new member gets.
func (t *topic) first(from Resume, again *recollection) *Frame {
	if from.Epoch == t.epoch && from.Since > 0 {
		if from.Since == t.position {
			return newDelta(t.name, t.position, t.position, t.state.Unchanged())
		}
		if sum := t.missed(from.Since, again); sum != nil {
			return newDelta(t.name, from.Since, t.position, sum)
		}
	}
	if t.present == nil {
		t.present = newSnapshot(t.name, t.epoch, t.position, t.state)
	}
	return t.present
}

// missed sums up what was behind since, from what the topic remembers or else from a
// recollection; nil if neither knows all.
func (t *topic) missed(since events.Position, again *recollection) Delta {
	if sum := t.behind(since); sum != nil || again == nil {
		return sum
	}
	if again.to == t.position {
		return again.delta
	}
	rest := t.behind(again.to) // what was published since it was found
	if rest == nil {
		return nil
	}
	again.delta.Merge(rest)
	return again.delta
}

// behind merges the deltas behind since, or returns nil if it doesn't know all.
func (t *topic) behind(since events.Position) (sum Delta) {
	for i := range t.history {
		f := t.history[(t.oldest+i)%len(t.history)]
		switch {
		case sum != nil:
			sum.Merge(f.Delta)
		case f.Previous == since:
			sum = f.Delta.Clone()
		}
	}
	return sum
}
