package api

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"admitone/actors/core"
	"admitone/actors/tournament"
	"admitone/events"
	"admitone/projections"
)

func (s *Server) tournamentRoutes() {
	tournaments := &resource[projections.Tournament]{
		name: "tournament", path: "/v1/tournaments", server: s, stream: tournament.Stream,
		list: s.config.Views.Tournaments, get: s.config.Views.Tournament, at: s.config.Views.TournamentAt,
		apply: (*projections.Tournament).Apply, now: tournamentNow,
		head: func(t *projections.Tournament) (string, *events.Revision, *events.Position) {
			return t.ID, &t.Revision, &t.Position
		},
		write: AppendTournament,
		age:   closeAtDeadline,
	}
	s.handle(fiber.MethodPost, "/v1/tournaments", tournaments.create(newTournament, RoleAdmin))
	s.handle(fiber.MethodGet, "/v1/tournaments", s.past(tournaments.listed))
	s.handle(fiber.MethodGet, "/v1/tournaments/:id", s.past(tournaments.one))
	s.handle(fiber.MethodPatch, "/v1/tournaments/:id", tournaments.edit(newTournamentEdit))
	s.entryRoutes()
}

// newTournament reads what an organiser wants to open.
func newTournament(r *request) (core.Command, string, error) {
	var body struct {
		ID               *string              `json:"id"`
		Name             string               `json:"name"`
		TeamLimit        *int64               `json:"team_limit"`
		RegisterDeadline *string              `json:"register_deadline"`
		Waitlist         bool                 `json:"waitlist"`
		WaitlistRule     *events.WaitlistRule `json:"waitlist_rule"`
		WaitingRoom      *string              `json:"waiting_room"`
	}
	if err := r.decode(&body, false); err != nil {
		return nil, "", err
	}
	id, err := r.newID(body.ID)
	if err != nil {
		return nil, "", err
	}
	if err := checkName(&body.Name); err != nil {
		return nil, "", err
	}
	command := &tournament.Create{ID: id, Name: body.Name, Waitlist: body.Waitlist, Rule: events.WaitlistStrict}
	if command.WaitingRoom, err = guardedBy(body.WaitingRoom); err != nil {
		return nil, "", err
	}
	if body.TeamLimit == nil {
		return nil, "", invalidField("team_limit", "say how many teams can enter")
	}
	if command.TeamLimit, err = whole("team_limit", body.TeamLimit, 0, 1, tournament.MaxTeams); err != nil {
		return nil, "", err
	}
	if body.RegisterDeadline == nil {
		return nil, "", invalidField("register_deadline", "say until when teams can enter: an RFC 3339 time")
	}
	if command.RegisterDeadline, err = deadline(*body.RegisterDeadline); err != nil {
		return nil, "", err
	}
	if body.WaitlistRule != nil {
		command.Rule = *body.WaitlistRule
	}
	if command.Rule != events.WaitlistStrict && command.Rule != events.WaitlistFill {
		return nil, "", invalidField("waitlist_rule", "strict (the first comes first) or fill (the first that fits comes first)")
	}
	return command, id, nil
}

// deadline reads a register deadline.
func deadline(text string) (time.Time, error) { return timeOf("register_deadline", text) }

// newTournamentEdit reads what an organiser wants to change.
func newTournamentEdit(r *request) (core.Command, error) {
	var body struct {
		Name             *string                  `json:"name"`
		TeamLimit        *int64                   `json:"team_limit"`
		RegisterDeadline *string                  `json:"register_deadline"`
		Status           *events.TournamentStatus `json:"status"`
		WaitingRoom      *string                  `json:"waiting_room"`
	}
	if err := r.decode(&body, false); err != nil {
		return nil, err
	}
	if err := checkName(body.Name); err != nil {
		return nil, err
	}
	if _, err := whole("team_limit", body.TeamLimit, 1, 1, tournament.MaxTeams); err != nil {
		return nil, err
	}
	if _, err := guardedBy(body.WaitingRoom); err != nil {
		return nil, err
	}
	command := &tournament.Edit{Name: body.Name, TeamLimit: body.TeamLimit, Status: body.Status, WaitingRoom: body.WaitingRoom}
	if body.RegisterDeadline != nil {
		until, err := deadline(*body.RegisterDeadline)
		if err != nil {
			return nil, err
		}
		command.RegisterDeadline = &until
	}
	if s := body.Status; s != nil && *s != events.TournamentOpen && *s != events.TournamentClosed {
		return nil, invalidField("status", "open or closed")
	}
	return command, nil
}

// tournamentNow is the row of a tournament as its entity has it.
func tournamentNow(c core.Core) projections.Tournament {
	t := c.(*tournament.Tournament)
	created, counts := t.Figures()
	return projections.Tournament{
		ID: created.ID, Name: created.Name, TeamLimit: created.TeamLimit, RegisterDeadline: created.RegisterDeadline,
		Waitlist: created.Waitlist, WaitlistRule: created.Rule, WaitingRoom: created.WaitingRoom, Status: t.Status(),
		Entered: counts.Entered, Waitlisted: counts.Waitlisted,
	}
}

// closeAtDeadline makes the status of a tournament, the organiser's switch, also that
// of its deadline, which passes without an event.
func closeAtDeadline(t *projections.Tournament, now time.Time) bool {
	before := t.Status
	t.Status = t.StatusAt(now)
	return t.Status != before
}

// AppendTournament appends a tournament as the HTTP resource, with as_of if it is
// one of the past. Its status is written as it is; see [projections.Tournament.StatusAt].
func AppendTournament(dst []byte, t *projections.Tournament, at *projections.Moment) []byte {
	o := events.OpenObject(dst)
	o.String("id", t.ID)
	o.String("name", t.Name)
	o.Int("team_limit", t.TeamLimit)
	o.Int("entered", t.Entered)
	o.Int("remaining", t.Remaining())
	o.Int("waitlisted", t.Waitlisted)
	o.Time("register_deadline", t.RegisterDeadline)
	o.String("status", string(t.Status))
	o.Bool("waitlist", t.Waitlist)
	o.String("waitlist_rule", string(t.WaitlistRule))
	if t.WaitingRoom != "" {
		o.String("waiting_room", t.WaitingRoom)
	}
	o.Int("revision", int64(t.Revision))
	o.Int("position", int64(t.Position))
	if at != nil {
		o.Raw("as_of", appendAsOf(nil, *at))
	}
	return o.Close()
}
