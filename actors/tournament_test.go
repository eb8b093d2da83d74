package actors

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/tournament"
	"admitone/events"
)

// finals is the stream of the tournament of these tests.
var finals = tournament.Stream("finals")

// newFinals creates a tournament that is open for entry until an hour after began.
func newFinals(limit int64, waitlist bool) *tournament.Create {
	return &tournament.Create{ID: "finals", Name: "Finals", TeamLimit: limit, RegisterDeadline: began.Add(time.Hour),
		Waitlist: waitlist, Rule: events.WaitlistStrict}
}

func nthTeam(n int) events.TeamID { return events.TeamID(fmt.Sprintf("team-%04d", n)) }

// askFinals sends a command to the tournament under a new id.
func askFinals(d *Desk, command core.Command) (Answer, error) {
	return d.Ask(context.Background(), Request{Stream: finals, Command: command, ID: NewCommandID(), Actor: "test"})
}

// openFinals opens a desk with the tournament and a clock that the test advances.
func openFinals(t *testing.T, store events.Store, now *clock, limit int64, waitlist bool) *Desk {
	t.Helper()
	d := openDesk(t, store, func(c *Config) { c.Now = now.now })
	_, err := askFinals(d, newFinals(limit, waitlist))
	must(t, err)
	return d
}

// streamSummary summarises the facts of the tournament's stream.
type streamSummary struct {
	entered, waitlisted, promoted, withdrawn []events.TeamID
	// appends has the names of the facts of each command, in order.
	appends map[string][]string
}

// readSummary reads the whole stream of the tournament.
func readSummary(t *testing.T, store events.Store) streamSummary {
	t.Helper()
	summary := streamSummary{appends: map[string][]string{}}
	for e, err := range events.Stream(context.Background(), store, finals, 0) {
		must(t, err)
		fact, err := e.Decode()
		must(t, err)
		id := events.RecordedCommand(e.Metadata)
		summary.appends[id] = append(summary.appends[id], fact.Name())
		switch f := fact.(type) {
		case *events.TournamentEntered:
			summary.entered = append(summary.entered, f.TeamIDs...)
		case *events.TournamentWaitlisted:
			summary.waitlisted = append(summary.waitlisted, f.TeamIDs...)
		case *events.TournamentPromoted:
			summary.promoted = append(summary.promoted, slices.Concat(f.Rows...)...)
		case *events.TournamentWithdrawn:
			summary.withdrawn = append(summary.withdrawn, f.TeamID)
		}
	}
	return summary
}

// answerLog collects the answers of concurrent callers.
type answerLog struct {
	mu  sync.Mutex
	all []acknowledged
}

func (a *answerLog) ask(d *Desk, command core.Command) error {
	id := NewCommandID()
	answer, err := d.Ask(context.Background(), Request{Stream: finals, Command: command, ID: id, Actor: "test"})
	if err == nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.all = append(a.all, acknowledged{id, answer})
	}
	return err
}

// inLogOrder returns the teams that have entered according to the answers, by position.
func (a *answerLog) inLogOrder() (teams []events.TeamID) {
	slices.SortFunc(a.all, func(a, b acknowledged) int { return cmp.Compare(a.answer.Position, b.answer.Position) })
	for _, one := range a.all {
		if f, ok := one.answer.Facts[0].(*events.TournamentEntered); ok {
			teams = append(teams, f.TeamIDs...)
		}
	}
	return teams
}

const (
	crowdOfTeams = 3000
	slotsOfFinal = 64
)

// TestThreeThousandTeamsOnSixtyFourSlots: of 3,000 concurrent entries exactly 64 enter, in log
// order, and all others are refused with tournament_full.
func TestThreeThousandTeamsOnSixtyFourSlots(t *testing.T) {
	store := openLog(t, t.TempDir())
	d := openFinals(t, store, &clock{}, slotsOfFinal, false)
	var answers answerLog
	results := concurrently(crowdOfTeams, func(i int) error {
		return answers.ask(d, &tournament.Enter{TeamIDs: []events.TeamID{nthTeam(i)}})
	})
	wantResults(t, results, map[string]int{"ok": slotsOfFinal, "tournament_full": crowdOfTeams - slotsOfFinal})
	summary := readSummary(t, store)
	if len(summary.entered) != slotsOfFinal || !slices.Equal(summary.entered, answers.inLogOrder()) {
		t.Errorf("%d entered in the log, %d by the answers, want the same in the same order", len(summary.entered), len(answers.all))
	}
	audit(t, store, answers.all)
	wantEntries(t, d, summary.entered, nil)
}

// wantEntries checks the entered and the waiting teams of the entity.
func wantEntries(t *testing.T, d *Desk, entered, waiting []events.TeamID) {
	t.Helper()
	_, err := d.View(context.Background(), finals, func(c core.Core) {
		cup := c.(*tournament.Tournament)
		for _, team := range entered {
			if status, _ := cup.Entry(team); status != events.EntryEntered {
				t.Errorf("%s is %q, want entered", team, status)
			}
		}
		for _, team := range waiting {
			if status, _ := cup.Entry(team); status != events.EntryWaitlisted {
				t.Errorf("%s is %q, want waitlisted", team, status)
			}
		}
		if _, counts := cup.Figures(); counts.Entered != int64(len(entered)) || counts.Waitlisted != int64(len(waiting)) {
			t.Errorf("counts = %+v; want %d entered, %d waitlisted", counts, len(entered), len(waiting))
		}
	})
	must(t, err)
}

// TestWithdrawalsPromoteTheFirstWaiting: with a waitlist the rest of the crowd waits in order. 32
// concurrent withdrawals each promote exactly the next team, in the same append, and so does a
// higher limit; even after a restart.
func TestWithdrawalsPromoteTheFirstWaiting(t *testing.T) {
	const leave = 32
	store := openLog(t, t.TempDir())
	d := openFinals(t, store, &clock{}, slotsOfFinal, true)
	var answers answerLog
	wantResults(t, concurrently(crowdOfTeams, func(i int) error {
		return answers.ask(d, &tournament.Enter{TeamIDs: []events.TeamID{nthTeam(i)}})
	}), map[string]int{"ok": crowdOfTeams})
	before := readSummary(t, store)
	if len(before.entered) != slotsOfFinal || len(before.waitlisted) != crowdOfTeams-slotsOfFinal {
		t.Fatalf("%d entered and %d wait, want %d, %d",
			len(before.entered), len(before.waitlisted), slotsOfFinal, crowdOfTeams-slotsOfFinal)
	}
	closeDesk(t, d)
	d = openDesk(t, store, nil)

	wantResults(t, concurrently(leave, func(i int) error {
		return answers.ask(d, &tournament.Withdraw{TeamID: before.entered[2*i]})
	}), map[string]int{"ok": leave})
	after := readSummary(t, store)
	if !slices.Equal(after.promoted, before.waitlisted[:leave]) {
		t.Errorf("promoted were %v, want %v", after.promoted, before.waitlisted[:leave])
	}
	for id, facts := range after.appends {
		if facts[0] == "tournament.withdrawn.v1" &&
			!slices.Equal(facts, []string{"tournament.withdrawn.v1", "tournament.promoted.v1"}) {
			t.Errorf("command %s has the facts %v, want a withdrawal and a promotion", id, facts)
		}
	}
	limit := int64(slotsOfFinal + 1000)
	must(t, answers.ask(d, &tournament.Edit{TeamLimit: &limit}))
	raised := readSummary(t, store)
	if !slices.Equal(raised.promoted, before.waitlisted[:leave+1000]) {
		t.Errorf("promoted were %v, want %v", raised.promoted, before.waitlisted[:leave+1000])
	}
	audit(t, store, answers.all)
	stay := slices.DeleteFunc(
		slices.Clone(before.entered),
		func(team events.TeamID) bool { return slices.Contains(after.withdrawn, team) },
	)
	wantEntries(t, d, append(stay, raised.promoted...), before.waitlisted[leave+1000:])
}

// TestTheDeadlineToTheNanosecond: an entry at the deadline is in time, one a nanosecond later is
// not.
func TestTheDeadlineToTheNanosecond(t *testing.T) {
	store := openLog(t, t.TempDir())
	now := &clock{}
	d := openFinals(t, store, now, 4, false)
	for i, line := range []struct {
		move time.Duration
		then string
	}{{0, "ok"}, {time.Hour, "ok"}, {time.Nanosecond, "deadline_passed"}, {time.Hour, "deadline_passed"}} {
		now.advance(line.move)
		if _, err := askFinals(d, &tournament.Enter{TeamIDs: []events.TeamID{nthTeam(i)}}); code(err) != line.then {
			t.Errorf("at %v: %v, want %s", now.now(), err, line.then)
		}
	}
	if _, err := askFinals(d, &tournament.Withdraw{TeamID: nthTeam(0)}); err != nil {
		t.Errorf("withdrawing after the deadline: %v, want success", err)
	}
}

// TestTwoOrganisersAtOnce: of several edits based on the same revision one is accepted.
func TestTwoOrganisersAtOnce(t *testing.T) {
	d := openFinals(t, openLog(t, t.TempDir()), &clock{}, 4, false)
	first := events.Revision(0)
	results := concurrently(5, func(i int) error {
		limit := int64(10 + i)
		_, err := d.Ask(
			context.Background(),
			Request{Stream: finals, Command: &tournament.Edit{TeamLimit: &limit}, ID: NewCommandID(), IfRevision: &first},
		)
		return err
	})
	wantResults(t, results, map[string]int{"ok": 1, "stale_revision": 4})
}

// TestConcurrentEntriesAndWithdrawals: under concurrent entries and withdrawals the log stays consistent, and at
// no prefix are more teams entered than the limit.
func TestConcurrentEntriesAndWithdrawals(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	store := openLog(t, t.TempDir())
	d := openFinals(t, store, &clock{}, 16, true)
	var answers answerLog
	results := concurrently(64, func(caller int) error {
		rng := rand.New(rand.NewPCG(seed, uint64(caller)))
		for range 40 {
			team := nthTeam(rng.IntN(100))
			var command core.Command = &tournament.Enter{TeamIDs: []events.TeamID{team}}
			switch rng.IntN(4) {
			case 0:
				command = &tournament.Withdraw{TeamID: team}
			case 1:
				if other := nthTeam(rng.IntN(100)); other != team {
					command = &tournament.Enter{TeamIDs: []events.TeamID{team, other}}
				}
			}
			if err := answers.ask(d, command); err != nil && code(err) != "already_entered" && code(err) != "not_found" {
				return err
			}
		}
		return nil
	})
	wantResults(t, results, map[string]int{"ok": 64})
	audit(t, store, answers.all)
	entered, waiting := map[events.TeamID]bool{}, []events.TeamID{}
	for e, err := range events.Stream(context.Background(), store, finals, 0) {
		must(t, err)
		fact, err := e.Decode()
		must(t, err)
		waiting = applyEntry(t, fact, entered, waiting)
		if len(entered) > 16 {
			t.Fatalf("at revision %d, %d teams are entered, want at most 16", e.Revision, len(entered))
		}
	}
	wantEntries(t, d, slices.Collect(maps.Keys(entered)), waiting)
}

// applyEntry applies a fact to the entered teams and to the waiting ones, in order.
func applyEntry(t *testing.T, fact events.Fact, entered map[events.TeamID]bool,
	waiting []events.TeamID) []events.TeamID {
	t.Helper()
	switch f := fact.(type) {
	case *events.TournamentEntered:
		if len(waiting) > 0 {
			t.Errorf("%v entered before the waiting teams %v", f.TeamIDs, waiting)
		}
		for _, team := range f.TeamIDs {
			entered[team] = true
		}
	case *events.TournamentWaitlisted:
		waiting = append(waiting, f.TeamIDs...)
	case *events.TournamentPromoted:
		teams := slices.Concat(f.Rows...)
		if len(teams) > len(waiting) || !slices.Equal(teams, waiting[:len(teams)]) {
			t.Fatalf("%v were promoted, want the first of %v", teams, waiting)
		}
		for _, team := range teams {
			entered[team] = true
		}
		waiting = waiting[len(teams):]
	case *events.TournamentWithdrawn:
		delete(entered, f.TeamID)
		isTeam := func(team events.TeamID) bool { return team == f.TeamID }
		waiting = slices.DeleteFunc(slices.Clone(waiting), isTeam)
	}
	return waiting
}
