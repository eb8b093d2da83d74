package projections

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
	"admitone/projections/row"
)

const (
	// flushEvery and flushWork bound the age and number of the changes that are only in memory. After a
	// crash they are folded again from the log.
	flushEvery = 100 * time.Millisecond
	flushWork  = 20_000
	// saveEvery and saveWork bound the age and number of the written records that a crash loses.
	saveEvery = 30 * time.Second
	saveWork  = 200_000
)

// Run follows the log until ctx ends. It may be called once. If the log is unavailable, Run retries with backoff
// from the last position. Any other failure is final: the views stop, and Healthy returns the reason.
//
// Errors: ctx.Err(), [ErrClosed], [row.ErrViolated], events.ErrUnknownFact,
// events.ErrBadFact, events.ErrDamaged, events.ErrClosed, the disk's.
func (p *Projections) Run(ctx context.Context) error {
	p.mu.Lock()
	if p.running {
		p.mu.Unlock()
		return errors.New("the views are already running")
	}
	p.running = true
	p.mu.Unlock()

	ctx, stop := context.WithCancel(ctx)
	flushing := make(chan struct{})
	go func() {
		defer close(flushing)
		p.flushLoop(ctx)
	}()
	filling := make(chan struct{})
	go func() {
		defer close(filling)
		p.keyFilter.run(ctx, p)
	}()
	defer func() { stop(); <-flushing; <-filling }()

	for {
		err := p.follow(ctx)
		if p.damage.found() == nil || ctx.Err() != nil || p.Healthy() != nil {
			return err
		}
		if err := p.rebuild(); err != nil {
			return p.fail(err)
		}
	}
}

// follow follows the log until ctx ends, an error is final, or the views are found damaged.
func (p *Projections) follow(outer context.Context) error {
	ctx, stop := context.WithCancel(outer)
	defer stop()
	go func() {
		select {
		case <-p.damage.reported:
			stop()
		case <-ctx.Done():
		}
	}()
	target, started := events.Position(0), false
	return events.FollowAlways(ctx, p.Position, func() (err error) {
		if !started {
			if target, err = p.checkLog(ctx); err != nil {
				return err
			}
			started = true
		}
		p.markReady(target)
		return p.store.Follow(ctx, p.Position(), func(batch []events.Recorded) error {
			if err := p.apply(batch); err != nil {
				return err
			}
			p.markReady(target)
			return nil
		})
	}, func(err error, pause time.Duration) bool {
		if p.damage.found() != nil {
			return false
		}
		if isFinal(err) || p.Healthy() != nil {
			_ = p.fail(err) // the result is err itself
			return false
		}
		p.log.Warn("views can't follow the log; retrying", "error", err, "position", p.Position(), "in", pause)
		return true
	})
}

// isFinal reports whether retrying after err is useless.
func isFinal(err error) bool {
	for _, final := range []error{ErrClosed, row.ErrViolated, events.ErrUnknownFact, events.ErrBadFact,
		events.ErrDamaged, events.ErrClosed} {
		if errors.Is(err, final) {
			return true
		}
	}
	return false
}

// checkLog checks that the views were folded from this log, and returns the log's last position, at which the views
// will have caught up. A different log is reported as damage of the views.
func (p *Projections) checkLog(ctx context.Context) (events.Position, error) {
	head, err := p.store.Head(ctx)
	if err != nil {
		return 0, err
	}
	p.mu.RLock()
	at, own := p.at, p.own
	p.mu.RUnlock()
	if at.position == 0 {
		return head, nil
	}
	same, err := p.hasEvent(ctx, at)
	if err == nil && !same && own != at && own.position > 0 {
		// Other programs may delete their own events; the last event of this system must exist.
		same, err = p.hasEvent(ctx, own)
	}
	if err != nil || same {
		return head, err
	}
	p.damage.report(fmt.Errorf("the log has a different event at position %d", at.position))
	return 0, p.damage.found()
}

// hasEvent reports whether the log has the event of a checkpoint.
func (p *Projections) hasEvent(ctx context.Context, at checkpoint) (bool, error) {
	last, err := p.store.ReadAll(ctx, at.position+1, events.Backward, 1)
	return err == nil && len(last) == 1 && checkpointAt(&last[0]) == at, err
}

// apply folds a batch. Events that the views already contain are skipped.
func (p *Projections) apply(batch []events.Recorded) error {
	foreign, err := p.findForeign(batch)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	if err := errors.Join(p.Healthy(), p.damage.found()); err != nil {
		return err
	}
	var last *events.Recorded
	folded := uint64(0)
	for i := range batch {
		e := &batch[i]
		if e.Position <= p.at.position {
			continue
		}
		work := 0
		if !foreign[i] {
			if work, err = p.fold(e); errors.Is(err, events.ErrUnavailable) {
				break
			} else if err != nil {
				return p.failLocked(err)
			}
			p.own = checkpointAt(e)
		}
		last, p.at.position = e, e.Position
		folded++
		if p.work += 1 + work; p.work >= flushWork {
			p.at = checkpointAt(e)
			if err := p.flush(); err != nil {
				return err
			}
		}
	}
	if last == nil {
		return err
	}
	p.at = checkpointAt(last)
	p.events.Add(folded)
	p.created.Store(last.Created.UnixNano())
	p.waiters.advance(p.at.position)
	p.topics.Publish()
	return err
}

// fold applies one event to the views.
func (p *Projections) fold(e *events.Recorded) (work int, err error) {
	if e.Stream.Internal() {
		return 0, nil
	}
	if name := e.Stream.Category(); name != p.last.name {
		p.last = category{name: strings.Clone(name), view: p.categories[name]}
	}
	fact, err := e.Decode()
	if err != nil {
		return 0, p.skipForeign(e, err)
	}
	// A known fact that no view uses is skipped: adding a view for it rebuilds all views.
	if p.last.view != nil {
		if work, err = p.last.view.fold(e, fact); err != nil {
			return 0, err
		}
	}
	keys, err := p.keyScopes.fold(e, fact)
	if work += keys; err != nil {
		return work, err
	}
	if held, ok := fact.(events.Deadlined); ok {
		if err := p.deadlines.fold(e, held); err != nil {
			return work, err
		}
	}
	if sale, ok := fact.(events.Scheduled); ok {
		return work, p.deadlines.foldSale(e, sale)
	}
	return work, nil
}

// flushLoop writes pending changes, even when no more events arrive.
func (p *Projections) flushLoop(ctx context.Context) {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		p.mu.Lock()
		var err error
		if !p.closed {
			err = p.flush()
		}
		p.mu.Unlock()
		if err != nil && p.Healthy() != nil {
			return // the next apply returns the failure, and Run ends
		}
	}
}

// flush writes pending changes and the checkpoint in one atomic batch, which is not synced: lost
// changes are folded again. mu must be held. After a failure nothing more is written, because
// memory may contain a part of an event that the checkpoint does not.
func (p *Projections) flush() error {
	if p.at == p.flushed || p.Healthy() != nil || p.damage.found() != nil {
		return nil
	}
	b := p.db.NewBatch()
	defer b.Close()
	for _, k := range p.views {
		if err := k.flush(b); err != nil {
			return p.failLocked(err)
		}
	}
	if err := p.deadlines.flush(b, p); err != nil {
		return p.failLocked(err)
	}
	if err := b.Set([]byte(checkpointKey), p.appendCheckpoint(nil, p.at, p.own), nil); err != nil {
		return p.failLocked(err)
	}
	if err := b.Commit(pebble.NoSync); err != nil {
		return p.failLocked(err)
	}
	p.unsaved += p.work
	p.flushed, p.work = p.at, 0
	if p.unsaved >= saveWork || time.Since(p.savedAt) >= saveEvery {
		return p.flushTables()
	}
	return nil
}

// flushTables starts writing the records in Pebble's memory to tables, which survive a crash.
func (p *Projections) flushTables() error {
	if _, err := p.db.AsyncFlush(); err != nil {
		return p.failLocked(err)
	}
	p.unsaved, p.savedAt = 0, time.Now()
	return nil
}

// fail stops the views permanently with err and logs it.
func (p *Projections) fail(err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stopLocked(err)
}

// failLocked handles an error of the fold: it stops the views permanently, unless a rebuild may help; mu must be
// held.
func (p *Projections) failLocked(err error) error {
	if p.requestRebuild(err) {
		return err
	}
	return p.stopLocked(err)
}

// stopLocked is fail for callers that hold mu.
func (p *Projections) stopLocked(err error) error {
	if p.Healthy() != nil || p.closed {
		return err
	}
	p.failure.Store(&err)
	p.waiters.fail(err)
	p.log.Error("views stopped permanently", "error", err, "position", p.at.position)
	return err
}
