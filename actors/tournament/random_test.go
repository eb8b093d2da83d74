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

// content is a tournament's state in comparable form. Rows are in order; their numbers count.
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

// model is a naive model of a tournament: lists in order.
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

// enter returns the refusal's code, "" if there is none.
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

// decide returns the refusal's code, "" if cmd was accepted.
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

// team draws one of few, so that commands collide.
func team(t *rapid.T) events.TeamID {
	return events.TeamID(rune('a' + rapid.IntRange(0, 25).Draw(t, "team")))
}

func someCommand(t *rapid.T) core.Command {
	switch rapid.IntRange(0, 9).Draw(t, "kind") {
	case 0, 1, 2, 3:
		return &Withdraw{TeamID: team(t)}
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
	first, size := team(t), rapid.SampledFrom([]int{1, 1, 1, 2, 2, 3, 4}).Draw(t, "size")
	teams := []events.TeamID{first}
	for len(teams) < size {
		if other := team(t); !slices.Contains(teams, other) {
			teams = append(teams, other)
		}
	}
	return &Enter{TeamIDs: teams}
}

// saved is a frozen state, to be written later.
type saved struct {
	write  func(io.Writer) error
	then   content
	events int
}

// TestAnyHistory compares the core with the model, and checks its contract with the shell.
func TestAnyHistory(t *testing.T) {
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
			evolve(decideTwice(t, c, m, someCommand(t), now))
			agree(t, c, m, log)
		}
		if want, got := contentOf(c), contentOf(replay(log)); !reflect.DeepEqual(want, got) {
			t.Fatalf("replayed: %+v, want %+v", got, want)
		}
		coretest.RequireIndependentClones(t, New, log)
		if frozen != nil {
			restoreAndFollow(t, frozen, log, contentOf(c))
		}
	})
}

// decideTwice checks that deciding changes nothing, is repeatable, and refuses what the model
// refuses.
func decideTwice(t *rapid.T, c *Tournament, m *model, cmd core.Command, now time.Time) []events.Fact {
	before := contentOf(c)
	facts, err := c.Decide(cmd, now)
	if after := contentOf(c); !reflect.DeepEqual(before, after) {
		t.Fatalf("deciding %T changed the state from %+v to %+v", cmd, before, after)
	}
	again, errAgain := c.Decide(cmd, now)
	if !reflect.DeepEqual(facts, again) || !reflect.DeepEqual(err, errAgain) {
		t.Fatalf("deciding %T twice: %s, then %s; want the same", cmd, describe(facts, err), describe(again, errAgain))
	}
	code := ""
	if err != nil {
		code = string(err.(*core.Refusal).Code)
	}
	if want := m.decide(cmd, now); code != want {
		t.Fatalf("%T %+v at %v: %q, want %q", cmd, cmd, now.Sub(day), code, want)
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

// order returns the teams that have entered according to the facts, in order, and the waiting rows.
func order(log []events.Fact) (entered []events.TeamID, waiting [][]events.TeamID) {
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

// agree compares the state and the order of the log with the model, and checks the invariants.
func agree(t *rapid.T, c *Tournament, m *model, log []events.Fact) {
	if counts := c.counts(); counts.Remaining < 0 || counts.Entered+counts.Remaining != c.created.TeamLimit {
		t.Fatalf("counts = %+v, want them to add up to the limit %d", counts, c.created.TeamLimit)
	}
	if c.entered != int64(len(m.entered)) || c.waitlisted != int64(len(m.waitingTeams())) ||
		c.teams.Len() != len(m.entered)+len(m.waitingTeams()) {
		t.Fatalf("the state is %+v, want %+v", contentOf(c), m)
	}
	for _, team := range m.entered {
		if at, _ := c.Entry(team); at != events.EntryEntered {
			t.Fatalf("%s is %q, want entered", team, at)
		}
	}
	for _, team := range m.waitingTeams() {
		if at, _ := c.Entry(team); at != events.EntryWaitlisted {
			t.Fatalf("%s is %q, want waitlisted", team, at)
		}
	}
	entered, waiting := order(log)
	if !slices.Equal(entered, m.entered) || !slices.EqualFunc(waiting, m.waiting, slices.Equal) {
		t.Fatalf("by the log %v entered and %v wait; want %v and %v", entered, waiting, m.entered, m.waiting)
	}
	for size := range c.waitlist.queues {
		q := &c.waitlist.queues[size]
		if !slices.IsSorted(q.numbers) || len(q.numbers) > 0 && !c.waitlist.has(q.numbers[0], size) {
			t.Fatalf("the queue of groups of %d is not in order or begins with a stale number: %v", size, q.numbers)
		}
	}
}

// restoreAndFollow writes a frozen state only now, after later changes, restores it, and applies
// the facts since.
func restoreAndFollow(t *rapid.T, f *saved, log []events.Fact, end content) {
	c := coretest.RoundTrip(t, f.write, New).(*Tournament)
	if got := contentOf(c); !reflect.DeepEqual(got, f.then) {
		t.Fatalf("restored %+v, want %+v", got, f.then)
	}
	for _, fact := range log[f.events:] {
		c.Evolve(fact)
	}
	if got := contentOf(c); !reflect.DeepEqual(got, end) {
		t.Fatalf("a snapshot and the facts after it give %+v, want %+v", got, end)
	}
}
