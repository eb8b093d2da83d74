package history_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"admitone/projections/history"
	"admitone/projections/logtest"
)

func TestTournamentHistory(t *testing.T) {
	s := &logtest.Store{Log: logtest.Tournament().Log, MaxRead: 10_000}
	for _, test := range []struct {
		kind, id string
		want     []string
	}{
		{"tournament", "a", []string{
			`opened for entry as "A": 2 slots until 2031-05-01T21:00:00.000Z, ` +
				`with a strict waitlist (first entry is promoted first)`,
			"lions entered; 1 team in, 1 remains",
			"tigers and bears together went to the waitlist; 1 team in, 1 remains, 2 waiting",
			"wolves went to the waitlist; 1 team in, 1 remains, 3 waiting",
			`edited; it is now "B" and open: 3 slots until 2031-05-01T21:00:00.000Z; 1 team in, 2 remain, 3 waiting`,
			"tigers and bears together were promoted from the waitlist; 3 teams in, none remain, 1 waiting",
			"lions withdrew from its slot; 2 teams in, 1 remains, 1 waiting",
			"wolves was promoted from the waitlist; 3 teams in, none remain",
			`edited; it is now "B" and closed: 3 slots until 2031-05-01T21:00:00.000Z; 3 teams in, none remain`,
			"tigers withdrew from its slot; 2 teams in, 1 remains",
		}},
		{"team", "tigers", []string{
			`registered as "The tigers"`,
			"tigers and bears together went to the waitlist; 1 team in, 1 remains, 2 waiting",
			"tigers and bears together were promoted from the waitlist; 3 teams in, none remain, 1 waiting",
			"tigers withdrew from its slot; 2 teams in, 1 remains",
		}},
		{"team", "lions", []string{
			`registered as "The lions"`,
			"lions entered; 1 team in, 1 remains",
			"lions withdrew from its slot; 2 teams in, 1 remains, 1 waiting",
		}},
		{"holder", "tigers", nil}, // a team's id is not a holder's
	} {
		for _, limit := range []int{1, 3, 500} {
			if got := readHistory(t, s, test.kind, test.id, limit); !slices.Equal(got, test.want) {
				t.Errorf("%s/%s by %d:\n%s\nwant\n%s", test.kind, test.id, limit, strings.Join(got, "\n"),
					strings.Join(test.want, "\n"))
			}
		}
	}
	if _, _, _, err := history.Read(t.Context(), s, "team", "bears", 0, 9); !errors.Is(err, history.ErrEmpty) {
		t.Errorf("history of an unregistered team: %v, want ErrEmpty", err)
	}
	changes, _, more, err := history.Read(t.Context(), s, "tournament", "a", 8, 9) // after revision 7
	if err != nil || more || len(changes) != 2 || changes[0].Revision != 8 {
		t.Errorf("since revision 7: %+v, %t, %v; want two events from revision 8", changes, more, err)
	}
}
