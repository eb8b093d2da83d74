package live

import (
	"runtime"
	"time"

	"admitone/events"
)

const (
	// turnSize is the number of members to which a topic delivers in one turn.
	turnSize = 512
	// yieldEvery is the number of members after which a turn yields to other goroutines.
	yieldEvery = 32
)

// A topic delivers in turns. Each turn applies pending changes and brings the next few members to the current position.
// Members may therefore be at different positions, and no count is older than one round of turns. A frame is encoded
// once for all members at the same position.

// turn applies the pending changes, unless the last delta is too recent, and delivers frames to the next
// members.
func (t *Topic) turn() {
	t.mu.Lock()
	t.scheduled = false
	t.mu.Unlock()
	now := time.Now()
	if !now.Before(t.nextStep) {
		t.step(now)
	}
	t.plan(t.deliver(now))
}

// plan schedules the next turn, if one is needed, not before free, the time from which the budget allows it.
func (t *Topic) plan(free time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.due = free
	if t.stale == 0 && free.Before(t.nextStep) {
		t.due = t.nextStep
	}
	if t.stale > 0 || t.pending != nil || t.renewed != nil {
		t.schedule()
	}
}

// schedule sends the actor a turn message when the next turn is due. mu must be held.
func (t *Topic) schedule() {
	if t.scheduled || t.stopped {
		return
	}
	t.scheduled = true
	wait := time.Until(t.due)
	switch {
	case wait <= 0:
		t.send(turn{})
	case t.timer == nil:
		t.timer = time.AfterFunc(wait, t.wake)
	default:
		t.timer.Reset(wait)
	}
}

// wake runs on the timer's goroutine.
func (t *Topic) wake() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.stopped {
		t.send(turn{})
	}
}

// step applies the pending changes. Afterwards no member is up to date.
func (t *Topic) step(now time.Time) {
	t.mu.Lock()
	delta, position, renewed := t.pending, t.pendingTo, t.renewed
	t.pending, t.renewed = nil, nil
	t.mu.Unlock()
	if renewed != nil {
		t.applyRenewal(renewed)
	}
	if delta == nil {
		return
	}
	t.nextStep = now.Add(t.every)
	f := NewDelta(t.name, t.position, position, delta)
	t.state.Apply(delta)
	t.position, t.cachedSnapshot = position, nil
	t.addToHistory(f)
	t.stale, t.frames = len(t.members), t.frames[:0]
}

// deliver brings the next members to the current position, and returns the time at which the topic's next turn may
// begin.
func (t *Topic) deliver(now time.Time) time.Time {
	if t.stale == 0 {
		return now
	}
	var waited time.Duration
	start := now
	delivered := 0
	for range min(turnSize, len(t.members)) {
		s := t.members[t.next]
		t.next = (t.next + 1) % len(t.members)
		if s.at == t.position {
			continue
		}
		s.to.Deliver(t.frameSince(s.at))
		s.at = t.position
		t.stale--
		if delivered++; delivered%yieldEvery == 0 {
			before := time.Now()
			runtime.Gosched()
			waited += time.Since(before)
		}
	}
	now = time.Now()
	return t.group.budget.spend(now, delivered, now.Sub(start)-waited, waited)
}

// frameSince returns the frame that brings a member from a position to the current position; a snapshot for position 0.
func (t *Topic) frameSince(at events.Position) *Frame {
	for _, f := range t.frames {
		if f.Previous == at {
			return f
		}
	}
	f := t.newFrameSince(at)
	t.frames = append(t.frames, f)
	return f
}

func (t *Topic) newFrameSince(at events.Position) *Frame {
	if at > 0 {
		if last := t.latest(); last != nil && last.Previous == at {
			return last
		}
		if sum := t.mergedSince(at); sum != nil {
			return NewDelta(t.name, at, t.position, sum)
		}
	}
	return t.snapshot()
}

// latest returns the last delta of the history, nil if that is empty.
func (t *Topic) latest() *Frame {
	n := len(t.history)
	if n == 0 {
		return nil
	}
	return t.history[(t.oldest+n-1)%n]
}

// snapshot returns the snapshot of the current state.
func (t *Topic) snapshot() *Frame {
	if t.cachedSnapshot == nil {
		t.cachedSnapshot = NewSnapshot(t.name, t.epoch, t.position, t.state)
	}
	return t.cachedSnapshot
}
