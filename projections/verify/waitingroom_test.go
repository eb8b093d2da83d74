package verify_test

import (
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"admitone/events"
	"admitone/projections/logtest"
	"admitone/projections/verify"
)

func TestVerifierAcceptsWaitingRooms(t *testing.T) {
	q := logtest.FIFORoom()
	if err := verifyAll(q.Log); err != nil {
		t.Fatal(err)
	}
	q = logtest.Draw(9)
	order := events.ShuffledTickets(logtest.RoomSeed, 9)
	q.Admitted(int64(order[0]), int64(order[1]))
	q.Left(int64(order[2]), events.VisitorWaiting)
	q.Wait(time.Second)
	q.Admitted(int64(order[3]))
	if err := verifyAll(q.Log); err != nil {
		t.Fatal(err)
	}
}

// TestVerifierRulesOfWaitingRooms breaks every rule; the last event of each log is the one that
// does.
func TestVerifierRulesOfWaitingRooms(t *testing.T) {
	broken := map[verify.Rule]bool{}
	three := func() *logtest.WaitingRoom {
		q := logtest.NewWaitingRoom()
		q.Joined(1, "ann")
		q.Joined(2, "bob")
		q.Joined(3, "cy")
		return q
	}
	shuffle := func(s *events.WaitingRoomSettings) {
		s.Order, s.SeedHash, s.OpensAt = events.RoomShuffle, logtest.HashOf(logtest.RoomSeed),
			logtest.NewForgery().Now.Add(time.Hour)
	}
	for _, test := range []struct {
		about string
		rule  verify.Rule
		log   func() *logtest.WaitingRoom
	}{
		{"a room without its opening", verify.RuleCreation, func() *logtest.WaitingRoom {
			q := &logtest.WaitingRoom{Forgery: logtest.NewForgery()}
			q.Joined(1, "ann")
			return q
		}},
		{"a fact of a different kind", verify.RuleKnown, func() *logtest.WaitingRoom {
			q := logtest.NewWaitingRoom()
			q.Fact(logtest.Reserved(1, "ada", 1, 2))
			return q
		}},
		{"the second comes in first", verify.RuleLine, func() *logtest.WaitingRoom { q := three(); q.Admitted(2); return q }},
		{"the first is passed over", verify.RuleLine, func() *logtest.WaitingRoom { q := three(); q.Admitted(1, 3); return q }},
		{"who has left comes in", verify.RuleLine,
			func() *logtest.WaitingRoom { q := three(); q.Left(1, events.VisitorWaiting); q.Admitted(1); return q }},
		{"who never came comes in", verify.RuleLine,
			func() *logtest.WaitingRoom { q := logtest.NewWaitingRoom(); q.Admitted(1); return q }},
		{"too many at once", verify.RuleActive, func() *logtest.WaitingRoom {
			q := three()
			q.Changed(func(s *events.WaitingRoomSettings) { s.MaxActive = 1 })
			q.Admitted(1, 2)
			return q
		}},
		{"too many in a second", verify.RuleRate, func() *logtest.WaitingRoom {
			q := three()
			q.Admitted(1, 2)
			q.Wait(time.Second - 1)
			q.Admitted(3)
			return q
		}},
		{"into a closed room", verify.RuleDoor, func() *logtest.WaitingRoom {
			q := three()
			q.Changed(func(s *events.WaitingRoomSettings) { s.Status = events.RoomClosed })
			q.Joined(4, "dee")
			return q
		}},
		{"in through a closed door", verify.RuleDoor, func() *logtest.WaitingRoom {
			q := three()
			q.Changed(func(s *events.WaitingRoomSettings) { s.Status = events.RoomClosed })
			q.Admitted(1)
			return q
		}},
		{"before it opens", verify.RuleDoor, func() *logtest.WaitingRoom {
			q := logtest.NewWaitingRoom(func(s *events.WaitingRoomSettings) {
				s.OpensAt = logtest.NewForgery().Now.Add(time.Second)
			})
			q.Joined(1, "ann")
			q.Admitted(1)
			return q
		}},
		{"two places", verify.RulePlace, func() *logtest.WaitingRoom { q := three(); q.Joined(4, "ann"); return q }},
		{"a ticket left out", verify.RulePlace, func() *logtest.WaitingRoom { q := three(); q.Joined(5, "dee"); return q }},
		{"leaving twice", verify.RulePlace, func() *logtest.WaitingRoom {
			q := three()
			q.Left(1, events.VisitorWaiting)
			q.Left(1, events.VisitorWaiting)
			return q
		}},
		{"a waiting visitor finishes", verify.RulePlace,
			func() *logtest.WaitingRoom { q := three(); q.Finished(1); return q }},
		{"dropped with a pass", verify.RulePlace,
			func() *logtest.WaitingRoom { q := three(); q.Admitted(1); q.Dropped(1); return q }},
		{"a pass ends too early", verify.RulePlace,
			func() *logtest.WaitingRoom { q := three(); q.Admitted(1); q.Wait(time.Minute); q.Expired(1); return q }},
		{"without end", verify.RulePlace, func() *logtest.WaitingRoom {
			q := three()
			q.Fact(&events.WaitingRoomDropped{Tickets: []events.TicketRange{{From: 1, To: 1 << 62}}, Count: 1 << 62})
			return q
		}},
		{"counts that don't add up", verify.RuleFigures,
			func() *logtest.WaitingRoom { q := three(); q.Counts.Active++; q.Joined(4, "dee"); return q }},
		{"more than it names", verify.RuleFigures, func() *logtest.WaitingRoom {
			q := three()
			q.Fact(&events.WaitingRoomDropped{Tickets: logtest.Ranges(1), Count: 2,
				WaitingRoomCounts: events.WaitingRoomCounts{Waiting: 1}})
			return q
		}},
		{"a longer pass", verify.RuleFigures, func() *logtest.WaitingRoom {
			q := three()
			q.Settings.ActiveSeconds++
			q.Admitted(1)
			return q
		}},
		{"settings left out", verify.RuleFigures, func() *logtest.WaitingRoom {
			q := three()
			q.Settings.Version++
			q.Changed(func(*events.WaitingRoomSettings) {})
			return q
		}},
		{"a draw after somebody came", verify.RuleDraw,
			func() *logtest.WaitingRoom { q := three(); q.Changed(shuffle); return q }},
		{"a different seed after somebody came", verify.RuleDraw, func() *logtest.WaitingRoom {
			q := logtest.NewWaitingRoom(shuffle)
			q.Joined(1, "ann")
			q.Changed(func(s *events.WaitingRoomSettings) { s.SeedHash = logtest.HashOf([]byte("mine")) })
			return q
		}},
		{"a different seed than promised", verify.RuleDraw, func() *logtest.WaitingRoom {
			q := logtest.NewWaitingRoom(shuffle)
			q.Joined(1, "ann")
			q.Wait(time.Hour + 1)
			q.Fact(&events.WaitingRoomBegun{Early: 1},
				&events.WaitingRoomShuffled{Seed: hex.EncodeToString([]byte("mine")), Early: 1})
			return q
		}},
		{"a latecomer before it is said who came in time", verify.RuleDraw, func() *logtest.WaitingRoom {
			q := logtest.NewWaitingRoom(shuffle)
			q.Wait(time.Hour + 1)
			q.Joined(1, "ann")
			return q
		}},
		{"the opening moved when it has begun", verify.RuleDraw, func() *logtest.WaitingRoom {
			q := logtest.NewWaitingRoom(shuffle)
			q.Wait(time.Hour + 1)
			q.Fact(&events.WaitingRoomBegun{})
			q.Joined(1, "ann")
			q.Changed(func(s *events.WaitingRoomSettings) { s.OpensAt = s.OpensAt.Add(time.Hour) })
			return q
		}},
		{"in before the draw", verify.RuleDraw, func() *logtest.WaitingRoom {
			q := logtest.NewWaitingRoom(shuffle)
			q.Joined(1, "ann")
			q.Wait(time.Hour + 1)
			q.Fact(&events.WaitingRoomBegun{Early: 1})
			q.Admitted(1)
			return q
		}},
		{"by arrival after a draw", verify.RuleLine, func() *logtest.WaitingRoom {
			q := logtest.Draw(9)
			if order := events.ShuffledTickets(logtest.RoomSeed, 9); order[0] == 1 {
				t.Fatal("the seed draws ticket 1 first: use another seed")
			}
			q.Admitted(1)
			return q
		}},
	} {
		q := test.log()
		err := verifyAll(q.Log)
		var v *verify.Violation
		if !errors.As(err, &v) || v.Rule != test.rule || int(v.Position) != len(q.Log) {
			t.Errorf("%s: %v, want %q at position %d", test.about, err, test.rule, len(q.Log))
		}
		broken[test.rule] = true
	}
	for _, rule := range []verify.Rule{verify.RuleLine, verify.RuleActive, verify.RuleRate, verify.RuleDoor,
		verify.RulePlace, verify.RuleDraw} {
		if !broken[rule] {
			t.Errorf("no case breaks the rule %q", rule)
		}
	}
}
