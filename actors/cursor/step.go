package cursor

import (
	"context"
	"time"

	"admitone/events"
)

// step reads the log, starts the work that is due and writes the cursor. It returns the time until
// the next step, which an outcome or growth of the log makes earlier.
func (r *Runner) step(ctx context.Context) (wait time.Duration, err error) {
	full, err := r.read(ctx)
	if err != nil {
		return 0, err
	}
	now := time.Now()
	if !r.leading {
		if wait, err := r.takeIfFree(ctx, now); err != nil || !r.leading {
			if !full {
				wait = 0
			}
			return wait, err
		}
		full = false // the rest of the log is read next
	}
	for r.endCause == nil && r.window.running < r.config.MaxConcurrent {
		it := r.window.start(now)
		if it == nil {
			break
		}
		r.start(it)
	}
	wait, err = r.writeIfDue(ctx, now)
	if due, ok := r.window.due(); ok && r.endCause == nil && r.window.running < r.config.MaxConcurrent {
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
	if len(r.window.items) >= r.config.MaxAhead {
		r.window.compact()
	}
	room := min(pageSize, r.config.MaxAhead-len(r.window.items))
	if room <= 0 || !r.hasMore || !r.leading && len(r.window.items) > 0 {
		return true, nil
	}
	ctx, cancel := context.WithTimeout(ctx, ioTimeout)
	defer cancel()
	page, err := r.config.Store.ReadAll(ctx, r.window.readTo.position, events.Forward, room)
	now := time.Now()
	for i := range page {
		if !r.config.Work.Wants(&page[i]) {
			r.window.skip(&page[i])
			continue
		}
		r.window.add(&page[i], now)
		if !r.leading {
			r.waitingSince = now
			return true, err
		}
	}
	if err == nil && len(page) < room {
		r.hasMore = false
	}
	return !r.hasMore, err
}

// takeIfFree takes the cursor if there is work and no other server is expected to do it. Otherwise it
// returns the time to wait.
func (r *Runner) takeIfFree(ctx context.Context, now time.Time) (wait time.Duration, err error) {
	if len(r.window.items) == 0 && !r.muchUnrecorded() {
		return time.Hour, nil // there is no work
	}
	if r.mayTakeNow() {
		return 0, r.takeOver(ctx)
	}
	// Another server was the last to take the cursor.
	every := r.config.Patience / 10
	if !now.Before(r.reloadedAt.Add(every)) {
		before := r.cursor
		if err := r.reload(ctx); err != nil {
			return 0, err
		}
		if r.cursor != before {
			return 0, nil // the other server has made progress
		}
	}
	since := r.waitingSince
	if r.cursor.NextAt.After(since) {
		since = r.cursor.NextAt
	}
	if deadline := since.Add(r.config.Patience); now.Before(deadline) || len(r.window.items) == 0 {
		return max(every/10, min(deadline.Sub(now), every)), nil
	}
	return 0, r.takeOver(ctx)
}

// mayTakeNow reports whether no other server was the last to do the work.
func (r *Runner) mayTakeNow() bool {
	return r.config.Alone || r.cursor.Node == "" || r.cursor.Node == r.config.Node
}

// muchUnrecorded reports whether the cursor is to be written although no event had work.
func (r *Runner) muchUnrecorded() bool {
	return r.window.readTo.position-r.cursor.Reached > maxUnrecorded && r.mayTakeNow()
}
