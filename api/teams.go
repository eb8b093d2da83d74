package api

import (
	"github.com/gofiber/fiber/v2"

	"admitone/actors/core"
	"admitone/actors/team"
	"admitone/events"
	"admitone/projections/row"
)

func init() {
	register(kind{collection: "teams", rules: team.Kind, routes: (*Server).teamRoutes})
}

func (s *Server) teamRoutes() {
	teams := &resource[row.Team, events.TeamID]{
		name: "team", path: "/v1/teams", server: s, stream: team.Stream,
		get: s.config.Views.Team, at: inLog(s, row.TeamAt),
		apply: (*row.Team).Apply, now: teamNow,
		head: func(t *row.Team) (events.TeamID, *events.Revision, *events.Position) {
			return t.ID, &t.Revision, &t.Position
		},
		write: AppendTeam,
	}
	s.handle(fiber.MethodPost, "/v1/teams", teams.create(newTeam, RoleHolder, RoleAuditor, RoleService, RoleAdmin))
	s.handle(fiber.MethodGet, "/v1/teams/:id", s.limitPastReads(teams.answerOne))
}

// newTeam decodes and validates the body of a new team. The owner is the holder in the body, by default the caller. In
// open mode a team may have no owner.
func newTeam(r *request) (core.Command, events.TeamID, error) {
	var body struct {
		ID     *events.TeamID `json:"id"`
		Name   string         `json:"name"`
		Holder *events.Holder `json:"holder"`
	}
	if err := r.decode(&body, false); err != nil {
		return nil, "", err
	}
	command := &team.Register{Name: body.Name}
	var err error
	if body.Holder != nil || !r.caller.open {
		if command.Owner, err = r.holder(core.Or(body.Holder, "")); err != nil {
			return nil, "", err
		}
	}
	if command.ID, err = newID(r, body.ID); err != nil {
		return nil, "", err
	}
	if err := checkName(&body.Name); err != nil {
		return nil, "", err
	}
	if !r.caller.actsForOthers() {
		command.Owned, err = r.server.config.Views.OwnedTeams(command.Owner)
	}
	return command, command.ID, err
}

// owns reports whether the caller may enter and withdraw a team: if the caller owns it or may act for every holder,
// or if the team has no owner. A team that does not exist has no owner.
func (r *request) owns(teamID events.TeamID) (bool, error) {
	if r.caller.actsForOthers() {
		return true, nil
	}
	row, known, err := r.server.config.Views.Team(teamID)
	if err == nil && !known {
		_, err = r.server.config.Desk.View(r.commandContext(), team.Stream(teamID), func(c core.Core) {
			row.Owner = c.(*team.Team).Registered().Owner
		})
	}
	return row.Owner == "" || row.Owner == r.caller.sub, err
}

// teamNow converts the state of a team's entity to a row.
func teamNow(c core.Core) row.Team {
	registered := c.(*team.Team).Registered()
	return row.Team{ID: registered.ID, Name: registered.Name, Owner: registered.Owner}
}

// AppendTeam appends a team as the HTTP resource, with as_of unless at is nil. Its owner is not public.
func AppendTeam(dst []byte, t *row.Team, at *row.Moment) []byte {
	o := events.OpenObject(dst)
	o.String("id", string(t.ID))
	o.String("name", t.Name)
	o.Int("revision", int64(t.Revision))
	o.Int("position", int64(t.Position))
	if at != nil {
		o.Raw("as_of", appendAsOf(nil, *at))
	}
	return o.Close()
}
