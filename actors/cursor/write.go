package cursor

import (
	"context"
	"errors"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// takeOver takes the cursor, which raises its term.
func (r *Runner) takeOver(ctx context.Context) error {
	take := &core.TakeCursor{CursorTaken: events.CursorTaken{Term: r.cursor.Term + 1, Node: r.config.Node,
		Log: r.config.Store.Epoch(), CursorMark: r.cursor.CursorMark}}
	if r.copied {
		take.Copied, take.Reached = true, r.cursor.Reached
	}
	if err := r.ask(ctx, take); err != nil {
		return err
	}
	r.config.Logger.Info("the work of a cursor is done here", "stream", r.config.Stream, "term", take.Term)
	r.leading, r.copied = true, false
	r.cursor.Term, r.cursor.Node, r.cursor.Log = take.Term, take.Node, take.Log
	r.written = time.Now()
	return nil
}

// begins starts the work of an item.
func (r *Runner) begins(it *item) {
	if r.window.running == 1 {
		r.busy = time.Now()
	}
	event, under := it.event, r.under
	r.workers.Go(func() {
		o := outcome{item: it}
		if event == nil {
			page, err := r.config.Store.Read(under, it.stream, it.revision, events.Forward, 1)
			if err != nil || len(page) == 0 {
				o.err, o.unread = errors.Join(err, errors.New("the event can't be read")), true
				r.outcomes <- o
				return
			}
			event = &page[0]
		}
		o.err = r.config.Work.Do(under, event)
		r.outcomes <- o
	})
}

// ended records the outcome of an item's work.
func (r *Runner) ended(o outcome) {
	switch now := time.Now(); {
	case o.err == nil:
		r.window.finish(o.item)
		r.worked = true
	case r.under.Err() != nil:
		r.window.putBack(o.item, now)
	case o.unread:
		r.config.Logger.Warn("an event with work waits for the log", "stream", r.config.Stream,
			"position", o.item.position, "error", o.err)
		r.window.putBack(o.item, now.Add(retryPause))
	default:
		r.window.fail(o.item, now, o.err.Error())
		r.halt(o, now)
	}
}

// halt makes the work end after a failure, if that is final or has lasted for GiveUpAfter.
func (r *Runner) halt(o outcome, now time.Time) {
	end := (*End)(nil)
	switch {
	case r.config.End == nil || r.halted != nil:
	case errors.As(o.err, &end):
		r.halted = end
	case r.config.GiveUpAfter > 0 && now.Sub(o.item.since) >= r.config.GiveUpAfter:
		r.halted = ErrFailing
	}
}

// summary returns the progress to be written.
func (r *Runner) summary(now time.Time) events.CursorMoved {
	w := r.window
	reached := w.reached()
	to := events.CursorMoved{Term: r.cursor.Term, Reached: reached.position, CursorMark: reached.mark,
		CursorFailure: w.failure()}
	due, waits := w.due()
	switch {
	case r.halted != nil:
	case waits && due.After(now):
		to.NextAt = due
	case w.running > 0 && !r.config.Alone && min(now.Sub(r.written), now.Sub(r.busy)) >= r.config.Attempt/2:
		to.NextAt = now.Add(r.config.Attempt)
	}
	to.NextAt, to.Since = wireTime(to.NextAt), wireTime(to.Since)
	return to
}

// wireTime returns t in the precision of the log.
func wireTime(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.Round(0).UTC()
}

// note writes the cursor if it has moved and the last write is long enough ago. It returns the time
// until the next write.
func (r *Runner) note(ctx context.Context, now time.Time) (wait time.Duration, err error) {
	to := r.summary(now)
	if !r.worthWriting(&to, now) {
		wait = time.Hour
		if r.window.running > 0 && !r.config.Alone {
			wait = r.config.Attempt / 4
		}
		return wait, nil
	}
	if wait := r.written.Add(r.config.WriteEvery).Sub(now); wait > 0 {
		return wait, nil
	}
	if r.halted != nil {
		if err := r.ask(ctx, r.config.End(to, r.halted)); err != nil {
			return 0, err
		}
		return 0, errOver
	}
	return r.config.WriteEvery, r.write(ctx, to)
}

// worthWriting reports whether to has something new.
func (r *Runner) worthWriting(to *events.CursorMoved, now time.Time) bool {
	recorded := &r.cursor.CursorMoved
	switch {
	case r.halted != nil, to.CursorFailure != recorded.CursorFailure:
		return true
	case to.Reached != recorded.Reached && (r.worked || to.Reached-recorded.Reached > quiet):
		return true
	}
	// The time that it announced has come.
	return !to.NextAt.IsZero() && !recorded.NextAt.After(now) && (r.window.running == 0 || !r.config.Alone)
}

func (r *Runner) write(ctx context.Context, to events.CursorMoved) error {
	if err := r.ask(ctx, &core.MoveCursor{CursorMoved: to}); err != nil {
		return err
	}
	r.written, r.cursor.CursorMoved, r.worked = time.Now(), to, false
	return nil
}
