package projections

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
)

const (
	// flushEvery and flushWork bound how long and how many changes stay in memory
	// only. What a crash takes is folded again from the log.
	flushEvery = 100 * time.Millisecond
	flushWork  = 20_000
	// backOff and backOffMax bound the rest before an unreachable log is tried
	// again.
	backOff, backOffMax = 50 * time.Millisecond, 5 * time.Second
)

// Run follows the log until ctx ends, and is called once. When the log can't be
// reached it tries again, ever less often, from where it was. Anything else that
// goes wrong is final: the views stay as they are, and Healthy says why.
//
// Errors: ctx.Err(), [ErrClosed], [ErrViolated], events.ErrUnknownFact,
// events.ErrBadFact, events.ErrDamaged, events.ErrClosed, the disk's.
func (p *Projections) Run(ctx context.Context) error {
	p.mu.Lock()
	if p.running {
		p.mu.Unlock()
		return errors.New("projections: Run was called twice")
	}
	p.running = true
	p.mu.Unlock()

	ctx, stop := context.WithCancel(ctx)
	flushing := make(chan struct{})
	go func() {
		defer close(flushing)
		p.keepFlushing(ctx)
	}()
	defer func() { stop(); <-flushing }()

	target, started := events.Position(0), false
	rest := backOff
	for {
		before := p.Position()
		var err error
		if !started {
			target, err = p.begin(ctx)
			started = err == nil
		}
		if err == nil {
			p.caughtUp(target)
			err = p.store.Follow(ctx, p.Position(), func(batch []events.Recorded) error {
				if err := p.apply(batch); err != nil {
					return err
				}
				p.caughtUp(target)
				return nil
			})
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if final(err) || p.Healthy() != nil {
			return p.fail(err)
		}
		if p.Position() > before {
			rest = backOff
		}
		p.log.Warn("views can't follow the log and will try again", "error", err, "position", p.Position(), "in", rest)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(rest/2 + rand.N(rest/2)):
		}
		rest = min(2*rest, backOffMax)
	}
}

// final says whether trying again would be of no use.
func final(err error) bool {
	for _, hopeless := range []error{ErrClosed, ErrViolated, events.ErrUnknownFact, events.ErrBadFact, events.ErrDamaged, events.ErrClosed} {
		if errors.Is(err, hopeless) {
			return true
		}
	}
	return false
}

// begin makes sure that the log is the one the views were made of, and returns
// the position at which they will have caught up.
func (p *Projections) begin(ctx context.Context) (events.Position, error) {
	head, err := p.store.Head(ctx)
	if err != nil {
		return 0, err
	}
	p.mu.RLock()
	at := p.at
	p.mu.RUnlock()
	if at.position == 0 {
		return head, nil
	}
	last, err := p.store.ReadAll(ctx, at.position+1, events.Backward, 1)
	if err != nil {
		return 0, err
	}
	if len(last) == 1 && checkpointAt(&last[0]) == at {
		return head, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return 0, ErrClosed
	}
	if err := p.reset(fmt.Sprintf("the log has another event at position %d", at.position)); err != nil {
		return 0, p.failLocked(err)
	}
	return head, nil
}

// caughtUp makes the projections ready once they have reached target.
func (p *Projections) caughtUp(target events.Position) {
	if !p.Ready() && p.Position() >= target {
		close(p.ready)
	}
}

// apply folds a batch. Events that the views contain already change nothing.
func (p *Projections) apply(batch []events.Recorded) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	if err := p.Healthy(); err != nil {
		return err
	}
	var last *events.Recorded
	for i := range batch {
		e := &batch[i]
		if e.Position <= p.at.position {
			continue
		}
		work, err := p.fold(e)
		if err != nil {
			return p.failLocked(err)
		}
		last, p.at.position = e, e.Position
		if p.work += 1 + work; p.work >= flushWork {
			p.at = checkpointAt(e)
			if err := p.flush(); err != nil {
				return err
			}
		}
	}
	if last == nil {
		return nil
	}
	p.at = checkpointAt(last)
	p.events.Add(uint64(len(batch)))
	p.created.Store(last.Created.UnixNano())
	p.waiters.reached(p.at.position)
	for _, t := range p.topics {
		t.publish()
	}
	return nil
}

// fold takes one event into the views.
func (p *Projections) fold(e *events.Recorded) (work int, err error) {
	if e.Stream.Internal() {
		return 0, nil
	}
	if name := e.Stream.Category(); name != p.last.name {
		p.last = category{name: strings.Clone(name), kind: p.categories[name]}
	}
	fact, err := e.Decode()
	if err != nil && p.last.kind == nil {
		p.strange(e, err)
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("position %d, %s@%d: %w", e.Position, e.Stream, e.Revision, err)
	}
	// A fact that no view is about is none the less known, or it would not have
	// been decoded. When a kind for it is added, the views are folded anew.
	if p.last.kind != nil {
		if work, err = p.last.kind.fold(e, fact); err != nil {
			return 0, err
		}
	}
	if held, ok := fact.(events.Deadlined); ok {
		return work, p.deadlines.fold(e, held)
	}
	return work, nil
}

// strange tells of an event that is no fact in a stream that is no kind's: whoever
// may write to the log may have one there, or a newer version of the program does.
// It concerns no view, and is not worth stopping them for; verify names it.
func (p *Projections) strange(e *events.Recorded, err error) {
	if p.strangers == nil {
		p.strangers = map[string]bool{}
	}
	if category := e.Stream.Category(); !p.strangers[category] && len(p.strangers) < maxStrangers {
		p.strangers[strings.Clone(category)] = true
		p.log.Warn("the log has streams of no known kind; they are passed by", "stream", e.Stream, "position", e.Position, "error", err)
	}
}

// maxStrangers bounds the unknown categories that are told of.
const maxStrangers = 16

// keepFlushing writes what has changed, also when no more events come.
func (p *Projections) keepFlushing(ctx context.Context) {
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
		if err != nil {
			return // apply returns it too, and Run ends
		}
	}
}

// flush writes what has changed together with the checkpoint, in one batch that
// a crash leaves whole or not at all. Nothing waits for the disk: what is lost
// is folded again. mu must be held. After a failure nothing is written any more,
// since memory may hold a part of an event that the checkpoint doesn't.
func (p *Projections) flush() error {
	if p.at == p.flushed || p.Healthy() != nil {
		return nil
	}
	b := p.db.NewBatch()
	defer b.Close()
	for _, k := range p.kinds {
		if err := k.flush(b); err != nil {
			return p.failLocked(err)
		}
	}
	if err := p.deadlines.flush(b); err != nil {
		return p.failLocked(err)
	}
	if err := b.Set([]byte(checkpointKey), p.appendRecord(nil, p.at), nil); err != nil {
		return p.failLocked(err)
	}
	if err := b.Commit(pebble.NoSync); err != nil {
		return p.failLocked(err)
	}
	p.flushed, p.work = p.at, 0
	return nil
}

func (p *Projections) fail(err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failLocked(err)
}

// failLocked makes err final and says so; mu must be held.
func (p *Projections) failLocked(err error) error {
	if p.Healthy() != nil || p.closed {
		return err
	}
	p.failure.Store(&err)
	p.waiters.fail(err)
	p.log.Error("views have stopped for good", "error", err, "position", p.at.position)
	return err
}
