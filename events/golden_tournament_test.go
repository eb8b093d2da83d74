package events

import (
	"os"
	"testing"
	"time"
)

func init() {
	addedMembers["tournament.created.v2"] = []string{".OpensAt", ".Status"}
	addedMembers["tournament.edited.v2"] = []string{".OpensAt"}
}

// TestGoldenTournamentTimes checks tournaments with the added members.
func TestGoldenTournamentTimes(t *testing.T) {
	for name, fact := range map[string]Fact{
		"tournament.created.v2": &TournamentCreated{TournamentID: "cup-2032", DisplayName: "Cup", TeamLimit: 64,
			RegisterDeadline: moment.Add(time.Hour), Waitlist: true, WaitlistRule: WaitlistFill, WaitingRoom: "sale-2031",
			OpensAt: moment, Status: TournamentClosed},
		"tournament.edited.v2": &TournamentEdited{DisplayName: "Cup", TeamLimit: 65, RegisterDeadline: moment.Add(time.Hour),
			Status: TournamentClosed, WaitingRoom: "sale-2031",
			TournamentCounts: TournamentCounts{Entered: 64, Remaining: 1, Waitlisted: 2936}, OpensAt: moment},
	} {
		frozen, err := os.ReadFile("testdata/later/" + name + ".times.json")
		if err != nil {
			t.Fatal(err)
		}
		checkGolden(t, name, fact, frozen)
	}
}

func init() { addGolden(goldenTournament) }

// goldenTournament has a deadline after the last time that 64 bits of nanoseconds can represent.
var goldenTournament = map[string]Fact{
	"tournament.created.v1": &TournamentCreated{
		TournamentID: "cup-2031", DisplayName: "Winter \"cup\" \\ größe M\n\t\u0001 <b>&</b> \u2028🏆",
		TeamLimit: 64, RegisterDeadline: time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC),
		Waitlist: true, WaitlistRule: WaitlistFill,
	},
	"tournament.edited.v1": &TournamentEdited{
		DisplayName: "Winter cup", TeamLimit: 65, RegisterDeadline: moment, Status: TournamentClosed,
		TournamentCounts: TournamentCounts{Entered: 64, Remaining: 1, Waitlisted: 2936},
	},
	"tournament.created.v2": &TournamentCreated{
		TournamentID: "cup-2031", DisplayName: "Winter \"cup\" \\ größe M\n\t\u0001 <b>&</b> \u2028🏆",
		TeamLimit: 64, RegisterDeadline: time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC),
		Waitlist: true, WaitlistRule: WaitlistFill, WaitingRoom: "sale-2031",
	},
	"tournament.edited.v2": &TournamentEdited{
		DisplayName: "Winter cup", TeamLimit: 65, RegisterDeadline: moment, Status: TournamentClosed,
		WaitingRoom:      "sale-2031",
		TournamentCounts: TournamentCounts{Entered: 64, Remaining: 1, Waitlisted: 2936},
	},
	"tournament.opened.v1": &TournamentOpened{
		OpensAt: moment, TournamentCounts: TournamentCounts{Entered: 1, Remaining: 63, Waitlisted: 2},
	},
	"tournament.entered.v1": &TournamentEntered{
		TeamIDs:          []TeamID{"team-1", "team-2"},
		TournamentCounts: TournamentCounts{Entered: 63, Remaining: 2, Waitlisted: 1},
	},
	"tournament.waitlisted.v1": &TournamentWaitlisted{
		TeamIDs:          []TeamID{"team-3", "team-4", "team-5"},
		TournamentCounts: TournamentCounts{Entered: 62, Remaining: 3, Waitlisted: 4},
	},
	"tournament.promoted.v1": &TournamentPromoted{
		Rows:             [][]TeamID{{"team-3", "team-5"}, {"team-6"}},
		TournamentCounts: TournamentCounts{Entered: 65, Remaining: 1, Waitlisted: 2},
	},
	"tournament.withdrawn.v1": &TournamentWithdrawn{
		TeamID: "team-4", Was: EntryWaitlisted,
		TournamentCounts: TournamentCounts{Entered: 64, Remaining: 4, Waitlisted: 3},
	},
}
