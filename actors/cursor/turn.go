package cursor

import (
	"context"
	"time"

	"admitone/events"
)

// turn does all due work, and returns the time until the next unless something happens.
func (r *Runner) turn(ctx context.Context) (wait time.Duration, err error) {
	full, err := r.read(ctx)
	if err != nil {
		return 0, err
	}
	now := time.Now()
	if !r.leading {
		if wait, err := r.take(ctx, now); err != nil || !r.leading {
			if !full {
				wait = 0
			}
			return wait, err
		}
		full = false // the rest of the log is read next
	}
	for r.halted == nil && r.window.running < r.config.AtOnce {
		it := r.window.start(now)
		if it == nil {
			break
		}
		r.begins(it)
	}
	wait, err = r.note(ctx, now)
	if due, ok := r.window.due(); ok && r.halted == nil && r.window.running < r.config.AtOnce {
		wait = min(wait, due.Sub(now))
	}
	if !full {
		wait = 0
	}
	return wait, err
}

// read reads a page of the log, and reports whether it has reached the end or has no room for more.
// Until the cursor is taken, it reads up to the first event with work.
func (r *Runner) read(ctx context.Context) (full bool, err error) {
	if len(r.window.items) >= r.config.Ahead {
		r.window.compact()
	}
	room := min(pageSize, r.config.Ahead-len(r.window.items))
	if room <= 0 || !r.grown || !r.leading && len(r.window.items) > 0 {
		return true, nil
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	page, err := r.config.Store.ReadAll(ctx, r.window.read.position, events.Forward, room)
	now := time.Now()
	for i := range page {
		if !r.config.Work.Wants(&page[i]) {
			r.window.skip(&page[i])
			continue
		}
		r.window.add(&page[i], now)
		if !r.leading {
			r.seen = now
			return true, err
		}
	}
	if err == nil && len(page) < room {
		r.grown = false
	}
	return !r.grown, err
}

// take takes the cursor if there is work and no other server has to be waited for. Otherwise it
// returns the time to wait.
func (r *Runner) take(ctx context.Context, now time.Time) (wait time.Duration, err error) {
	if len(r.window.items) == 0 && !r.overQuiet() {
		return time.Hour, nil // there is no work
	}
	if r.mayTakeNow() {
		return 0, r.takeOver(ctx)
	}
	// As far as is known, another server is working.
	every := r.config.Patience / 10
	if !now.Before(r.asked.Add(every)) {
		before := r.cursor
		if err := r.reload(ctx); err != nil {
			return 0, err
		}
		if r.cursor != before {
			return 0, nil // the other server has made progress
		}
	}
	since := r.seen
	if r.cursor.NextAt.After(since) {
		since = r.cursor.NextAt
	}
	if patient := since.Add(r.config.Patience); now.Before(patient) || len(r.window.items) == 0 {
		return max(every/10, min(patient.Sub(now), every)), nil
	}
	return 0, r.takeOver(ctx)
}

// mayTakeNow reports whether no other server does the work.
func (r *Runner) mayTakeNow() bool {
	return r.config.Alone || r.cursor.Node == "" || r.cursor.Node == r.config.Node
}

// overQuiet reports whether more than quiet events without work have passed since the last write.
func (r *Runner) overQuiet() bool {
	return r.window.read.position-r.cursor.Reached > quiet && r.mayTakeNow()
}
