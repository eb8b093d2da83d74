package tournament

import (
	"fmt"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/core/coretest"
	"admitone/events"
)

// TestImpossibleFacts checks that the core panics on facts that contradict its state.
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
		"entry beyond the limit":         &events.TournamentEntered{TeamIDs: []events.TeamID{"e"}, TournamentCounts: counts(3, -1, 2)},
		"counts that do not add up":      &events.TournamentWaitlisted{TeamIDs: []events.TeamID{"e"}, TournamentCounts: counts(2, 0, 4)},
		"wait of an entered team":        &events.TournamentWaitlisted{TeamIDs: []events.TeamID{"a"}, TournamentCounts: counts(2, 0, 3)},
		"wait of a waiting team":         &events.TournamentWaitlisted{TeamIDs: []events.TeamID{"e", "c"}, TournamentCounts: counts(2, 0, 4)},
		"withdrawal of an unknown team":  &events.TournamentWithdrawn{TeamID: "e", Was: events.EntryEntered, TournamentCounts: counts(1, 1, 2)},
		"withdrawal with a wrong status": &events.TournamentWithdrawn{TeamID: "a", Was: events.EntryWaitlisted, TournamentCounts: counts(2, 0, 1)},
		"promotion beyond the limit":     &events.TournamentPromoted{Rows: [][]events.TeamID{{"c", "d"}}, TournamentCounts: counts(4, -2, 0)},
		"promotion of half a group":      &events.TournamentPromoted{Rows: [][]events.TeamID{{"c"}}, TournamentCounts: counts(3, -1, 1)},
		"promotion of an entered team":   &events.TournamentPromoted{Rows: [][]events.TeamID{{"a"}}, TournamentCounts: counts(2, 0, 2)},
		"promotion of no team":           &events.TournamentPromoted{Rows: [][]events.TeamID{{}}, TournamentCounts: counts(2, 0, 2)},
		"limit below the entered teams":  &events.TournamentEdited{TeamLimit: 1, TournamentCounts: counts(2, -1, 2)},
		"fact of another entity":         &events.ProductReserved{},
	} {
		t.Run(name, func(t *testing.T) {
			coretest.RequirePanic(t, replay(full), fact)
		})
	}
}

func TestTruncatedSnapshots(t *testing.T) {
	c := play(t, New().(*Tournament), strict(2), enter("ann bob"), enter("cid dan"), enter("eve"))
	coretest.RequireTruncatedSnapshotsRefused(t, c, New)
}

// play decides commands, which must be accepted with facts, and applies the facts.
func play(t testing.TB, c *Tournament, commands ...core.Command) *Tournament {
	t.Helper()
	for _, cmd := range commands {
		facts, err := c.Decide(cmd, day)
		if err != nil || len(facts) == 0 {
			t.Fatalf("%T %+v: got %s, want facts", cmd, cmd, describe(facts, err))
		}
		for _, fact := range facts {
			c.Evolve(fact)
		}
	}
	return c
}

// name returns the id of the n-th team of large tournaments.
func name(n int) events.TeamID { return events.TeamID(fmt.Sprintf("team-%07d", n)) }

func enterOne(n int) *Enter { return &Enter{TeamIDs: []events.TeamID{name(n)}} }

// TestMaxPromoted checks that an edit promotes MaxPromoted teams in order, each once, in facts of bounded size,
// and that an edit that would promote one more is refused.
func TestMaxPromoted(t *testing.T) {
	c := play(t, New().(*Tournament), strict(1), enterOne(0))
	for n := 1; n <= MaxPromoted+1; n++ {
		play(t, c, enterOne(n))
	}
	if _, err := c.Decide(limit(MaxPromoted+2), day); describe(nil, err) != "limit_exceeded [at_once:10000 entered:1]" {
		t.Errorf("promotion of %d teams: got %v, want limit_exceeded with at_once 10000 and entered 1", MaxPromoted+1, err)
	}
	facts, err := c.Decide(limit(MaxPromoted+1), day)
	if err != nil {
		t.Fatal(err)
	}
	next := 1
	for _, fact := range facts[1:] {
		rows := fact.(*events.TournamentPromoted).Rows
		if len(rows) > maxRows {
			t.Errorf("got a fact with %d rows, want at most %d", len(rows), maxRows)
		}
		for _, row := range rows {
			if len(row) != 1 || row[0] != name(next) {
				t.Fatalf("got promoted row %v, want [%s]", row, name(next))
			}
			next++
		}
	}
	for _, fact := range facts {
		c.Evolve(fact)
	}
	if want := 1 + (MaxPromoted+maxRows-1)/maxRows; len(facts) != want || next != MaxPromoted+1 {
		t.Errorf("got %d facts that promote %d teams, want %d and %d", len(facts), next-1, want, MaxPromoted)
	}
	if c.entered != MaxPromoted+1 || c.waitlisted != 1 {
		t.Errorf("got counts %+v, want %d entered and 1 waiting", c.counts(), MaxPromoted+1)
	}
}

// TestWaitlistIsBounded checks that a full waitlist refuses one more team.
func TestWaitlistIsBounded(t *testing.T) {
	c := play(t, New().(*Tournament), strict(1), enterOne(0))
	c.waitlisted = MaxTeams - 1 // without entering a million teams
	play(t, c, enterOne(1))
	if _, err := c.Decide(enterOne(2), day); describe(nil, err) != "tournament_full [remaining:0 waitlisted:1000000]" {
		t.Errorf("Enter with %d teams waiting: got %v, want tournament_full with remaining 0 and waitlisted 1000000", MaxTeams, err)
	}
}

// TestStaleNumbersAreBounded checks that repeated entries and withdrawals behind a waiting team keep the queue
// short.
func TestStaleNumbersAreBounded(t *testing.T) {
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
		t.Errorf("got a queue of up to %d numbers for about 100 waiting teams, want at most %d", longest, 2*102+slack+1)
	}
}

// TestStrictIsTheDefaultRule checks that a tournament without a rule has the strict one.
func TestStrictIsTheDefaultRule(t *testing.T) {
	created := strict(2)
	created.Rule = ""
	c := play(t, New().(*Tournament), created, enter("a b"), enter("c d"), enter("e"), withdraw("a"))
	if status, _ := c.Entry("e"); status != events.EntryWaitlisted {
		t.Errorf("got status %q of team e behind a group that does not fit, want %q", status, events.EntryWaitlisted)
	}
}

// TestDeadlineInYear9999 checks a deadline that 64 bits of nanoseconds can't represent.
func TestDeadlineInYear9999(t *testing.T) {
	end := time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC)
	created := strict(2)
	created.RegisterDeadline = end
	c := play(t, New().(*Tournament), created)
	restored := coretest.RoundTrip(t, c.Freeze(), New).(*Tournament)
	for _, c := range []*Tournament{c, restored} {
		if facts, err := c.Decide(enterOne(1), end); err != nil || len(facts) != 1 {
			t.Errorf("Enter at the deadline: got %d facts, %v; want 1 and no error", len(facts), err)
		}
		if _, err := c.Decide(enterOne(1), end.Add(ns)); err == nil {
			t.Error("Enter after the deadline: got no error, want deadline_passed")
		}
	}
}
