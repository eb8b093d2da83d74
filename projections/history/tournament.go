package history

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"admitone/events"
)

func init() {
	register(kind{category: events.TournamentCategory, describe: describeTournament, links: linksOfTournament,
		example: "tournament/cup"})
	register(kind{category: events.TeamCategory, describe: describeTeam, example: "team/owls"})
	requests["POST entries"] = func(_ *events.RefusalRecorded, _, _, entity string) string { return "to enter " + entity }
	requests["DELETE entries"] = func(_ *events.RefusalRecorded, id, _, entity string) string {
		return fmt.Sprintf("to withdraw %s from %s", id, entity)
	}
}

func linksOfTournament(l *links, _ *events.Recorded, fact events.Fact) {
	var teams []events.TeamID
	switch f := fact.(type) {
	case *events.TournamentEntered:
		teams = f.TeamIDs
	case *events.TournamentWaitlisted:
		teams = f.TeamIDs
	case *events.TournamentWithdrawn:
		teams = []events.TeamID{f.TeamID}
	case *events.TournamentPromoted:
		for _, row := range f.Rows {
			teams = append(teams, row...)
		}
	case *events.TournamentCreated:
		l.add(waitingRoomKind, string(f.WaitingRoom))
	}
	for _, team := range teams {
		l.add(events.TeamCategory, string(team))
	}
}

// maxListedTeams is the largest number of promoted teams named in a sentence.
const maxListedTeams = 16

func describeTeam(fact events.Fact, subj subject) string {
	f, ok := fact.(*events.TeamRegistered)
	switch {
	case !ok:
		return ""
	case f.Owner != "" && (subj.includes(events.TeamCategory, string(f.TeamID)) || subj.includes(holderKind, string(f.Owner))):
		return fmt.Sprintf("registered as %q, a team of %s", f.DisplayName, f.Owner)
	case f.Owner == "" && subj.includes(events.TeamCategory, string(f.TeamID)):
		return fmt.Sprintf("registered as %q", f.DisplayName)
	}
	return ""
}

// describeTournament describes a fact of a tournament.
func describeTournament(fact events.Fact, subj subject) string {
	mine := func(team events.TeamID) bool { return subj.includes(events.TeamCategory, string(team)) }
	switch f := fact.(type) {
	case *events.TournamentEntered:
		if slices.ContainsFunc(f.TeamIDs, mine) {
			return fmt.Sprintf("%s entered%s; %s", together(f.TeamIDs), orderSuffix(&f.OrderData), slots(&f.TournamentCounts))
		}
	case *events.TournamentWaitlisted:
		if slices.ContainsFunc(f.TeamIDs, mine) {
			return fmt.Sprintf("%s went to the waitlist%s; %s", together(f.TeamIDs), orderSuffix(&f.OrderData),
				slots(&f.TournamentCounts))
		}
	case *events.TournamentPromoted:
		return describePromoted(f, mine)
	case *events.TournamentWithdrawn:
		from := "its slot"
		if f.Was == events.EntryWaitlisted {
			from = "the waitlist"
		}
		if mine(f.TeamID) {
			return fmt.Sprintf("%s withdrew from %s; %s", f.TeamID, from, slots(&f.TournamentCounts))
		}
	case *events.TournamentCreated:
		if subj.isEveryone() {
			text := fmt.Sprintf("opened for entry as %q: %s until %s, %s%s", f.DisplayName, counted(f.TeamLimit, "slot"),
				events.FormatTime(f.RegisterDeadline), waitlist(f), roomSuffix(f.WaitingRoom)+entryFrom(f.OpensAt))
			if f.Status == events.TournamentClosed {
				text += "; closed for now"
			}
			return text
		}
	case *events.TournamentEdited:
		if subj.isEveryone() {
			return fmt.Sprintf("edited; it is now %q and %s: %s until %s%s; %s", f.DisplayName, f.Status,
				counted(f.TeamLimit, "slot"), events.FormatTime(f.RegisterDeadline), roomSuffix(f.WaitingRoom)+entryFrom(f.OpensAt),
				slots(&f.TournamentCounts))
		}
	case *events.TournamentCancelled:
		if subj.isEveryone() {
			return fmt.Sprintf("cancelled, because: %q; all entries have ended; %s", f.Reason, slots(&f.TournamentCounts))
		}
	case *events.TournamentOpened:
		if subj.isEveryone() {
			return fmt.Sprintf("entry opened, as scheduled for %s; %s", events.FormatTime(f.OpensAt), slots(&f.TournamentCounts))
		}
	}
	return ""
}

// entryFrom describes the earliest time for entries, "" for none.
func entryFrom(opensAt time.Time) string {
	if opensAt.IsZero() {
		return ""
	}
	return ", entry from " + events.FormatTime(opensAt)
}

// describePromoted lists the rows that contain a team for which mine is true.
func describePromoted(f *events.TournamentPromoted, mine func(team events.TeamID) bool) string {
	var listed []string
	teams, more := 0, 0
	for _, row := range f.Rows {
		switch {
		case !slices.ContainsFunc(row, mine):
		case teams >= maxListedTeams:
			more += len(row)
		default:
			teams += len(row)
			listed = append(listed, together(row))
		}
	}
	if teams == 0 {
		return ""
	}
	if more > 0 {
		listed = append(listed, fmt.Sprintf("and %d more", more))
	}
	verb := "were"
	if teams == 1 && more == 0 {
		verb = "was"
	}
	return fmt.Sprintf("%s %s promoted from the waitlist; %s", strings.Join(listed, ", "), verb,
		slots(&f.TournamentCounts))
}

// together names a team, or the teams of a group.
func together(teams []events.TeamID) string {
	if len(teams) == 1 {
		return string(teams[0])
	}
	return fmt.Sprintf("%s together", joined(teams, " and "))
}

func joined[ID ~string](ids []ID, between string) string {
	parts := make([]string, len(ids))
	for i, id := range ids {
		parts[i] = string(id)
	}
	return strings.Join(parts, between)
}

func slots(c *events.TournamentCounts) string {
	text := counted(c.Entered, "team") + " in, " + remain(c.Remaining)
	if c.Waitlisted > 0 {
		text += fmt.Sprintf(", %d waiting", c.Waitlisted)
	}
	return text
}

func waitlist(f *events.TournamentCreated) string {
	switch {
	case !f.Waitlist:
		return "without a waitlist"
	case f.WaitlistRule == events.WaitlistFill:
		return "with a waitlist that promotes the first entry that fits"
	}
	return "with a strict waitlist (first entry is promoted first)"
}
