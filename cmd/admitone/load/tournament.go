package load

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"admitone/actors"
	"admitone/cmd/admitone/progress"
	"admitone/cmd/admitone/remote"
	"admitone/cmd/admitone/usage"
	"admitone/events"
)

// maxTeams bounds the teams of the sign-up: the proof keeps them all.
const maxTeams = 100_000

// signUp is the scenario in which all teams want into the same tournament at once.
// Then half of those who have a slot and a tenth of those who wait withdraw, and
// come back.
type signUp struct {
	teams, slots int

	tournament string // its id
	mu         sync.Mutex
	told       []placing         // guarded by mu
	standing   map[string]string // where each team stands as far as it knows; guarded by mu
	unknown    int64             // answers that did not come; guarded by mu
}

// placing is an entry or a withdrawal that was acknowledged.
type placing struct {
	TeamID   string             `json:"team_id"`
	Status   events.EntryStatus `json:"status"`
	Place    int64              `json:"place"`
	Promoted []string           `json:"promoted"`
	Revision events.Revision    `json:"revision"`
}

func (s *signUp) Flags(f *pflag.FlagSet) {
	f.IntVar(&s.teams, "teams", 3000, "tournament: teams that sign up")
	f.IntVar(&s.slots, "slots", 64, "tournament: slots there are")
}

func (s *signUp) Check(func(flag string) bool) error {
	switch {
	case s.teams < 1 || s.teams > maxTeams:
		return usage.Errorf("--teams is from 1 to %d", maxTeams)
	case s.slots < 1 || s.slots > 1_000_000:
		return usage.Errorf("--slots is from 1 to 1000000")
	}
	return nil
}

// team is the id of a number from 0.
func (s *signUp) team(n int) string { return s.tournament + "-" + strconv.Itoa(n) }

func (s *signUp) prepare(ctx context.Context, server *remote.Log, c *crowd, bar *progress.Bar) error {
	s.tournament, s.standing = "load-"+actors.NewID().String(), map[string]string{}
	body := fmt.Sprintf(`{"id":%q,"name":"Load: tournament","team_limit":%d,"register_deadline":%q,"waitlist":true}`,
		s.tournament, s.slots, time.Now().Add(24*time.Hour).UTC().Format(time.RFC3339))
	var created struct{ ID string }
	if err := server.Call(ctx, http.MethodPost, "/v1/tournaments", body, &created); err != nil {
		return err
	}
	var mu sync.Mutex
	made := 0
	c.share(ctx, bar, "making teams", s.teams, func(m *member, n int) {
		if status := m.do(http.MethodPost, "/v1/teams", fmt.Appendf(nil, `{"id":%q,"name":"Team %d"}`, s.team(n), n+1)); status == http.StatusCreated {
			mu.Lock()
			defer mu.Unlock()
			made++
		}
	})
	if made < s.teams && ctx.Err() == nil {
		return fmt.Errorf("%w: only %d of %d teams could be made", events.ErrUnavailable, made, s.teams)
	}
	return nil
}

func (s *signUp) act(ctx context.Context, c *crowd, bar *progress.Bar) {
	s.enter(ctx, c, bar, "signing up", s.all())
	leaving := s.leaving()
	c.share(ctx, bar, "withdrawing", len(leaving), func(m *member, n int) {
		s.take(m, leaving[n], m.do(http.MethodDelete, s.path()+"/"+leaving[n], nil), http.StatusOK)
	})
	s.enter(ctx, c, bar, "coming back", leaving)
}

func (s *signUp) path() string { return "/v1/tournaments/" + s.tournament + "/entries" }

func (s *signUp) all() []string {
	teams := make([]string, s.teams)
	for n := range teams {
		teams[n] = s.team(n)
	}
	return teams
}

// leaving are every second team that has a slot and every tenth that waits.
func (s *signUp) leaving() (teams []string) {
	seen := map[string]int{}
	for _, team := range s.all() {
		standing := s.standing[team]
		seen[standing]++
		if standing == string(events.EntryEntered) && seen[standing]%2 == 1 || standing == string(events.EntryWaitlisted) && seen[standing]%10 == 0 {
			teams = append(teams, team)
		}
	}
	return teams
}

func (s *signUp) enter(ctx context.Context, c *crowd, bar *progress.Bar, what string, teams []string) {
	c.share(ctx, bar, what, len(teams), func(m *member, n int) {
		s.take(m, teams[n], m.do(http.MethodPost, s.path(), fmt.Appendf(nil, `{"team_id":%q}`, teams[n])), http.StatusCreated)
	})
}

// take writes down what a team was told.
func (s *signUp) take(m *member, team string, status, want int) {
	var p placing
	readable := status == want && json.Unmarshal(m.response.Body(), &p) == nil
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case unknown(status):
		s.unknown++
	case status == want:
		if !readable {
			p = placing{}
		}
		p.TeamID = team
		s.told, s.standing[team] = append(s.told, p), string(p.Status)
	}
}

func (s *signUp) outcome() (about string, acknowledged int64) {
	return fmt.Sprintf("tournament %s, %d teams on %d slots", s.tournament, s.teams, s.slots), int64(len(s.told))
}
