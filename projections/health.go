package projections

import (
	"context"
	"time"

	"admitone/events"
)

// Position returns the position up to which the views contain the log.
func (p *Projections) Position() events.Position {
	return events.Position(p.waiters.applied.Load())
}

// WaitFor waits until the views contain everything up to pos.
// Errors: ctx.Err(); [ErrClosed], or the error of Healthy, if they have stopped.
func (p *Projections) WaitFor(ctx context.Context, pos events.Position) error {
	return p.waiters.wait(ctx, pos)
}

// Ready reports whether the views have once caught up with the end of the log as of the start of Run or, if they
// were rebuilt later, as of the rebuild.
func (p *Projections) Ready() bool {
	select {
	case <-*p.caught.Load():
		return true
	default:
		return false
	}
}

// Healthy returns the error that stopped the views permanently, nil if none did.
func (p *Projections) Healthy() error {
	if err := p.failure.Load(); err != nil {
		return *err
	}
	return nil
}

// Stats are metrics of the views.
type Stats struct {
	// Position up to which the views contain the log, and up to which they are written to the disk.
	Position, Flushed events.Position
	// Events folded since the program started.
	Events uint64
	// LastEvent is the store's time of the last one folded; zero if there was none.
	LastEvent time.Time
	// Topics is the number of topics with subscribers, Subscribers that of all subscribers.
	Topics, Subscribers int
	// Deadlines is the number of streams with open holds.
	Deadlines int
}

// Stats returns the current metrics.
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

// Lag is the number of positions by which the views lag behind the log. In a store whose positions
// are not consecutive it exceeds the number of events. Errors: events.ErrUnavailable,
// events.ErrClosed, ctx.Err().
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
