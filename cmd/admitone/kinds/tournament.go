package kinds

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"admitone/actors/core"
	"admitone/actors/team"
	"admitone/actors/tournament"
	"admitone/api"
	"admitone/cmd/admitone/load"
	"admitone/events"
	"admitone/projections/demand"
	"admitone/projections/row"
)

// tournamentKind is a tournament with slots for teams.
var tournamentKind = register(&Kind{
	Name:           "tournament",
	Rules:          tournament.Kind,
	Show:           showTournament,
	Command:        tournamentCommand,
	RefusedCommand: tournamentRefusedCommand,
	WaitingRoom: func(c core.Core) events.RoomID {
		created, _ := c.(*tournament.Tournament).Figures()
		return created.WaitingRoom
	},
	Settings: &Settings{
		Bounds: map[string][2]int64{"team_limit": {1, tournament.MaxTeams}},
		Intent: tournamentIntent,
		Edit: func(c core.Core, p Policy) core.Command {
			if !c.(*tournament.Tournament).Exists() {
				return nil
			}
			return &tournament.Edit{TeamLimit: p.Value("team_limit")}
		},
	},
	Requests:        tournamentRequests,
	RefusedRequests: tournamentRefusedRequests,
	Figures:         tournamentFigures,
	Scenario:        "tournament",
	NewScenario:     load.Tournament,
})

// showTournament shows a tournament with its entries, in order.
func showTournament(ctx context.Context, store events.Store, id string, at row.Moment) (*Shown, error) {
	roster, err := row.RosterAt(ctx, store, events.TournamentID(id), at.Position)
	if err != nil || roster == nil {
		return nil, err
	}
	roster.Status = roster.StatusAt(at.Time)
	return &Shown{
		Text:  func(out io.Writer) error { return tournamentText(out, roster) },
		JSON:  func(asOf *row.Moment) []byte { return api.AppendTournament(nil, &roster.Tournament, asOf) },
		Parts: func() Parts { return rosterParts(roster) },
	}, nil
}

func tournamentText(out io.Writer, t *row.Roster) error {
	waitlist := "none"
	if t.Waitlist {
		waitlist = fmt.Sprintf("%d waiting, %s", t.Waitlisted, t.WaitlistRule)
	}
	from := ""
	if !t.OpensAt.IsZero() {
		from = "from " + events.FormatTime(t.OpensAt) + " "
	}
	if _, err := fmt.Fprintf(out, `tournament/%s  %s%s
  slots      %d = %d remaining + %d entered
  waitlist   %s
  sign-up    %s, %suntil %s
  revision   %d, position %d
  created    %s
  changed    %s
`, t.ID, t.Name, cancelledText(&t.Cancelled), t.TeamLimit, t.Remaining(), t.Entered, waitlist, t.Status, from, events.FormatTime(t.RegisterDeadline),
		t.Revision, t.Position, events.FormatTime(t.Created), events.FormatTime(t.Updated)); err != nil {
		return err
	}
	for _, status := range []events.EntryStatus{events.EntryEntered, events.EntryWaitlisted} {
		entries, _ := t.Entries(status, 0, max(int(t.Entered), int(t.Waitlisted)))
		for i := range entries {
			if _, err := fmt.Fprintf(out, "  %-10s %d  %s  since %s\n", status, i+1, entries[i].TeamID,
				events.FormatTime(entries[i].Since)); err != nil {
				return err
			}
		}
	}
	return nil
}

func rosterParts(t *row.Roster) Parts {
	p := Parts{Noun: "entry", Default: "out", States: map[string]string{}}
	for _, status := range []events.EntryStatus{events.EntryEntered, events.EntryWaitlisted} {
		entries, _ := t.Entries(status, 0, max(int(t.Entered), int(t.Waitlisted)))
		for i := range entries {
			p.States[string(entries[i].TeamID)] = string(status)
		}
	}
	return p
}

func tournamentCommand(request *demand.Request, room events.RoomID) (core.Command, error) {
	switch f := request.Fact.(type) {
	case *events.TournamentCreated:
		return &tournament.Create{ID: f.TournamentID, Name: f.DisplayName, TeamLimit: f.TeamLimit,
			RegisterDeadline: f.RegisterDeadline, Waitlist: f.Waitlist, Rule: f.WaitlistRule,
			WaitingRoom: f.WaitingRoom, OpensAt: f.OpensAt, Closed: f.Status == events.TournamentClosed}, nil
	case *events.TournamentCancelled:
		return &tournament.Cancel{Reason: f.Reason}, nil
	case *events.TournamentEdited:
		return &tournament.Edit{Name: &f.DisplayName, TeamLimit: &f.TeamLimit, RegisterDeadline: &f.RegisterDeadline,
			Status: &f.Status, WaitingRoom: &f.WaitingRoom, OpensAt: &f.OpensAt}, nil
	case *events.TournamentEntered:
		return &tournament.Enter{TeamIDs: f.TeamIDs, Room: room, Order: f.OrderData}, nil
	case *events.TournamentWaitlisted:
		return &tournament.Enter{TeamIDs: f.TeamIDs, Room: room, Order: f.OrderData}, nil
	case *events.TournamentWithdrawn:
		return &tournament.Withdraw{TeamID: f.TeamID}, nil
	}
	return nil, nil
}

func tournamentRefusedCommand(f *events.RefusalRecorded, path []string, room events.RoomID) core.Command {
	switch {
	case len(path) < 2 || path[1] != "entries":
		return nil
	case f.Method == http.MethodPost && len(f.TeamIDs) > 0:
		return &tournament.Enter{TeamIDs: f.TeamIDs, Room: room}
	case f.Method != http.MethodPost && len(path) == 3:
		return &tournament.Withdraw{TeamID: events.TeamID(path[2])}
	}
	return nil
}

func tournamentIntent(fact events.Fact, p Policy) events.Fact {
	switch f := fact.(type) {
	case *events.TournamentCreated:
		changed := *f
		p.Apply("team_limit", &changed.TeamLimit)
		return &changed
	case *events.TournamentEdited:
		changed := *f
		p.Apply("team_limit", &changed.TeamLimit)
		return &changed
	}
	return fact
}

func tournamentRequests(request *demand.Request) []*Request {
	path, here := "/v1/tournaments/"+request.Stream.Entity(), On(request.Stream, Exclusive)
	enter := func(teams []events.TeamID, status events.EntryStatus, order *events.OrderData) []*Request {
		r := Post(path+"/entries", WithOrderData(entryOf(teams), order), here)
		for _, id := range teams {
			r.Needs = append(r.Needs, On(team.Stream(id), Shared))
		}
		r.Status = string(status)
		return []*Request{r}
	}
	switch f := request.Fact.(type) {
	case *events.TournamentCreated:
		status := cmp.Or(f.Status, events.TournamentOpen)
		return setup(Post("/v1/tournaments", members{"id": f.TournamentID, "name": f.DisplayName,
			"team_limit": f.TeamLimit, "register_deadline": postponed(f.RegisterDeadline), "waitlist": f.Waitlist,
			"waitlist_rule": f.WaitlistRule, "status": status}, here))
	case *events.TournamentCancelled:
		return cancelRequest(request, "tournaments", f.Reason)
	case *events.TournamentEdited:
		return setup(&Request{Method: http.MethodPatch, Path: path, Edit: true, Needs: []Need{here},
			Body: members{"name": f.DisplayName, "team_limit": f.TeamLimit,
				"register_deadline": postponed(f.RegisterDeadline), "status": f.Status}})
	case *events.TournamentEntered:
		return enter(f.TeamIDs, events.EntryEntered, &f.OrderData)
	case *events.TournamentWaitlisted:
		return enter(f.TeamIDs, events.EntryWaitlisted, &f.OrderData)
	case *events.TournamentWithdrawn:
		return []*Request{Delete(path+"/entries/"+string(f.TeamID), here)}
	}
	return nil
}

// postponed returns a deadline a hundred years later, so that it does not pass during a replay.
func postponed(deadline time.Time) time.Time { return deadline.AddDate(100, 0, 0) }

func entryOf(teams []events.TeamID) members {
	if len(teams) == 1 {
		return members{"team_id": teams[0]}
	}
	return members{"team_ids": teams}
}

func tournamentRefusedRequests(f *events.RefusalRecorded, path []string) []*Request {
	r := &Request{Method: f.Method, Path: f.Path, Needs: []Need{On(events.StreamID(f.Stream), Exclusive)}}
	switch {
	case len(path) == 2 && path[1] == "entries" && len(f.TeamIDs) > 0:
		r.Body = entryOf(f.TeamIDs)
	case len(path) == 3:
	default:
		return nil
	}
	return []*Request{r}
}

func tournamentFigures(ctx context.Context, store events.Store, id string,
	at events.Position) (map[string]int64, error) {
	row, err := row.TournamentAt(ctx, store, events.TournamentID(id), at)
	if err != nil {
		return nil, err
	}
	return map[string]int64{"entered": row.Entered, "waitlisted": row.Waitlisted}, nil
}
