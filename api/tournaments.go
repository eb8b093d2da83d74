package api

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/gofiber/fiber/v2"

	"admitone/actors/core"
	"admitone/actors/tournament"
	"admitone/events"
	"admitone/projections/row"
)

func init() {
	register(kind{collection: "tournaments", rules: tournament.Kind, routes: (*Server).tournamentRoutes})
}

func (s *Server) tournamentRoutes() {
	tournaments := &resource[row.Tournament, events.TournamentID]{
		name: "tournament", path: "/v1/tournaments", server: s, stream: tournament.Stream,
		list: s.config.Views.Tournaments, get: s.config.Views.Tournament, at: s.config.Views.TournamentAt,
		apply: (*row.Tournament).Apply, now: tournamentNow,
		head: func(t *row.Tournament) (events.TournamentID, *events.Revision, *events.Position) {
			return t.ID, &t.Revision, &t.Position
		},
		write: AppendTournament,
		age:   closeAtDeadline,
	}
	s.handle(fiber.MethodPost, "/v1/tournaments", tournaments.create(newTournament, RoleAdmin))
	s.handle(fiber.MethodGet, "/v1/tournaments", s.limitPastReads(tournaments.listPage))
	s.handle(fiber.MethodGet, "/v1/tournaments/:id", s.limitPastReads(tournaments.answerOne))
	s.handle(fiber.MethodPatch, "/v1/tournaments/:id", tournaments.edit(newTournamentEdit))
	s.entryRoutes()
}

// newTournament decodes and validates the body of a new tournament.
func newTournament(r *request) (core.Command, events.TournamentID, error) {
	var body struct {
		ID               *events.TournamentID     `json:"id"`
		Name             string                   `json:"name"`
		TeamLimit        *int64                   `json:"team_limit"`
		RegisterDeadline *string                  `json:"register_deadline"`
		Waitlist         bool                     `json:"waitlist"`
		WaitlistRule     *events.WaitlistRule     `json:"waitlist_rule"`
		OpensAt          *string                  `json:"opens_at"`
		Status           *events.TournamentStatus `json:"status"`
		WaitingRoom      *events.RoomID           `json:"waiting_room"`
	}
	if err := r.decode(&body, false); err != nil {
		return nil, "", err
	}
	id, err := newID(r, body.ID)
	if err != nil {
		return nil, "", err
	}
	if err := checkName(&body.Name); err != nil {
		return nil, "", err
	}
	command := &tournament.Create{ID: id, Name: body.Name, Waitlist: body.Waitlist, Rule: events.WaitlistStrict}
	if command.WaitingRoom, err = waitingRoomOf(body.WaitingRoom); err != nil {
		return nil, "", err
	}
	if body.TeamLimit == nil {
		return nil, "", invalidField("team_limit", "the number of slots is missing")
	}
	if command.TeamLimit, err = wholeNumber("team_limit", body.TeamLimit, 0, 1, tournament.MaxTeams); err != nil {
		return nil, "", err
	}
	if body.RegisterDeadline == nil {
		return nil, "", invalidField("register_deadline", "the deadline is missing: an RFC 3339 time")
	}
	if command.RegisterDeadline, err = deadline(*body.RegisterDeadline); err != nil {
		return nil, "", err
	}
	if body.WaitlistRule != nil {
		command.Rule = *body.WaitlistRule
	}
	if command.Rule != events.WaitlistStrict && command.Rule != events.WaitlistFill {
		return nil, "", invalidField("waitlist_rule",
			"strict (promotes the first entry) or fill (promotes the first entry that fits)")
	}
	times, err := saleTimes(body.OpensAt, nil)
	if err != nil {
		return nil, "", err
	}
	command.OpensAt = times.OpensAt
	if err := checkStatus(body.Status); err != nil {
		return nil, "", err
	}
	command.Closed = body.Status != nil && *body.Status == events.TournamentClosed
	return command, id, nil
}

// deadline parses the member register_deadline.
func deadline(text string) (time.Time, error) { return timeOf("register_deadline", text) }

// newTournamentEdit decodes and validates the body of an edit of a tournament.
func newTournamentEdit(r *request) (core.Command, error) {
	var body struct {
		Name             *string                  `json:"name"`
		TeamLimit        *int64                   `json:"team_limit"`
		RegisterDeadline *string                  `json:"register_deadline"`
		Status           *events.TournamentStatus `json:"status"`
		OpensAt          jsontext.Value           `json:"opens_at"`
		WaitingRoom      *events.RoomID           `json:"waiting_room"`
	}
	if err := r.decode(&body, false, fieldOpensAt); err != nil {
		return nil, err
	}
	if err := checkName(body.Name); err != nil {
		return nil, err
	}
	if _, err := wholeNumber("team_limit", body.TeamLimit, 1, 1, tournament.MaxTeams); err != nil {
		return nil, err
	}
	if _, err := waitingRoomOf(body.WaitingRoom); err != nil {
		return nil, err
	}
	command := &tournament.Edit{
		Name:        body.Name,
		TeamLimit:   body.TeamLimit,
		Status:      body.Status,
		WaitingRoom: body.WaitingRoom,
	}
	if body.RegisterDeadline != nil {
		until, err := deadline(*body.RegisterDeadline)
		if err != nil {
			return nil, err
		}
		command.RegisterDeadline = &until
	}
	if err := checkStatus(body.Status); err != nil {
		return nil, err
	}
	var err error
	command.OpensAt, err = editedTime(fieldOpensAt, body.OpensAt)
	return command, err
}

// checkStatus validates a status in a body, unless it is nil.
func checkStatus(s *events.TournamentStatus) error {
	if s != nil && *s != events.TournamentOpen && *s != events.TournamentClosed {
		return invalidField("status", "open or closed")
	}
	return nil
}

// tournamentNow converts the state of a tournament's entity to a row.
func tournamentNow(c core.Core) row.Tournament {
	t := c.(*tournament.Tournament)
	created, counts := t.Figures()
	return row.Tournament{
		ID: created.ID, Name: created.Name, TeamLimit: created.TeamLimit, RegisterDeadline: created.RegisterDeadline,
		Waitlist: created.Waitlist, WaitlistRule: created.Rule, WaitingRoom: created.WaitingRoom, Status: t.Status(),
		Entered: counts.Entered, Waitlisted: counts.Waitlisted, OpensAt: created.OpensAt, Edited: t.EditRevision(),
	}
}

// closeAtDeadline sets the status of a tournament to closed if its register deadline has passed, and reports
// whether that changed the status. There is no event for the deadline.
func closeAtDeadline(t *row.Tournament, now time.Time) bool {
	before := t.Status
	t.Status = t.StatusAt(now)
	return t.Status != before
}

// AppendTournament appends a tournament as the HTTP resource, with as_of unless at is nil. It does not apply
// the deadline to the status; see [row.Tournament.StatusAt].
func AppendTournament(dst []byte, t *row.Tournament, at *row.Moment) []byte {
	o := events.OpenObject(dst)
	o.String("id", string(t.ID))
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
		o.String("waiting_room", string(t.WaitingRoom))
	}
	events.SaleTimes{OpensAt: t.OpensAt}.AppendSaleTimes(&o)
	t.Cancelled.Append(&o)
	o.String("edit_tag", editTag(t.Edited))
	o.Int("revision", int64(t.Revision))
	o.Int("position", int64(t.Position))
	if at != nil {
		o.Raw("as_of", appendAsOf(nil, *at))
	}
	return o.Close()
}
