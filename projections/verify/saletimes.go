package verify

import (
	"time"

	"admitone/events"
)

// checkOrder checks that a sale opens before it closes.
func checkOrder(times events.SaleTimes) *fault {
	if times.OpensAt.IsZero() || times.ClosesAt.IsZero() || times.ClosesAt.After(times.OpensAt) {
		return nil
	}
	return faultf(RuleTimes, "the sale opens at %s and closes at %s", events.FormatTime(times.OpensAt),
		events.FormatTime(times.ClosesAt))
}

// checkWithin checks that a sale is within the sale times in force.
func checkWithin(times events.SaleTimes, decided time.Time) *fault {
	switch {
	case decided.Before(times.OpensAt):
		return faultf(RuleTimes, "sold at %s; the sale opens at %s", decided.UTC().Format(time.RFC3339Nano),
			times.OpensAt.UTC().Format(time.RFC3339Nano))
	case !times.ClosesAt.IsZero() && !decided.Before(times.ClosesAt):
		return faultf(RuleTimes, "sold at %s; the sale closed at %s", decided.UTC().Format(time.RFC3339Nano),
			times.ClosesAt.UTC().Format(time.RFC3339Nano))
	}
	return nil
}

// checkReached checks a fact that records an opening or closing as reached at the time at. future is the time that is
// due, zero for none.
func checkReached(what string, future, at, decided time.Time) *fault {
	switch {
	case future.IsZero():
		return faultf(RuleTimes, "it records that the sale %s at %s; no such time is due", what, events.FormatTime(at))
	case !at.Equal(future):
		return faultf(RuleFigures, "it records that the sale %s at %s, which is due at %s", what, events.FormatTime(at),
			events.FormatTime(future))
	case decided.Before(at):
		return faultf(RuleTimes, "the sale %s at %s, which is recorded as early as %s", what, events.FormatTime(at),
			events.FormatTime(decided))
	}
	return nil
}
