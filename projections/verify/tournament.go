package verify

import (
	"maps"
	"slices"
	"time"

	"admitone/events"
)

// The rules of tournaments, as they are printed.
const (
	RuleSlots    Rule = "no more teams have entered than there are slots"
	RuleOnce     Rule = "a team takes part at most once, and withdraws from the place that it has"
	RuleEntry    Rule = "nobody enters after the deadline, a closed tournament, or ahead of waiting teams"
	RuleWaitlist Rule = "waiting teams are promoted in the order of the waitlist, as soon as there are slots, and groups as a whole"
)

// largestGroup is the largest number of teams in one entry.
const largestGroup = 16

func init() {
	ledgerChecks[events.TournamentCategory] = func(l *ledger, id string) check {
		c := &tournamentCheck{teams: map[events.TeamID]*waitingRow{}}
		l.tournaments[events.TournamentID(id)] = c
		return c
	}
	checks[events.TeamCategory] = func() check { return &teamCheck{} }
}

// teamCheck checks that a team is registered.
type teamCheck struct{}

func (*teamCheck) apply(e *events.Recorded, fact events.Fact, _ time.Time) *fault {
	registered, ok := fact.(*events.TeamRegistered)
	switch {
	case !ok:
		return faultf(RuleKnown, "a %s in a team's stream", fact.Name())
	case e.Revision != 0:
		return faultf(RuleCreation, "a %s at revision %d", fact.Name(), e.Revision)
	case registered.TeamID != events.TeamID(e.Stream.Entity()):
		return faultf(RuleFigures, "it registers %q", registered.TeamID)
	}
	return nil
}

// tournamentCheck folds a tournament and its teams, independently of the core that produced the facts.
type tournamentCheck struct {
	row tournament
	// teams has the row of each team on the waitlist, and nil for each entered team.
	teams map[events.TeamID]*waitingRow
	// waiting has the rows of the waitlist in order. Rows without teams are removed when they reach the front, or when
	// they are more than half.
	waiting []*waitingRow
	sizes   [largestGroup + 1]int // the number of rows by number of teams
}

// waitingRow is an entry on the waitlist: one team, or a group.
type waitingRow struct{ teams []events.TeamID }

func (c *tournamentCheck) apply(e *events.Recorded, fact events.Fact, decided time.Time) *fault {
	created, isCreation := fact.(*events.TournamentCreated)
	if isCreation != (c.row.id == "") {
		return faultf(RuleCreation, "a %s at revision %d", fact.Name(), e.Revision)
	}
	if isCreation && (created.TournamentID != events.TournamentID(e.Stream.Entity()) || created.TeamLimit < 1) {
		return faultf(RuleFigures, "it creates %q with %d slots", created.TournamentID, created.TeamLimit)
	}
	if f := c.checkTeams(fact, decided); f != nil {
		return f
	}
	next := c.row
	counts, ok := next.evolve(fact)
	switch {
	case !ok:
		return faultf(RuleKnown, "a %s in a tournament's stream", fact.Name())
	case next.remaining() < 0:
		return faultf(RuleSlots, "%d teams have entered, and there are %d slots", next.entered, next.teamLimit)
	case next.counts() != counts:
		return faultf(RuleFigures, "it records %+v; of %d slots the facts add up to %+v", counts, next.teamLimit, next.counts())
	}
	c.row = next
	return nil
}

// checkTeams checks a fact about teams against the entries.
func (c *tournamentCheck) checkTeams(fact events.Fact, decided time.Time) *fault {
	if c.row.status == events.TournamentIsCancelled {
		switch fact.(type) {
		case *events.TournamentWithdrawn, *events.TournamentOpened:
		default:
			return faultf(RuleCalledOff, "a %s of a tournament that was cancelled", fact.Name())
		}
	}
	if promoted, ok := fact.(*events.TournamentPromoted); ok {
		return c.promote(promoted)
	}
	// If a fact frees a slot for a waiting team, the next fact must be its promotion.
	if row := c.first(); row != nil {
		return faultf(RuleWaitlist, "%q can be promoted and is passed over", row.teams)
	}
	switch f := fact.(type) {
	case *events.TournamentEntered:
		mustWait := c.row.waitlisted > 0 && c.row.waitlistRule != events.WaitlistFill
		if mustWait {
			return faultf(RuleEntry, "%q enters ahead of %d waiting teams", f.TeamIDs, c.row.waitlisted)
		}
		return c.enter(f.TeamIDs, decided, nil)
	case *events.TournamentWaitlisted:
		if !c.row.waitlist {
			return faultf(RuleEntry, "%q waits, and there is no waitlist", f.TeamIDs)
		}
		row := &waitingRow{f.TeamIDs}
		if f := c.enter(f.TeamIDs, decided, row); f != nil {
			return f
		}
		if room := int(c.row.remaining()); len(f.TeamIDs) <= room &&
			(c.row.waitlisted == 0 || c.row.waitlistRule == events.WaitlistFill) {
			return faultf(RuleEntry, "%q waits, and %d slots are free", f.TeamIDs, room)
		}
		c.waiting = append(c.waiting, row)
		c.sizes[len(row.teams)]++
	case *events.TournamentWithdrawn:
		return c.withdraw(f)
	case *events.TournamentOpened:
		return checkReached("opens", c.row.futureOpening, f.OpensAt, decided)
	}
	return nil
}

// enter adds teams that have no entry.
func (c *tournamentCheck) enter(teams []events.TeamID, decided time.Time, row *waitingRow) *fault {
	switch {
	case len(teams) == 0 || len(teams) > largestGroup:
		return faultf(RuleFigures, "%d teams in one entry", len(teams))
	case c.row.status != events.TournamentOpen:
		return faultf(RuleEntry, "%q enters, and the tournament is %s", teams, c.row.status)
	case decided.Before(c.row.opensAt):
		return faultf(RuleTimes, "%q enters at %s, and entry opens at %s", teams, events.FormatTime(decided),
			events.FormatTime(c.row.opensAt))
	case decided.After(c.row.registerDeadline):
		return faultf(RuleEntry, "%q enters at %s, and the deadline was %s", teams, events.FormatTime(decided),
			events.FormatTime(c.row.registerDeadline))
	}
	for _, team := range teams {
		if _, in := c.teams[team]; in {
			return faultf(RuleOnce, "%q takes part already", team)
		}
		c.teams[team] = row
	}
	return nil
}

func (c *tournamentCheck) withdraw(f *events.TournamentWithdrawn) *fault {
	row, in := c.teams[f.TeamID]
	was := events.EntryEntered
	if row != nil {
		was = events.EntryWaitlisted
	}
	if !in || f.Was != was {
		return faultf(RuleOnce, "it records that %q was %s; it takes part: %t, waits: %t", f.TeamID, f.Was, in, row != nil)
	}
	delete(c.teams, f.TeamID)
	if row != nil {
		c.sizes[len(row.teams)]--
		row.teams = slices.DeleteFunc(slices.Clone(row.teams), func(team events.TeamID) bool { return team == f.TeamID })
		c.sizes[len(row.teams)]++
	}
	return nil
}

// promote enters rows of the waitlist, each of which must be the next in turn.
func (c *tournamentCheck) promote(f *events.TournamentPromoted) *fault {
	free := c.row
	for _, teams := range f.Rows {
		row := c.firstOf(free.remaining())
		switch {
		case row == nil && c.row.status != events.TournamentOpen:
			return faultf(RuleWaitlist, "%q is promoted while the tournament is closed", teams)
		case row == nil:
			return faultf(RuleWaitlist, "%q is promoted, and no waiting team can be", teams)
		case !slices.Equal(row.teams, teams):
			return faultf(RuleWaitlist, "%q is promoted, and it is the turn of %q", teams, row.teams)
		}
		for _, team := range teams {
			c.teams[team] = nil
		}
		c.sizes[len(teams)]--
		c.sizes[0]++
		row.teams = nil
		free.entered += int64(len(teams))
	}
	return nil
}

// unpromoted returns the first tournament with teams that should have been promoted in the append that freed their
// slots, and the teams; "" if there is none.
func (l *ledger) unpromoted() (id events.TournamentID, teams []events.TeamID) {
	for _, id := range slices.Sorted(maps.Keys(l.tournaments)) {
		if row := l.tournaments[id].first(); row != nil {
			return id, row.teams
		}
	}
	return "", nil
}

// first returns the row that must be promoted now, nil if there is none.
func (c *tournamentCheck) first() *waitingRow { return c.firstOf(c.row.remaining()) }

// firstOf returns the row that must be promoted next with that number of free slots, nil if there is none.
func (c *tournamentCheck) firstOf(free int64) *waitingRow {
	for len(c.waiting) > 0 && len(c.waiting[0].teams) == 0 {
		c.waiting = c.waiting[1:]
		c.sizes[0]--
	}
	if 2*c.sizes[0] > len(c.waiting) {
		c.waiting = slices.DeleteFunc(c.waiting, func(row *waitingRow) bool { return len(row.teams) == 0 })
		c.sizes[0] = 0
	}
	if len(c.waiting) == 0 || free <= 0 || c.row.status != events.TournamentOpen {
		return nil
	}
	largest := int(min(free, largestGroup))
	if c.row.waitlistRule != events.WaitlistFill {
		if row := c.waiting[0]; len(row.teams) <= largest {
			return row
		}
		return nil
	}
	for _, rows := range c.sizes[1 : largest+1] {
		if rows > 0 {
			return c.firstUpTo(largest)
		}
	}
	return nil
}

// firstUpTo returns the first row with at most largest teams, nil if there is none.
func (c *tournamentCheck) firstUpTo(largest int) *waitingRow {
	for _, row := range c.waiting {
		if n := len(row.teams); n > 0 && n <= largest {
			return row
		}
	}
	return nil
}
