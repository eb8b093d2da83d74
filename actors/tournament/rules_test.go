package tournament

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/core/coretest"
	"admitone/events"
)

// day is the time at which all tests start. Entry ends an hour later.
var day = time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)

const (
	s  = time.Second
	ns = time.Nanosecond
)

// plain returns the creation of a tournament without a waitlist.
func plain(limit int64) *Create {
	return &Create{
		ID:               "cup",
		Name:             "Cup",
		TeamLimit:        limit,
		RegisterDeadline: day.Add(time.Hour),
		Rule:             events.WaitlistStrict,
	}
}

// strict returns the creation of a tournament with a waitlist under the strict rule.
func strict(limit int64) *Create {
	cmd := plain(limit)
	cmd.Waitlist = true
	return cmd
}

// fill returns the creation of a tournament with a waitlist under the fill rule.
func fill(limit int64) *Create {
	cmd := strict(limit)
	cmd.Rule = events.WaitlistFill
	return cmd
}

// enter returns the entry of teams whose ids are separated by spaces: "a b" is a group.
func enter(teams string) *Enter {
	cmd := &Enter{}
	for _, team := range strings.Fields(teams) {
		cmd.TeamIDs = append(cmd.TeamIDs, events.TeamID(team))
	}
	return cmd
}
func withdraw(team events.TeamID) *Withdraw { return &Withdraw{TeamID: team} }
func limit(teams int64) *Edit               { return &Edit{TeamLimit: &teams} }
func status(to events.TournamentStatus) *Edit {
	return &Edit{Status: &to}
}
func deadline(after time.Duration) *Edit {
	at := day.Add(after)
	return &Edit{RegisterDeadline: &at}
}

// tooManyTeams has one team more than an entry can have.
const tooManyTeams = "a b c d e f g h i j k l m n o p q"

// describe describes a decision.
func describe(facts []events.Fact, err error) string {
	return coretest.Describe(facts, err, describeFact)
}

func describeFact(fact events.Fact) string {
	counts := func(c events.TournamentCounts) string {
		return fmt.Sprintf("%d in, %d free, %d wait", c.Entered, c.Remaining, c.Waitlisted)
	}
	switch f := fact.(type) {
	case *events.TournamentCreated:
		return fmt.Sprintf("created %s for %d, %s", f.TournamentID, f.TeamLimit, f.WaitlistRule)
	case *events.TournamentEdited:
		return fmt.Sprintf("edited %s to %d until %v, %s: %s", f.DisplayName, f.TeamLimit, f.RegisterDeadline.Sub(day), f.Status, counts(f.TournamentCounts))
	case *events.TournamentEntered:
		return fmt.Sprintf("entered %v: %s", f.TeamIDs, counts(f.TournamentCounts))
	case *events.TournamentWaitlisted:
		return fmt.Sprintf("waitlisted %v: %s", f.TeamIDs, counts(f.TournamentCounts))
	case *events.TournamentPromoted:
		return fmt.Sprintf("promoted %v: %s", f.Rows, counts(f.TournamentCounts))
	case *events.TournamentWithdrawn:
		return fmt.Sprintf("withdrew %s %s: %s", f.Was, f.TeamID, counts(f.TournamentCounts))
	}
	return fact.Name()
}

// row is a command at a time after day, and the expected decision.
type row struct {
	at   time.Duration
	cmd  core.Command
	want string
}

// rule is a named table, whose rows continue from each other.
type rule struct {
	name string
	rows []row
}

// check decides the commands of each table on a new tournament.
func check(t *testing.T, rules []rule) {
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) {
			tournament := New()
			for i, row := range rule.rows {
				if got := coretest.Do(tournament, row.cmd, day.Add(row.at), describeFact); got != row.want {
					t.Fatalf("row %d: %T at %v:\n got %s\nwant %s", i+1, row.cmd, row.at, got, row.want)
				}
			}
		})
	}
}

// TestEntryRules has the rules without a waitlist.
func TestEntryRules(t *testing.T) {
	check(t, []rule{
		{"a tournament that does not exist refuses everything but its creation", []row{
			{0, enter("a"), "not_found [resource:tournament]"},
			{0, enter(""), "not_found [resource:tournament]"},
			{0, withdraw("a"), "not_found [resource:tournament]"},
			{0, limit(5), "not_found [resource:tournament]"},
			{0, &core.Expire{}, "not_found [resource:tournament]"},
			{0, plain(4), "created cup for 4, strict"},
			{0, &core.Expire{}, "nothing"},
		}},
		{"a repeated creation does nothing with the same fields, and is refused with others", []row{
			{0, plain(0), "invalid_field [field:team_limit]"},
			{0, plain(MaxTeams + 1), "invalid_field [field:team_limit]"},
			{0, plain(4), "created cup for 4, strict"},
			{1 * s, plain(4), "nothing"},
			{1 * s, plain(5), "already_exists"},
			{1 * s, strict(4), "already_exists"},
			{1 * s, deadline(2 * s), "edited Cup to 4 until 2s, open: 0 in, 4 free, 0 wait"},
			{1 * s, plain(4), "already_exists"},
		}},
		{"teams enter until every slot is taken", []row{
			{0, plain(2), "created cup for 2, strict"},
			{0, enter("a"), "entered [a]: 1 in, 1 free, 0 wait"},
			{0, enter("b"), "entered [b]: 2 in, 0 free, 0 wait"},
			{0, enter("c"), "tournament_full [remaining:0]"},
		}},
		{"a withdrawal from a full tournament makes a slot free", []row{
			{0, plain(1), "created cup for 1, strict"},
			{0, enter("a"), "entered [a]: 1 in, 0 free, 0 wait"},
			{0, enter("b"), "tournament_full [remaining:0]"},
			{0, withdraw("b"), "not_found [resource:entry]"},
			{0, withdraw("a"), "withdrew entered a: 0 in, 1 free, 0 wait"},
			{0, withdraw("a"), "not_found [resource:entry]"},
			{0, enter("b"), "entered [b]: 1 in, 0 free, 0 wait"},
			{0, enter("a"), "tournament_full [remaining:0]"},
		}},
		{"a withdrawal does not reopen entry that is closed or past its deadline", []row{
			{0, plain(1), "created cup for 1, strict"},
			{0, enter("a"), "entered [a]: 1 in, 0 free, 0 wait"},
			{0, status(events.TournamentClosed), "edited Cup to 1 until 1h0m0s, closed: 1 in, 0 free, 0 wait"},
			{0, withdraw("a"), "withdrew entered a: 0 in, 1 free, 0 wait"},
			{0, enter("b"), "registration_closed"},
			{0, status(events.TournamentOpen), "edited Cup to 1 until 1h0m0s, open: 0 in, 1 free, 0 wait"},
			{3600*s + ns, enter("b"), "deadline_passed [register_deadline:2026-05-01 21:00:00 +0000 UTC]"},
			{0, enter("b"), "entered [b]: 1 in, 0 free, 0 wait"},
		}},
		{"entry ends immediately after the deadline", []row{
			{0, plain(9), "created cup for 9, strict"},
			{3600 * s, enter("a"), "entered [a]: 1 in, 8 free, 0 wait"},
			{3600*s + ns, enter("b"), "deadline_passed [register_deadline:2026-05-01 21:00:00 +0000 UTC]"},
			{3600*s + ns, deadline(3600*s + ns), "edited Cup to 9 until 1h0m0.000000001s, open: 1 in, 8 free, 0 wait"},
			{3600*s + ns, enter("b"), "entered [b]: 2 in, 7 free, 0 wait"},
		}},
		{"order of refusals: already entered, deadline, closed, full", []row{
			{0, plain(1), "created cup for 1, strict"},
			{0, enter("a"), "entered [a]: 1 in, 0 free, 0 wait"},
			{0, enter("a"), "already_entered [entry:entered team_id:a]"},
			{0, enter("b"), "tournament_full [remaining:0]"},
			{0, status(events.TournamentClosed), "edited Cup to 1 until 1h0m0s, closed: 1 in, 0 free, 0 wait"},
			{0, enter("a"), "already_entered [entry:entered team_id:a]"},
			{0, enter("b"), "registration_closed"},
			{9999 * s, enter("b"), "deadline_passed [register_deadline:2026-05-01 21:00:00 +0000 UTC]"},
			{9999 * s, enter("a"), "already_entered [entry:entered team_id:a]"},
			{9999 * s, enter("b a"), "already_entered [entry:entered team_id:a]"},
		}},
		{"the limit can be lowered to the number of entered teams, and no further", []row{
			{0, plain(9), "created cup for 9, strict"},
			{0, enter("a b"), "entered [a b]: 2 in, 7 free, 0 wait"},
			{0, limit(1), "limit_exceeded [entered:2]"},
			{0, limit(0), "invalid_field [field:team_limit]"},
			{0, limit(MaxTeams + 1), "invalid_field [field:team_limit]"},
			{0, limit(2), "edited Cup to 2 until 1h0m0s, open: 2 in, 0 free, 0 wait"},
			{0, enter("c"), "tournament_full [remaining:0]"},
		}},
	})
}

func TestWaitlistRules(t *testing.T) {
	check(t, []rule{
		{"a withdrawal promotes the first waiting team in the same decision", []row{
			{0, strict(1), "created cup for 1, strict"},
			{0, enter("a"), "entered [a]: 1 in, 0 free, 0 wait"},
			{0, enter("b"), "waitlisted [b]: 1 in, 0 free, 1 wait"},
			{0, enter("c"), "waitlisted [c]: 1 in, 0 free, 2 wait"},
			{0, withdraw("a"), "withdrew entered a: 0 in, 1 free, 2 wait; promoted [[b]]: 1 in, 0 free, 1 wait"},
			{0, enter("b"), "already_entered [entry:entered team_id:b]"},
			{0, enter("c"), "already_entered [entry:waitlisted team_id:c]"},
			{0, enter("a"), "waitlisted [a]: 1 in, 0 free, 2 wait"},
		}},
		{"a withdrawal from the waitlist keeps the order of the others", []row{
			{0, strict(1), "created cup for 1, strict"},
			{0, enter("a"), "entered [a]: 1 in, 0 free, 0 wait"},
			{0, enter("b"), "waitlisted [b]: 1 in, 0 free, 1 wait"},
			{0, enter("c"), "waitlisted [c]: 1 in, 0 free, 2 wait"},
			{0, enter("d"), "waitlisted [d]: 1 in, 0 free, 3 wait"},
			{0, withdraw("c"), "withdrew waitlisted c: 1 in, 0 free, 2 wait"},
			{0, withdraw("b"), "withdrew waitlisted b: 1 in, 0 free, 1 wait"},
			{0, enter("b"), "waitlisted [b]: 1 in, 0 free, 2 wait"},
			{0, withdraw("a"), "withdrew entered a: 0 in, 1 free, 2 wait; promoted [[d]]: 1 in, 0 free, 1 wait"},
		}},
		{"a higher limit promotes as many teams as fit", []row{
			{0, strict(1), "created cup for 1, strict"},
			{0, enter("a"), "entered [a]: 1 in, 0 free, 0 wait"},
			{0, enter("b"), "waitlisted [b]: 1 in, 0 free, 1 wait"},
			{0, enter("c"), "waitlisted [c]: 1 in, 0 free, 2 wait"},
			{0, enter("d"), "waitlisted [d]: 1 in, 0 free, 3 wait"},
			{0, limit(3), "edited Cup to 3 until 1h0m0s, open: 1 in, 2 free, 3 wait; promoted [[b] [c]]: 3 in, 0 free, 1 wait"},
			{0, limit(9), "edited Cup to 9 until 1h0m0s, open: 3 in, 6 free, 1 wait; promoted [[d]]: 4 in, 5 free, 0 wait"},
			{0, enter("e"), "entered [e]: 5 in, 4 free, 0 wait"},
		}},
		{"a team is promoted even after the deadline", []row{
			{0, strict(1), "created cup for 1, strict"},
			{0, enter("a"), "entered [a]: 1 in, 0 free, 0 wait"},
			{0, enter("b"), "waitlisted [b]: 1 in, 0 free, 1 wait"},
			{9999 * s, withdraw("a"), "withdrew entered a: 0 in, 1 free, 1 wait; promoted [[b]]: 1 in, 0 free, 0 wait"},
		}},
		{"a closed tournament promotes nobody until it is opened again", []row{
			{0, strict(1), "created cup for 1, strict"},
			{0, enter("a"), "entered [a]: 1 in, 0 free, 0 wait"},
			{0, enter("b"), "waitlisted [b]: 1 in, 0 free, 1 wait"},
			{0, status(events.TournamentClosed), "edited Cup to 1 until 1h0m0s, closed: 1 in, 0 free, 1 wait"},
			{0, withdraw("a"), "withdrew entered a: 0 in, 1 free, 1 wait"},
			{0, enter("c"), "registration_closed"},
			{0, limit(2), "edited Cup to 2 until 1h0m0s, closed: 0 in, 2 free, 1 wait"},
			{
				0,
				status(events.TournamentOpen),
				"edited Cup to 2 until 1h0m0s, open: 0 in, 2 free, 1 wait; promoted [[b]]: 1 in, 1 free, 0 wait",
			},
		}},
	})
}

func TestGroupRules(t *testing.T) {
	check(t, []rule{
		{"a group is 1 to 16 teams, each once", []row{
			{0, plain(99), "created cup for 99, strict"},
			{0, enter(""), "invalid_field [field:team_ids]"},
			{0, enter("a b a"), "invalid_field [field:team_ids]"},
			{0, enter(tooManyTeams), "invalid_field [field:team_ids]"},
			{0, enter(tooManyTeams[2:]), "entered [b c d e f g h i j k l m n o p q]: 16 in, 83 free, 0 wait"},
		}},
		{"a group enters as a whole or not at all", []row{
			{0, plain(3), "created cup for 3, strict"},
			{0, enter("a b"), "entered [a b]: 2 in, 1 free, 0 wait"},
			{0, enter("c a"), "already_entered [entry:entered team_id:a]"},
			{0, enter("c d"), "tournament_full [remaining:1]"},
			{0, enter("c"), "entered [c]: 3 in, 0 free, 0 wait"},
			{0, withdraw("a"), "withdrew entered a: 2 in, 1 free, 0 wait"},
		}},
		{"strict: no team passes a group that needs more slots than are free", []row{
			{0, strict(3), "created cup for 3, strict"},
			{0, enter("a b c"), "entered [a b c]: 3 in, 0 free, 0 wait"},
			{0, enter("d e"), "waitlisted [d e]: 3 in, 0 free, 2 wait"},
			{0, enter("f"), "waitlisted [f]: 3 in, 0 free, 3 wait"},
			{0, withdraw("a"), "withdrew entered a: 2 in, 1 free, 3 wait"},
			{0, enter("g"), "waitlisted [g]: 2 in, 1 free, 4 wait"},
			{0, withdraw("b"), "withdrew entered b: 1 in, 2 free, 4 wait; promoted [[d e]]: 3 in, 0 free, 2 wait"},
			{0, withdraw("e"), "withdrew entered e: 2 in, 1 free, 2 wait; promoted [[f]]: 3 in, 0 free, 1 wait"},
		}},
		{"fill: the first row that fits is promoted, and a newcomer that fits enters", []row{
			{0, fill(3), "created cup for 3, fill"},
			{0, enter("a b c"), "entered [a b c]: 3 in, 0 free, 0 wait"},
			{0, enter("d e"), "waitlisted [d e]: 3 in, 0 free, 2 wait"},
			{0, enter("f"), "waitlisted [f]: 3 in, 0 free, 3 wait"},
			{0, withdraw("a"), "withdrew entered a: 2 in, 1 free, 3 wait; promoted [[f]]: 3 in, 0 free, 2 wait"},
			{0, withdraw("b"), "withdrew entered b: 2 in, 1 free, 2 wait"},
			{0, enter("g"), "entered [g]: 3 in, 0 free, 2 wait"},
			{0, withdraw("c"), "withdrew entered c: 2 in, 1 free, 2 wait"},
			{0, withdraw("g"), "withdrew entered g: 1 in, 2 free, 2 wait; promoted [[d e]]: 3 in, 0 free, 0 wait"},
		}},
		{"fill: a higher limit promotes the rows that fit, in order", []row{
			{0, fill(3), "created cup for 3, fill"},
			{0, enter("a b c"), "entered [a b c]: 3 in, 0 free, 0 wait"},
			{0, enter("d e f"), "waitlisted [d e f]: 3 in, 0 free, 3 wait"},
			{0, enter("g h"), "waitlisted [g h]: 3 in, 0 free, 5 wait"},
			{0, enter("i"), "waitlisted [i]: 3 in, 0 free, 6 wait"},
			{0, enter("j"), "waitlisted [j]: 3 in, 0 free, 7 wait"},
			{0, limit(5), "edited Cup to 5 until 1h0m0s, open: 3 in, 2 free, 7 wait; promoted [[g h]]: 5 in, 0 free, 5 wait"},
			{
				0,
				limit(9),
				"edited Cup to 9 until 1h0m0s, open: 5 in, 4 free, 5 wait; promoted [[d e f] [i]]: 9 in, 0 free, 1 wait",
			},
		}},
		{"strict: a waiting group that loses a team may fit and be promoted", []row{
			{0, strict(3), "created cup for 3, strict"},
			{0, enter("a b c"), "entered [a b c]: 3 in, 0 free, 0 wait"},
			{0, enter("d e f"), "waitlisted [d e f]: 3 in, 0 free, 3 wait"},
			{0, enter("g"), "waitlisted [g]: 3 in, 0 free, 4 wait"},
			{0, withdraw("a"), "withdrew entered a: 2 in, 1 free, 4 wait"},
			{0, withdraw("b"), "withdrew entered b: 1 in, 2 free, 4 wait"},
			{0, withdraw("e"), "withdrew waitlisted e: 1 in, 2 free, 3 wait; promoted [[d f]]: 3 in, 0 free, 1 wait"},
		}},
		{"strict: when the first group has withdrawn, the next row is promoted", []row{
			{0, strict(2), "created cup for 2, strict"},
			{0, enter("a b"), "entered [a b]: 2 in, 0 free, 0 wait"},
			{0, enter("c d"), "waitlisted [c d]: 2 in, 0 free, 2 wait"},
			{0, enter("e"), "waitlisted [e]: 2 in, 0 free, 3 wait"},
			{0, withdraw("c"), "withdrew waitlisted c: 2 in, 0 free, 2 wait"},
			{0, withdraw("d"), "withdrew waitlisted d: 2 in, 0 free, 1 wait"},
			{0, withdraw("a"), "withdrew entered a: 1 in, 1 free, 1 wait; promoted [[e]]: 2 in, 0 free, 0 wait"},
		}},
		{"a group that loses a team keeps its place", []row{
			{0, strict(1), "created cup for 1, strict"},
			{0, limit(2), "edited Cup to 2 until 1h0m0s, open: 0 in, 2 free, 0 wait"},
			{0, enter("a b"), "entered [a b]: 2 in, 0 free, 0 wait"},
			{0, enter("c d"), "waitlisted [c d]: 2 in, 0 free, 2 wait"},
			{0, enter("e"), "waitlisted [e]: 2 in, 0 free, 3 wait"},
			{0, withdraw("d"), "withdrew waitlisted d: 2 in, 0 free, 2 wait"},
			{0, withdraw("a"), "withdrew entered a: 1 in, 1 free, 2 wait; promoted [[c]]: 2 in, 0 free, 1 wait"},
		}},
		{"a group larger than the tournament can't wait", []row{
			{0, strict(2), "created cup for 2, strict"},
			{0, enter("a b c"), "tournament_full [remaining:2]"},
			{0, enter("a b"), "entered [a b]: 2 in, 0 free, 0 wait"},
		}},
	})
}
