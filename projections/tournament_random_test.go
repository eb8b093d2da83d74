package projections

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"admitone/events"
	"admitone/projections/logtest"
	"admitone/projections/row"
)

func cup(id string) events.StreamID { return events.NewStreamID(events.TournamentCategory, id) }
func team(id events.TeamID) events.StreamID {
	return events.NewStreamID(events.TeamCategory, string(id))
}

// testTeams are the teams in tests of tournaments.
var testTeams = []events.TeamID{"t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "t9", "t-1"}

// closing is the registration deadline of all tournaments in tests.
var closing = time.Date(2099, 1, 1, 0, 0, 0, 1, time.UTC)

// tournamentModel is a naive model of one tournament, which generates its facts.
type tournamentModel struct {
	id      string
	limit   int64
	fill    bool
	closed  bool
	entered []events.TeamID
	waiting [][]events.TeamID
}

func (o *tournamentModel) counts() events.TournamentCounts {
	return events.TournamentCounts{Entered: int64(len(o.entered)), Remaining: o.limit - int64(len(o.entered)),
		Waitlisted: int64(len(slices.Concat(o.waiting...)))}
}

func (o *tournamentModel) in(team events.TeamID) bool {
	return slices.Contains(o.entered, team) || slices.Contains(slices.Concat(o.waiting...), team)
}

// open returns the first fact.
func (o *tournamentModel) open(limit int64, fill bool) events.Fact {
	o.limit, o.fill = limit, fill
	rule := events.WaitlistStrict
	if fill {
		rule = events.WaitlistFill
	}
	return &events.TournamentCreated{
		TournamentID:     events.TournamentID(o.id),
		DisplayName:      o.id,
		TeamLimit:        limit,
		RegisterDeadline: closing,
		Waitlist:         true,
		WaitlistRule:     rule,
	}
}

// enter enters teams, or puts them on the waitlist.
func (o *tournamentModel) enter(teams ...events.TeamID) events.Fact {
	if int64(len(teams)) <= o.counts().Remaining && (len(o.waiting) == 0 || o.fill) {
		o.entered = append(o.entered, teams...)
		return &events.TournamentEntered{TeamIDs: teams, TournamentCounts: o.counts()}
	}
	o.waiting = append(o.waiting, teams)
	return &events.TournamentWaitlisted{TeamIDs: teams, TournamentCounts: o.counts()}
}

// withdraw withdraws a team, and promotes others.
func (o *tournamentModel) withdraw(team events.TeamID) []events.Fact {
	fact := &events.TournamentWithdrawn{TeamID: team, Was: events.EntryWaitlisted}
	if at := slices.Index(o.entered, team); at >= 0 {
		o.entered, fact.Was = slices.Delete(o.entered, at, at+1), events.EntryEntered
	}
	for i, row := range o.waiting {
		o.waiting[i] = slices.DeleteFunc(slices.Clone(row), func(other events.TeamID) bool { return other == team })
	}
	o.waiting = slices.DeleteFunc(o.waiting, func(row []events.TeamID) bool { return len(row) == 0 })
	fact.TournamentCounts = o.counts()
	return append([]events.Fact{fact}, o.promote()...)
}

// edit changes the limit and the status.
func (o *tournamentModel) edit(limit int64, closed bool) []events.Fact {
	o.limit, o.closed = max(limit, int64(len(o.entered))), closed
	status := events.TournamentOpen
	if closed {
		status = events.TournamentClosed
	}
	edited := &events.TournamentEdited{DisplayName: o.id, TeamLimit: o.limit, RegisterDeadline: closing, Status: status,
		TournamentCounts: o.counts()}
	return append([]events.Fact{edited}, o.promote()...)
}

func (o *tournamentModel) promote() []events.Fact {
	fact := &events.TournamentPromoted{}
	for i := 0; i < len(o.waiting) && !o.closed; {
		row := o.waiting[i]
		if int64(len(row)) > o.counts().Remaining {
			if i++; o.fill {
				continue
			}
			break
		}
		o.entered, o.waiting = append(o.entered, row...), slices.Delete(o.waiting, i, i+1)
		fact.Rows = append(fact.Rows, row)
	}
	if len(fact.Rows) == 0 {
		return nil
	}
	fact.TournamentCounts = o.counts()
	return []events.Fact{fact}
}

// randomAction returns the facts of a random command.
func (o *tournamentModel) randomAction(t *rapid.T) []events.Fact {
	if o.limit == 0 {
		return []events.Fact{o.open(rapid.Int64Range(1, 5).Draw(t, "limit"), rapid.Bool().Draw(t, "fill"))}
	}
	teams := rapid.SliceOfNDistinct(rapid.SampledFrom(testTeams), 1, 3, rapid.ID).Draw(t, "teams")
	switch action := rapid.IntRange(0, 7).Draw(t, "action"); {
	case action == 0:
		return o.edit(rapid.Int64Range(1, 6).Draw(t, "limit"), rapid.Bool().Draw(t, "closed"))
	case o.in(teams[0]):
		return o.withdraw(teams[0])
	case o.closed || int64(len(teams)) > o.limit || slices.ContainsFunc(teams, o.in):
		return o.edit(o.limit, false)
	}
	return []events.Fact{o.enter(teams...)}
}

// list returns the entries in order, as describeEntry formats them.
func (o *tournamentModel) list() (all []string) {
	for _, team := range o.entered {
		all = append(all, string(team)+" entered")
	}
	for i, team := range slices.Concat(o.waiting...) {
		all = append(all, fmt.Sprintf("%s waits at %d", team, i+1))
	}
	return all
}

// describeEntry describes an entry.
func describeEntry(e row.Entry) string {
	if e.Status == events.EntryEntered && e.Place == 0 {
		return string(e.TeamID) + " entered"
	}
	return fmt.Sprintf("%s waits at %d", e.TeamID, e.Place)
}

// entriesIn reads the entries of a tournament page by page, and compares each with the result of Entry.
func entriesIn(t rapid.TB, p *Projections, id events.TournamentID, size int) (all []row.Entry) {
	t.Helper()
	for _, status := range []events.EntryStatus{events.EntryEntered, events.EntryWaitlisted} {
		for after, more := uint64(0), true; more; more = after != 0 {
			page, next, err := p.Entries(id, status, after, size)
			if err != nil || len(page) > size || next != 0 && len(page) != size {
				t.Fatalf("Entries returned a page of %d, %d, %v; want up to %d", len(page), next, err, size)
			}
			all, after = append(all, page...), next
		}
	}
	for _, want := range all {
		if got, ok, err := p.Entry(id, want.TeamID); err != nil || !ok || got != want {
			t.Fatalf("Entry has %+v, %t, %v; Entries %+v", got, ok, err, want)
		}
	}
	return all
}

// tournamentContent returns the content of all views of tournaments and teams.
func tournamentContent(t rapid.TB, p *Projections) (all []string) {
	t.Helper()
	rows, next, err := p.Tournaments("", 9)
	if err != nil || next != "" {
		t.Fatalf("Tournaments: next page %q, %v; want one page", next, err)
	}
	for _, row := range rows {
		all = append(all, fmt.Sprintf("%+v", row))
		for _, e := range entriesIn(t, p, row.ID, 3) {
			all = append(all, fmt.Sprintf("%+v", e))
		}
	}
	teams, next, err := p.Teams("", 99)
	if err != nil || next != "" {
		t.Fatalf("Teams: next page %q, %v; want one page", next, err)
	}
	for _, row := range teams {
		all = append(all, fmt.Sprintf("%+v", row))
	}
	return all
}

// TestTournamentViewsMatchTheModel: entries, places and pages, present and past, by team and by tournament, match
// the model, and the verifier reports no violation.
func TestTournamentViewsMatchTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := logtest.NewMemory()
		p := openIn(t, log, vfs.NewMem())
		defer p.Close()
		organisers := map[string]*tournamentModel{"a": {id: "a"}, "a-b": {id: "a-b"}}
		rosters := map[string]*row.Roster{"a": {}, "a-b": {}}
		forged := logtest.NewForgery()
		for _, id := range testTeams {
			registered := &events.TeamRegistered{TeamID: id, DisplayName: "Team " + string(id)}
			log.Add(team(id), registered)
			forged.Add(team(id), registered)
		}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			o := organisers[rapid.SampledFrom([]string{"a", "a-b"}).Draw(t, "tournament")]
			facts := o.randomAction(t)
			log.Add(cup(o.id), facts...)
			forged.Add(cup(o.id), facts...)
		}
		foldEvents(t, p, log.Recorded)
		for i := range log.Recorded {
			if e := &log.Recorded[i]; e.Stream.Category() == events.TournamentCategory {
				for range 2 { // the second time nothing changes
					if err := rosters[e.Stream.Entity()].Apply(e); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		for id, o := range organisers {
			checkTournament(t, p, o, rosters[id])
		}
		checkTeams(t, p, organisers)
		if err := verifyAll(forged.Log); err != nil {
			t.Fatal(err)
		}
	})
}

func checkTournament(t *rapid.T, p *Projections, o *tournamentModel, roster *row.Roster) {
	tournament, _, err := p.Tournament(events.TournamentID(o.id))
	if err != nil || tournament != roster.Tournament || tournament.Counts() != o.counts() ||
		tournament.TeamLimit != o.limit {
		t.Fatalf("the row is %+v, %v; the roster's %+v; want %+v", tournament, err, roster.Tournament, o)
	}
	var got []string
	entries := entriesIn(t, p, events.TournamentID(o.id), rapid.IntRange(1, 4).Draw(t, "size"))
	for _, e := range entries {
		got = append(got, describeEntry(e))
		if past, ok := roster.Entry(e.TeamID); !ok || past != e {
			t.Fatalf("the roster has %+v, %t; want %+v as in the view", past, ok, e)
		}
	}
	if want := o.list(); !slices.Equal(got, want) {
		t.Fatalf("the entries of %s are %q, want %q", o.id, got, want)
	}
	var past []row.Entry
	for _, status := range []events.EntryStatus{events.EntryEntered, events.EntryWaitlisted} {
		for after, more := uint64(0), true; more; more = after != 0 {
			page, next := roster.Entries(status, after, 2)
			past, after = append(past, page...), next
		}
	}
	if !slices.Equal(past, entries) {
		t.Fatalf("the roster lists %+v, want %+v as in the view", past, entries)
	}
	for _, teams := range o.waiting { // a waiting group of several teams has a group number
		groups := map[int64]bool{}
		for _, team := range teams {
			e, _ := roster.Entry(team)
			groups[e.Group] = true
		}
		if len(groups) != 1 || len(teams) > 1 && groups[0] {
			t.Fatalf("the teams %q are in groups %v, want one group", teams, groups)
		}
	}
}

// checkTeams compares the views of each team.
func checkTeams(t *rapid.T, p *Projections, organisers map[string]*tournamentModel) {
	for _, id := range append(testTeams, "nobody") {
		var want []string
		for _, o := range slices.SortedFunc(maps.Values(organisers),
			func(a, b *tournamentModel) int { return len(a.id) - len(b.id) }) {
			for _, line := range o.list() {
				if len(line) > len(id) && line[:len(id)+1] == string(id)+" " {
					want = append(want, o.id+": "+line)
				}
			}
		}
		var got []string
		for after, more := "", true; more; more = after != "" {
			page, next, err := p.TeamEntries(id, after, 1)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range page {
				got = append(got, string(e.TournamentID)+": "+describeEntry(e))
			}
			after = string(next)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("TeamEntries(%s): %q, want %q", id, got, want)
		}
	}
}
