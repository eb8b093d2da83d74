package tournament

import (
	"io"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"admitone/actors/core"
	"admitone/actors/core/coretest"
	"admitone/events"
)

// content is a tournament's state in comparable form.
type content struct {
	Created             Create
	Closed              bool
	Entered, Waitlisted int64
	Teams               map[events.TeamID]uint64
	Rows                map[uint64][]events.TeamID
	Last                uint64
	Queues              [MaxGroup + 1][]uint64 // without stale numbers
}

func contentOf(t *Tournament) content {
	c := content{Created: t.created, Closed: t.created.Closed, Entered: t.entered, Waitlisted: t.waitlisted,
		Teams: maps.Collect(t.teams.All()), Rows: maps.Collect(t.waitlist.rows.All()), Last: t.waitlist.last}
	for size := range t.waitlist.queues {
		for _, number := range t.waitlist.queues[size].numbers {
			if t.waitlist.has(number, size) {
				c.Queues[size] = append(c.Queues[size], number)
			}
		}
	}
	return c
}

// model is a naive model of a tournament, with teams and rows in order.
type model struct {
	limit    int
	deadline time.Time
	waitlist bool
	fill     bool
	closed   bool
	entered  []events.TeamID
	waiting  [][]events.TeamID
}

func (m *model) waitingTeams() []events.TeamID { return slices.Concat(m.waiting...) }

func (m *model) in(team events.TeamID) bool {
	return slices.Contains(m.entered, team) || slices.Contains(m.waitingTeams(), team)
}

// enter applies an entry and returns the refusal's code, "" if it was accepted.
func (m *model) enter(teams []events.TeamID, now time.Time) string {
	free := m.limit - len(m.entered)
	switch {
	case slices.ContainsFunc(teams, m.in):
		return "already_entered"
	case now.After(m.deadline):
		return "deadline_passed"
	case m.closed:
		return "registration_closed"
	case len(teams) <= free && (len(m.waiting) == 0 || m.fill):
		m.entered = append(m.entered, teams...)
		return ""
	case !m.waitlist || len(teams) > m.limit:
		return "tournament_full"
	}
	m.waiting = append(m.waiting, teams)
	return ""
}

func (m *model) withdraw(team events.TeamID) string {
	if !m.in(team) {
		return "not_found"
	}
	m.entered = slices.DeleteFunc(m.entered, func(other events.TeamID) bool { return other == team })
	for i := range m.waiting {
		m.waiting[i] = slices.DeleteFunc(slices.Clone(m.waiting[i]), func(other events.TeamID) bool { return other == team })
	}
	m.waiting = slices.DeleteFunc(m.waiting, func(row []events.TeamID) bool { return len(row) == 0 })
	m.promote()
	return ""
}

func (m *model) edit(c *Edit) string {
	if limit := core.Or(c.TeamLimit, int64(m.limit)); limit < int64(len(m.entered)) {
		return "limit_exceeded"
	}
	m.limit = int(core.Or(c.TeamLimit, int64(m.limit)))
	m.deadline = core.Or(c.RegisterDeadline, m.deadline)
	if c.Status != nil {
		m.closed = *c.Status == events.TournamentClosed
	}
	m.promote()
	return ""
}

func (m *model) promote() {
	for i := 0; i < len(m.waiting) && !m.closed; {
		if row := m.waiting[i]; len(row) <= m.limit-len(m.entered) {
			m.entered = append(m.entered, row...)
			m.waiting = slices.Delete(m.waiting, i, i+1)
		} else if m.fill {
			i++
		} else {
			break
		}
	}
}

// decide applies cmd and returns the refusal's code, "" if cmd was accepted.
func (m *model) decide(cmd core.Command, now time.Time) string {
	switch c := cmd.(type) {
	case *Enter:
		return m.enter(c.TeamIDs, now)
	case *Withdraw:
		return m.withdraw(c.TeamID)
	case *Edit:
		return m.edit(c)
	}
	return ""
}

// drawTeam draws one of few teams, so that commands concern the same teams.
func drawTeam(t *rapid.T) events.TeamID {
	return events.TeamID(rune('a' + rapid.IntRange(0, 25).Draw(t, "team")))
}

func drawCommand(t *rapid.T) core.Command {
	switch rapid.IntRange(0, 9).Draw(t, "kind") {
	case 0, 1, 2, 3:
		return &Withdraw{TeamID: drawTeam(t)}
	case 4:
		switch rapid.IntRange(0, 3).Draw(t, "edited") {
		case 0:
			return deadline(rapid.SampledFrom([]time.Duration{30 * s, time.Hour}).Draw(t, "deadline"))
		case 1, 2:
			return limit(rapid.Int64Range(1, 9).Draw(t, "limit"))
		}
		return status(
			rapid.SampledFrom([]events.TournamentStatus{events.TournamentOpen, events.TournamentClosed}).Draw(t, "status"),
		)
	}
	first, size := drawTeam(t), rapid.SampledFrom([]int{1, 1, 1, 2, 2, 3, 4}).Draw(t, "size")
	teams := []events.TeamID{first}
	for len(teams) < size {
		if other := drawTeam(t); !slices.Contains(teams, other) {
			teams = append(teams, other)
		}
	}
	return &Enter{TeamIDs: teams}
}

// saved is a frozen state.
type saved struct {
	write   func(io.Writer) error
	content content // when it was frozen
	facts   int     // number of facts before it
}

// TestRandomCommands compares the core with the model, and checks its contract with the shell: Decide is
// deterministic and changes nothing, and copies of the core agree with it.
func TestRandomCommands(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		created := rapid.SampledFrom([]*Create{plain(4), strict(4), fill(4)}).Draw(t, "created")
		m := &model{
			limit:    4,
			deadline: created.RegisterDeadline,
			waitlist: created.Waitlist,
			fill:     created.Rule == events.WaitlistFill,
		}
		c, now := New().(*Tournament), day
		var log []events.Fact
		evolve := func(facts []events.Fact) {
			for _, fact := range facts {
				c.Evolve(fact)
				log = append(log, fact)
			}
		}
		first, _ := c.Decide(created, now)
		evolve(first)
		var frozen *saved
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(rapid.SampledFrom([]time.Duration{0, 0, ns, s, 40 * s}).Draw(t, "wait"))
			if frozen == nil && rapid.IntRange(0, 4).Draw(t, "freeze") == 0 {
				frozen = &saved{c.Freeze(), contentOf(c), len(log)}
			}
			evolve(decideTwice(t, c, m, drawCommand(t), now))
			checkModel(t, c, m, log)
		}
		if want, got := contentOf(c), contentOf(replay(log)); !reflect.DeepEqual(want, got) {
			t.Fatalf("replayed tournament: got %+v, want %+v", got, want)
		}
		coretest.RequireIndependentClones(t, New, log)
		if frozen != nil {
			checkRestore(t, frozen, log, contentOf(c))
		}
	})
}

// decideTwice checks that deciding changes nothing, is deterministic, and refuses what the model refuses.
func decideTwice(t *rapid.T, c *Tournament, m *model, cmd core.Command, now time.Time) []events.Fact {
	before := contentOf(c)
	facts, err := c.Decide(cmd, now)
	if after := contentOf(c); !reflect.DeepEqual(before, after) {
		t.Fatalf("Decide(%T): got state %+v, want %+v unchanged", cmd, after, before)
	}
	again, errAgain := c.Decide(cmd, now)
	if !reflect.DeepEqual(facts, again) || !reflect.DeepEqual(err, errAgain) {
		t.Fatalf("Decide(%T) twice: got %s, then %s; want the same", cmd, describe(facts, err), describe(again, errAgain))
	}
	code := ""
	if err != nil {
		code = string(err.(*core.Refusal).Code)
	}
	if want := m.decide(cmd, now); code != want {
		t.Fatalf("%T %+v at %v: got code %q, want %q", cmd, cmd, now.Sub(day), code, want)
	}
	return facts
}

func replay(log []events.Fact) *Tournament {
	c := New().(*Tournament)
	for _, fact := range log {
		c.Evolve(fact)
	}
	return c
}

// orderOf returns the entered teams and the waiting rows according to the facts, in order.
func orderOf(log []events.Fact) (entered []events.TeamID, waiting [][]events.TeamID) {
	for _, fact := range log {
		switch f := fact.(type) {
		case *events.TournamentEntered:
			entered = append(entered, f.TeamIDs...)
		case *events.TournamentWaitlisted:
			waiting = append(waiting, f.TeamIDs)
		case *events.TournamentPromoted:
			entered = append(entered, slices.Concat(f.Rows...)...)
			for _, row := range f.Rows {
				waiting = slices.DeleteFunc(waiting, func(other []events.TeamID) bool { return slices.Equal(row, other) })
			}
		case *events.TournamentWithdrawn:
			gone := func(other events.TeamID) bool { return other == f.TeamID }
			entered = slices.DeleteFunc(entered, gone)
			for i := range waiting {
				waiting[i] = slices.DeleteFunc(slices.Clone(waiting[i]), gone)
			}
			waiting = slices.DeleteFunc(waiting, func(row []events.TeamID) bool { return len(row) == 0 })
		}
	}
	return entered, waiting
}

// checkModel compares the state and the facts with the model, and checks the invariants.
func checkModel(t *rapid.T, c *Tournament, m *model, log []events.Fact) {
	if counts := c.counts(); counts.Remaining < 0 || counts.Entered+counts.Remaining != c.created.TeamLimit {
		t.Fatalf("got counts %+v, want them to add up to the limit %d", counts, c.created.TeamLimit)
	}
	if c.entered != int64(len(m.entered)) || c.waitlisted != int64(len(m.waitingTeams())) ||
		c.teams.Len() != len(m.entered)+len(m.waitingTeams()) {
		t.Fatalf("got state %+v, want %+v", contentOf(c), m)
	}
	for _, team := range m.entered {
		if at, _ := c.Entry(team); at != events.EntryEntered {
			t.Fatalf("team %s: got status %q, want entered", team, at)
		}
	}
	for _, team := range m.waitingTeams() {
		if at, _ := c.Entry(team); at != events.EntryWaitlisted {
			t.Fatalf("team %s: got status %q, want waitlisted", team, at)
		}
	}
	entered, waiting := orderOf(log)
	if !slices.Equal(entered, m.entered) || !slices.EqualFunc(waiting, m.waiting, slices.Equal) {
		t.Fatalf("according to the facts: got entered %v, waiting %v; want %v, %v", entered, waiting, m.entered, m.waiting)
	}
	for size := range c.waitlist.queues {
		q := &c.waitlist.queues[size]
		if !slices.IsSorted(q.numbers) || len(q.numbers) > 0 && !c.waitlist.has(q.numbers[0], size) {
			t.Fatalf("groups of %d: got queue %v, want it sorted, and its first number not stale", size, q.numbers)
		}
	}
}

// checkRestore writes a frozen state after later changes, restores it, and applies the facts since.
func checkRestore(t *rapid.T, f *saved, log []events.Fact, end content) {
	c := coretest.RoundTrip(t, f.write, New).(*Tournament)
	if got := contentOf(c); !reflect.DeepEqual(got, f.content) {
		t.Fatalf("restored tournament: got %+v, want %+v", got, f.content)
	}
	for _, fact := range log[f.facts:] {
		c.Evolve(fact)
	}
	if got := contentOf(c); !reflect.DeepEqual(got, end) {
		t.Fatalf("restored tournament after the later facts: got %+v, want %+v", got, end)
	}
}
