package actors

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"admitone/actors/core"
)

// receive waits for an answer. Errors: ctx.Err(); ErrUnavailable after AnswerTimeout.
func (d *Desk) receive(ctx context.Context, reply <-chan result) (r result, err error) {
	var late <-chan time.Time
	_, limited := ctx.Deadline()
	switch {
	case limited:
	case d.config.AnswerTimeout == 0 && ctx.Done() == nil: // a plain receive costs half as much as a select
		return <-reply, nil
	case d.config.AnswerTimeout > 0:
		timer := d.timers.get(d.config.AnswerTimeout)
		defer d.timers.put(timer)
		late = timer.C
	}
	select {
	case r = <-reply:
		return r, nil
	case <-ctx.Done():
		select {
		case r = <-reply: // the caller of a batch may look at it late
			return r, nil
		default:
		}
		return r, ctx.Err()
	case <-late:
		return r, fmt.Errorf("%w: no answer in %v", ErrUnavailable, d.config.AnswerTimeout)
	}
}

// view makes sure that a read never runs after its caller has returned.
type view struct {
	mu    sync.Mutex
	ended bool // guarded by mu
}

// during wraps read: it is a no-op after end.
func (v *view) during(read func(core.Core)) func(core.Core) {
	return func(c core.Core) {
		v.mu.Lock()
		defer v.mu.Unlock()
		if !v.ended {
			read(c)
		}
	}
}

func (v *view) end() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.ended = true
}

// refuseFirst refuses the first command of b that has facts: the store has found them too large
// even alone. It returns false if that command has no caller.
func (e *entity) refuseFirst(b *batch) bool {
	i := slices.IndexFunc(b.items, func(p *envelope) bool { return len(p.outcome.facts) > 0 })
	if i < 0 || b.items[i].reply == nil || b.items[i].joint != nil {
		return false
	}
	p := b.items[i]
	b.items = slices.Delete(slices.Clone(b.items), i, i+1)
	p.outcome = outcome{revision: b.durable, err: errTooMuch}
	e.complete(p, e.position)
	return true
}

// errTooMuch refuses a command whose facts exceed the store's limit.
var errTooMuch = &core.Refusal{Code: core.CodeTooLarge,
	Detail: "this leads to more than the log of this system takes at once; ask for less in one request"}

func (e *entity) failStash(err error) {
	for _, p := range e.stash {
		e.fail(p, fmt.Errorf("%w: %w", ErrUnavailable, err))
	}
	e.stash = nil
}

// timerPool reuses timers. Like the pool of envelopes it belongs to one desk.
type timerPool struct{ pool sync.Pool }

func (l *timerPool) get(d time.Duration) *time.Timer {
	if timer, ok := l.pool.Get().(*time.Timer); ok {
		timer.Reset(d)
		return timer
	}
	return time.NewTimer(d)
}

// put stops a timer and keeps it. The channel of a stopped timer is empty.
func (l *timerPool) put(timer *time.Timer) {
	timer.Stop()
	l.pool.Put(timer)
}
