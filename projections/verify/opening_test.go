package verify_test

import (
	"errors"
	"testing"
	"time"

	"admitone/events"
	"admitone/projections/logtest"
	"admitone/projections/verify"
)

// TestVerifierChecksTheOpening: no team enters a tournament before it opens, or one that was created closed, and the
// opening is recorded once, not before its time.
func TestVerifierChecksTheOpening(t *testing.T) {
	for name, test := range map[string]struct {
		want  verify.Rule // "" if no rule is broken
		wait  time.Duration
		made  events.TournamentStatus
		facts []events.Fact
	}{
		"entry at the opening time": {"", 1, "", []events.Fact{
			&events.TournamentEntered{TeamIDs: []events.TeamID{"a"}, TournamentCounts: logtest.Counts(1, 1, 0)}}},
		"entry before the opening time": {verify.RuleTimes, 0, "", []events.Fact{
			&events.TournamentEntered{TeamIDs: []events.TeamID{"a"}, TournamentCounts: logtest.Counts(1, 1, 0)}}},
		"entry in a tournament created closed": {verify.RuleEntry, 1, events.TournamentClosed, []events.Fact{
			&events.TournamentEntered{TeamIDs: []events.TeamID{"a"}, TournamentCounts: logtest.Counts(1, 1, 0)}}},
		"opening recorded":                       {"", 1, "", []events.Fact{opened(1, 2)}},
		"opening recorded before its time":       {verify.RuleTimes, 0, "", []events.Fact{opened(1, 2)}},
		"opening recorded twice":                 {verify.RuleTimes, 1, "", []events.Fact{opened(1, 2), opened(1, 2)}},
		"opening recorded with a different time": {verify.RuleFigures, 1, "", []events.Fact{opened(0, 2)}},
		"opening recorded with wrong counts":     {verify.RuleFigures, 1, "", []events.Fact{opened(1, 1)}},
	} {
		s := logtest.NewTournamentLog()
		s.Fact(&events.TournamentCreated{TournamentID: "a", DisplayName: "A", TeamLimit: 2,
			RegisterDeadline: s.Now.Add(time.Hour), WaitlistRule: events.WaitlistStrict, OpensAt: s.Now.Add(1),
			Status: test.made})
		s.Wait(test.wait)
		s.Fact(test.facts...)
		err := verifyAll(s.Log)
		if violation := (*verify.Violation)(nil); test.want == "" && err != nil || test.want != "" &&
			(!errors.As(err, &violation) || violation.Rule != test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

// opened returns the fact of an opening at a time after the beginning of the log.
func opened(after time.Duration, remaining int64) *events.TournamentOpened {
	return &events.TournamentOpened{OpensAt: logtest.NewForgery().Now.Add(after),
		TournamentCounts: logtest.Counts(0, remaining, 0)}
}
