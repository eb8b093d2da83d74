package history_test

import (
	"errors"
	"strings"
	"testing"

	"admitone/events"
	"admitone/projections/history"
	"admitone/projections/logtest"
)

// TestDescribeWaitingRooms: every fact has a description, and a holder's history has the joins.
func TestDescribeWaitingRooms(t *testing.T) {
	all := ""
	for _, q := range []*logtest.WaitingRoom{logtest.FIFORoom(), logtest.Draw(3)} {
		s := &logtest.Store{Log: q.Log, MaxRead: 10_000, End: events.Position(len(q.Log))}
		lines, _, _, err := history.Read(t.Context(), s, "waiting-room", "a", 0, 100)
		if err != nil || len(lines) != len(q.Log) {
			t.Fatalf("%d lines of %d events, %v", len(lines), len(q.Log), err)
		}
		for i := range lines {
			if strings.HasPrefix(lines[i].Text, "waitingroom.") {
				t.Errorf("%s has no description", lines[i].Text)
			}
			all += lines[i].Text + "\n"
		}
	}
	for _, sentence := range []string{
		"set up: open, fifo: 2 per second, 3 passes of 60 s at once, silent for 60 s at most\n",
		"ann joined the queue with ticket 1; 1 waiting, 0 active\n",
		"2 visitors admitted, tickets 1, 3, with passes until 2031-05-01T20:01:00.000Z; 3 waiting, 2 active\n",
		"1 visitor lost the place through inactivity, ticket 6; 1 waiting, 3 active\n",
		"ticket 3 finished, and its pass ended; ",
		"1 pass expired, ticket 1; ",
		"the order of tickets 1 to 3 was drawn: seed 0707",
	} {
		if !strings.Contains(all, sentence) {
			t.Errorf("the history lacks %q:\n%s", sentence, all)
		}
	}
	q := logtest.FIFORoom()
	s := &logtest.Store{Log: q.Log, MaxRead: 10_000, End: events.Position(len(q.Log))}
	lines, _, _, err := history.Read(t.Context(), s, "holder", "bob", 0, 100)
	if err != nil || len(lines) != 2 || !strings.HasPrefix(lines[1].Text, "bob joined the queue with ticket 7") {
		t.Errorf("bob's history: %+v, %v; want two joins, the second with ticket 7", lines, err)
	}
	if _, _, _, err := history.Read(t.Context(), s, "waiting-room", "b", 0, 100); !errors.Is(err, history.ErrEmpty) {
		t.Errorf("history of an unknown room: %v, want ErrEmpty", err)
	}
}
