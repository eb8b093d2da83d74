package api

import (
	"github.com/gofiber/fiber/v2"

	"admitone/actors/core"
	"admitone/actors/team"
	"admitone/events"
	"admitone/projections"
)

func (s *Server) teamRoutes() {
	teams := &resource[projections.Team]{
		name: "team", path: "/v1/teams", server: s, stream: team.Stream,
		get: s.config.Views.Team, at: inLog(s, projections.TeamAt),
		apply: (*projections.Team).Apply, now: teamNow,
		head: func(t *projections.Team) (string, *events.Revision, *events.Position) {
			return t.ID, &t.Revision, &t.Position
		},
		write: AppendTeam,
	}
	s.handle(fiber.MethodPost, "/v1/teams", teams.create(newTeam, RoleHolder, RoleAdmin))
	s.handle(fiber.MethodGet, "/v1/teams/:id", s.past(teams.one))
}

// newTeam reads how a team is called.
func newTeam(r *request) (core.Command, string, error) {
	var body struct {
		ID   *string `json:"id"`
		Name string  `json:"name"`
	}
	if err := r.decode(&body, false); err != nil {
		return nil, "", err
	}
	id, err := r.newID(body.ID)
	if err != nil {
		return nil, "", err
	}
	return &team.Register{ID: id, Name: body.Name}, id, checkName(&body.Name)
}

// teamNow is the row of a team as its entity has it.
func teamNow(c core.Core) projections.Team {
	registered := c.(*team.Team).Registered()
	return projections.Team{ID: registered.ID, Name: registered.Name}
}

// AppendTeam appends a team as the HTTP resource, with as_of if it is one of the
// past.
func AppendTeam(dst []byte, t *projections.Team, at *projections.Moment) []byte {
	o := events.OpenObject(dst)
	o.String("id", t.ID)
	o.String("name", t.Name)
	o.Int("revision", int64(t.Revision))
	o.Int("position", int64(t.Position))
	if at != nil {
		o.Raw("as_of", appendAsOf(nil, *at))
	}
	return o.Close()
}
