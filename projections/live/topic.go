package live

import (
	"sync"
	"sync/atomic"
	"time"

	"admitone/events"
)

// HistorySize is the number of deltas that a topic retains for returning subscribers.
const HistorySize = 256

// Topic is one topic while it has subscribers. Its actor owns the subscribers and the
// state, so that a snapshot and the deltas after it neither miss nor repeat a
// change. The fold only stores changes in the topic.
type Topic struct {
	group *Topics // the topics with the same prefix
	id    string
	name  string
	epoch string
	every time.Duration
	send  func(msg any)
	stop  func()
	// replayed means that history includes events from before the topic was created.
	replayed atomic.Bool

	// Guarded by the hub's lock.
	subscribers int
	folded      Delta // merged changes of the batch being folded
	foldedTo    events.Position

	// mu guards the data passed from the fold to the actor. Deltas are merged here until the
	// actor's next turn.
	mu        sync.Mutex
	pending   Delta
	pendingTo events.Position
	renewed   *renewal  // to be applied before pending
	due       time.Time // earliest time of the next turn
	scheduled bool      // a turn message or the timer is pending
	timer     *time.Timer
	stopped   bool

	// Owned by the actor.
	state          State
	position       events.Position
	cachedSnapshot *Frame // the snapshot of state, nil until needed
	members        []*Subscription
	stale          int       // number of members not at position
	next           int       // index of the member whose turn is next
	nextStep       time.Time // earliest time of the next delta
	frames         []*Frame  // the frames from positions of members to position
	history        []*Frame  // the latest deltas, contiguous, the oldest at oldest
	oldest         int
}

// The messages to a topic's actor. turn makes the actor deliver.
type (
	turn struct{}
	join struct {
		member  *Subscription
		from    Resume
		earlier []EarlierFact
		missed  *Missed
	}
	leave struct{ member *Subscription }
)

// end stops the actor. It is called with the hub's lock held.
func (t *Topic) end() {
	t.mu.Lock()
	t.stopped = true
	if t.timer != nil {
		t.timer.Stop()
	}
	t.mu.Unlock()
	t.stop()
}

// ID returns the part of the topic's name after the colon.
func (t *Topic) ID() string { return t.id }

// Change adds a delta to the batch being folded, whose last event so far is at position. It does
// not retain d. The hub's lock must be held.
func (t *Topic) Change(position events.Position, d Delta) {
	if t.folded == nil {
		t.folded = d.Clone()
		t.group.changed = append(t.group.changed, t)
	} else {
		t.folded.Merge(d)
	}
	t.foldedTo = position
}

func (t *Topic) publish() {
	folded := t.folded
	t.folded = nil
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopped {
		return
	}
	t.pendingTo = t.foldedTo
	if t.pending != nil {
		t.pending.Merge(folded)
		return
	}
	t.pending = folded
	t.schedule()
}

// receive handles a message of the actor.
func (t *Topic) receive(msg any) {
	switch m := msg.(type) {
	case turn:
		t.turn()
	case join:
		t.join(m)
	case leave:
		t.leave(m.member)
	}
}

// join delivers the first frame to a new member. The frame must contain all folded changes, which the other members
// get too if the budget allows.
func (t *Topic) join(m join) {
	now := time.Now()
	t.step(now)
	free := t.group.budget.freeAt()
	if !now.Before(free) {
		free = t.deliver(now)
	}
	t.replay(m.earlier)
	m.member.index = len(t.members)
	t.members = append(t.members, m.member)
	m.member.at = t.position
	m.member.to.Deliver(t.first(m.from, m.missed))
	t.plan(free)
}

func (t *Topic) leave(s *Subscription) {
	if s.at != t.position {
		t.stale--
	}
	last := len(t.members) - 1
	t.members[last].index = s.index
	t.members[s.index] = t.members[last]
	t.members[last] = nil
	t.members = t.members[:last]
	if t.next >= last {
		t.next = 0
	}
}

func (t *Topic) addToHistory(f *Frame) {
	if len(t.history) < HistorySize {
		t.history = append(t.history, f)
		return
	}
	t.history[t.oldest] = f
	t.oldest = (t.oldest + 1) % HistorySize
}

// first returns the first frame for a new member.
func (t *Topic) first(from Resume, missed *Missed) *Frame {
	if from.Epoch == t.epoch && from.Since > 0 {
		if from.Since == t.position {
			return NewDelta(t.name, t.position, t.position, t.state.Unchanged())
		}
		if sum := t.missedSince(from.Since, missed); sum != nil {
			return NewDelta(t.name, from.Since, t.position, sum)
		}
	}
	return t.snapshot()
}

// missedSince returns the merged changes after since, from the history or else from missed; nil if neither is complete.
func (t *Topic) missedSince(since events.Position, missed *Missed) Delta {
	if sum := t.mergedSince(since); sum != nil || missed == nil {
		return sum
	}
	if missed.To == t.position {
		return missed.Delta
	}
	rest := t.mergedSince(missed.To) // published after missed was computed
	if rest == nil {
		return nil
	}
	missed.Delta.Merge(rest)
	return missed.Delta
}

// mergedSince returns the merged deltas after since; nil if the history lacks one of them.
func (t *Topic) mergedSince(since events.Position) (sum Delta) {
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

// renewal is a state that replaces a topic's state and history.
type renewal struct {
	state    State
	position events.Position
}

// renew makes the actor start over from a state.
func (t *Topic) renew(state State, position events.Position) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pending, t.renewed = nil, &renewal{state, position}
	t.schedule()
}

// applyRenewal applies a renewal. Every member then receives a snapshot.
func (t *Topic) applyRenewal(r *renewal) {
	t.state, t.position, t.cachedSnapshot = r.state, r.position, nil
	t.history, t.oldest = nil, 0
	t.replayed.Store(false)
	t.stale, t.frames = len(t.members), t.frames[:0]
	for _, s := range t.members {
		s.at = 0
	}
}
