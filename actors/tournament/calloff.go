package tournament

import (
	"fmt"

	"admitone/actors/core"
	"admitone/events"
)

// Cancel cancels the tournament: no team can enter or be promoted any more. Idempotent. Refusal:
// not_found.
type Cancel struct {
	// Reason is a text for display.
	Reason string
}

// ErrCalledOff refuses commands about a cancelled tournament.
var ErrCalledOff = &core.Refusal{Code: core.CodeCancelled, Detail: "the tournament was cancelled"}

// CalledOff reports whether the tournament is cancelled.
func (t *Tournament) CalledOff() bool { return t.calledOff }

func (t *Tournament) cancel(cmd *Cancel) []events.Fact {
	if t.calledOff {
		return nil
	}
	return []events.Fact{&events.TournamentCancelled{Reason: cmd.Reason, TournamentCounts: t.counts()}}
}

// applyCancelled applies the cancellation of the tournament.
func (t *Tournament) applyCancelled() {
	if !t.Exists() || t.calledOff {
		panic(fmt.Sprintf("tournament %s: cancelled twice, or before its creation", t.created.ID))
	}
	t.calledOff = true
}
