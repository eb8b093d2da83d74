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
		name string
		rule verify.Rule
		log  func() *logtest.WaitingRoom
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
		{"second visitor admitted first", verify.RuleLine, func() *logtest.WaitingRoom { q := three(); q.Admitted(2); return q }},
		{"second visitor passed over", verify.RuleLine, func() *logtest.WaitingRoom { q := three(); q.Admitted(1, 3); return q }},
		{"visitor admitted after leaving", verify.RuleLine,
			func() *logtest.WaitingRoom { q := three(); q.Left(1, events.VisitorWaiting); q.Admitted(1); return q }},
		{"unknown ticket admitted", verify.RuleLine,
			func() *logtest.WaitingRoom { q := logtest.NewWaitingRoom(); q.Admitted(1); return q }},
		{"more active passes than allowed", verify.RuleActive, func() *logtest.WaitingRoom {
			q := three()
			q.Changed(func(s *events.WaitingRoomSettings) { s.MaxActive = 1 })
			q.Admitted(1, 2)
			return q
		}},
		{"more admitted in a second than allowed", verify.RuleRate, func() *logtest.WaitingRoom {
			q := three()
			q.Admitted(1, 2)
			q.Wait(time.Second - 1)
			q.Admitted(3)
			return q
		}},
		{"joined while closed", verify.RuleDoor, func() *logtest.WaitingRoom {
			q := three()
			q.Changed(func(s *events.WaitingRoomSettings) { s.Status = events.RoomClosed })
			q.Joined(4, "dee")
			return q
		}},
		{"admitted while closed", verify.RuleDoor, func() *logtest.WaitingRoom {
			q := three()
			q.Changed(func(s *events.WaitingRoomSettings) { s.Status = events.RoomClosed })
			q.Admitted(1)
			return q
		}},
		{"admitted before the opening", verify.RuleDoor, func() *logtest.WaitingRoom {
			q := logtest.NewWaitingRoom(func(s *events.WaitingRoomSettings) {
				s.OpensAt = logtest.NewForgery().Now.Add(time.Second)
			})
			q.Joined(1, "ann")
			q.Admitted(1)
			return q
		}},
		{"holder joined twice", verify.RulePlace, func() *logtest.WaitingRoom { q := three(); q.Joined(4, "ann"); return q }},
		{"ticket number skipped", verify.RulePlace, func() *logtest.WaitingRoom { q := three(); q.Joined(5, "dee"); return q }},
		{"visitor left twice", verify.RulePlace, func() *logtest.WaitingRoom {
			q := three()
			q.Left(1, events.VisitorWaiting)
			q.Left(1, events.VisitorWaiting)
			return q
		}},
		{"waiting visitor finished", verify.RulePlace,
			func() *logtest.WaitingRoom { q := three(); q.Finished(1); return q }},
		{"visitor with a pass dropped", verify.RulePlace,
			func() *logtest.WaitingRoom { q := three(); q.Admitted(1); q.Dropped(1); return q }},
		{"pass expired too early", verify.RulePlace,
			func() *logtest.WaitingRoom { q := three(); q.Admitted(1); q.Wait(time.Minute); q.Expired(1); return q }},
		{"range of too many tickets", verify.RulePlace, func() *logtest.WaitingRoom {
			q := three()
			q.Fact(&events.WaitingRoomDropped{Tickets: []events.TicketRange{{From: 1, To: 1 << 62}}, Count: 1 << 62})
			return q
		}},
		{"counts that don't add up", verify.RuleFigures,
			func() *logtest.WaitingRoom { q := three(); q.Counts.Active++; q.Joined(4, "dee"); return q }},
		{"count higher than the named tickets", verify.RuleFigures, func() *logtest.WaitingRoom {
			q := three()
			q.Fact(&events.WaitingRoomDropped{Tickets: logtest.Ranges(1), Count: 2,
				WaitingRoomCounts: events.WaitingRoomCounts{Waiting: 1}})
			return q
		}},
		{"pass longer than the settings allow", verify.RuleFigures, func() *logtest.WaitingRoom {
			q := three()
			q.Settings.ActiveSeconds++
			q.Admitted(1)
			return q
		}},
		{"settings version skipped", verify.RuleFigures, func() *logtest.WaitingRoom {
			q := three()
			q.Settings.Version++
			q.Changed(func(*events.WaitingRoomSettings) {})
			return q
		}},
		{"changed to a draw after a visitor joined", verify.RuleDraw,
			func() *logtest.WaitingRoom { q := three(); q.Changed(shuffle); return q }},
		{"seed hash changed after a visitor joined", verify.RuleDraw, func() *logtest.WaitingRoom {
			q := logtest.NewWaitingRoom(shuffle)
			q.Joined(1, "ann")
			q.Changed(func(s *events.WaitingRoomSettings) { s.SeedHash = logtest.HashOf([]byte("mine")) })
			return q
		}},
		{"seed without the published hash", verify.RuleDraw, func() *logtest.WaitingRoom {
			q := logtest.NewWaitingRoom(shuffle)
			q.Joined(1, "ann")
			q.Wait(time.Hour + 1)
			q.Fact(&events.WaitingRoomBegun{Early: 1},
				&events.WaitingRoomShuffled{Seed: hex.EncodeToString([]byte("mine")), Early: 1})
			return q
		}},
		{"joined after the opening time but before the opening", verify.RuleDraw, func() *logtest.WaitingRoom {
			q := logtest.NewWaitingRoom(shuffle)
			q.Wait(time.Hour + 1)
			q.Joined(1, "ann")
			return q
		}},
		{"opening time changed after the opening", verify.RuleDraw, func() *logtest.WaitingRoom {
			q := logtest.NewWaitingRoom(shuffle)
			q.Wait(time.Hour + 1)
			q.Fact(&events.WaitingRoomBegun{})
			q.Joined(1, "ann")
			q.Changed(func(s *events.WaitingRoomSettings) { s.OpensAt = s.OpensAt.Add(time.Hour) })
			return q
		}},
		{"admitted before the draw", verify.RuleDraw, func() *logtest.WaitingRoom {
			q := logtest.NewWaitingRoom(shuffle)
			q.Joined(1, "ann")
			q.Wait(time.Hour + 1)
			q.Fact(&events.WaitingRoomBegun{Early: 1})
			q.Admitted(1)
			return q
		}},
		{"admitted by arrival after a draw", verify.RuleLine, func() *logtest.WaitingRoom {
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
			t.Errorf("%s: %v, want %q at position %d", test.name, err, test.rule, len(q.Log))
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
