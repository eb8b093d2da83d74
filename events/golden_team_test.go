package events

var goldenTeam = map[string]Fact{
	"team.registered.v1": &TeamRegistered{TeamID: "team-7", DisplayName: "FC \"Größe\" \\ 축구팀\n\u0001 <b>&</b> \u2028⚽"},
}
