package refusals

import (
	"context"
	"slices"
	"strings"
	"testing"

	"admitone/events"
)

// smallLog is a log with a small limit for appends, like an EventStoreDB.
type smallLog struct {
	events.Store
	limit int
}

func (s *smallLog) Append(ctx context.Context, stream events.StreamID, expected events.Revision,
	batch []events.Event) (events.Appended, error) {
	size := 0
	for i := range batch {
		size += len(batch[i].Data) + len(batch[i].Metadata)
	}
	if size > s.limit {
		return events.Appended{}, events.ErrTooLarge
	}
	return s.Store.Append(ctx, stream, expected, batch)
}

// TestLargeRefusals: the refusals of many callers, each of fifty seats with names of the maximum length, fit
// into a log with a limit of a mebibyte.
func TestLargeRefusals(t *testing.T) {
	s := openLog(t)
	r := recorder(&smallLog{s, 1 << 20}, Config{})
	seats := slices.Repeat([]events.SeatName{events.SeatName(strings.Repeat("S", 64) + "-100-1000")}, 50)
	for i := range 600 {
		large := refusal(i, at)
		large.Seats = seats
		r.Record(large)
	}
	runAll(r)
	if got := readDay(t, s, "refusals-2031-05-01"); len(got) != 600 || r.Kept() != 600 || r.Dropped() != 0 {
		t.Errorf("recorded %d, want 600; kept %d, want 600; dropped %d, want 0", len(got), r.Kept(), r.Dropped())
	}
}
