package projections

import (
	"errors"
	"testing"

	"admitone/events"
	"admitone/projections/row"
)

// TestDamagedEntry: a record with an invalid status is an error, not a place on the waitlist.
func TestDamagedEntry(t *testing.T) {
	for _, status := range []events.EntryStatus{events.EntryEntered, events.EntryWaitlisted} {
		want := placeRef{status, 7}
		if got, err := decodePlaceRef(appendPlaceRef(nil, &want)); err != nil || got != want {
			t.Errorf("decodePlaceRef: %v, %v, want %v", got, err, want)
		}
	}
	for _, record := range [][]byte{nil, {'x', 14}, {0}} {
		if got, err := decodePlaceRef(record); !errors.Is(err, row.ErrRecord) {
			t.Errorf("decodePlaceRef(%v) = %v, %v; want ErrRecord", record, got, err)
		}
	}
}
