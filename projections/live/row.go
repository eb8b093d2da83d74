package live

import (
	"time"

	"admitone/events"
)

// RowTopics configures the topics of a kind that each show one row and its changes.
type RowTopics[R any] struct {
	// Prefix of the topics' names, "<prefix>:<id>".
	Prefix string
	// Category of the topics' streams, one per topic; "" if missed changes can't be read from the streams.
	Category string
	// FrameEvery is as in [Topics].
	FrameEvery time.Duration
	// Snapshot writes the members of a row.
	Snapshot func(o *events.Object, row *R)
	// Delta writes the members of a change.
	Delta func(o *events.Object, d *RowDelta[R])
	// Cause returns the cause of a fact.
	Cause func(fact events.Fact) Cause
	// Remaining returns the number remaining of a row, RemainingAfter the number in a fact. Both are nil if the
	// kind has no such number.
	Remaining      func(row *R) int64
	RemainingAfter func(fact events.Fact) int64
}

// State returns the state of a topic that shows a row.
func (k *RowTopics[R]) State(row R) State { return &rowState[R]{topics: k, row: row} }

// Changed returns the change by a fact: before is the number remaining before the fact, after the row after it.
func (k *RowTopics[R]) Changed(before int64, after R, fact events.Fact) RowDelta[R] {
	cause := k.Cause(fact)
	return RowDelta[R]{topics: k, After: after, Change: k.RemainingOf(&after) - before, Cause: cause,
		Edited: cause == CauseEdited}
}

// RemainingOf returns the number remaining of a row, 0 if the kind has no such number.
func (k *RowTopics[R]) RemainingOf(row *R) int64 {
	if k.Remaining == nil {
		return 0
	}
	return k.Remaining(row)
}

// RowDelta is a change of a row.
type RowDelta[R any] struct {
	// After is the row after the change.
	After R
	// Change is the change of the number remaining.
	Change int64
	Cause  Cause
	// Edited means that an edit is among the causes, so that the frame has the editable members.
	Edited bool

	topics *RowTopics[R]
}

// Members implements Delta.
func (d *RowDelta[R]) Members(o *events.Object) { d.topics.Delta(o, d) }

// Clone implements Delta.
func (d *RowDelta[R]) Clone() Delta { c := *d; return &c }

// Merge implements Delta.
func (d *RowDelta[R]) Merge(later Delta) { d.merge(later.(*RowDelta[R])) }

func (d *RowDelta[R]) merge(later *RowDelta[R]) {
	d.Cause = d.Cause.MergedWith(later.Cause)
	d.Change += later.Change
	d.Edited = d.Edited || later.Edited
	d.After = later.After
}

// Row implements Delta. It returns the row after the change.
func (d *RowDelta[R]) Row() any { return d.After }

func (d *RowDelta[R]) after() R { return d.After }

// rowState is the state of a topic that shows a row.
type rowState[R any] struct {
	topics *RowTopics[R]
	row    R
}

func (s *rowState[R]) Members(o *events.Object) { s.topics.Snapshot(o, &s.row) }

func (s *rowState[R]) Apply(d Delta) { s.row = d.(interface{ after() R }).after() }

func (s *rowState[R]) Row() any { return s.row }

func (s *rowState[R]) Unchanged() Delta {
	return &RowDelta[R]{topics: s.topics, After: s.row, Cause: CauseNone}
}

// Replay implements replayer.
func (s *rowState[R]) Replay(before, fact events.Fact) Delta {
	d := s.replay(before, fact)
	return &d
}

func (s *rowState[R]) replay(before, fact events.Fact) RowDelta[R] {
	d := s.topics.Changed(0, s.row, fact)
	if d.Change = 0; s.topics.RemainingAfter != nil {
		d.Change = s.topics.RemainingAfter(fact) - s.topics.RemainingAfter(before)
	}
	return d
}
