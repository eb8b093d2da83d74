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

// maxTeams bounds the number of teams, because the proof keeps all of them in memory.
const maxTeams = 100_000

// tournamentScenario is a load in which all teams enter one tournament at the same time. Then half of the entered
// teams and a tenth of the waitlisted ones withdraw, and enter again.
type tournamentScenario struct {
	teams, slots int

	tournament   string // its id
	mu           sync.Mutex
	acknowledged []placing         // guarded by mu
	statuses     map[string]string // the last answered status by team; guarded by mu
	unknown      int64             // requests without an answer; guarded by mu
}

// placing is an acknowledged entry or withdrawal.
type placing struct {
	TeamID   events.TeamID      `json:"team_id"`
	Status   events.EntryStatus `json:"status"`
	Place    int64              `json:"place"`
	Promoted []events.TeamID    `json:"promoted"`
	Revision events.Revision    `json:"revision"`
}

func (s *tournamentScenario) Flags(f *pflag.FlagSet) {
	f.IntVar(&s.teams, "teams", 3000, "tournament: number of teams")
	f.IntVar(&s.slots, "slots", 64, "tournament: number of slots")
}

func (s *tournamentScenario) Check(func(flag string) bool) error {
	switch {
	case s.teams < 1 || s.teams > maxTeams:
		return usage.Errorf("--teams is from 1 to %d", maxTeams)
	case s.slots < 1 || s.slots > 1_000_000:
		return usage.Errorf("--slots is from 1 to 1000000")
	}
	return nil
}

// team returns the id of team n, from 0.
func (s *tournamentScenario) team(n int) string { return s.tournament + "-" + strconv.Itoa(n) }

func (s *tournamentScenario) prepare(ctx context.Context, server *remote.Log, c *crowd, bar *progress.Bar) error {
	s.tournament, s.statuses = "load-"+actors.NewID().String(), map[string]string{}
	body := fmt.Sprintf(`{"id":%q,"name":"Load: tournament","team_limit":%d,"register_deadline":%q,"waitlist":true}`,
		s.tournament, s.slots, time.Now().Add(24*time.Hour).UTC().Format(time.RFC3339))
	var answer struct{ ID string }
	if err := server.CallWithRetry(ctx, http.MethodPost, "/v1/tournaments", body, &answer); err != nil {
		return err
	}
	var mu sync.Mutex
	created := 0
	c.share(ctx, bar, "making teams", s.teams, func(m *member, n int) {
		if status := m.do(http.MethodPost, "/v1/teams",
			fmt.Appendf(nil, `{"id":%q,"name":"Team %d"}`, s.team(n), n+1)); status == http.StatusCreated {
			mu.Lock()
			defer mu.Unlock()
			created++
		}
	})
	if created < s.teams && ctx.Err() == nil {
		return fmt.Errorf("%w: only %d of %d teams could be created", events.ErrUnavailable, created, s.teams)
	}
	return nil
}

func (s *tournamentScenario) act(ctx context.Context, c *crowd, bar *progress.Bar) {
	s.enter(ctx, c, bar, "signing up", s.all())
	withdrawing := s.withdrawing()
	c.share(ctx, bar, "withdrawing", len(withdrawing), func(m *member, n int) {
		s.record(m, withdrawing[n], m.do(http.MethodDelete, s.path()+"/"+withdrawing[n], nil), http.StatusOK)
	})
	s.enter(ctx, c, bar, "coming back", withdrawing)
}

func (s *tournamentScenario) path() string { return "/v1/tournaments/" + s.tournament + "/entries" }

func (s *tournamentScenario) all() []string {
	teams := make([]string, s.teams)
	for n := range teams {
		teams[n] = s.team(n)
	}
	return teams
}

// withdrawing returns every second entered team and every tenth waitlisted one.
func (s *tournamentScenario) withdrawing() (teams []string) {
	seen := map[string]int{}
	for _, team := range s.all() {
		status := s.statuses[team]
		seen[status]++
		if status == string(events.EntryEntered) && seen[status]%2 == 1 || status == string(events.EntryWaitlisted) &&
			seen[status]%10 == 0 {
			teams = append(teams, team)
		}
	}
	return teams
}

func (s *tournamentScenario) enter(ctx context.Context, c *crowd, bar *progress.Bar, what string, teams []string) {
	c.share(ctx, bar, what, len(teams), func(m *member, n int) {
		s.record(m, teams[n], m.do(http.MethodPost, s.path(), fmt.Appendf(nil, `{"team_id":%q}`, teams[n])),
			http.StatusCreated)
	})
}

// record records the answer to a request about a team.
func (s *tournamentScenario) record(m *member, team string, status, want int) {
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
		p.TeamID = events.TeamID(team)
		s.acknowledged, s.statuses[team] = append(s.acknowledged, p), string(p.Status)
	}
}

func (s *tournamentScenario) tidy(ctx context.Context, server *remote.Log, _ *crowd,
	_ *progress.Bar) (remaining string, err error) {
	err = server.Edit(ctx, http.MethodPatch, "/v1/tournaments/"+s.tournament, &struct{}{},
		func() string { return `{"status":"closed"}` })
	return fmt.Sprintf("tournament %s remains, closed, with its %d teams", s.tournament, s.teams), err
}

func (s *tournamentScenario) outcome() (about string, acknowledged int64) {
	return fmt.Sprintf("tournament %s, %d teams on %d slots", s.tournament, s.teams, s.slots), int64(len(s.acknowledged))
}
