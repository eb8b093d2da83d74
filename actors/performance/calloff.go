package performance

import (
	"admitone/actors/core"
	"admitone/events"
)

// Cancel cancels the performance: sales end. Idempotent. Refusal: not_found.
type Cancel struct {
	// Reason is a text for display.
	Reason string
}

// ErrCalledOff refuses commands about a cancelled performance.
var ErrCalledOff = &core.Refusal{Code: core.CodeCancelled, Detail: "the performance was cancelled"}

// CalledOff reports whether the performance is cancelled.
func (p *Performance) CalledOff() bool { return p.calledOff }

func (p *Performance) cancel(cmd *Cancel) ([]events.Fact, error) {
	switch {
	case !p.Exists():
		return nil, errNoPerformance
	case p.calledOff:
		return nil, nil
	}
	return []events.Fact{&events.PerformanceCancelled{Reason: cmd.Reason}}, nil
}
