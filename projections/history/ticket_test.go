package history_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"admitone/events"
	"admitone/projections/history"
	"admitone/projections/logtest"
)

// TestHistoryOfATicket: a holder's join links the ticket, whose history has exactly the events about it, for any page
// size.
func TestHistoryOfATicket(t *testing.T) {
	fifo, draw := logtest.FIFORoom(), logtest.Draw(3)
	for _, test := range []struct {
		about  string
		room   *logtest.WaitingRoom
		ticket string
		want   []string
	}{
		{"expired", fifo, "a~1", []string{"ann joined", "2 visitors admitted, tickets 1, 3,",
			"1 pass expired, ticket 1;"}},
		{"left", fifo, "a~2", []string{"bob joined", "ticket 2 gave up its place"}},
		{"finished", fifo, "a~3", []string{"cy joined", "2 visitors admitted, tickets 1, 3,", "ticket 3 finished"}},
		{"dropped", fifo, "a~6", []string{"fay joined", "1 visitor lost the place"}},
		{"admitted", fifo, "a~7", []string{"bob joined", "1 visitor admitted, ticket 7"}},
		{"in a draw", draw, "a~3", []string{"hc joined", "the order of tickets 1 to 3 was drawn"}},
		{"too late for the draw", draw, "a~4", []string{"late joined"}},
	} {
		s := &logtest.Store{Log: test.room.Log, MaxRead: 10_000, End: events.Position(len(test.room.Log))}
		for limit := 1; limit < 5; limit++ {
			var lines []history.Line
			for place, more := events.Position(0), true; more; {
				page, next, again, err := history.ReadRelated(t.Context(), s, "ticket", test.ticket, place, limit)
				if err != nil || len(page) > limit {
					t.Fatalf("%s: %d lines at %d, %v; want at most %d", test.about, len(page), place, err, limit)
				}
				lines, place, more = append(lines, page...), next, again
			}
			if !slices.EqualFunc(lines, test.want,
				func(l history.Line, prefix string) bool { return strings.HasPrefix(l.Text, prefix) }) {
				t.Errorf("%s, in pages of %d: %+v, want %q", test.about, limit, lines, test.want)
			}
		}
	}
	s := &logtest.Store{Log: fifo.Log, MaxRead: 10_000, End: events.Position(len(fifo.Log))}
	for _, id := range []string{"a~8", "a~0", "a~-1", "a~x", "a~01", "a", "b~1", "~", "a~99999999999999999999"} {
		if _, _, _, err := history.ReadRelated(t.Context(), s, "ticket", id, 0, 9); !errors.Is(err, history.ErrEmpty) {
			t.Errorf("ticket %s: %v, want ErrEmpty", id, err)
		}
	}
	lines, _, _, err := history.Read(t.Context(), s, "holder", "bob", 0, 9)
	if err != nil || len(lines) != 2 || !slices.Equal(lines[1].Related, []string{"holder/bob", "ticket/a~7"}) {
		t.Errorf("bob's history: %+v, %v; want two joins, the second with ticket 7", lines, err)
	}
}
