package projections

import (
	"fmt"
	"slices"
	"strings"

	"admitone/events"
)

func init() {
	tales[tournamentCategory] = tournamentTale
	tales[teamCategory] = teamTale
}

// toldTeams is how many promoted teams a sentence names one by one.
const toldTeams = 16

func teamTale(fact events.Fact, of whose) string {
	if f, ok := fact.(*events.TeamRegistered); ok && of.has(teamCategory, f.TeamID) {
		return fmt.Sprintf("registered as %q", f.DisplayName)
	}
	return ""
}

// tournamentTale is what a fact of a tournament says, in words.
func tournamentTale(fact events.Fact, of whose) string {
	mine := func(team string) bool { return of.has(teamCategory, team) }
	switch f := fact.(type) {
	case *events.TournamentEntered:
		if slices.ContainsFunc(f.TeamIDs, mine) {
			return fmt.Sprintf("%s entered; %s", together(f.TeamIDs), slots(&f.TournamentCounts))
		}
	case *events.TournamentWaitlisted:
		if slices.ContainsFunc(f.TeamIDs, mine) {
			return fmt.Sprintf("%s went to the waitlist; %s", together(f.TeamIDs), slots(&f.TournamentCounts))
		}
	case *events.TournamentPromoted:
		return promotedTale(f, mine)
	case *events.TournamentWithdrawn:
		from := "its slot"
		if f.Was == events.EntryWaitlisted {
			from = "the waitlist"
		}
		if mine(f.TeamID) {
			return fmt.Sprintf("%s withdrew from %s; %s", f.TeamID, from, slots(&f.TournamentCounts))
		}
	case *events.TournamentCreated:
		if of.everybodys() {
			return fmt.Sprintf("opened for entry as %q: %s until %s, %s%s", f.DisplayName, counted(f.TeamLimit, "slot"), stamp(f.RegisterDeadline), waitlist(f), behind(f.WaitingRoom))
		}
	case *events.TournamentEdited:
		if of.everybodys() {
			return fmt.Sprintf("edited; it is now %q and %s: %s until %s%s; %s", f.DisplayName, f.Status, counted(f.TeamLimit, "slot"), stamp(f.RegisterDeadline), behind(f.WaitingRoom), slots(&f.TournamentCounts))
		}
	}
	return ""
}

// promotedTale names every row, or the one that is asked about.
func promotedTale(f *events.TournamentPromoted, mine func(team string) bool) string {
	var told []string
	teams, more := 0, 0
	for _, row := range f.Rows {
		switch {
		case !slices.ContainsFunc(row, mine):
		case teams >= toldTeams:
			more += len(row)
		default:
			teams += len(row)
			told = append(told, together(row))
		}
	}
	if teams == 0 {
		return ""
	}
	if more > 0 {
		told = append(told, fmt.Sprintf("and %d more", more))
	}
	return fmt.Sprintf("%s came in from the waitlist; %s", strings.Join(told, ", "), slots(&f.TournamentCounts))
}

// together names a team, or a group that entered as one.
func together(teams []string) string {
	if len(teams) == 1 {
		return teams[0]
	}
	return fmt.Sprintf("%s together", strings.Join(teams, " and "))
}

func slots(c *events.TournamentCounts) string {
	said := counted(c.Entered, "team") + " in, " + remain(c.Remaining)
	if c.Waitlisted > 0 {
		said += fmt.Sprintf(", %d waiting", c.Waitlisted)
	}
	return said
}

func waitlist(f *events.TournamentCreated) string {
	switch {
	case !f.Waitlist:
		return "without a waitlist"
	case f.WaitlistRule == events.WaitlistFill:
		return "with a waitlist whose first fitting entry comes in"
	}
	return "with a waitlist whose first entry comes in"
}
