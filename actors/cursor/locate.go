package cursor

import (
	"context"

	"admitone/actors/core"
	"admitone/events"
)

// markPage is the number of events searched for one that marks a place.
const markPage = 64

// locate returns a cursor with its position in this log, which is at least startAfter. copied means
// that the cursor was written in a different log, of which this is a copy with different positions.
// Error: the store's.
func (r *Runner) locate(ctx context.Context, at core.Cursor, startAfter events.Position) (located core.Cursor,
	copied bool, err error) {
	switch {
	case at.Reached == 0, at.Log == r.config.Store.Epoch():
	case at.Log == "": // unnamed: assumed to be this log, unless the position is beyond its end
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
		if at.Reached, err = r.find(ctx, at.CursorMark); err != nil {
			return at, false, err
		}
	}
	at.Reached = max(at.Reached, startAfter)
	return at, copied, nil
}

// find returns the position of a marked event in this log, 0 if there is none.
func (r *Runner) find(ctx context.Context, mark events.CursorMark) (events.Position, error) {
	if mark != (events.CursorMark{}) {
		page, err := r.config.Store.Read(ctx, mark.Stream, mark.Revision, events.Forward, 1)
		if err != nil {
			return 0, err
		}
		if len(page) > 0 {
			return page[0].Position, nil
		}
	}
	r.config.Logger.Warn("the log is a copy, and the cursor's progress in it is unknown; its work starts over",
		"stream", r.config.Stream)
	return 0, nil
}

// markAt returns the mark of the last event of this system up to a position, zero if none of the
// last markPage events is one.
func (r *Runner) markAt(ctx context.Context, at events.Position) (events.CursorMark, error) {
	page, err := r.config.Store.ReadAll(ctx, at+1, events.Backward, markPage)
	for i := range page {
		if mark, ok := markOf(&page[i]); ok {
			return mark, nil
		}
	}
	return events.CursorMark{}, err
}
