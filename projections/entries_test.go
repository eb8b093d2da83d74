package projections

import (
	"errors"
	"testing"

	"admitone/events"
	"admitone/projections/row"
)

// TestDamagedEntry: an invalid status is an error, not a place on the waitlist.
func TestDamagedEntry(t *testing.T) {
	for _, status := range []events.EntryStatus{events.EntryEntered, events.EntryWaitlisted} {
		want := seat{status, 7}
		if got, err := decodeSeat(appendSeat(nil, &want)); err != nil || got != want {
			t.Errorf("decodeSeat: %v, %v, want %v", got, err, want)
		}
	}
	for _, record := range [][]byte{nil, {'x', 14}, {0}} {
		if got, err := decodeSeat(record); !errors.Is(err, row.ErrRecord) {
			t.Errorf("decodeSeat(%v) = %v, %v; want ErrRecord", record, got, err)
		}
	}
}
