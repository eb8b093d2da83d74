package projections

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"admitone/events"
)

func counts(entered, remaining, waitlisted int64) events.TournamentCounts {
	return events.TournamentCounts{Entered: entered, Remaining: remaining, Waitlisted: waitlisted}
}

// sheet writes the facts of one tournament down, whatever they say.
type sheet struct {
	*forgery
	deadline time.Time
}

func newSheet() *sheet {
	f := newForgery()
	return &sheet{f, f.now.Add(time.Hour)}
}

func (s *sheet) fact(facts ...events.Fact) { s.add("tournament-a", facts...) }

func (s *sheet) created(limit int64, waitlist bool, rule events.WaitlistRule) {
	s.fact(&events.TournamentCreated{TournamentID: "a", DisplayName: "A", TeamLimit: limit, RegisterDeadline: s.deadline, Waitlist: waitlist, WaitlistRule: rule})
}

func (s *sheet) edited(limit int64, status events.TournamentStatus, c events.TournamentCounts) {
	s.fact(&events.TournamentEdited{DisplayName: "B", TeamLimit: limit, RegisterDeadline: s.deadline, Status: status, TournamentCounts: c})
}

func (s *sheet) entered(teams string, c events.TournamentCounts) {
	s.fact(&events.TournamentEntered{TeamIDs: strings.Fields(teams), TournamentCounts: c})
}

func (s *sheet) waitlisted(teams string, c events.TournamentCounts) {
	s.fact(&events.TournamentWaitlisted{TeamIDs: strings.Fields(teams), TournamentCounts: c})
}

// promoted takes rows like "a b, c".
func (s *sheet) promoted(rows string, c events.TournamentCounts) {
	fact := &events.TournamentPromoted{TournamentCounts: c}
	for row := range strings.SplitSeq(rows, ",") {
		fact.Rows = append(fact.Rows, strings.Fields(row))
	}
	s.fact(fact)
}

func (s *sheet) withdrew(team string, was events.EntryStatus, c events.TournamentCounts) {
	s.fact(&events.TournamentWithdrawn{TeamID: team, Was: was, TournamentCounts: c})
}

const (
	strictly = events.WaitlistStrict
	filling  = events.WaitlistFill
	isIn     = events.EntryEntered
	waits    = events.EntryWaitlisted
	isOpen   = events.TournamentOpen
	isClosed = events.TournamentClosed
)

// aTournament is a log in which every fact occurs and no rule is broken.
func aTournament() *sheet {
	s := newSheet()
	for _, id := range []string{"lions", "tigers"} {
		s.add(events.NewStreamID("team", id), &events.TeamRegistered{TeamID: id, DisplayName: "The " + id})
	}
	s.created(2, true, strictly)
	s.entered("lions", counts(1, 1, 0))
	s.wait(time.Hour) // the last moment counts
	s.waitlisted("tigers bears", counts(1, 1, 2))
	s.waitlisted("wolves", counts(1, 1, 3))
	s.wait(time.Hour)
	s.edited(3, isOpen, counts(1, 2, 3))
	s.promoted("tigers bears", counts(3, 0, 1))
	s.withdrew("lions", isIn, counts(2, 1, 1))
	s.promoted("wolves", counts(3, 0, 0))
	s.edited(3, isClosed, counts(3, 0, 0))
	s.withdrew("tigers", isIn, counts(2, 1, 0))
	return s
}

func TestVerifierTakesATournament(t *testing.T) {
	s := aTournament()
	if err := s.verify(); err != nil {
		t.Fatal(err)
	}
	s = newSheet()
	s.created(3, true, filling)
	s.entered("a b c", counts(3, 0, 0))
	s.waitlisted("d e", counts(3, 0, 2))
	s.waitlisted("f", counts(3, 0, 3))
	s.withdrew("a", isIn, counts(2, 1, 3))
	s.promoted("f", counts(3, 0, 2))
	s.withdrew("b", isIn, counts(2, 1, 2))
	s.entered("g", counts(3, 0, 2)) // past a group that it does not fit
	s.edited(3, isClosed, counts(3, 0, 2))
	s.withdrew("c", isIn, counts(2, 1, 2))
	s.withdrew("d", waits, counts(2, 1, 1))
	s.edited(4, isClosed, counts(2, 2, 1)) // closed: nobody comes in
	s.edited(4, isOpen, counts(2, 2, 1))
	s.promoted("e", counts(3, 1, 0))
	if err := s.verify(); err != nil {
		t.Fatal(err)
	}
}

// TestVerifierRulesOfTournaments breaks every rule on purpose; the last event is
// the one that does.
func TestVerifierRulesOfTournaments(t *testing.T) {
	broken := map[Rule]bool{}
	for _, test := range []struct {
		about string
		rule  Rule
		forge func(s *sheet)
	}{
		{"a team registered twice", RuleCreation, func(s *sheet) {
			s.add("team-a", &events.TeamRegistered{TeamID: "a"}, &events.TeamRegistered{TeamID: "a"})
		}},
		{"a team under another's id", RuleFigures, func(s *sheet) { s.add("team-a", &events.TeamRegistered{TeamID: "b"}) }},
		{"a tournament in a team's stream", RuleKnown, func(s *sheet) { s.add("team-a", &events.TournamentWithdrawn{}) }},
		{"an entry before the creation", RuleCreation, func(s *sheet) { s.entered("a", counts(1, 1, 0)) }},
		{"created twice", RuleCreation, func(s *sheet) { s.created(2, true, strictly); s.created(2, true, strictly) }},
		{"created under another's id", RuleFigures, func(s *sheet) {
			s.add("tournament-b", &events.TournamentCreated{TournamentID: "a", TeamLimit: 2})
		}},
		{"created without slots", RuleFigures, func(s *sheet) { s.created(0, true, strictly) }},
		{"a product's fact", RuleKnown, func(s *sheet) { s.created(2, true, strictly); s.fact(reserved(1, "ada", 1, 1)) }},
		{"more teams than slots", RuleSlots, func(s *sheet) { s.created(2, false, strictly); s.entered("a b c", counts(3, -1, 0)) }},
		{"edited below what has entered", RuleSlots, func(s *sheet) {
			s.created(2, false, strictly)
			s.entered("a b", counts(2, 0, 0))
			s.edited(1, isOpen, counts(2, -1, 0))
		}},
		{"a wrong figure", RuleFigures, func(s *sheet) { s.created(2, false, strictly); s.entered("a", counts(2, 0, 0)) }},
		{"nobody enters", RuleFigures, func(s *sheet) { s.created(2, false, strictly); s.entered("", counts(0, 2, 0)) }},
		{"a group of 17", RuleFigures, func(s *sheet) {
			s.created(99, false, strictly)
			s.entered("a b c d e f g h i j k l m n o p q", counts(17, 82, 0))
		}},
		{"entered twice", RuleOnce, func(s *sheet) {
			s.created(9, false, strictly)
			s.entered("a", counts(1, 8, 0))
			s.entered("b a", counts(3, 6, 0))
		}},
		{"twice in one entry", RuleOnce, func(s *sheet) { s.created(9, false, strictly); s.entered("a a", counts(2, 7, 0)) }},
		{"in and waiting", RuleOnce, func(s *sheet) {
			s.created(1, true, strictly)
			s.entered("a", counts(1, 0, 0))
			s.waitlisted("a", counts(1, 0, 1))
		}},
		{"a stranger withdraws", RuleOnce, func(s *sheet) { s.created(9, false, strictly); s.withdrew("a", isIn, counts(-1, 10, 0)) }},
		{"withdrawn from elsewhere", RuleOnce, func(s *sheet) {
			s.created(9, true, strictly)
			s.entered("a", counts(1, 8, 0))
			s.withdrew("a", waits, counts(1, 8, -1))
		}},
		{"withdrawn twice", RuleOnce, func(s *sheet) {
			s.created(9, true, strictly)
			s.entered("a b", counts(2, 7, 0))
			s.withdrew("a", isIn, counts(1, 8, 0))
			s.withdrew("a", isIn, counts(0, 9, 0))
		}},
		{"after the deadline", RuleEntry, func(s *sheet) { s.created(9, false, strictly); s.wait(time.Hour + 1); s.entered("a", counts(1, 8, 0)) }},
		{"closed", RuleEntry, func(s *sheet) {
			s.created(9, false, strictly)
			s.edited(9, isClosed, counts(0, 9, 0))
			s.entered("a", counts(1, 8, 0))
		}},
		{"waiting where there is no waitlist", RuleEntry, func(s *sheet) {
			s.created(1, false, strictly)
			s.entered("a", counts(1, 0, 0))
			s.waitlisted("b", counts(1, 0, 1))
		}},
		{"waiting beside a free slot", RuleEntry, func(s *sheet) { s.created(1, true, strictly); s.waitlisted("b", counts(0, 1, 1)) }},
		{"strict: past those who wait", RuleEntry, func(s *sheet) {
			s.created(3, true, strictly)
			s.entered("a b", counts(2, 1, 0))
			s.waitlisted("c d", counts(2, 1, 2))
			s.entered("e", counts(3, 0, 2))
		}},
		{"fill: waiting beside a free slot", RuleEntry, func(s *sheet) {
			s.created(3, true, filling)
			s.entered("a b", counts(2, 1, 0))
			s.waitlisted("c d", counts(2, 1, 2))
			s.waitlisted("e", counts(2, 1, 3))
		}},
	} {
		breaks(t, broken, test.about, test.rule, test.forge)
	}
	for _, test := range waitlistFaults {
		breaks(t, broken, test.about, RuleWaitlist, func(s *sheet) {
			s.created(2, true, test.rule)
			s.entered("a b", counts(2, 0, 0))
			s.waitlisted("c d", counts(2, 0, 2))
			s.waitlisted("e", counts(2, 0, 3))
			s.waitlisted("f", counts(2, 0, 4))
			test.forge(s)
		})
	}
	for _, rule := range []Rule{RuleSlots, RuleOnce, RuleEntry, RuleWaitlist, RuleFigures, RuleCreation, RuleKnown} {
		if !broken[rule] {
			t.Errorf("nothing breaks the rule %q", rule)
		}
	}
}

// waitlistFaults happen to a full tournament of two, with a group and two teams
// waiting: "c d", e and f.
var waitlistFaults = []struct {
	about string
	rule  events.WaitlistRule
	forge func(s *sheet)
}{
	{"strict: the second comes in", strictly, func(s *sheet) { s.withdrew("a", isIn, counts(1, 1, 4)); s.promoted("e", counts(2, 0, 3)) }},
	{"strict: the first is passed over", strictly, func(s *sheet) {
		s.withdrew("a", isIn, counts(1, 1, 4))
		s.withdrew("b", isIn, counts(0, 2, 4))
		s.entered("g", counts(1, 1, 4))
	}},
	{"strict: half a group", strictly, func(s *sheet) { s.withdrew("a", isIn, counts(1, 1, 4)); s.promoted("c", counts(2, 0, 3)) }},
	{"strict: the group in another order", strictly, func(s *sheet) { s.edited(4, isOpen, counts(2, 2, 4)); s.promoted("d c", counts(4, 0, 2)) }},
	{"strict: two in the wrong order", strictly, func(s *sheet) { s.edited(6, isOpen, counts(2, 4, 4)); s.promoted("c d, f, e", counts(6, 0, 0)) }},
	{"fill: the first that fits is passed over", filling, func(s *sheet) { s.withdrew("a", isIn, counts(1, 1, 4)); s.promoted("f", counts(2, 0, 3)) }},
	{"fill: nobody comes in", filling, func(s *sheet) { s.withdrew("a", isIn, counts(1, 1, 4)); s.withdrew("b", isIn, counts(0, 2, 4)) }},
	{"fill: one too few comes in", filling, func(s *sheet) {
		s.edited(5, isOpen, counts(2, 3, 4))
		s.promoted("c d", counts(4, 1, 2))
		s.edited(5, isOpen, counts(4, 1, 2))
	}},
	{"promoted without room", filling, func(s *sheet) { s.promoted("e", counts(3, -1, 3)) }},
	{"promoted when closed", strictly, func(s *sheet) {
		s.edited(9, isClosed, counts(2, 7, 4))
		s.promoted("c d", counts(4, 5, 2))
	}},
	{"strict: a smaller group fits and waits on", strictly, func(s *sheet) {
		s.withdrew("a", isIn, counts(1, 1, 4))
		s.withdrew("d", waits, counts(1, 1, 3))
		s.withdrew("f", waits, counts(1, 1, 2))
	}},
	{"opened again, and the first waits on", strictly, func(s *sheet) {
		s.edited(9, isClosed, counts(2, 7, 4))
		s.edited(9, isOpen, counts(2, 7, 4))
		s.withdrew("a", isIn, counts(1, 8, 4))
	}},
}

// breaks holds that the last event of what forge writes breaks a rule.
func breaks(t *testing.T, broken map[Rule]bool, about string, rule Rule, forge func(s *sheet)) {
	t.Helper()
	s := newSheet()
	forge(s)
	err := s.verify()
	var v *Violation
	if !errors.As(err, &v) || v.Rule != rule || v.Position != s.log[len(s.log)-1].Position {
		t.Errorf("%s: %v; want one of %q at the last event", about, err, rule)
		return
	}
	broken[rule] = true
}

// TestVerifierForgetsRowsThatAreGone: a group that waits in front for ever does
// not keep all that have come in behind it.
func TestVerifierForgetsRowsThatAreGone(t *testing.T) {
	c := &tournamentCheck{teams: map[string]*waitingRow{}}
	o, decided := &organiser{id: "a"}, closing.AddDate(-1, 0, 0)
	revision, most := events.Revision(0), 0
	take := func(facts ...events.Fact) {
		for _, fact := range facts {
			e := record(cup("a"), revision, events.Position(revision)+1, fact)
			if f := c.take(&e, fact, decided); f != nil {
				t.Fatal(f)
			}
			revision++
		}
		most = max(most, len(c.waiting))
	}
	take(o.open(2, true), o.enter("x", "y"), o.enter("v", "w"))
	for n := range 5000 {
		name := string(rune('a'+n%26)) + string(rune('a'+n/26%26)) + string(rune('a'+n/26/26))
		take(o.enter(name))
		take(o.withdraw(o.entered[0])...)
	}
	if most > 8 {
		t.Errorf("up to %d rows were kept", most)
	}
	if !slices.Equal(o.list()[2:], []string{"v waits at 1", "w waits at 2"}) {
		t.Errorf("it ended with %q", o.list())
	}
}

func TestTournamentHistory(t *testing.T) {
	s := &slice{log: aTournament().log, most: 10_000}
	for _, test := range []struct {
		kind, id string
		want     []string
	}{
		{"tournament", "a", []string{
			`opened for entry as "A": 2 slots until 2031-05-01T21:00:00.000Z, with a waitlist whose first entry comes in`,
			"lions entered; 1 team in, 1 remains",
			"tigers and bears together went to the waitlist; 1 team in, 1 remains, 2 waiting",
			"wolves went to the waitlist; 1 team in, 1 remains, 3 waiting",
			`edited; it is now "B" and open: 3 slots until 2031-05-01T21:00:00.000Z; 1 team in, 2 remain, 3 waiting`,
			"tigers and bears together came in from the waitlist; 3 teams in, none remain, 1 waiting",
			"lions withdrew from its slot; 2 teams in, 1 remains, 1 waiting",
			"wolves came in from the waitlist; 3 teams in, none remain",
			`edited; it is now "B" and closed: 3 slots until 2031-05-01T21:00:00.000Z; 3 teams in, none remain`,
			"tigers withdrew from its slot; 2 teams in, 1 remains",
		}},
		{"team", "tigers", []string{
			`registered as "The tigers"`,
			"tigers and bears together went to the waitlist; 1 team in, 1 remains, 2 waiting",
			"tigers and bears together came in from the waitlist; 3 teams in, none remain, 1 waiting",
			"tigers withdrew from its slot; 2 teams in, 1 remains",
		}},
		{"team", "lions", []string{
			`registered as "The lions"`,
			"lions entered; 1 team in, 1 remains",
			"lions withdrew from its slot; 2 teams in, 1 remains, 1 waiting",
		}},
		{"holder", "tigers", nil},
	} {
		for _, limit := range []int{1, 3, 500} {
			if got := whole(t, s, test.kind, test.id, limit); !slices.Equal(got, test.want) {
				t.Errorf("%s/%s by %d:\n%s\nwant\n%s", test.kind, test.id, limit, strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		}
	}
	if _, _, _, err := History(t.Context(), s, "team", "bears", 0, 9); !errors.Is(err, ErrNoHistory) {
		t.Errorf("of a team that was never registered: %v", err)
	}
	changes, _, more, err := History(t.Context(), s, "tournament", "a", 8, 9) // what came behind revision 7
	if err != nil || more || len(changes) != 2 || changes[0].Revision != 8 {
		t.Errorf("since revision 7: %+v, %t, %v", changes, more, err)
	}
}

// TestTellManyPromoted: a higher limit makes a short sentence, and each team its own.
func TestTellManyPromoted(t *testing.T) {
	fact := &events.TournamentPromoted{TournamentCounts: counts(100, 0, 0)}
	for n := range 20 {
		fact.Rows = append(fact.Rows, []string{"t" + string(rune('a'+n))})
	}
	text := tournamentTale(fact, whose{})
	if !strings.HasPrefix(text, "ta, tb, ") || !strings.HasSuffix(text, "tp, and 4 more came in from the waitlist; 100 teams in, none remain") {
		t.Error(text)
	}
	if text := tournamentTale(fact, whose{teamCategory, "tt"}); text != "tt came in from the waitlist; 100 teams in, none remain" {
		t.Errorf("tt is told %q", text)
	}
	if text := tournamentTale(fact, whose{teamCategory, "x"}); text != "" {
		t.Errorf("x is told %q", text)
	}
}
