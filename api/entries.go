package api

import (
	"fmt"
	"slices"

	"github.com/gofiber/fiber/v2"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/actors/team"
	"admitone/actors/tournament"
	"admitone/api/input"
	"admitone/events"
)

func (s *Server) entryRoutes() {
	const all, one = "/v1/tournaments/:id/entries", "/v1/tournaments/:id/entries/:team"
	s.handle(fiber.MethodPost, all, s.enter)
	s.handle(fiber.MethodGet, all, s.limitPastReads(s.listEntries))
	s.handle(fiber.MethodGet, one, s.limitPastReads(s.getEntry))
	s.handle(fiber.MethodDelete, one, s.withdraw)
}

// newEntry is the body of an entry: one team, or a group that enters together.
type newEntry struct {
	Holder  *events.Holder   `json:"holder,omitzero"`
	TeamID  *events.TeamID   `json:"team_id"`
	TeamIDs *[]events.TeamID `json:"team_ids"`
	Contact *contact         `json:"contact,omitzero"`
	orderFields
}

// newEntry decodes and validates the body. It returns the teams in order, and the holder who enters them. In
// open mode, if the body names no holder, that is the first team.
func (r *request) newEntry() (holder events.Holder, teams []events.TeamID, order events.OrderData, err error) {
	if err = r.caller.requireActor(); err != nil {
		return
	}
	var body newEntry
	if err = r.decode(&body, false); err != nil {
		return
	}
	if teams, err = body.teams(); err != nil {
		return
	}
	if order, err = body.order(); err != nil {
		return
	}
	named := events.Holder("")
	switch {
	case body.Holder != nil:
		named = *body.Holder
	case r.caller.open:
		named = events.Holder(teams[0])
	case r.caller.key && body.Contact == nil: // only a contact needs a holder
		return r.caller.sub, teams, order, r.caller.requireActor()
	}
	if holder, err = r.holder(named); err != nil {
		return
	}
	return holder, teams, order, r.parseContact(body.Contact, func() any {
		withoutContact := body
		withoutContact.Contact = nil
		return withoutContact
	})
}

// teams returns the teams of the body, in order.
func (body *newEntry) teams() ([]events.TeamID, error) {
	field, teams := "team_id", []events.TeamID{}
	switch {
	case body.TeamID != nil && body.TeamIDs != nil:
		return nil, invalidField("team_ids", "give team_id for one team or team_ids for a group, not both")
	case body.TeamID != nil:
		teams = append(teams, *body.TeamID)
	case body.TeamIDs == nil:
		return nil, invalidField(field, "the team's id is missing")
	default:
		field, teams = "team_ids", *body.TeamIDs
		if len(teams) < 2 || len(teams) > tournament.MaxGroup {
			return nil, invalidField(field, fmt.Sprintf("a group has 2 to %d teams", tournament.MaxGroup))
		}
	}
	for i, id := range teams {
		if !input.ValidID(string(id)) {
			return nil, invalidField(field, "an id is 1 to 64 of A-Z a-z 0-9 _ and -")
		}
		if slices.Contains(teams[:i], id) {
			return nil, invalidField(field, "a team is listed twice")
		}
	}
	return teams, nil
}

// enter enters teams, all of them or none. The pass of a waiting room must be that of the holder who enters
// them.
func (s *Server) enter(r *request) error {
	id, err := param[events.TournamentID](r, "id", "tournament")
	if err != nil {
		return err
	}
	holder, teams, order, err := r.newEntry()
	if err != nil {
		return err
	}
	if rec := r.refusalRecord(); rec != nil {
		rec.TeamIDs = teams
	}
	if err := r.requireTeams(id, teams); err != nil {
		return err
	}
	if err := r.requireOwnTeams(id, teams...); err != nil {
		return err
	}
	var v *entryAnswer
	use, err := s.runWithPass(
		r,
		holder,
		func() events.RoomID { return s.roomOfTournament(id) },
		func(room events.RoomID) error {
			v, err = r.dispatchToTournament(id, &tournament.Enter{TeamIDs: teams, Room: room, Order: order})
			return err
		},
	)
	defer use.release()
	if err != nil {
		return err
	}
	r.endPass(use, holder, v.replayed)
	subjects := make([]string, len(v.teams))
	for i, team := range v.teams {
		subjects[i] = entryContact(id, team)
	}
	if err := r.storeContact(v.replayed, holder, subjects...); err != nil {
		return err
	}
	location := "/v1/tournaments/" + string(id) + "/entries"
	if len(v.teams) == 1 {
		location += "/" + string(v.teams[0])
	}
	r.set(fiber.HeaderLocation, location)
	return r.encoded(fiber.StatusCreated, v.append)
}

// requireTeams refuses teams that do not exist or, if it does not exist either, the tournament. Teams are never
// deleted, so a team in the views exists. A team that the views lack may be new, so its stream is read.
func (r *request) requireTeams(tournamentID events.TournamentID, teams []events.TeamID) error {
	for _, id := range teams {
		known, err := r.server.config.Views.HasTeam(id)
		if err == nil && !known {
			known, err = r.exists(team.Stream(id))
		}
		if err != nil {
			return err
		}
		if known {
			continue
		}
		if err := r.requireTournament(tournamentID); err != nil {
			return err
		}
		return &problem{code: core.CodeNotFound, detail: "there is no such team; create it first: POST /v1/teams",
			fields: map[string]any{"resource": "team", "team_id": string(id)}}
	}
	return nil
}

// requireTournament refuses a tournament that does not exist.
func (r *request) requireTournament(id events.TournamentID) error {
	_, known, err := r.server.config.Views.Tournament(id)
	if err == nil && !known {
		known, err = r.exists(tournament.Stream(id))
	}
	if err == nil && !known {
		err = notFound("tournament")
	}
	return err
}

// requireOwnTeams refuses teams that the caller may not enter or withdraw or, if it does not exist, the
// tournament.
func (r *request) requireOwnTeams(tournamentID events.TournamentID, teams ...events.TeamID) error {
	for _, id := range teams {
		own, err := r.owns(id)
		if err == nil && own {
			continue
		}
		if err == nil {
			err = r.requireTournament(tournamentID)
		}
		if err != nil {
			return err
		}
		return &problem{code: core.CodeForbidden,
			detail: "the team belongs to another holder", fields: map[string]any{"team_id": string(id)}}
	}
	return nil
}

// exists reports whether an entity exists, according to the entity itself.
func (r *request) exists(stream events.StreamID) (exists bool, err error) {
	_, err = r.server.config.Desk.View(r.commandContext(), stream,
		func(c core.Core) { exists = c.(interface{ Exists() bool }).Exists() })
	return exists, err
}

// dispatchToTournament sends an entry or a withdrawal to a tournament.
func (r *request) dispatchToTournament(id events.TournamentID, command core.Command) (*entryAnswer, error) {
	answer, err := r.dispatch(tournament.Stream(id), command, nil)
	if err != nil {
		return nil, err
	}
	v, ok := newEntryAnswer(id, answer)
	if !ok {
		return nil, errUnexpectedFacts(answer.Facts)
	}
	v.replayed = answer.Replayed
	r.setETag(answer.Revision)
	return v, nil
}

// roomOfTournament returns the waiting room of a tournament according to the views, "" for none.
func (s *Server) roomOfTournament(id events.TournamentID) events.RoomID {
	row, _, _ := s.config.Views.Tournament(id) // the zero row after an error
	return row.WaitingRoom
}

// entryAnswer is the answer to an entry or a withdrawal.
type entryAnswer struct {
	tournamentID events.TournamentID
	teams        []events.TeamID
	status       events.EntryStatus
	place        int64           // of the first team on the waitlist, 0 if it is not waitlisted
	promoted     []events.TeamID // teams that a withdrawal has promoted
	counts       events.TournamentCounts
	revision     events.Revision
	position     events.Position
	replayed     bool
	order        events.OrderData // zero for a withdrawal
}

// newEntryAnswer derives the answer to a command from its facts. The first fact is about the command's teams, the
// others are promotions. ok is false if the facts are not of this form.
func newEntryAnswer(tournamentID events.TournamentID, answer actors.Answer) (v *entryAnswer, ok bool) {
	v = &entryAnswer{tournamentID: tournamentID, revision: answer.Revision, position: answer.Position}
	for i, fact := range answer.Facts {
		switch f := fact.(type) {
		case *events.TournamentEntered:
			v.teams, v.status, v.counts = f.TeamIDs, events.EntryEntered, f.TournamentCounts
			v.order = f.OrderData
		case *events.TournamentWaitlisted:
			v.teams, v.status, v.counts = f.TeamIDs, events.EntryWaitlisted, f.TournamentCounts
			v.order = f.OrderData
			v.place = f.Waitlisted - int64(len(f.TeamIDs)) + 1
		case *events.TournamentWithdrawn:
			v.teams, v.status, v.counts = []events.TeamID{f.TeamID}, events.EntryWithdrawn, f.TournamentCounts
		case *events.TournamentPromoted:
			v.promoted, v.counts = append(v.promoted, slices.Concat(f.Rows...)...), f.TournamentCounts
		default:
			return v, false
		}
		if _, promotion := fact.(*events.TournamentPromoted); promotion == (i == 0) {
			return v, false
		}
	}
	return v, len(v.teams) > 0
}

// append appends the answer as JSON.
func (v *entryAnswer) append(dst []byte) []byte {
	o := events.OpenObject(dst)
	if len(v.teams) == 1 {
		o.String("team_id", string(v.teams[0]))
	} else {
		events.Strings(&o, "team_ids", v.teams)
	}
	o.String("tournament_id", string(v.tournamentID))
	o.String("status", string(v.status))
	if v.place > 0 {
		o.Int("place", v.place)
	}
	if v.status == events.EntryWithdrawn {
		events.Strings(&o, "promoted", v.promoted)
	}
	o.Int("entered", v.counts.Entered)
	o.Int("remaining", v.counts.Remaining)
	o.Int("waitlisted", v.counts.Waitlisted)
	v.order.Append(&o)
	o.Int("revision", int64(v.revision))
	o.Int("position", int64(v.position))
	return o.Close()
}

// withdraw withdraws a team from the tournament or from the waitlist. That may promote other teams.
func (s *Server) withdraw(r *request) error {
	id, teamID, err := r.entryParams()
	if err != nil {
		return err
	}
	if err := r.caller.requireActor(); err != nil {
		return err
	}
	if err := r.requireOwnTeams(id, teamID); err != nil {
		return err
	}
	if r.caller.open {
		r.caller.sub = events.Holder(teamID)
	}
	if err := r.decode(&struct{}{}, true); err != nil {
		return err
	}
	v, err := r.dispatchToTournament(id, &tournament.Withdraw{TeamID: teamID})
	if err != nil {
		return err
	}
	return r.json(fiber.StatusOK, v.append(nil))
}

// entryParams returns the path parameters of an entry.
func (r *request) entryParams() (tournamentID events.TournamentID, teamID events.TeamID, err error) {
	if tournamentID, err = param[events.TournamentID](r, "id", "tournament"); err != nil {
		return
	}
	teamID, err = param[events.TeamID](r, "team", "entry")
	return
}
