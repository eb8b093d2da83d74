package projections

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
)

func TestTournamentFold(t *testing.T) {
	s := aTournament()
	want := []events.TournamentCounts{counts(0, 2, 0), counts(1, 1, 0), counts(1, 1, 2), counts(1, 1, 3), counts(1, 2, 3),
		counts(3, 0, 1), counts(2, 1, 1), counts(3, 0, 0), counts(3, 0, 0), counts(2, 1, 0)}
	var row Tournament
	for i := range want {
		for range 2 { // the second time it changes nothing
			if err := row.Apply(&s.log[i+2]); err != nil {
				t.Fatal(err)
			}
			if row.counts() != want[i] {
				t.Fatalf("after event %d: %+v, want %+v", i, row.counts(), want[i])
			}
		}
	}
	if row.ID != "a" || row.Name != "B" || row.TeamLimit != 3 || !row.Waitlist || row.Status != isClosed || row.Revision != 9 || row.Position != 12 {
		t.Errorf("the row is %+v", row)
	}
	var lions Team
	for range 2 {
		if err := lions.Apply(&s.log[0]); err != nil || lions.Name != "The lions" || lions.ID != "lions" || lions.Position != 1 {
			t.Fatalf("the team is %+v, %v", lions, err)
		}
	}
}

func TestStatusAtTheDeadline(t *testing.T) {
	row := Tournament{RegisterDeadline: closing, Status: isOpen}
	for at, want := range map[time.Time]events.TournamentStatus{closing: isOpen, closing.Add(1): isClosed} {
		if got := row.StatusAt(at); got != want {
			t.Errorf("%v: %s, want %s", at, got, want)
		}
	}
	if row.Status = isClosed; row.StatusAt(closing) != isClosed {
		t.Error("closed by the organiser, and open")
	}
}

// TestTournamentRowsAreKept: every member comes back from the disk.
func TestTournamentRowsAreKept(t *testing.T) {
	row := Tournament{
		ID: "a", Name: "A \"cup\"", TeamLimit: 9, Entered: 3, Waitlisted: 2, RegisterDeadline: time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC),
		Status: isClosed, Waitlist: true, WaitlistRule: filling, Revision: 7, Position: 8,
		Created: time.Unix(1, 2).UTC(), Updated: time.Unix(3, 4).UTC(), seated: 11, queued: 12,
	}
	if got, err := decodeTournament("a", appendTournament(nil, &row)); err != nil || got != row {
		t.Errorf("%+v, %v; want %+v", got, err, row)
	}
	record := appendTournament(nil, &row)
	for size := range record {
		if _, err := decodeTournament("a", record[:size]); err == nil {
			t.Errorf("%d of %d bytes are a row", size, len(record))
		}
	}
}

// TestTournamentViewsStopAtWhatCannotBe: an event that contradicts those before
// changes nothing.
func TestTournamentViewsStopAtWhatCannotBe(t *testing.T) {
	for name, fact := range map[string]events.Fact{
		"created twice":         &events.TournamentCreated{TournamentID: "a", TeamLimit: 2},
		"a product's fact":      &events.ProductReserved{},
		"more than the slots":   &events.TournamentEntered{TeamIDs: []string{"t8", "t9"}, TournamentCounts: counts(3, -1, 3)},
		"a wrong figure":        &events.TournamentWaitlisted{TeamIDs: []string{"t8"}, TournamentCounts: counts(2, 0, 5)},
		"a stranger withdraws":  &events.TournamentWithdrawn{TeamID: "t9", Was: isIn, TournamentCounts: counts(1, 1, 3)},
		"from elsewhere":        &events.TournamentWithdrawn{TeamID: "t3", Was: isIn, TournamentCounts: counts(1, 1, 3)},
		"the entered promoted":  &events.TournamentPromoted{Rows: [][]string{{"t1"}}, TournamentCounts: counts(3, -1, 2)},
		"a stranger promoted":   &events.TournamentPromoted{Rows: [][]string{{"t9"}}, TournamentCounts: counts(3, -1, 2)},
		"edited below the sum":  &events.TournamentEdited{TeamLimit: 1, TournamentCounts: counts(2, -1, 3)},
		"another team's stream": nil,
	} {
		t.Run(name, func(t *testing.T) {
			log, p, _ := aFinal(t)
			before := tournamentContent(t, p)
			if fact == nil {
				log.add(team("t1"), &events.TeamRegistered{TeamID: "t1", DisplayName: "again"})
			} else {
				log.add(cup("a"), fact)
			}
			if err := p.WaitFor(t.Context(), 8); !errors.Is(err, ErrViolated) {
				t.Fatalf("the views went on: %v", err)
			}
			if after := tournamentContent(t, p); fmt.Sprint(after) != fmt.Sprint(before) {
				t.Errorf("it changed\n%v to\n%v", before, after)
			}
		})
	}
}

// TestPlacesInALongWaitlist: places are right across the blocks that they are
// counted by, whoever leaves, before and after they are written to disk.
func TestPlacesInALongWaitlist(t *testing.T) {
	const waiting = 4*blockSize + 100
	log, o := newMemoryLog(), &organiser{id: "a"}
	name := func(n int) string { return fmt.Sprintf("t%05d", n) }
	facts := []events.Fact{o.open(1, false), o.enter("first")}
	for n := range waiting {
		facts = append(facts, &events.TournamentWaitlisted{TeamIDs: []string{name(n)}, TournamentCounts: counts(1, 0, int64(n)+1)})
	}
	gone := map[int]bool{}
	for n := 100; n < 100+2*blockSize; n++ { // two blocks and a half, one of them whole
		gone[n] = true
		facts = append(facts, &events.TournamentWithdrawn{TeamID: name(n), Was: waits, TournamentCounts: counts(1, 0, int64(waiting-len(gone)))})
	}
	log.add(cup("a"), facts...)
	for _, flushed := range []bool{false, true} {
		p := openIn(t, log, vfs.NewMem())
		defer p.Close()
		if err := p.apply(log.recorded); err != nil {
			t.Fatal(err)
		}
		if flushed {
			p.mu.Lock()
			p.flush()
			p.mu.Unlock()
		}
		place := int64(0)
		for n := range waiting {
			if !gone[n] {
				place++
			}
			if n%7 != 0 {
				continue
			}
			e, ok, err := p.Entry("a", name(n))
			if gone[n] && (ok || err != nil) {
				t.Fatalf("%s is gone, and has %+v, %v", name(n), e, err)
			} else if gone[n] {
				continue
			}
			if e.Place != place || !ok || err != nil {
				t.Fatalf("%s has the place %d, %v; want %d", name(n), e.Place, err, place)
			}
		}
		if all, _, err := p.Entries("a", waits, 0, 9999); err != nil || len(all) != int(place) || all[len(all)-1].Place != place {
			t.Errorf("%d wait, the last is %+v, %v", len(all), all[len(all)-1], err)
		}
		if n := blocksIn(t, p); n != 4 {
			t.Errorf("%d blocks, want 4: the one that is empty is forgotten", n)
		}
	}
	if page, next, err := openIn(t, log, vfs.NewMem()).Entries("a", waits, 1<<63, 9); len(page) != 0 || next != 0 || err != nil {
		t.Errorf("behind the end: %v, %d, %v", page, next, err)
	}
}

func blocksIn(t *testing.T, p *Projections) (n int) {
	p.mu.RLock()
	blocks, err := kindOf[*tournaments](p).entries.counts.scan("", "\xff")
	p.mu.RUnlock()
	if err == nil {
		err = blocks.each(func(string, *int64) bool { n++; return true })
	}
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestEntriesAreReadBesideTheFold: a page is of one moment, whatever the fold does
// to the blocks it came from.
func TestEntriesAreReadBesideTheFold(t *testing.T) {
	const waiting = 2 * blockSize
	log, o := newMemoryLog(), &organiser{id: "a"}
	facts := []events.Fact{o.open(1, false), o.enter("first")}
	for n := range waiting {
		facts = append(facts, &events.TournamentWaitlisted{TeamIDs: []string{fmt.Sprint(n)}, TournamentCounts: counts(1, 0, int64(n)+1)})
	}
	for n := range waiting / 2 { // every second leaves, and comes again
		left := counts(1, 0, waiting-1)
		facts = append(facts, &events.TournamentWithdrawn{TeamID: fmt.Sprint(2 * n), Was: waits, TournamentCounts: left})
		left.Waitlisted++
		facts = append(facts, &events.TournamentWaitlisted{TeamIDs: []string{fmt.Sprint(2 * n)}, TournamentCounts: left})
	}
	log.add(cup("a"), facts...)
	p := opened(t, log, vfs.NewMem())
	begun := waiting + 2
	if err := p.apply(log.recorded[:begun]); err != nil {
		t.Fatal(err)
	}
	folding := make(chan error, 1)
	go func() {
		for i := begun; i < len(log.recorded); i++ {
			if err := p.apply(log.recorded[i : i+1]); err != nil {
				folding <- err
				return
			}
		}
		close(folding)
	}()
	for going := true; going; {
		select {
		case err := <-folding:
			if err != nil {
				t.Fatal(err)
			}
			going = false
		default:
		}
		page, _, err := p.Entries("a", waits, 0, 9999)
		if err != nil || len(page) < waiting-1 {
			t.Fatalf("%d wait, %v", len(page), err)
		}
		seen := map[string]bool{}
		for i, e := range page {
			if seen[e.TeamID] || e.Place != int64(i)+1 || i > 0 && e.number <= page[i-1].number {
				t.Fatalf("%+v is %d in the list, behind %+v", e, i, page[max(i-1, 0)])
			}
			seen[e.TeamID] = true
		}
	}
}

func TestTournamentsInThePast(t *testing.T) {
	s := &slice{log: aTournament().log, most: 10_000}
	for upTo, want := range map[events.Position]string{
		3: "[]", 4: "[lions entered]", 6: "[lions entered tigers waits at 1 bears waits at 2 wolves waits at 3]",
		7:                  "[lions entered tigers waits at 1 bears waits at 2 wolves waits at 3]",
		8:                  "[lions entered tigers entered bears entered wolves waits at 1]",
		events.EndPosition: "[bears entered wolves entered]",
	} {
		roster, err := RosterAt(t.Context(), s, "a", upTo)
		row, errRow := TournamentAt(t.Context(), s, "a", upTo)
		if err != nil || errRow != nil || *row != roster.Tournament {
			t.Fatalf("at %d: %+v, %v, %+v, %v", upTo, roster, err, row, errRow)
		}
		in, _ := roster.Entries(isIn, 0, 99)
		wait, _ := roster.Entries(waits, 0, 99)
		var got []string
		for _, e := range append(in, wait...) {
			got = append(got, said(e))
		}
		if fmt.Sprint(got) != want {
			t.Errorf("at %d: %v, want %s", upTo, got, want)
		}
	}
	if roster, err := RosterAt(t.Context(), s, "a", 2); roster != nil || err != nil {
		t.Errorf("before it was there: %+v, %v", roster, err)
	}
	if lions, err := TeamAt(t.Context(), s, "lions", 1); err != nil || lions == nil || lions.Name != "The lions" {
		t.Errorf("%+v, %v", lions, err)
	}
	if tigers, err := TeamAt(t.Context(), s, "tigers", 1); err != nil || tigers != nil {
		t.Errorf("before they were there: %+v, %v", tigers, err)
	}
}
