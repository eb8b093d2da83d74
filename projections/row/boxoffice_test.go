package row

import (
	"reflect"
	"testing"
	"time"

	"admitone/events"
	"admitone/projections/logtest"
)

// TestBoxOfficeRecords: every field survives encoding, and a truncated record is invalid.
func TestBoxOfficeRecords(t *testing.T) {
	far := time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC)
	show := Performance{
		ID: "a", Title: "T \"x\"", Venue: "V", StartsAt: far, HoldSeconds: 1, LimitPerHolder: 2, WaitingRoom: "w",
		Revision: 3, Position: 4,
		Created: time.Unix(1, 2).UTC(), Updated: time.Unix(3, 4).UTC(), Blocks: 5,
		Sections: []Section{{logtest.ModelSections[0], SeatCounts{6, 1, 2, 3}},
			{logtest.ModelSections[1], SeatCounts{2, 0, 0, 1}}},
	}
	show.complete()
	checkRecord(t, show, AppendPerformance, func(record []byte) (Performance, error) { return DecodePerformance("a", record) })
	for flags := range 16 {
		b := Booking{
			ID: "b", PerformanceID: "a", Holder: "h",
			Seats: []events.BookedSeat{{Seat: "A-1-1", Price: 5}, {Seat: "A-1-2", Price: 6}}, Amount: 11,
			Status: events.BookingIsExpired, ExpiresAt: far, ExtendableUntil: far, Attempt: 2, Failed: events.FailedLate,
			Revision: 7, Position: 8,
			Created: time.Unix(1, 2).UTC(), Updated: time.Unix(3, 4).UTC(),
			Extended: flags&1 != 0, Late: flags&2 != 0, Retaken: flags&4 != 0, Refunding: flags&8 != 0,
		}
		checkRecord(t, b, AppendBooking, func(record []byte) (Booking, error) { return DecodeBooking("b", record) })
	}
	w := Wallet{"h", 1, 2, 3, 4, 5, 6, time.Unix(1, 2).UTC(), time.Unix(3, 4).UTC()}
	checkRecord(t, w, AppendWallet, func(record []byte) (Wallet, error) { return DecodeWallet("h", record) })
	checkRecord(t, WalletEntry{EntryRefunded, "p", "b", 1, 2, 3, 4, time.Unix(1, 2).UTC()}, AppendWalletEntry, DecodeWalletEntry)
}

// checkRecord checks that a row survives encoding, and that a truncated record is invalid.
func checkRecord[R any](t *testing.T, row R, encode func([]byte, *R) []byte, decode func([]byte) (R, error)) {
	t.Helper()
	record := encode(nil, &row)
	if got, err := decode(record); err != nil || !reflect.DeepEqual(got, row) {
		t.Errorf("decoded %+v, %v; want %+v", got, err, row)
	}
	for size := range record {
		if _, err := decode(record[:size]); err == nil {
			t.Errorf("the first %d of %d bytes are decoded as a %T, want an error", size, len(record), row)
		}
	}
}

// TestBookingAtItsDeadline: a held booking expires just after its deadline, one that is being paid does not.
func TestBookingAtItsDeadline(t *testing.T) {
	b := Booking{Status: events.BookingIsHeld, ExpiresAt: testDeadline}
	for at, want := range map[time.Time]events.BookingStatus{testDeadline: events.BookingIsHeld,
		testDeadline.Add(1): events.BookingIsExpired} {
		if got := b.StatusAt(at); got != want {
			t.Errorf("StatusAt(%v) = %s, want %s", at, got, want)
		}
	}
	b.Status = events.BookingIsPaying
	if got := b.StatusAt(testDeadline.Add(1)); got != events.BookingIsPaying {
		t.Errorf("StatusAt after the deadline, while being paid = %s, want %s", got, events.BookingIsPaying)
	}
}
