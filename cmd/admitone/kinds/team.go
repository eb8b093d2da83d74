package kinds

import (
	"fmt"
	"io"

	"admitone/actors/core"
	"admitone/actors/team"
	"admitone/api"
	"admitone/events"
	"admitone/projections/demand"
	"admitone/projections/row"
)

// teamKind is a team, which enters tournaments.
var teamKind = register(&Kind{
	Name:     "team",
	Rules:    team.Kind,
	Show:     showing(row.TeamAt, teamText, api.AppendTeam),
	Command:  teamCommand,
	Requests: teamRequests,
})

func teamText(out io.Writer, t *row.Team) error {
	_, err := fmt.Fprintf(out, "team/%s  %s\n  revision   %d, position %d\n  created    %s\n",
		t.ID, t.Name, t.Revision, t.Position, events.FormatTime(t.Created))
	return err
}

func teamCommand(request *demand.Request, _ events.RoomID) (core.Command, error) {
	switch f := request.Fact.(type) {
	case *events.TeamRegistered:
		return &team.Register{ID: f.TeamID, Name: f.DisplayName, Owner: f.Owner}, nil
	}
	return nil, nil
}

func teamRequests(request *demand.Request) []*Request {
	f, ok := request.Fact.(*events.TeamRegistered)
	if !ok {
		return nil
	}
	body := members{"id": f.TeamID, "name": f.DisplayName}
	if f.Owner != "" {
		body["holder"] = f.Owner
	}
	return setup(Post("/v1/teams", body, On(request.Stream, Exclusive)))
}
