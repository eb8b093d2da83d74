package history_test

import (
	"errors"
	"strings"
	"testing"

	"admitone/events"
	"admitone/projections/history"
	"admitone/projections/logtest"
)

// TestSentencesOfWaitingRooms: every fact has a sentence, and a holder's history has the
// joins.
func TestSentencesOfWaitingRooms(t *testing.T) {
	told := ""
	for _, q := range []*logtest.WaitingRoom{logtest.WaitingLine(), logtest.Draw(3)} {
		s := &logtest.Store{Log: q.Log, Most: 10_000, End: events.Position(len(q.Log))}
		lines, _, _, err := history.Read(t.Context(), s, "waiting-room", "a", 0, 100)
		if err != nil || len(lines) != len(q.Log) {
			t.Fatalf("%d lines of %d events, %v", len(lines), len(q.Log), err)
		}
		for i := range lines {
			if strings.HasPrefix(lines[i].Text, "waitingroom.") {
				t.Errorf("no words for %s", lines[i].Text)
			}
			told += lines[i].Text + "\n"
		}
	}
	for _, sentence := range []string{
		"set up: open, fifo: 2 per second, 3 passes of 60 s at once, silent for 60 s at most\n",
		"ann joined the line with ticket 1; 1 waiting, 0 active\n",
		"2 visitors came in, tickets 1, 3, with passes until 2031-05-01T20:01:00.000Z; 3 waiting, 2 active\n",
		"1 visitor lost the place by silence, ticket 6; 1 waiting, 3 active\n",
		"ticket 3 was done, and its pass ended; ",
		"the time of 1 pass was over, ticket 1; ",
		"the order of tickets 1 to 3 was drawn: seed 0707",
	} {
		if !strings.Contains(told, sentence) {
			t.Errorf("the history lacks %q:\n%s", sentence, told)
		}
	}
	q := logtest.WaitingLine()
	s := &logtest.Store{Log: q.Log, Most: 10_000, End: events.Position(len(q.Log))}
	lines, _, _, err := history.Read(t.Context(), s, "holder", "bob", 0, 100)
	if err != nil || len(lines) != 2 || !strings.HasPrefix(lines[1].Text, "bob joined the line with ticket 7") {
		t.Errorf("bob's history: %+v, %v", lines, err)
	}
	if _, _, _, err := history.Read(t.Context(), s, "waiting-room", "b", 0, 100); !errors.Is(err, history.ErrEmpty) {
		t.Errorf("of a room that is not there: %v", err)
	}
}
