package cursor

import (
	"context"

	"admitone/actors/core"
	"admitone/events"
)

// markPage is the number of events searched for one that marks a place.
const markPage = 64

// located returns a cursor with its place in this log, at begins or after it, and whether that differs
// from the recorded one: then the cursor was written in a different log, of which this is a copy with
// different positions. Error: the store's.
func (r *Runner) located(ctx context.Context, at core.Cursor, begins events.Position) (here core.Cursor,
	copied bool, err error) {
	switch {
	case at.Reached == 0, at.Log == r.config.Store.Epoch():
	case at.Log == "": // unnamed: taken for this log, unless the position contradicts that
		head, err := r.config.Store.Head(ctx)
		if err != nil {
			return at, false, err
		}
		if copied = at.Reached > head; !copied {
			at.CursorMark, err = r.markAt(ctx, at.Reached)
		}
		if err != nil {
			return at, false, err
		}
	default:
		copied = true
	}
	if copied {
		at.CursorMoved = events.CursorMoved{Term: at.CursorMoved.Term, CursorMark: at.CursorMark}
		if at.Reached, err = r.placeOf(ctx, at.CursorMark); err != nil {
			return at, false, err
		}
	}
	at.Reached = max(at.Reached, begins)
	return at, copied, nil
}

// placeOf returns the position of a marked event in this log, 0 if it can't be found.
func (r *Runner) placeOf(ctx context.Context, mark events.CursorMark) (events.Position, error) {
	if mark != (events.CursorMark{}) {
		page, err := r.config.Store.Read(ctx, mark.Stream, mark.Revision, events.Forward, 1)
		if err != nil {
			return 0, err
		}
		if len(page) > 0 {
			return page[0].Position, nil
		}
	}
	r.config.Logger.Warn(
		"the log is a copy of a different one, and the progress of the work of a cursor there is unknown; "+
			"it starts over",
		"stream",
		r.config.Stream,
	)
	return 0, nil
}

// markAt returns the last event of this system up to a position, none if that is far back.
func (r *Runner) markAt(ctx context.Context, at events.Position) (none events.CursorMark, err error) {
	page, err := r.config.Store.ReadAll(ctx, at+1, events.Backward, markPage)
	for i := range page {
		if mark, ok := markOf(&page[i]); ok {
			return mark, nil
		}
	}
	return none, err
}
