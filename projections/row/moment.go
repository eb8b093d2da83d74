package row

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"admitone/events"
)

// Moment is a position in the log, and its time.
type Moment struct {
	Position events.Position
	Time     time.Time
}

// ErrBadMoment means that the text is neither a position nor a time.
var ErrBadMoment = errors.New("a moment is a position in the log, or an RFC 3339 time such as 2031-05-01T20:00:00Z")

// MomentOf parses a position or an RFC 3339 time. Position 0 is before the first event. A moment in the future is
// replaced by the present. A time includes the events decided by then, even if the store recorded them slightly
// later, because histories show the time of the decision. Errors: [ErrBadMoment]; the store's.
func MomentOf(ctx context.Context, store events.Store, text string) (Moment, error) {
	position, err := strconv.ParseUint(text, 10, 64)
	if err == nil || errors.Is(err, strconv.ErrRange) {
		return momentAt(ctx, store, min(events.Position(position), events.EndPosition-1))
	}
	t, err := events.ParseTime(text)
	if err != nil || t.Year() < 1 { // time.Time can have years that RFC 3339 can't
		return Moment{}, fmt.Errorf("%w, not %q", ErrBadMoment, text)
	}
	if now := time.Now(); t.After(now) {
		t = now
	}
	stored, err := events.PositionAt(ctx, store, t)
	if err != nil {
		return Moment{}, err
	}
	decided, err := decidedBy(ctx, store, stored, t)
	return Moment{decided, t}, err
}

// momentAt returns the moment of the last event up to a position.
func momentAt(ctx context.Context, store events.Store, position events.Position) (Moment, error) {
	if position > 0 {
		last, err := store.ReadAll(ctx, position+1, events.Backward, 1)
		if err != nil {
			return Moment{}, err
		}
		if len(last) > 0 {
			return Moment{last[0].Position, last[0].Created}, nil
		}
	}
	first, err := store.ReadAll(ctx, 0, events.Forward, 1)
	if err != nil || len(first) == 0 {
		return Moment{0, time.Now()}, err
	}
	return Moment{0, first[0].Created.Add(-1)}, nil
}

const (
	// maxStoreDelay bounds the time between an event's decision and its recording, maxLateEvents the number of
	// events that are searched for late ones.
	maxStoreDelay = time.Second
	maxLateEvents = 500
)

// decidedBy returns the position of the last event decided by t, even if it was stored later; stored is the position
// of the last event stored by t. Refusals are ignored, because they are recorded in batches, long after their decision.
func decidedBy(ctx context.Context, store events.Store, stored events.Position, t time.Time) (events.Position, error) {
	next, err := store.ReadAll(ctx, stored, events.Forward, maxLateEvents)
	if err != nil {
		return 0, err
	}
	last := stored
	for i := range next {
		e := &next[i]
		if e.Created.After(t.Add(maxStoreDelay)) {
			break
		}
		if e.Stream.Internal() || e.Stream.Category() == events.RefusalsCategory || !events.Sealed(e.Metadata) {
			continue // internal, a refusal, or an event of another program
		}
		m, err := events.ParseMetadata(e.Metadata)
		if err != nil {
			return 0, fmt.Errorf("%w: position %d: %w", events.ErrDamaged, e.Position, err)
		}
		if !m.At.After(t) {
			last = e.Position
		}
	}
	return last, nil
}
