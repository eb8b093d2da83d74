package row

import (
	"testing"
	"time"

	"admitone/events"
	"admitone/projections/logtest"
)

// testDeadline is the deadline in the tests of expiry.
var testDeadline = time.Unix(1_800_000_000, 0).UTC()

func TestTournamentFold(t *testing.T) {
	s := logtest.Tournament()
	want := []events.TournamentCounts{logtest.Counts(0, 2, 0), logtest.Counts(1, 1, 0), logtest.Counts(1, 1, 2),
		logtest.Counts(1, 1, 3), logtest.Counts(1, 2, 3),
		logtest.Counts(3, 0, 1), logtest.Counts(2, 1, 1), logtest.Counts(3, 0, 0), logtest.Counts(3, 0, 0),
		logtest.Counts(2, 1, 0)}
	var row Tournament
	for i := range want {
		for range 2 { // the second time nothing changes
			if err := row.Apply(&s.Log[i+2]); err != nil {
				t.Fatal(err)
			}
			if row.Counts() != want[i] {
				t.Fatalf("after event %d: %+v, want %+v", i, row.Counts(), want[i])
			}
		}
	}
	if row.ID != "a" || row.Name != "B" || row.TeamLimit != 3 || !row.Waitlist ||
		row.Status != events.TournamentClosed || row.Revision != 9 || row.Position != 12 {
		t.Errorf("the row is %+v, want a closed tournament of 3 slots at revision 9", row)
	}
	var lions Team
	for range 2 {
		if err := lions.Apply(&s.Log[0]); err != nil || lions.Name != "The lions" || lions.ID != "lions" ||
			lions.Position != 1 {
			t.Fatalf("the team is %+v, %v; want The lions at position 1", lions, err)
		}
	}
}

func TestStatusAtTheDeadline(t *testing.T) {
	row := Tournament{RegisterDeadline: testDeadline, Status: events.TournamentOpen}
	for at, want := range map[time.Time]events.TournamentStatus{testDeadline: events.TournamentOpen,
		testDeadline.Add(1): events.TournamentClosed} {
		if got := row.StatusAt(at); got != want {
			t.Errorf("StatusAt(%v) = %s, want %s", at, got, want)
		}
	}
	row.Status = events.TournamentClosed
	if got := row.StatusAt(testDeadline); got != events.TournamentClosed {
		t.Errorf("StatusAt of a tournament closed by the organiser = %s, want %s", got, events.TournamentClosed)
	}
}

// TestTournamentRecord: every field survives encoding, and a truncated record is invalid.
func TestTournamentRecord(t *testing.T) {
	row := Tournament{
		ID: "a", Name: "A \"cup\"", TeamLimit: 9, Entered: 3, Waitlisted: 2,
		RegisterDeadline: time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC),
		Status:           events.TournamentClosed, Waitlist: true, WaitlistRule: events.WaitlistFill, Revision: 7,
		Position: 8,
		Created:  time.Unix(1, 2).UTC(), Updated: time.Unix(3, 4).UTC(), LastSlot: 11, LastWaiting: 12,
	}
	if got, err := DecodeTournament("a", AppendTournament(nil, &row)); err != nil || got != row {
		t.Errorf("DecodeTournament: %+v, %v; want %+v", got, err, row)
	}
	record := AppendTournament(nil, &row)
	for size := range record {
		if _, err := DecodeTournament("a", record[:size]); err == nil {
			t.Errorf("the first %d of %d bytes are decoded as a row, want an error", size, len(record))
		}
	}
}
