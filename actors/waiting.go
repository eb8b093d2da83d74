package actors

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"admitone/actors/core"
)

// receive waits for the answer to p. After an error p stays with its entity. Errors: ctx.Err();
// ErrUnavailable after AnswerTimeout, unless ctx has a deadline.
func (d *Desk) receive(ctx context.Context, p *envelope) (result, error) {
	if _, limited := ctx.Deadline(); limited || d.config.AnswerTimeout == 0 {
		return p.receive(ctx)
	}
	d.waiters.add(p)
	r, err := p.receive(ctx)
	if !d.waiters.remove(p) && err == nil {
		err = fmt.Errorf("%w: no answer in %v", ErrUnavailable, d.config.AnswerTimeout)
	}
	return r, err
}

// receive waits for the next reply. Error: ctx.Err().
func (p *envelope) receive(ctx context.Context) (result, error) {
	if ctx.Done() == nil { // a plain receive costs half as much as a select
		return <-p.reply, nil
	}
	select {
	case r := <-p.reply:
		return r, nil
	case <-ctx.Done():
	}
	select {
	case r := <-p.reply: // AskEach may receive an answer long after it arrived
		return r, nil
	default:
		return result{}, ctx.Err()
	}
}

// waiters are the envelopes whose callers wait no longer than limit, in the order in which they
// started to wait. They share one timer, because a timer and a select for each caller would cost more
// than its answer.
type waiters struct {
	limit time.Duration

	mu             sync.Mutex
	oldest, newest *envelope   // guarded by mu, as are the links of the envelopes between them
	timer          *time.Timer // runs while there are waiters; guarded by mu
}

// add adds p. Its caller then receives from p.reply and calls remove.
func (w *waiters) add(p *envelope) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p.waiting, p.since = true, time.Now()
	p.older, w.newest = w.newest, p
	if p.older != nil {
		p.older.newer = p
		return
	}
	w.oldest = p
	if w.timer == nil {
		w.timer = time.AfterFunc(w.limit, w.expire)
	}
}

// remove removes p and reports whether it was answered in time. If not, p must not be reused.
func (w *waiters) remove(p *envelope) (answered bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !p.waiting {
		return false
	}
	w.unlink(p)
	return true
}

func (w *waiters) unlink(p *envelope) {
	if p.older != nil {
		p.older.newer = p.newer
	} else {
		w.oldest = p.newer
	}
	if p.newer != nil {
		p.newer.older = p.older
	} else {
		w.newest = p.older
	}
	p.waiting, p.older, p.newer = false, nil, nil
}

// expire replies to those that have waited for limit, and sets the timer for the next.
func (w *waiters) expire() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for p := w.oldest; p != nil; p = w.oldest {
		if rest := w.limit - time.Since(p.since); rest > 0 {
			w.timer.Reset(rest)
			return
		}
		w.unlink(p)
		p.reply <- result{} // never blocks: there is room for this and for the answer
	}
	w.timer = nil
}

// view ensures that the function given to View never runs after View has returned.
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
		e.fail(p, Unavailable(err))
	}
	e.stash = nil
}
