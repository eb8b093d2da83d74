package projections

import (
	"context"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
	"admitone/projections/logtest"
)

// TestUnfinishedBlocksAreResumed: a performance is listed while a change of its blocks is in
// progress. The announcement changes no seat, so it does not change the performance's position.
func TestUnfinishedBlocksAreResumed(t *testing.T) {
	log, now := logtest.NewMemory(), logtest.NewForgery().Now
	show, seat := logtest.PerformanceStream("a"), logtest.SeatStream("a", "A-1-1")
	log.Add(show, &events.PerformanceCreated{PerformanceID: "a", Sections: logtest.ModelSections, StartsAt: now})
	change := events.BlockChange{Number: 1, Label: "press", Seats: []events.SeatName{"A-1-1"}}
	log.Add(show, &events.BlocksBegun{BlockChange: change})
	p := openViews(t, log, vfs.NewMem())
	runViews(t, p)
	waitFor(t, p, 2)
	if row, _, err := p.Performance("a"); err != nil || row.Revision != 1 || row.Position != 1 {
		t.Errorf("Performance: %+v, %v; want revision 1 at position 1", row, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	resumed, over := make(chan events.PerformanceID, 1), make(chan error, 1)
	go func() {
		over <- p.RunUnfinishedBlocks(ctx, func(_ context.Context, id events.PerformanceID) error {
			log.Add(seat, &events.SeatBlocked{Label: "press", Change: 1})
			log.Add(show, &events.BlocksChanged{BlockChange: change})
			resumed <- id
			cancel()
			return nil
		})
	}()
	if err := <-over; len(resumed) != 1 || <-resumed != "a" {
		t.Fatalf("RunUnfinishedBlocks: %v, and a was not resumed; want it resumed", err)
	}
	waitFor(t, p, 4)
	unfinished, err := viewOf[*boxOffice](p).changing.records.scan("", "\xff")
	if err != nil {
		t.Fatal(err)
	}
	if err := unfinished.each(func(id string, _ *int64) bool {
		t.Errorf("%s is still unfinished, want it resumed", id)
		return true
	}); err != nil {
		t.Error(err)
	}
	if row, _, err := p.Performance("a"); err != nil || row.Blocked != 1 || row.Position != 3 || row.Revision != 2 {
		t.Errorf("Performance: %+v, %v; want 1 blocked, revision 2 at position 3", row, err)
	}
}
