package verify_test

import (
	"errors"
	"testing"
	"time"

	"admitone/events"
	"admitone/projections/logtest"
	"admitone/projections/verify"
)

// TestVerifierChecksTheOpening: no team enters before it, nor a tournament that is closed from the
// start, and it is recorded once, not before its time.
func TestVerifierChecksTheOpening(t *testing.T) {
	for name, test := range map[string]struct {
		want  verify.Rule // "" if all is well
		wait  time.Duration
		made  events.TournamentStatus
		facts []events.Fact
	}{
		"at its moment": {"", 1, "", []events.Fact{
			&events.TournamentEntered{TeamIDs: []events.TeamID{"a"}, TournamentCounts: logtest.Counts(1, 1, 0)}}},
		"before it": {verify.RuleTimes, 0, "", []events.Fact{
			&events.TournamentEntered{TeamIDs: []events.TeamID{"a"}, TournamentCounts: logtest.Counts(1, 1, 0)}}},
		"closed from the start": {verify.RuleEntry, 1, events.TournamentClosed, []events.Fact{
			&events.TournamentEntered{TeamIDs: []events.TeamID{"a"}, TournamentCounts: logtest.Counts(1, 1, 0)}}},
		"recorded":           {"", 1, "", []events.Fact{opened(1, 2)}},
		"recorded early":     {verify.RuleTimes, 0, "", []events.Fact{opened(1, 2)}},
		"recorded twice":     {verify.RuleTimes, 1, "", []events.Fact{opened(1, 2), opened(1, 2)}},
		"a different moment": {verify.RuleFigures, 1, "", []events.Fact{opened(0, 2)}},
		"other figures":      {verify.RuleFigures, 1, "", []events.Fact{opened(1, 1)}},
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

// opened records an opening some nanoseconds after the log began.
func opened(after time.Duration, remaining int64) *events.TournamentOpened {
	return &events.TournamentOpened{OpensAt: logtest.NewForgery().Now.Add(after),
		TournamentCounts: logtest.Counts(0, remaining, 0)}
}
