package projections

import (
	"context"
	"time"

	"admitone/events"
)

// Position is the one up to which the views contain the log.
func (p *Projections) Position() events.Position {
	return events.Position(p.waiters.applied.Load())
}

// WaitFor returns when the views contain everything up to pos.
// Errors: ctx.Err(); [ErrClosed], or what Healthy says, if they never will.
func (p *Projections) WaitFor(ctx context.Context, pos events.Position) error {
	return p.waiters.wait(ctx, pos)
}

// Ready reports whether the views have caught up, once, with the log as it was when
// Run began, or when they were rebuilt since.
func (p *Projections) Ready() bool {
	select {
	case <-*p.caught.Load():
		return true
	default:
		return false
	}
}

// Healthy returns why the views have stopped for good, nil if they haven't.
func (p *Projections) Healthy() error {
	if err := p.failure.Load(); err != nil {
		return *err
	}
	return nil
}

// Stats are figures for operators.
type Stats struct {
	// Position up to which the views contain the log, and in what a reader finds when
	// memory is not asked.
	Position, Flushed events.Position
	// Events folded since the start of the program.
	Events uint64
	// LastEvent is the store's time of the last event folded since then; zero if
	// there was none.
	LastEvent time.Time
	// Topics with subscribers, and their subscribers.
	Topics, Subscribers int
	// Streams with open holds.
	Deadlines int
}

// Stats returns the present figures.
func (p *Projections) Stats() Stats {
	p.mu.RLock()
	defer p.mu.RUnlock()
	s := Stats{Position: p.Position(), Flushed: p.flushed.position, Events: p.events.Load()}
	if at := p.created.Load(); at != 0 {
		s.LastEvent = time.Unix(0, at).UTC()
	}
	s.Topics, s.Subscribers = p.topics.Count()
	p.deadlines.mu.Lock()
	defer p.deadlines.mu.Unlock()
	s.Deadlines = len(p.deadlines.streams)
	return s
}

// Lag is the number of positions the views that are behind the log. In a store whose
// positions are not consecutive it is more than the number of events.
// Errors: events.ErrUnavailable, events.ErrClosed, ctx.Err().
func (p *Projections) Lag(ctx context.Context) (uint64, error) {
	head, err := p.store.Head(ctx)
	if err != nil {
		return 0, err
	}
	if at := p.Position(); at < head {
		return uint64(head - at), nil
	}
	return 0, nil
}
