package tournament

import (
	"fmt"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/core/coretest"
	"admitone/events"
)

// TestImpossibleFacts: the log is damaged, or the rules are wrong; the core panics.
func TestImpossibleFacts(t *testing.T) {
	counts := func(entered, remaining, waitlisted int64) events.TournamentCounts {
		return events.TournamentCounts{Entered: entered, Remaining: remaining, Waitlisted: waitlisted}
	}
	full := []events.Fact{
		&events.TournamentCreated{
			TournamentID:     "cup",
			TeamLimit:        2,
			RegisterDeadline: day,
			Waitlist:         true,
			WaitlistRule:     events.WaitlistStrict,
		},
		&events.TournamentEntered{TeamIDs: []events.TeamID{"a", "b"}, TournamentCounts: counts(2, 0, 0)},
		&events.TournamentWaitlisted{TeamIDs: []events.TeamID{"c", "d"}, TournamentCounts: counts(2, 0, 2)},
	}
	for name, fact := range map[string]events.Fact{
		"more than the limit":    &events.TournamentEntered{TeamIDs: []events.TeamID{"e"}, TournamentCounts: counts(3, -1, 2)},
		"a wrong figure":         &events.TournamentWaitlisted{TeamIDs: []events.TeamID{"e"}, TournamentCounts: counts(2, 0, 4)},
		"entered twice":          &events.TournamentWaitlisted{TeamIDs: []events.TeamID{"a"}, TournamentCounts: counts(2, 0, 3)},
		"waiting twice":          &events.TournamentWaitlisted{TeamIDs: []events.TeamID{"e", "c"}, TournamentCounts: counts(2, 0, 4)},
		"a stranger withdraws":   &events.TournamentWithdrawn{TeamID: "e", Was: events.EntryEntered, TournamentCounts: counts(1, 1, 2)},
		"a wrong place":          &events.TournamentWithdrawn{TeamID: "a", Was: events.EntryWaitlisted, TournamentCounts: counts(2, 0, 1)},
		"promoted without room":  &events.TournamentPromoted{Rows: [][]events.TeamID{{"c", "d"}}, TournamentCounts: counts(4, -2, 0)},
		"half a group promoted":  &events.TournamentPromoted{Rows: [][]events.TeamID{{"c"}}, TournamentCounts: counts(3, -1, 1)},
		"the entered promoted":   &events.TournamentPromoted{Rows: [][]events.TeamID{{"a"}}, TournamentCounts: counts(2, 0, 2)},
		"nobody promoted":        &events.TournamentPromoted{Rows: [][]events.TeamID{{}}, TournamentCounts: counts(2, 0, 2)},
		"edited below the teams": &events.TournamentEdited{TeamLimit: 1, TournamentCounts: counts(2, -1, 2)},
		"a fact of a product":    &events.ProductReserved{},
	} {
		t.Run(name, func(t *testing.T) {
			coretest.RequirePanic(t, replay(full), fact)
		})
	}
}

// TestACutSnapshotIsNotRestored: no prefix of a snapshot is accepted.
func TestACutSnapshotIsNotRestored(t *testing.T) {
	c := play(t, New().(*Tournament), strict(2), enter("ann bob"), enter("cid dan"), enter("eve"))
	coretest.RequireTruncatedSnapshotsRefused(t, c, New)
}

// play executes commands, which must be accepted.
func play(t testing.TB, c *Tournament, commands ...core.Command) *Tournament {
	t.Helper()
	for _, cmd := range commands {
		facts, err := c.Decide(cmd, day)
		if err != nil || len(facts) == 0 {
			t.Fatalf("decision on %T %+v = %s, want facts", cmd, cmd, describe(facts, err))
		}
		for _, fact := range facts {
			c.Evolve(fact)
		}
	}
	return c
}

func name(n int) events.TeamID { return events.TeamID(fmt.Sprintf("team-%07d", n)) }

func enterOne(n int) *Enter { return &Enter{TeamIDs: []events.TeamID{name(n)}} }

// TestManyArePromotedInBoundedFacts: the maximum of one edit, in order, each once; one team more is
// refused.
func TestManyArePromotedInBoundedFacts(t *testing.T) {
	c := play(t, New().(*Tournament), strict(1), enterOne(0))
	for n := 1; n <= MaxPromoted+1; n++ {
		play(t, c, enterOne(n))
	}
	if _, err := c.Decide(limit(MaxPromoted+2), day); describe(nil, err) != "limit_exceeded [at_once:10000 entered:1]" {
		t.Errorf("promoting %d at once: %v, want limit_exceeded", MaxPromoted+1, err)
	}
	facts, err := c.Decide(limit(MaxPromoted+1), day)
	if err != nil {
		t.Fatal(err)
	}
	next := 1
	for _, fact := range facts[1:] {
		rows := fact.(*events.TournamentPromoted).Rows
		if len(rows) > maxRows {
			t.Errorf("a fact has %d rows, want at most maxRows", len(rows))
		}
		for _, row := range rows {
			if len(row) != 1 || row[0] != name(next) {
				t.Fatalf("promoted row %d = %v, want the next team", next, row)
			}
			next++
		}
	}
	for _, fact := range facts {
		c.Evolve(fact)
	}
	if want := 1 + (MaxPromoted+maxRows-1)/maxRows; len(facts) != want || next != MaxPromoted+1 {
		t.Errorf("%d facts promote %d teams, want %d and %d", len(facts), next-1, want, MaxPromoted)
	}
	if c.entered != MaxPromoted+1 || c.waitlisted != 1 {
		t.Errorf("counts = %+v, want MaxPromoted+1 entered, 1 waiting", c.counts())
	}
}

// TestWaitlistIsBounded: a full waitlist refuses one more team.
func TestWaitlistIsBounded(t *testing.T) {
	c := play(t, New().(*Tournament), strict(1), enterOne(0))
	c.waitlisted = MaxTeams - 1 // as if they had joined
	play(t, c, enterOne(1))
	if _, err := c.Decide(enterOne(2), day); describe(nil, err) != "tournament_full [remaining:0 waitlisted:1000000]" {
		t.Errorf("a team beyond the waitlist's limit: %v, want tournament_full", err)
	}
}

// TestWithdrawnTeamsDoNotPileUp: entries and withdrawals in any number need no memory, also behind a
// team that stays.
func TestWithdrawnTeamsDoNotPileUp(t *testing.T) {
	c := play(t, New().(*Tournament), strict(1), enterOne(0), enterOne(1))
	longest := 0
	for n := range 20_000 {
		play(t, c, enterOne(n+2))
		if n >= 100 {
			play(t, c, withdraw(name(n-98)))
		}
		longest = max(longest, len(c.waitlist.queues[1].numbers))
	}
	if longest > 2*102+slack+1 {
		t.Errorf("100 waiting teams had up to %d numbers, want at most two each and the slack", longest)
	}
}

// TestStrictIsTheDefaultRule: a tournament that names no rule has the strict one.
func TestStrictIsTheDefaultRule(t *testing.T) {
	created := strict(2)
	created.Rule = ""
	c := play(t, New().(*Tournament), created, enter("a b"), enter("c d"), enter("e"), withdraw("a"))
	if status, _ := c.Entry("e"); status != events.EntryWaitlisted {
		t.Errorf("e is %q while a group waits in front, want %q", status, events.EntryWaitlisted)
	}
}

// TestDeadlinesInTheYear9999: later than 64 bits of nanoseconds can represent.
func TestDeadlinesInTheYear9999(t *testing.T) {
	end := time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC)
	created := strict(2)
	created.RegisterDeadline = end
	c := play(t, New().(*Tournament), created)
	restored := coretest.RoundTrip(t, c.Freeze(), New).(*Tournament)
	for _, c := range []*Tournament{c, restored} {
		if facts, err := c.Decide(enterOne(1), end); err != nil || len(facts) != 1 {
			t.Errorf("entering at the deadline: %v, want success", err)
		}
		if _, err := c.Decide(enterOne(1), end.Add(ns)); err == nil {
			t.Error("a team entered after the deadline")
		}
	}
}
