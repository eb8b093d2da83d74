package actors

import (
	"math/rand/v2"
	"testing"

	"admitone/actors/core"
	"admitone/actors/tournament"
	"admitone/events"
)

// linearTeams is the number of teams in a history.
const linearTeams = 9

// cupState is a naive model of a strict tournament. Teams are numbers from 1; the waitlist is in
// order, and the teams of a group have the same row.
type cupState struct {
	limit   int
	closed  bool
	entered [linearTeams + 1]bool
	waiting [linearTeams]struct{ team, row int }
	rows    int // the last row
}

// cupSeen is the answer: the teams in its facts, in order.
type cupSeen struct {
	code                        string
	entered, remaining, waiting int64
	came, waits                 string
	promoted                    events.TeamID
	wasIn                       string
}

// signUp, exit and setting are commands to the tournament.
type (
	signUp  struct{ first, second int } // second 0: alone
	exit    struct{ team int }
	setting struct {
		limit  int64
		closed bool
	}
)

func teamName(n int) events.TeamID { return events.TeamID(rune('a' + n - 1)) }

func (e signUp) command() core.Command {
	teams := []events.TeamID{teamName(e.first)}
	if e.second != 0 {
		teams = append(teams, teamName(e.second))
	}
	return &tournament.Enter{TeamIDs: teams}
}

func (e exit) command() core.Command { return &tournament.Withdraw{TeamID: teamName(e.team)} }

func (s setting) command() core.Command {
	status := events.TournamentOpen
	if s.closed {
		status = events.TournamentClosed
	}
	return &tournament.Edit{TeamLimit: &s.limit, Status: &status}
}

func (s *cupState) queue() (n int) {
	for n < linearTeams && s.waiting[n].team != 0 {
		n++
	}
	return n
}

func (s *cupState) in() (n int) {
	for _, entered := range s.entered {
		if entered {
			n++
		}
	}
	return n
}

// has reports whether a team takes part, and its index in the waitlist, -1 if it is not there.
func (s *cupState) has(team int) (in bool, at int) {
	for i := range s.waiting {
		if s.waiting[i].team == team {
			return true, i
		}
	}
	return s.entered[team], -1
}

func (s *cupState) leave(at int) {
	copy(s.waiting[at:], s.waiting[at+1:])
	s.waiting[linearTeams-1].team, s.waiting[linearTeams-1].row = 0, 0
}

// promote returns the teams that are promoted.
func (s *cupState) promote() (promoted events.TeamID) {
	for !s.closed && s.waiting[0].team != 0 {
		size := 1
		for size < linearTeams && s.waiting[size].team != 0 && s.waiting[size].row == s.waiting[0].row {
			size++
		}
		if s.in()+size > s.limit {
			break
		}
		for range size {
			s.entered[s.waiting[0].team] = true
			promoted += teamName(s.waiting[0].team)
			s.leave(0)
		}
	}
	return promoted
}

// step returns the answer to an input and the state after it.
func (s cupState) step(input any) (any, any) {
	seen := cupSeen{code: "ok"}
	refused := ""
	switch c := input.(type) {
	case signUp:
		refused = s.enter(c, &seen)
	case exit:
		in, at := s.has(c.team)
		switch {
		case !in:
			refused = "not_found"
		case at >= 0:
			s.leave(at)
			seen.wasIn = "waitlisted"
		default:
			s.entered[c.team] = false
			seen.wasIn = "entered"
		}
		if refused == "" {
			seen.promoted = s.promote()
		}
	case setting:
		if int(c.limit) < s.in() {
			refused = "limit_exceeded"
			break
		}
		s.limit, s.closed = int(c.limit), c.closed
		seen.promoted = s.promote()
	}
	if refused != "" {
		return cupSeen{code: refused}, s
	}
	seen.entered, seen.waiting = int64(s.in()), int64(s.queue())
	seen.remaining = int64(s.limit) - seen.entered
	return seen, s
}

// enter returns the code of the refusal, "" if there is none.
func (s *cupState) enter(c signUp, seen *cupSeen) string {
	teams := []int{c.first}
	if c.second != 0 {
		teams = append(teams, c.second)
	}
	names := ""
	for _, team := range teams {
		names += string(teamName(team))
		if in, _ := s.has(team); in {
			return "already_entered"
		}
	}
	switch {
	case s.closed:
		return "registration_closed"
	case s.queue() == 0 && s.in()+len(teams) <= s.limit:
		for _, team := range teams {
			s.entered[team] = true
		}
		seen.came = names
		return ""
	case len(teams) > s.limit:
		return "tournament_full"
	}
	s.rows++
	for _, team := range teams {
		s.waiting[s.queue()] = struct{ team, row int }{team, s.rows}
	}
	seen.waits = names
	return ""
}

// observeCup converts an answer to the model's form.
func observeCup(answer Answer, refusal *core.Refusal) any {
	if refusal != nil {
		return cupSeen{code: string(refusal.Code)}
	}
	seen := cupSeen{code: "ok"}
	take := func(c events.TournamentCounts) {
		seen.entered, seen.remaining, seen.waiting = c.Entered, c.Remaining, c.Waitlisted
	}
	for _, fact := range answer.Facts {
		switch f := fact.(type) {
		case *events.TournamentEntered:
			seen.came = concat(f.TeamIDs)
			take(f.TournamentCounts)
		case *events.TournamentWaitlisted:
			seen.waits = concat(f.TeamIDs)
			take(f.TournamentCounts)
		case *events.TournamentPromoted:
			for _, row := range f.Rows {
				seen.promoted += events.TeamID(concat(row))
			}
			take(f.TournamentCounts)
		case *events.TournamentWithdrawn:
			seen.wasIn = string(f.Was)
			take(f.TournamentCounts)
		case *events.TournamentEdited:
			take(f.TournamentCounts)
		}
	}
	return seen
}

func concat(teams []events.TeamID) (all string) {
	for _, team := range teams {
		all += string(team)
	}
	return all
}

// cupSubject is a tournament of three slots as a subject of histories.
func cupSubject() *subject {
	return &subject{
		stream: finals, create: newFinals(3, true), init: cupState{limit: 3},
		randomInput: func(rng *rand.Rand) any {
			team := 1 + rng.IntN(linearTeams)
			switch rng.IntN(10) {
			case 0, 1, 2, 3:
				return signUp{first: team}
			case 4, 5:
				return signUp{first: team, second: 1 + team%linearTeams}
			case 6, 7:
				return exit{team}
			case 8:
				return setting{1 + rng.Int64N(4), rng.IntN(4) == 0}
			}
			return readInput{}
		},
		readState: func(c core.Core) any {
			_, counts := c.(*tournament.Tournament).Figures()
			return cupSeen{code: "ok", entered: counts.Entered, remaining: counts.Remaining, waiting: counts.Waitlisted}
		},
		readAnswer: observeCup,
	}
}

// TestCupHistoriesAreLinearizable: see checkLinearizable.
func TestCupHistoriesAreLinearizable(t *testing.T) { checkLinearizable(t, cupSubject) }
