package tournament

import (
	"fmt"

	"admitone/actors/core"
	"admitone/events"
)

// Cancel cancels the tournament: no team can enter or be promoted any more. Idempotent. Refusal:
// not_found.
type Cancel struct {
	// Reason is a text for people.
	Reason string
}

// ErrCalledOff refuses commands about a cancelled tournament.
var ErrCalledOff = &core.Refusal{Code: core.CodeCancelled, Detail: "the tournament was cancelled"}

// CalledOff reports whether the tournament is cancelled.
func (t *Tournament) CalledOff() bool { return t.called }

func (t *Tournament) cancel(cmd *Cancel) []events.Fact {
	if t.called {
		return nil
	}
	return []events.Fact{&events.TournamentCancelled{Reason: cmd.Reason, TournamentCounts: t.counts()}}
}

// cancelled applies that the tournament is cancelled.
func (t *Tournament) cancelled() {
	if !t.Exists() || t.called {
		panic(fmt.Sprintf("tournament %s: the log calls it off twice", t.created.ID))
	}
	t.called = true
}
