package events

import (
	"os"
	"testing"
)

func init() { addedMembers["team.registered.v1"] = []string{".Owner"} }

func init() { addGolden(goldenTeam) }

var goldenTeam = map[string]Fact{
	"team.registered.v1": &TeamRegistered{TeamID: "team-7", DisplayName: "FC \"Größe\" \\ 축구팀\n\u0001 <b>&</b> \u2028⚽"},
}

func TestGoldenTeamWithOwner(t *testing.T) {
	frozen, err := os.ReadFile("testdata/later/team.registered.v1.owner.json")
	if err != nil {
		t.Fatal(err)
	}
	checkGolden(t, "team.registered.v1", &TeamRegistered{TeamID: "team-7", DisplayName: "Owls", Owner: "ada"}, frozen)
}
