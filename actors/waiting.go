package actors

import (
	"context"
	"fmt"
	"sync"
	"time"

	"admitone/actors/core"
)

// receive waits for an answer. Errors: ctx.Err(); ErrUnavailable after AnswerTimeout.
func (d *Desk) receive(ctx context.Context, reply <-chan result) (r result, err error) {
	var late <-chan time.Time
	switch {
	case ctx.Done() != nil:
	case d.config.AnswerTimeout == 0: // a plain receive costs half of a select
		return <-reply, nil
	default:
		timer := d.timers.get(d.config.AnswerTimeout)
		defer d.timers.put(timer)
		late = timer.C
	}
	select {
	case r = <-reply:
		return r, nil
	case <-ctx.Done():
		return r, ctx.Err()
	case <-late:
		return r, fmt.Errorf("%w: no answer in %v", ErrUnavailable, d.config.AnswerTimeout)
	}
}

// view keeps a read from being run after its caller has gone.
type view struct {
	mu    sync.Mutex
	ended bool // guarded by mu
}

// during returns read, which does nothing after end.
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

// timerPool lends timers. Like the pool of envelopes it belongs to one desk.
type timerPool struct{ pool sync.Pool }

func (l *timerPool) get(d time.Duration) *time.Timer {
	if timer, ok := l.pool.Get().(*time.Timer); ok {
		timer.Reset(d)
		return timer
	}
	return time.NewTimer(d)
}

// put takes a timer back; once stopped, its channel is empty.
func (l *timerPool) put(timer *time.Timer) {
	timer.Stop()
	l.pool.Put(timer)
}
