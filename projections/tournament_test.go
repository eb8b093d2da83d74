package projections

import (
	"errors"
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
	"admitone/projections/logtest"
	"admitone/projections/row"
)

// TestTournamentViewsStopAtContradictions: an event that contradicts earlier ones changes nothing.
func TestTournamentViewsStopAtContradictions(t *testing.T) {
	for name, fact := range map[string]events.Fact{
		"second creation": &events.TournamentCreated{TournamentID: "a", TeamLimit: 2},
		"product fact":    &events.ProductReserved{},
		"more teams than slots": &events.TournamentEntered{TeamIDs: []events.TeamID{"t8", "t9"},
			TournamentCounts: logtest.Counts(3, -1, 3)},
		"wrong count": &events.TournamentWaitlisted{TeamIDs: []events.TeamID{"t8"},
			TournamentCounts: logtest.Counts(2, 0, 5)},
		"withdrawal of an unknown team": &events.TournamentWithdrawn{TeamID: "t9", Was: events.EntryEntered,
			TournamentCounts: logtest.Counts(1, 1, 3)},
		"withdrawal of a waiting team as entered": &events.TournamentWithdrawn{TeamID: "t3", Was: events.EntryEntered,
			TournamentCounts: logtest.Counts(1, 1, 3)},
		"promotion of an entered team": &events.TournamentPromoted{Rows: [][]events.TeamID{{"t1"}},
			TournamentCounts: logtest.Counts(3, -1, 2)},
		"promotion of an unknown team": &events.TournamentPromoted{Rows: [][]events.TeamID{{"t9"}},
			TournamentCounts: logtest.Counts(3, -1, 2)},
		"limit below the entered teams": &events.TournamentEdited{TeamLimit: 1, TournamentCounts: logtest.Counts(2, -1, 3)},
		"second registration of a team": nil,
	} {
		t.Run(name, func(t *testing.T) {
			log, p, _ := tournamentWithWaitlist(t)
			before := tournamentContent(t, p)
			if fact == nil {
				log.Add(team("t1"), &events.TeamRegistered{TeamID: "t1", DisplayName: "again"})
			} else {
				log.Add(cup("a"), fact)
			}
			if err := p.WaitFor(t.Context(), 8); !errors.Is(err, row.ErrViolated) {
				t.Fatalf("WaitFor = %v, want ErrViolated", err)
			}
			if after := tournamentContent(t, p); fmt.Sprint(after) != fmt.Sprint(before) {
				t.Errorf("the views changed from\n%v to\n%v\nwant no change", before, after)
			}
		})
	}
}

// TestPlacesInALongWaitlist: places are correct across blocks, after withdrawals, before and after a flush.
func TestPlacesInALongWaitlist(t *testing.T) {
	const waiting = 4*blockSize + 100
	log, o := logtest.NewMemory(), &tournamentModel{id: "a"}
	name := func(n int) events.TeamID { return events.TeamID(fmt.Sprintf("t%05d", n)) }
	facts := []events.Fact{o.open(1, false), o.enter("first")}
	for n := range waiting {
		facts = append(facts, &events.TournamentWaitlisted{TeamIDs: []events.TeamID{name(n)},
			TournamentCounts: logtest.Counts(1, 0, int64(n)+1)})
	}
	left := map[int]bool{}
	for n := 100; n < 100+2*blockSize; n++ { // the teams of one whole block and of parts of two others
		left[n] = true
		facts = append(facts, &events.TournamentWithdrawn{TeamID: name(n), Was: events.EntryWaitlisted,
			TournamentCounts: logtest.Counts(1, 0, int64(waiting-len(left)))})
	}
	log.Add(cup("a"), facts...)
	for _, flushed := range []bool{false, true} {
		p := openIn(t, log, vfs.NewMem())
		defer p.Close()
		if err := p.apply(log.Recorded); err != nil {
			t.Fatal(err)
		}
		if flushed {
			p.mu.Lock()
			p.flush()
			p.mu.Unlock()
		}
		place := int64(0)
		for n := range waiting {
			if !left[n] {
				place++
			}
			if n%7 != 0 {
				continue
			}
			e, ok, err := p.Entry("a", name(n))
			if left[n] && (ok || err != nil) {
				t.Fatalf("Entry(%s) after its withdrawal: %+v, %v; want none", name(n), e, err)
			} else if left[n] {
				continue
			}
			if e.Place != place || !ok || err != nil {
				t.Fatalf("%s has the place %d, %v; want %d", name(n), e.Place, err, place)
			}
		}
		if all, _, err := p.Entries("a", events.EntryWaitlisted, 0, 9999); err != nil || len(all) != int(place) ||
			all[len(all)-1].Place != place {
			t.Errorf("%d entries, the last %+v, %v; want %d", len(all), all[len(all)-1], err, place)
		}
		if n := countBlocks(t, p); n != 4 {
			t.Errorf("%d blocks, want 4: the empty one is deleted", n)
		}
	}
	if page, next, err := openIn(t, log, vfs.NewMem()).Entries("a", events.EntryWaitlisted, 1<<63, 9); len(page) != 0 ||
		next != 0 || err != nil {
		t.Errorf("Entries after the end: %v, %d, %v; want none", page, next, err)
	}
}

func countBlocks(t *testing.T, p *Projections) (n int) {
	p.mu.RLock()
	blocks, err := viewOf[*tournaments](p).entries.counts.scan("", "\xff")
	p.mu.RUnlock()
	if err == nil {
		err = blocks.each(func(string, *int64) bool { n++; return true })
	}
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestReadingEntriesDuringTheFold: a page is a consistent snapshot, although the fold changes its blocks.
func TestReadingEntriesDuringTheFold(t *testing.T) {
	const waiting = 2 * blockSize
	log, o := logtest.NewMemory(), &tournamentModel{id: "a"}
	facts := []events.Fact{o.open(1, false), o.enter("first")}
	for n := range waiting {
		facts = append(facts, &events.TournamentWaitlisted{TeamIDs: []events.TeamID{events.TeamID(fmt.Sprint(n))},
			TournamentCounts: logtest.Counts(1, 0, int64(n)+1)})
	}
	for n := range waiting / 2 { // every second team withdraws and enters again
		counts := logtest.Counts(1, 0, waiting-1)
		facts = append(
			facts,
			&events.TournamentWithdrawn{TeamID: events.TeamID(fmt.Sprint(2 * n)), Was: events.EntryWaitlisted,
				TournamentCounts: counts},
		)
		counts.Waitlisted++
		facts = append(
			facts,
			&events.TournamentWaitlisted{TeamIDs: []events.TeamID{events.TeamID(fmt.Sprint(2 * n))},
				TournamentCounts: counts},
		)
	}
	log.Add(cup("a"), facts...)
	p := openViews(t, log, vfs.NewMem())
	start := waiting + 2
	if err := p.apply(log.Recorded[:start]); err != nil {
		t.Fatal(err)
	}
	folding := make(chan error, 1)
	go func() {
		for i := start; i < len(log.Recorded); i++ {
			if err := p.apply(log.Recorded[i : i+1]); err != nil {
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
		page, _, err := p.Entries("a", events.EntryWaitlisted, 0, 9999)
		if err != nil || len(page) < waiting-1 {
			t.Fatalf("a page of %d entries, %v; want at least %d", len(page), err, waiting-1)
		}
		seen := map[events.TeamID]bool{}
		for i, e := range page {
			if seen[e.TeamID] || e.Place != int64(i)+1 || i > 0 && e.Number <= page[i-1].Number {
				t.Fatalf("entry %d of the page is %+v, after %+v; want ascending places", i, e, page[max(i-1, 0)])
			}
			seen[e.TeamID] = true
		}
	}
}
