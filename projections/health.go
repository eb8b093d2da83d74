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

// Ready reports whether the views have reached the end that the log had when Run started or, if they were rebuilt
// later, when the rebuild started.
func (p *Projections) Ready() bool {
	select {
	case <-*p.caughtUp.Load():
		return true
	default:
		return false
	}
}

// Healthy returns the error that stopped the views permanently, nil if they have not stopped.
func (p *Projections) Healthy() error {
	if err := p.failure.Load(); err != nil {
		return *err
	}
	return nil
}

// Stats are metrics of the views.
type Stats struct {
	// Position is the position up to which the views contain the log, Flushed that up to which they are on disk.
	Position, Flushed events.Position
	// Events is the number of events folded since the program started.
	Events uint64
	// LastEvent is the store's time of the last event folded; zero if there was none.
	LastEvent time.Time
	// Topics is the number of topics with subscribers, Subscribers the number of subscribers of all topics.
	Topics, Subscribers int
	// Deadlines is the number of streams with open holds or future sale times.
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

// Lag returns the number of positions by which the views lag behind the log. In a store whose positions
// are not consecutive, the lag exceeds the number of events. Errors: events.ErrUnavailable,
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
