package cursor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// takeOver takes the cursor, which raises its term.
func (r *Runner) takeOver(ctx context.Context) error {
	command := &core.TakeCursor{CursorTaken: events.CursorTaken{Term: r.cursor.Term + 1, Node: r.config.Node,
		Log: r.config.Store.Epoch(), CursorMark: r.cursor.CursorMark}}
	if r.copied {
		command.Copied, command.Reached = true, r.cursor.Reached
	}
	if err := r.ask(ctx, command); err != nil {
		return err
	}
	r.config.Logger.Info("this server does the work of the cursor from now on",
		"stream", r.config.Stream, "term", command.Term)
	r.leading, r.copied = true, false
	r.cursor.Term, r.cursor.Node, r.cursor.Log = command.Term, command.Node, command.Log
	r.writtenAt = time.Now()
	return nil
}

// start starts the work of an item.
func (r *Runner) start(it *item) {
	if r.window.running == 1 {
		r.busySince = time.Now()
	}
	event, ctx := it.event, r.attemptsCtx
	r.workers.Go(func() {
		o := outcome{item: it}
		if event == nil {
			page, err := r.config.Store.Read(ctx, it.stream, it.revision, events.Forward, 1)
			if err == nil && len(page) == 0 {
				err = errors.New("the log no longer has this event")
			} else {
				o.unread = err != nil
			}
			if o.err = err; err != nil {
				r.outcomes <- o
				return
			}
			event = &page[0]
		}
		o.err = r.config.Work.Do(ctx, event)
		r.outcomes <- o
	})
}

// record records the outcome of an item's work.
func (r *Runner) record(o outcome) {
	switch now := time.Now(); {
	case o.err == nil:
		r.window.finish(o.item)
		r.unrecorded = true
	case r.attemptsCtx.Err() != nil:
		r.window.requeue(o.item, now)
	case o.unread:
		r.window.requeue(o.item, now.Add(retryPause))
		r.pause(fmt.Errorf("event at position %d: %w", o.item.position, o.err))
	default:
		r.window.fail(o.item, now, o.err.Error())
		r.checkEnd(o, now)
	}
}

// checkEnd sets endCause after a failure that is final or has lasted for GiveUpAfter.
func (r *Runner) checkEnd(o outcome, now time.Time) {
	end := (*FinalError)(nil)
	switch {
	case r.config.End == nil || r.endCause != nil:
	case errors.As(o.err, &end):
		r.endCause = end
	case r.config.GiveUpAfter > 0 && now.Sub(o.item.since) >= r.config.GiveUpAfter:
		r.endCause = ErrGaveUp
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
	case r.endCause != nil:
	case waits && due.After(now):
		to.NextAt = due
	case w.running > 0 && !r.config.Alone && min(now.Sub(r.writtenAt), now.Sub(r.busySince)) >= r.config.Attempt/2:
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

// writeIfDue writes the cursor if it has moved and the last write is long enough ago. It returns the time
// until the next write.
func (r *Runner) writeIfDue(ctx context.Context, now time.Time) (wait time.Duration, err error) {
	to := r.summary(now)
	if !r.worthWriting(&to, now) {
		wait = time.Hour
		if r.window.running > 0 && !r.config.Alone {
			wait = r.config.Attempt / 4
		}
		return wait, nil
	}
	if wait := r.writtenAt.Add(r.config.WriteEvery).Sub(now); wait > 0 {
		return wait, nil
	}
	if r.endCause != nil {
		if err := r.ask(ctx, r.config.End(to, r.endCause)); err != nil {
			return 0, err
		}
		return 0, errEnded
	}
	return r.config.WriteEvery, r.write(ctx, to)
}

// worthWriting reports whether to is news for the other servers or for a restart.
func (r *Runner) worthWriting(to *events.CursorMoved, now time.Time) bool {
	recorded := &r.cursor.CursorMoved
	switch {
	case r.endCause != nil, to.CursorFailure != recorded.CursorFailure:
		return true
	case to.Reached != recorded.Reached && (r.unrecorded || to.Reached-recorded.Reached > maxUnrecorded):
		return true
	}
	// The announced time has passed, and a later one is known.
	return !to.NextAt.IsZero() && !recorded.NextAt.After(now) && (r.window.running == 0 || !r.config.Alone)
}

func (r *Runner) write(ctx context.Context, to events.CursorMoved) error {
	if err := r.ask(ctx, &core.MoveCursor{CursorMoved: to}); err != nil {
		return err
	}
	r.writtenAt, r.cursor.CursorMoved, r.unrecorded = time.Now(), to, false
	return nil
}
