package verify_test

import (
	"errors"
	"testing"
	"time"

	"admitone/events"
	"admitone/projections/logtest"
	"admitone/projections/verify"
)

const (
	strict   = events.WaitlistStrict
	fill     = events.WaitlistFill
	entered  = events.EntryEntered
	waiting  = events.EntryWaitlisted
	isOpen   = events.TournamentOpen
	isClosed = events.TournamentClosed
)

func TestVerifierAcceptsATournament(t *testing.T) {
	s := logtest.Tournament()
	if err := verifyAll(s.Log); err != nil {
		t.Fatal(err)
	}
	s = logtest.NewTournamentLog()
	s.Created(3, true, fill)
	s.Entered("a b c", logtest.Counts(3, 0, 0))
	s.Waitlisted("d e", logtest.Counts(3, 0, 2))
	s.Waitlisted("f", logtest.Counts(3, 0, 3))
	s.Withdrawn("a", entered, logtest.Counts(2, 1, 3))
	s.Promoted("f", logtest.Counts(3, 0, 2))
	s.Withdrawn("b", entered, logtest.Counts(2, 1, 2))
	s.Entered("g", logtest.Counts(3, 0, 2)) // past a group that it does not fit
	s.Edited(3, isClosed, logtest.Counts(3, 0, 2))
	s.Withdrawn("c", entered, logtest.Counts(2, 1, 2))
	s.Withdrawn("d", waiting, logtest.Counts(2, 1, 1))
	s.Edited(4, isClosed, logtest.Counts(2, 2, 1)) // closed: nobody is promoted
	s.Edited(4, isOpen, logtest.Counts(2, 2, 1))
	s.Promoted("e", logtest.Counts(3, 1, 0))
	if err := verifyAll(s.Log); err != nil {
		t.Fatal(err)
	}
}

// TestVerifierRulesOfTournaments breaks every rule; the last event of each log is the one that
// does.
func TestVerifierRulesOfTournaments(t *testing.T) {
	broken := map[verify.Rule]bool{}
	for _, test := range []struct {
		name  string
		rule  verify.Rule
		forge func(s *logtest.TournamentLog)
	}{
		{"a team registered twice", verify.RuleCreation, func(s *logtest.TournamentLog) {
			s.Add("team-a", &events.TeamRegistered{TeamID: "a"}, &events.TeamRegistered{TeamID: "a"})
		}},
		{"a team under the id of a different one", verify.RuleFigures,
			func(s *logtest.TournamentLog) { s.Add("team-a", &events.TeamRegistered{TeamID: "b"}) }},
		{"a tournament in a team's stream", verify.RuleKnown,
			func(s *logtest.TournamentLog) { s.Add("team-a", &events.TournamentWithdrawn{}) }},
		{"an entry before the creation", verify.RuleCreation,
			func(s *logtest.TournamentLog) { s.Entered("a", logtest.Counts(1, 1, 0)) }},
		{"created twice", verify.RuleCreation,
			func(s *logtest.TournamentLog) { s.Created(2, true, strict); s.Created(2, true, strict) }},
		{"created under the id of a different one", verify.RuleFigures, func(s *logtest.TournamentLog) {
			s.Add("tournament-b", &events.TournamentCreated{TournamentID: "a", TeamLimit: 2})
		}},
		{"created without slots", verify.RuleFigures, func(s *logtest.TournamentLog) { s.Created(0, true, strict) }},
		{"a product's fact", verify.RuleKnown,
			func(s *logtest.TournamentLog) { s.Created(2, true, strict); s.Fact(logtest.Reserved(1, "ada", 1, 1)) }},
		{"more teams than slots", verify.RuleSlots, func(s *logtest.TournamentLog) {
			s.Created(2, false, strict)
			s.Entered("a b c", logtest.Counts(3, -1, 0))
		}},
		{"edited below the number of entered teams", verify.RuleSlots, func(s *logtest.TournamentLog) {
			s.Created(2, false, strict)
			s.Entered("a b", logtest.Counts(2, 0, 0))
			s.Edited(1, isOpen, logtest.Counts(2, -1, 0))
		}},
		{"a wrong count", verify.RuleFigures,
			func(s *logtest.TournamentLog) { s.Created(2, false, strict); s.Entered("a", logtest.Counts(2, 0, 0)) }},
		{"an entry of no teams", verify.RuleFigures, func(s *logtest.TournamentLog) {
			s.Created(2, false, strict)
			s.Entered("", logtest.Counts(0, 2, 0))
		}},
		{"a group of 17", verify.RuleFigures, func(s *logtest.TournamentLog) {
			s.Created(99, false, strict)
			s.Entered("a b c d e f g h i j k l m n o p q", logtest.Counts(17, 82, 0))
		}},
		{"entered twice", verify.RuleOnce, func(s *logtest.TournamentLog) {
			s.Created(9, false, strict)
			s.Entered("a", logtest.Counts(1, 8, 0))
			s.Entered("b a", logtest.Counts(3, 6, 0))
		}},
		{"twice in one entry", verify.RuleOnce, func(s *logtest.TournamentLog) {
			s.Created(9, false, strict)
			s.Entered("a a", logtest.Counts(2, 7, 0))
		}},
		{"waitlisted although entered", verify.RuleOnce, func(s *logtest.TournamentLog) {
			s.Created(1, true, strict)
			s.Entered("a", logtest.Counts(1, 0, 0))
			s.Waitlisted("a", logtest.Counts(1, 0, 1))
		}},
		{"withdrawal of an unknown team", verify.RuleOnce, func(s *logtest.TournamentLog) {
			s.Created(9, false, strict)
			s.Withdrawn("a", entered, logtest.Counts(-1, 10, 0))
		}},
		{"withdrawal of an entered team from the waitlist", verify.RuleOnce, func(s *logtest.TournamentLog) {
			s.Created(9, true, strict)
			s.Entered("a", logtest.Counts(1, 8, 0))
			s.Withdrawn("a", waiting, logtest.Counts(1, 8, -1))
		}},
		{"withdrawn twice", verify.RuleOnce, func(s *logtest.TournamentLog) {
			s.Created(9, true, strict)
			s.Entered("a b", logtest.Counts(2, 7, 0))
			s.Withdrawn("a", entered, logtest.Counts(1, 8, 0))
			s.Withdrawn("a", entered, logtest.Counts(0, 9, 0))
		}},
		{"entry after the deadline", verify.RuleEntry, func(s *logtest.TournamentLog) {
			s.Created(9, false, strict)
			s.Wait(time.Hour + 1)
			s.Entered("a", logtest.Counts(1, 8, 0))
		}},
		{"entry in a closed tournament", verify.RuleEntry, func(s *logtest.TournamentLog) {
			s.Created(9, false, strict)
			s.Edited(9, isClosed, logtest.Counts(0, 9, 0))
			s.Entered("a", logtest.Counts(1, 8, 0))
		}},
		{"waitlisted without a waitlist", verify.RuleEntry, func(s *logtest.TournamentLog) {
			s.Created(1, false, strict)
			s.Entered("a", logtest.Counts(1, 0, 0))
			s.Waitlisted("b", logtest.Counts(1, 0, 1))
		}},
		{"waitlisted despite a free slot", verify.RuleEntry, func(s *logtest.TournamentLog) {
			s.Created(1, true, strict)
			s.Waitlisted("b", logtest.Counts(0, 1, 1))
		}},
		{"strict: entry past waiting teams", verify.RuleEntry, func(s *logtest.TournamentLog) {
			s.Created(3, true, strict)
			s.Entered("a b", logtest.Counts(2, 1, 0))
			s.Waitlisted("c d", logtest.Counts(2, 1, 2))
			s.Entered("e", logtest.Counts(3, 0, 2))
		}},
		{"fill: waitlisted despite a free slot", verify.RuleEntry, func(s *logtest.TournamentLog) {
			s.Created(3, true, fill)
			s.Entered("a b", logtest.Counts(2, 1, 0))
			s.Waitlisted("c d", logtest.Counts(2, 1, 2))
			s.Waitlisted("e", logtest.Counts(2, 1, 3))
		}},
	} {
		checkViolation(t, broken, test.name, test.rule, test.forge)
	}
	for _, test := range waitlistFaults {
		checkViolation(t, broken, test.name, verify.RuleWaitlist, func(s *logtest.TournamentLog) {
			s.Created(2, true, test.rule)
			s.Entered("a b", logtest.Counts(2, 0, 0))
			s.Waitlisted("c d", logtest.Counts(2, 0, 2))
			s.Waitlisted("e", logtest.Counts(2, 0, 3))
			s.Waitlisted("f", logtest.Counts(2, 0, 4))
			test.forge(s)
		})
	}
	for _, rule := range []verify.Rule{verify.RuleSlots, verify.RuleOnce, verify.RuleEntry, verify.RuleWaitlist,
		verify.RuleFigures, verify.RuleCreation, verify.RuleKnown} {
		if !broken[rule] {
			t.Errorf("no case breaks the rule %q", rule)
		}
	}
}

// TestLogWithoutAPromotion: the append that frees a slot also promotes teams, so a log can't
// end between the two facts.
func TestLogWithoutAPromotion(t *testing.T) {
	s := logtest.NewTournamentLog()
	s.Created(1, true, strict)
	s.Entered("a", logtest.Counts(1, 0, 0))
	s.Waitlisted("b", logtest.Counts(1, 0, 1))
	s.Withdrawn("a", entered, logtest.Counts(0, 1, 1))
	verified := func() (open []string, err error) {
		v := verify.New(true)
		for i := range s.Log {
			if err := v.Check(&s.Log[i]); err != nil {
				t.Fatal(err)
			}
		}
		end := s.Log[len(s.Log)-1].Position
		_, err = verify.Log(t.Context(), &logtest.Store{Log: s.Log, End: end, MaxRead: 5}, true, nil)
		return v.Open(), err
	}
	open, err := verified()
	var v *verify.Violation
	if !errors.As(err, &v) || v.Rule != verify.RuleWaitlist || v.Position != 4 || v.Revision != 3 || len(open) != 1 {
		t.Errorf("without the promotion: %v, Open() = %q; want a violation of %q, and one", err, open, verify.RuleWaitlist)
	}
	s.Promoted("b", logtest.Counts(1, 0, 0))
	if open, err := verified(); err != nil || len(open) > 0 {
		t.Errorf("with the promotion: %v, Open() = %q; want neither", err, open)
	}
}

// waitlistFaults are invalid facts of a full tournament of two slots, with a group and two teams
// waiting: "c d", e and f.
var waitlistFaults = []struct {
	name  string
	rule  events.WaitlistRule
	forge func(s *logtest.TournamentLog)
}{
	{"strict: second row promoted", strict, func(s *logtest.TournamentLog) {
		s.Withdrawn("a", entered, logtest.Counts(1, 1, 4))
		s.Promoted("e", logtest.Counts(2, 0, 3))
	}},
	{"strict: entry instead of a promotion", strict, func(s *logtest.TournamentLog) {
		s.Withdrawn("a", entered, logtest.Counts(1, 1, 4))
		s.Withdrawn("b", entered, logtest.Counts(0, 2, 4))
		s.Entered("g", logtest.Counts(1, 1, 4))
	}},
	{"strict: half a group promoted", strict, func(s *logtest.TournamentLog) {
		s.Withdrawn("a", entered, logtest.Counts(1, 1, 4))
		s.Promoted("c", logtest.Counts(2, 0, 3))
	}},
	{"strict: group promoted in a different order", strict, func(s *logtest.TournamentLog) {
		s.Edited(4, isOpen, logtest.Counts(2, 2, 4))
		s.Promoted("d c", logtest.Counts(4, 0, 2))
	}},
	{"strict: rows promoted in the wrong order", strict, func(s *logtest.TournamentLog) {
		s.Edited(6, isOpen, logtest.Counts(2, 4, 4))
		s.Promoted("c d, f, e", logtest.Counts(6, 0, 0))
	}},
	{"fill: second fitting row promoted", fill, func(s *logtest.TournamentLog) {
		s.Withdrawn("a", entered, logtest.Counts(1, 1, 4))
		s.Promoted("f", logtest.Counts(2, 0, 3))
	}},
	{"fill: no promotion", fill, func(s *logtest.TournamentLog) {
		s.Withdrawn("a", entered, logtest.Counts(1, 1, 4))
		s.Withdrawn("b", entered, logtest.Counts(0, 2, 4))
	}},
	{"fill: too few rows promoted", fill, func(s *logtest.TournamentLog) {
		s.Edited(5, isOpen, logtest.Counts(2, 3, 4))
		s.Promoted("c d", logtest.Counts(4, 1, 2))
		s.Edited(5, isOpen, logtest.Counts(4, 1, 2))
	}},
	{"promoted without room", fill, func(s *logtest.TournamentLog) { s.Promoted("e", logtest.Counts(3, -1, 3)) }},
	{"promoted when closed", strict, func(s *logtest.TournamentLog) {
		s.Edited(9, isClosed, logtest.Counts(2, 7, 4))
		s.Promoted("c d", logtest.Counts(4, 5, 2))
	}},
	{"strict: no promotion of a group that has become smaller", strict, func(s *logtest.TournamentLog) {
		s.Withdrawn("a", entered, logtest.Counts(1, 1, 4))
		s.Withdrawn("d", waiting, logtest.Counts(1, 1, 3))
		s.Withdrawn("f", waiting, logtest.Counts(1, 1, 2))
	}},
	{"no promotion after the tournament is reopened", strict, func(s *logtest.TournamentLog) {
		s.Edited(9, isClosed, logtest.Counts(2, 7, 4))
		s.Edited(9, isOpen, logtest.Counts(2, 7, 4))
		s.Withdrawn("a", entered, logtest.Counts(1, 8, 4))
	}},
}

// checkViolation checks that the last event that forge adds breaks a rule, and records the rule in broken.
func checkViolation(t *testing.T, broken map[verify.Rule]bool, about string, rule verify.Rule,
	forge func(s *logtest.TournamentLog)) {
	t.Helper()
	s := logtest.NewTournamentLog()
	forge(s)
	err := verifyAll(s.Log)
	var v *verify.Violation
	if !errors.As(err, &v) || v.Rule != rule || v.Position != s.Log[len(s.Log)-1].Position {
		t.Errorf("%s: %v; want a violation of %q at the last event", about, err, rule)
		return
	}
	broken[rule] = true
}
