package api

import (
	"context"
	"fmt"
	"slices"

	"github.com/gofiber/fiber/v2"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/actors/team"
	"admitone/actors/tournament"
	"admitone/events"
)

func (s *Server) entryRoutes() {
	const all, one = "/v1/tournaments/:id/entries", "/v1/tournaments/:id/entries/:team"
	s.handle(fiber.MethodPost, all, s.enter)
	s.handle(fiber.MethodGet, all, s.past(s.listEntries))
	s.handle(fiber.MethodGet, one, s.past(s.getEntry))
	s.handle(fiber.MethodDelete, one, s.withdraw)
}

// newEntry is the body of an entry: one team, or a group that comes in together.
type newEntry struct {
	Holder  *string   `json:"holder,omitzero"`
	TeamID  *string   `json:"team_id"`
	TeamIDs *[]string `json:"team_ids"`
	Contact *contact  `json:"contact,omitzero"`
}

// newEntry reads which teams want in, in order, and who enters them: in open mode a team
// speaks for itself, unless the body says who does.
func (r *request) newEntry() (holder string, teams []string, err error) {
	if err := r.caller.must(RoleHolder, RoleAdmin); err != nil {
		return "", nil, err
	}
	var body newEntry
	if err := r.decode(&body, false); err != nil {
		return "", nil, err
	}
	if teams, err = body.teams(); err != nil {
		return "", nil, err
	}
	named := ""
	switch {
	case body.Holder != nil:
		named = *body.Holder
	case r.caller.open:
		named = teams[0]
	}
	if holder, err = r.holder(named); err != nil {
		return "", nil, err
	}
	rest := body
	rest.Contact = nil
	return holder, teams, r.takeContact(body.Contact, rest)
}

// teams are those that want in.
func (body *newEntry) teams() ([]string, error) {
	field, teams := "team_id", []string{}
	switch {
	case body.TeamID != nil && body.TeamIDs != nil:
		return nil, invalidField("team_ids", "give team_id for one team or team_ids for a group, not both")
	case body.TeamID != nil:
		teams = append(teams, *body.TeamID)
	case body.TeamIDs == nil:
		return nil, invalidField(field, "say which team: its id")
	default:
		field, teams = "team_ids", *body.TeamIDs
		if len(teams) < 2 || len(teams) > tournament.MaxGroup {
			return nil, invalidField(field, fmt.Sprintf("a group has 2 to %d teams", tournament.MaxGroup))
		}
	}
	for i, id := range teams {
		if !validID(id) {
			return nil, invalidField(field, "an id is 1 to 64 of A-Z a-z 0-9 _ and -")
		}
		if slices.Contains(teams[:i], id) {
			return nil, invalidField(field, "each team once")
		}
	}
	return teams, nil
}

// enter asks for slots. The pass of a waiting room is that of who enters the teams.
func (s *Server) enter(r *request) error {
	id, err := r.param("id", "tournament")
	if err != nil {
		return err
	}
	holder, teams, err := r.newEntry()
	if err != nil {
		return err
	}
	if w := r.wish(); w != nil {
		w.TeamIDs = teams
	}
	if err := s.knownTeams(id, teams); err != nil {
		return err
	}
	var v *entered
	in, err := s.admitted(r, holder, func() string { return s.roomOfTournament(id) }, func(room string) error {
		v, err = r.askTournament(id, &tournament.Enter{TeamIDs: teams, Room: room})
		return err
	})
	defer in.leave()
	if err != nil {
		return err
	}
	r.finished(in, holder, v.replayed)
	kept := make([]string, len(v.teams))
	for i, team := range v.teams {
		kept[i] = entryContact(id, team)
	}
	if err := r.keepContact(v.replayed, holder, kept...); err != nil {
		return err
	}
	location := "/v1/tournaments/" + id + "/entries"
	if len(v.teams) == 1 {
		location += "/" + v.teams[0]
	}
	r.ctx.Set(fiber.HeaderLocation, location)
	return r.json(fiber.StatusCreated, v.append(make([]byte, 0, 256)))
}

// knownTeams refuses teams that don't exist, unless it is the tournament that
// doesn't. What the views have is so, for neither ever goes away; what they don't
// have may be new, and is asked of its own stream.
func (s *Server) knownTeams(tournamentID string, teams []string) error {
	for _, id := range teams {
		known, err := s.config.Views.HasTeam(id)
		if err == nil && !known {
			known, err = s.exists(team.Stream(id))
		}
		if err != nil {
			return err
		}
		if known {
			continue
		}
		if _, known, err = s.config.Views.Tournament(tournamentID); err == nil && !known {
			known, err = s.exists(tournament.Stream(tournamentID))
		}
		if err != nil {
			return err
		}
		if !known {
			return notFound("tournament")
		}
		return &problem{code: "not_found", detail: "there is no such team; make it first: POST /v1/teams",
			fields: map[string]any{"resource": "team", "team_id": id}}
	}
	return nil
}

// exists asks an entity itself.
func (s *Server) exists(stream events.StreamID) (known bool, err error) {
	_, err = s.config.Desk.View(context.Background(), stream, func(c core.Core) { known = c.(interface{ Exists() bool }).Exists() })
	return known, err
}

// askTournament hands in an entry or a withdrawal.
func (r *request) askTournament(id string, command core.Command) (*entered, error) {
	answer, err := r.ask(tournament.Stream(id), command, nil)
	if err != nil {
		return nil, err
	}
	v, ok := enteredOf(id, answer)
	if !ok {
		return nil, unexpected(answer.Facts)
	}
	v.replayed = answer.Replayed
	r.tag(answer.Revision)
	return v, nil
}

// roomOfTournament is the waiting room that guards a tournament according to the views,
// "" if none does.
func (s *Server) roomOfTournament(id string) string {
	row, _, _ := s.config.Views.Tournament(id) // who can't be asked guards nothing
	return row.WaitingRoom
}

// entered is the answer to an entry or a withdrawal.
type entered struct {
	tournamentID string
	teams        []string
	status       events.EntryStatus
	place        int64    // of the first of the teams, 0 if none waits
	promoted     []string // who got a slot by it
	counts       events.TournamentCounts
	revision     events.Revision
	position     events.Position
	replayed     bool
}

// enteredOf reads the answer to a command off its facts: the first says what became
// of the teams, the others who came in by it.
func enteredOf(tournamentID string, answer actors.Answer) (v *entered, ok bool) {
	v = &entered{tournamentID: tournamentID, revision: answer.Revision, position: answer.Position}
	for i, fact := range answer.Facts {
		switch f := fact.(type) {
		case *events.TournamentEntered:
			v.teams, v.status, v.counts = f.TeamIDs, events.EntryEntered, f.TournamentCounts
		case *events.TournamentWaitlisted:
			v.teams, v.status, v.counts = f.TeamIDs, events.EntryWaitlisted, f.TournamentCounts
			v.place = f.Waitlisted - int64(len(f.TeamIDs)) + 1
		case *events.TournamentWithdrawn:
			v.teams, v.status, v.counts = []string{f.TeamID}, events.EntryWithdrawn, f.TournamentCounts
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

func (v *entered) append(dst []byte) []byte {
	o := events.OpenObject(dst)
	if len(v.teams) == 1 {
		o.String("team_id", v.teams[0])
	} else {
		o.Strings("team_ids", v.teams)
	}
	o.String("tournament_id", v.tournamentID)
	o.String("status", string(v.status))
	if v.place > 0 {
		o.Int("place", v.place)
	}
	if v.status == events.EntryWithdrawn {
		o.Strings("promoted", v.promoted)
	}
	o.Int("entered", v.counts.Entered)
	o.Int("remaining", v.counts.Remaining)
	o.Int("waitlisted", v.counts.Waitlisted)
	o.Int("revision", int64(v.revision))
	o.Int("position", int64(v.position))
	return o.Close()
}

// withdraw gives up a slot or a place on the waitlist. Who comes in by it is in the
// same append.
func (s *Server) withdraw(r *request) error {
	id, teamID, err := r.entryParams()
	if err != nil {
		return err
	}
	if err := r.caller.must(RoleHolder, RoleAdmin); err != nil {
		return err
	}
	if r.caller.open {
		r.caller.sub = teamID
	}
	if err := r.decode(&struct{}{}, true); err != nil {
		return err
	}
	v, err := r.askTournament(id, &tournament.Withdraw{TeamID: teamID})
	if err != nil {
		return err
	}
	return r.json(fiber.StatusOK, v.append(nil))
}

// entryParams returns the ids in the path.
func (r *request) entryParams() (tournamentID, teamID string, err error) {
	if tournamentID, err = r.param("id", "tournament"); err != nil {
		return
	}
	teamID, err = r.param("team", "entry")
	return
}
