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

// day is the start of all tests; entry ends an hour later.
var day = time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)

// s and ns are a second and a nanosecond.
const (
	s  = time.Second
	ns = time.Nanosecond
)

// The commands of the tables below. Teams are named by words: "a b" is a group.
func plain(limit int64) *Create {
	return &Create{
		ID:               "cup",
		Name:             "Cup",
		TeamLimit:        limit,
		RegisterDeadline: day.Add(time.Hour),
		Rule:             events.WaitlistStrict,
	}
}

func strict(limit int64) *Create {
	cmd := plain(limit)
	cmd.Waitlist = true
	return cmd
}

func fill(limit int64) *Create {
	cmd := strict(limit)
	cmd.Rule = events.WaitlistFill
	return cmd
}

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

// crowd is one team more than an entry can have.
const crowd = "a b c d e f g h i j k l m n o p q"

// describe describes a decision.
func describe(facts []events.Fact, err error) string { return coretest.Describe(facts, err, sentence) }

func sentence(fact events.Fact) string {
	left := func(c events.TournamentCounts) string {
		return fmt.Sprintf("%d in, %d free, %d wait", c.Entered, c.Remaining, c.Waitlisted)
	}
	switch f := fact.(type) {
	case *events.TournamentCreated:
		return fmt.Sprintf("created %s for %d, %s", f.TournamentID, f.TeamLimit, f.WaitlistRule)
	case *events.TournamentEdited:
		return fmt.Sprintf("edited %s to %d until %v, %s: %s", f.DisplayName, f.TeamLimit, f.RegisterDeadline.Sub(day), f.Status, left(f.TournamentCounts))
	case *events.TournamentEntered:
		return fmt.Sprintf("entered %v: %s", f.TeamIDs, left(f.TournamentCounts))
	case *events.TournamentWaitlisted:
		return fmt.Sprintf("waitlisted %v: %s", f.TeamIDs, left(f.TournamentCounts))
	case *events.TournamentPromoted:
		return fmt.Sprintf("promoted %v: %s", f.Rows, left(f.TournamentCounts))
	case *events.TournamentWithdrawn:
		return fmt.Sprintf("withdrew %s %s: %s", f.Was, f.TeamID, left(f.TournamentCounts))
	}
	return fact.Name()
}

// attempt is a row of a table: the time, the command, and the decision.
type attempt struct {
	at   time.Duration
	cmd  core.Command
	then string
}

// rule is a table with a name.
type rule struct {
	name     string
	attempts []attempt
}

// check plays a table.
func check(t *testing.T, rules []rule) {
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) {
			tournament := New()
			for i, a := range rule.attempts {
				if got := coretest.Do(tournament, a.cmd, day.Add(a.at), sentence); got != a.then {
					t.Fatalf("line %d: %T at %v\n gives %s\n  want %s", i+1, a.cmd, a.at, got, a.then)
				}
			}
		})
	}
}

func TestEntryRules(t *testing.T) {
	check(t, []rule{
		{"a tournament that is not there refuses everything but its creation", []attempt{
			{0, enter("a"), "not_found [resource:tournament]"},
			{0, enter(""), "not_found [resource:tournament]"},
			{0, withdraw("a"), "not_found [resource:tournament]"},
			{0, limit(5), "not_found [resource:tournament]"},
			{0, &core.Expire{}, "not_found [resource:tournament]"},
			{0, plain(4), "created cup for 4, strict"},
			{0, &core.Expire{}, "nothing"},
		}},
		{"creating again is nothing with the same members, and refused with others", []attempt{
			{0, plain(0), "invalid_field [field:team_limit]"},
			{0, plain(MaxTeams + 1), "invalid_field [field:team_limit]"},
			{0, plain(4), "created cup for 4, strict"},
			{1 * s, plain(4), "nothing"},
			{1 * s, plain(5), "already_exists"},
			{1 * s, strict(4), "already_exists"},
			{1 * s, deadline(2 * s), "edited Cup to 4 until 2s, open: 0 in, 4 free, 0 wait"},
			{1 * s, plain(4), "already_exists"},
		}},
		{"teams enter until every slot is taken", []attempt{
			{0, plain(2), "created cup for 2, strict"},
			{0, enter("a"), "entered [a]: 1 in, 1 free, 0 wait"},
			{0, enter("b"), "entered [b]: 2 in, 0 free, 0 wait"},
			{0, enter("c"), "tournament_full [remaining:0]"},
		}},
		{"full is full for entry only: a withdrawal opens it again", []attempt{
			{0, plain(1), "created cup for 1, strict"},
			{0, enter("a"), "entered [a]: 1 in, 0 free, 0 wait"},
			{0, enter("b"), "tournament_full [remaining:0]"},
			{0, withdraw("b"), "not_found [resource:entry]"},
			{0, withdraw("a"), "withdrew entered a: 0 in, 1 free, 0 wait"},
			{0, withdraw("a"), "not_found [resource:entry]"},
			{0, enter("b"), "entered [b]: 1 in, 0 free, 0 wait"},
			{0, enter("a"), "tournament_full [remaining:0]"},
		}},
		{"a withdrawal does not open what the organiser has closed, nor what is past its deadline", []attempt{
			{0, plain(1), "created cup for 1, strict"},
			{0, enter("a"), "entered [a]: 1 in, 0 free, 0 wait"},
			{0, status(events.TournamentClosed), "edited Cup to 1 until 1h0m0s, closed: 1 in, 0 free, 0 wait"},
			{0, withdraw("a"), "withdrew entered a: 0 in, 1 free, 0 wait"},
			{0, enter("b"), "registration_closed"},
			{0, status(events.TournamentOpen), "edited Cup to 1 until 1h0m0s, open: 0 in, 1 free, 0 wait"},
			{3600*s + ns, enter("b"), "deadline_passed [register_deadline:2026-05-01 21:00:00 +0000 UTC]"},
			{0, enter("b"), "entered [b]: 1 in, 0 free, 0 wait"},
		}},
		{"entry ends with the deadline and not a nanosecond later", []attempt{
			{0, plain(9), "created cup for 9, strict"},
			{3600 * s, enter("a"), "entered [a]: 1 in, 8 free, 0 wait"},
			{3600*s + ns, enter("b"), "deadline_passed [register_deadline:2026-05-01 21:00:00 +0000 UTC]"},
			{3600*s + ns, deadline(3600*s + ns), "edited Cup to 9 until 1h0m0.000000001s, open: 1 in, 8 free, 0 wait"},
			{3600*s + ns, enter("b"), "entered [b]: 2 in, 7 free, 0 wait"},
		}},
		{"refusals come in this order: already entered, deadline, closed, full", []attempt{
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
		{"the limit can go down to the teams that have entered, and no further", []attempt{
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
		{"a withdrawal lets the first of the waitlist in, with the same decision", []attempt{
			{0, strict(1), "created cup for 1, strict"},
			{0, enter("a"), "entered [a]: 1 in, 0 free, 0 wait"},
			{0, enter("b"), "waitlisted [b]: 1 in, 0 free, 1 wait"},
			{0, enter("c"), "waitlisted [c]: 1 in, 0 free, 2 wait"},
			{0, withdraw("a"), "withdrew entered a: 0 in, 1 free, 2 wait; promoted [[b]]: 1 in, 0 free, 1 wait"},
			{0, enter("b"), "already_entered [entry:entered team_id:b]"},
			{0, enter("c"), "already_entered [entry:waitlisted team_id:c]"},
			{0, enter("a"), "waitlisted [a]: 1 in, 0 free, 2 wait"},
		}},
		{"leaving the waitlist costs nobody else a place", []attempt{
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
		{"a higher limit lets in as many as fit", []attempt{
			{0, strict(1), "created cup for 1, strict"},
			{0, enter("a"), "entered [a]: 1 in, 0 free, 0 wait"},
			{0, enter("b"), "waitlisted [b]: 1 in, 0 free, 1 wait"},
			{0, enter("c"), "waitlisted [c]: 1 in, 0 free, 2 wait"},
			{0, enter("d"), "waitlisted [d]: 1 in, 0 free, 3 wait"},
			{0, limit(3), "edited Cup to 3 until 1h0m0s, open: 1 in, 2 free, 3 wait; promoted [[b] [c]]: 3 in, 0 free, 1 wait"},
			{0, limit(9), "edited Cup to 9 until 1h0m0s, open: 3 in, 6 free, 1 wait; promoted [[d]]: 4 in, 5 free, 0 wait"},
			{0, enter("e"), "entered [e]: 5 in, 4 free, 0 wait"},
		}},
		{"who waits was in time: the deadline stops no promotion", []attempt{
			{0, strict(1), "created cup for 1, strict"},
			{0, enter("a"), "entered [a]: 1 in, 0 free, 0 wait"},
			{0, enter("b"), "waitlisted [b]: 1 in, 0 free, 1 wait"},
			{9999 * s, withdraw("a"), "withdrew entered a: 0 in, 1 free, 1 wait; promoted [[b]]: 1 in, 0 free, 0 wait"},
		}},
		{"a closed tournament promotes nobody until it is opened again", []attempt{
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
		{"a group is 1 to 16 teams, each once", []attempt{
			{0, plain(99), "created cup for 99, strict"},
			{0, enter(""), "invalid_field [field:team_ids]"},
			{0, enter("a b a"), "invalid_field [field:team_ids]"},
			{0, enter(crowd), "invalid_field [field:team_ids]"},
			{0, enter(crowd[2:]), "entered [b c d e f g h i j k l m n o p q]: 16 in, 83 free, 0 wait"},
		}},
		{"a group enters as a whole or not at all", []attempt{
			{0, plain(3), "created cup for 3, strict"},
			{0, enter("a b"), "entered [a b]: 2 in, 1 free, 0 wait"},
			{0, enter("c a"), "already_entered [entry:entered team_id:a]"},
			{0, enter("c d"), "tournament_full [remaining:1]"},
			{0, enter("c"), "entered [c]: 3 in, 0 free, 0 wait"},
			{0, withdraw("a"), "withdrew entered a: 2 in, 1 free, 0 wait"},
		}},
		{"strict: nobody passes a group that waits for more slots than are free", []attempt{
			{0, strict(3), "created cup for 3, strict"},
			{0, enter("a b c"), "entered [a b c]: 3 in, 0 free, 0 wait"},
			{0, enter("d e"), "waitlisted [d e]: 3 in, 0 free, 2 wait"},
			{0, enter("f"), "waitlisted [f]: 3 in, 0 free, 3 wait"},
			{0, withdraw("a"), "withdrew entered a: 2 in, 1 free, 3 wait"},
			{0, enter("g"), "waitlisted [g]: 2 in, 1 free, 4 wait"},
			{0, withdraw("b"), "withdrew entered b: 1 in, 2 free, 4 wait; promoted [[d e]]: 3 in, 0 free, 2 wait"},
			{0, withdraw("e"), "withdrew entered e: 2 in, 1 free, 2 wait; promoted [[f]]: 3 in, 0 free, 1 wait"},
		}},
		{"fill: the first that fits comes in, and so does a newcomer that fits", []attempt{
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
		{"fill: a higher limit goes to the first ones that fit, in order", []attempt{
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
		{"strict: who leaves a waiting group may be the one that it was too large by", []attempt{
			{0, strict(3), "created cup for 3, strict"},
			{0, enter("a b c"), "entered [a b c]: 3 in, 0 free, 0 wait"},
			{0, enter("d e f"), "waitlisted [d e f]: 3 in, 0 free, 3 wait"},
			{0, enter("g"), "waitlisted [g]: 3 in, 0 free, 4 wait"},
			{0, withdraw("a"), "withdrew entered a: 2 in, 1 free, 4 wait"},
			{0, withdraw("b"), "withdrew entered b: 1 in, 2 free, 4 wait"},
			{0, withdraw("e"), "withdrew waitlisted e: 1 in, 2 free, 3 wait; promoted [[d f]]: 3 in, 0 free, 1 wait"},
		}},
		{"strict: when the group in front has left, the next ones come in", []attempt{
			{0, strict(2), "created cup for 2, strict"},
			{0, enter("a b"), "entered [a b]: 2 in, 0 free, 0 wait"},
			{0, enter("c d"), "waitlisted [c d]: 2 in, 0 free, 2 wait"},
			{0, enter("e"), "waitlisted [e]: 2 in, 0 free, 3 wait"},
			{0, withdraw("c"), "withdrew waitlisted c: 2 in, 0 free, 2 wait"},
			{0, withdraw("d"), "withdrew waitlisted d: 2 in, 0 free, 1 wait"},
			{0, withdraw("a"), "withdrew entered a: 1 in, 1 free, 1 wait; promoted [[e]]: 2 in, 0 free, 0 wait"},
		}},
		{"a group that got smaller keeps its place among those of its size", []attempt{
			{0, strict(1), "created cup for 1, strict"},
			{0, limit(2), "edited Cup to 2 until 1h0m0s, open: 0 in, 2 free, 0 wait"},
			{0, enter("a b"), "entered [a b]: 2 in, 0 free, 0 wait"},
			{0, enter("c d"), "waitlisted [c d]: 2 in, 0 free, 2 wait"},
			{0, enter("e"), "waitlisted [e]: 2 in, 0 free, 3 wait"},
			{0, withdraw("d"), "withdrew waitlisted d: 2 in, 0 free, 2 wait"},
			{0, withdraw("a"), "withdrew entered a: 1 in, 1 free, 2 wait; promoted [[c]]: 2 in, 0 free, 1 wait"},
		}},
		{"a group larger than the tournament can't even wait", []attempt{
			{0, strict(2), "created cup for 2, strict"},
			{0, enter("a b c"), "tournament_full [remaining:2]"},
			{0, enter("a b"), "entered [a b]: 2 in, 0 free, 0 wait"},
		}},
	})
}
