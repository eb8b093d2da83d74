package verify

import (
	"time"

	"admitone/events"
)

func init() {
	checks[events.CursorCategory] = func() check { return &ownCursorCheck{} }
}

// ownCursorCheck checks a cursor that is not part of another entity's stream.
type ownCursorCheck struct{ cursor cursorCheck }

func (c *ownCursorCheck) apply(e *events.Recorded, fact events.Fact, _ time.Time) *fault {
	return c.cursor.apply(e, fact)
}

// checkCursorMark checks that the events that a cursor has processed precede the cursor's fact.
func (v *Verifier) checkCursorMark(fact events.Fact) *fault {
	var mark events.CursorMark
	switch f := fact.(type) {
	case *events.CursorTaken:
		mark = f.CursorMark
	case *events.CursorMoved:
		mark = f.CursorMark
	default:
		return nil
	}
	if stream := v.streams[mark.Stream]; stream != nil && stream.revision < mark.Revision {
		return faultf(RuleCursor, "%s@%d is recorded as processed, and comes later", mark.Stream, mark.Revision)
	}
	return nil
}
