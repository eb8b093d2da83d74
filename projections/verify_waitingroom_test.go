package projections

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"admitone/events"
)

// queue writes the facts of one waiting room down, whatever they say.
type queue struct {
	*forgery
	settings events.WaitingRoomSettings
	counts   events.WaitingRoomCounts
	admitted int64
}

var roomSeed = bytes.Repeat([]byte{7}, 32)

func hashOf(seed []byte) string {
	hash := sha256.Sum256(seed)
	return hex.EncodeToString(hash[:])
}

// newQueue opens a room; change may adjust its settings before.
func newQueue(change ...func(*events.WaitingRoomSettings)) *queue {
	q := &queue{forgery: newForgery(), settings: events.WaitingRoomSettings{AdmitPerSecond: 2, MaxActive: 3, ActiveSeconds: 60,
		HeartbeatSeconds: 30, Status: events.RoomOpen, Order: events.RoomFIFO, Version: 1}}
	for _, f := range change {
		f(&q.settings)
	}
	q.fact(&events.WaitingRoomOpened{RoomID: "a", WaitingRoomSettings: q.settings})
	return q
}

func (q *queue) fact(facts ...events.Fact) { q.add("waitingroom-a", facts...) }

func (q *queue) changed(f func(*events.WaitingRoomSettings)) {
	q.settings.Version++
	f(&q.settings)
	q.fact(&events.WaitingRoomChanged{WaitingRoomSettings: q.settings, WaitingRoomCounts: q.counts})
}

func (q *queue) joined(ticket int64, holder string) {
	q.counts.Waiting++
	q.fact(&events.WaitingRoomJoined{Ticket: ticket, Holder: holder, WaitingRoomCounts: q.counts})
}

func ranges(tickets ...int64) (all []events.TicketRange) {
	for _, ticket := range tickets {
		all = events.AddTicket(all, ticket)
	}
	return all
}

func (q *queue) admits(tickets ...int64) {
	n := int64(len(tickets))
	q.counts.Waiting -= n
	q.counts.Active += n
	q.admitted += n
	q.fact(&events.WaitingRoomAdmitted{Tickets: ranges(tickets...), Count: n, Admitted: q.admitted, AdmittedAt: q.now,
		ExpiresAt: q.now.Add(time.Duration(q.settings.ActiveSeconds) * time.Second), WaitingRoomCounts: q.counts})
}

func (q *queue) left(ticket int64, was events.VisitorStatus) {
	if was == events.VisitorWaiting {
		q.counts.Waiting--
	} else {
		q.counts.Active--
	}
	q.fact(&events.WaitingRoomLeft{Ticket: ticket, Was: was, WaitingRoomCounts: q.counts})
}

func (q *queue) dropped(tickets ...int64) {
	q.counts.Waiting -= int64(len(tickets))
	q.fact(&events.WaitingRoomDropped{Tickets: ranges(tickets...), Count: int64(len(tickets)), WaitingRoomCounts: q.counts})
}

func (q *queue) expired(tickets ...int64) {
	q.counts.Active -= int64(len(tickets))
	q.fact(&events.WaitingRoomExpired{Tickets: ranges(tickets...), Count: int64(len(tickets)), WaitingRoomCounts: q.counts})
}

func (q *queue) finished(ticket int64) {
	q.counts.Active--
	q.fact(&events.WaitingRoomFinished{Ticket: ticket, WaitingRoomCounts: q.counts})
}

// aLine is a log of a room that goes by arrival, with no rule broken.
func aLine() *queue {
	q := newQueue()
	for i, holder := range strings.Fields("ann bob cy dee eve fay") {
		q.joined(int64(i+1), holder)
	}
	q.left(2, events.VisitorWaiting)
	q.admits(1, 3)
	q.wait(time.Second)
	q.admits(4)
	q.dropped(6)
	q.joined(7, "bob") // who left may come again
	q.finished(3)
	q.wait(time.Second)
	q.admits(5)
	q.left(4, events.VisitorAdmitted)
	q.wait(58*time.Second + 1)
	q.expired(1)
	q.changed(func(s *events.WaitingRoomSettings) { s.Status, s.MaxActive = events.RoomClosed, 1 })
	q.wait(time.Hour)
	q.expired(5)
	q.changed(func(s *events.WaitingRoomSettings) { s.Status = events.RoomOpen })
	q.admits(7)
	return q
}

// aDraw is a log of a shuffled opening of n, up to the draw.
func aDraw(n int) *queue {
	q := newQueue(func(s *events.WaitingRoomSettings) {
		s.Order, s.SeedHash, s.OpensAt = events.RoomShuffle, hashOf(roomSeed), newForgery().now.Add(time.Hour)
	})
	for i := range n {
		q.joined(int64(i+1), "h"+string(rune('a'+i)))
	}
	q.wait(time.Hour + 1)
	q.fact(&events.WaitingRoomBegun{Early: int64(n)})
	q.joined(int64(n+1), "late")
	q.fact(&events.WaitingRoomShuffled{Seed: hex.EncodeToString(roomSeed), Early: int64(n)})
	return q
}

func TestVerifierTakesWaitingRooms(t *testing.T) {
	q := aLine()
	if err := q.verify(); err != nil {
		t.Fatal(err)
	}
	q = aDraw(9)
	order := events.ShuffledTickets(roomSeed, 9)
	q.admits(int64(order[0]), int64(order[1]))
	q.left(int64(order[2]), events.VisitorWaiting)
	q.wait(time.Second)
	q.admits(int64(order[3]))
	if err := q.verify(); err != nil {
		t.Fatal(err)
	}
}

// TestVerifierRulesOfWaitingRooms breaks every rule on purpose; the last event is the
// one that does.
func TestVerifierRulesOfWaitingRooms(t *testing.T) {
	broken := map[Rule]bool{}
	three := func() *queue {
		q := newQueue()
		q.joined(1, "ann")
		q.joined(2, "bob")
		q.joined(3, "cy")
		return q
	}
	shuffle := func(s *events.WaitingRoomSettings) {
		s.Order, s.SeedHash, s.OpensAt = events.RoomShuffle, hashOf(roomSeed), newForgery().now.Add(time.Hour)
	}
	for _, test := range []struct {
		about string
		rule  Rule
		log   func() *queue
	}{
		{"a room without its opening", RuleCreation, func() *queue {
			q := &queue{forgery: newForgery()}
			q.joined(1, "ann")
			return q
		}},
		{"a fact of another kind", RuleKnown, func() *queue { q := newQueue(); q.fact(reserved(1, "ada", 1, 2)); return q }},
		{"the second comes in first", RuleLine, func() *queue { q := three(); q.admits(2); return q }},
		{"the first is passed over", RuleLine, func() *queue { q := three(); q.admits(1, 3); return q }},
		{"who has left comes in", RuleLine, func() *queue { q := three(); q.left(1, events.VisitorWaiting); q.admits(1); return q }},
		{"who never came comes in", RuleLine, func() *queue { q := newQueue(); q.admits(1); return q }},
		{"too many at once", RuleActive, func() *queue {
			q := three()
			q.changed(func(s *events.WaitingRoomSettings) { s.MaxActive = 1 })
			q.admits(1, 2)
			return q
		}},
		{"too many in a second", RuleRate, func() *queue { q := three(); q.admits(1, 2); q.wait(time.Second - 1); q.admits(3); return q }},
		{"into a closed room", RuleDoor, func() *queue {
			q := three()
			q.changed(func(s *events.WaitingRoomSettings) { s.Status = events.RoomClosed })
			q.joined(4, "dee")
			return q
		}},
		{"in through a closed door", RuleDoor, func() *queue {
			q := three()
			q.changed(func(s *events.WaitingRoomSettings) { s.Status = events.RoomClosed })
			q.admits(1)
			return q
		}},
		{"before it opens", RuleDoor, func() *queue {
			q := newQueue(func(s *events.WaitingRoomSettings) { s.OpensAt = newForgery().now.Add(time.Second) })
			q.joined(1, "ann")
			q.admits(1)
			return q
		}},
		{"two places", RulePlace, func() *queue { q := three(); q.joined(4, "ann"); return q }},
		{"a ticket left out", RulePlace, func() *queue { q := three(); q.joined(5, "dee"); return q }},
		{"leaving twice", RulePlace, func() *queue {
			q := three()
			q.left(1, events.VisitorWaiting)
			q.left(1, events.VisitorWaiting)
			return q
		}},
		{"a waiting visitor finishes", RulePlace, func() *queue { q := three(); q.finished(1); return q }},
		{"dropped with a pass", RulePlace, func() *queue { q := three(); q.admits(1); q.dropped(1); return q }},
		{"a pass ends too early", RulePlace, func() *queue { q := three(); q.admits(1); q.wait(time.Minute); q.expired(1); return q }},
		{"without end", RulePlace, func() *queue {
			q := three()
			q.fact(&events.WaitingRoomDropped{Tickets: []events.TicketRange{{From: 1, To: 1 << 62}}, Count: 1 << 62})
			return q
		}},
		{"counts that don't add up", RuleFigures, func() *queue { q := three(); q.counts.Active++; q.joined(4, "dee"); return q }},
		{"more than it names", RuleFigures, func() *queue {
			q := three()
			q.fact(&events.WaitingRoomDropped{Tickets: ranges(1), Count: 2, WaitingRoomCounts: events.WaitingRoomCounts{Waiting: 1}})
			return q
		}},
		{"a longer pass", RuleFigures, func() *queue {
			q := three()
			q.settings.ActiveSeconds++
			q.admits(1)
			return q
		}},
		{"settings left out", RuleFigures, func() *queue {
			q := three()
			q.settings.Version++
			q.changed(func(*events.WaitingRoomSettings) {})
			return q
		}},
		{"a draw after somebody came", RuleDraw, func() *queue { q := three(); q.changed(shuffle); return q }},
		{"another seed after somebody came", RuleDraw, func() *queue {
			q := newQueue(shuffle)
			q.joined(1, "ann")
			q.changed(func(s *events.WaitingRoomSettings) { s.SeedHash = hashOf([]byte("mine")) })
			return q
		}},
		{"another seed than promised", RuleDraw, func() *queue {
			q := newQueue(shuffle)
			q.joined(1, "ann")
			q.wait(time.Hour + 1)
			q.fact(&events.WaitingRoomBegun{Early: 1}, &events.WaitingRoomShuffled{Seed: hex.EncodeToString([]byte("mine")), Early: 1})
			return q
		}},
		{"a latecomer before it is said who came in time", RuleDraw, func() *queue {
			q := newQueue(shuffle)
			q.wait(time.Hour + 1)
			q.joined(1, "ann")
			return q
		}},
		{"the opening moved when it has begun", RuleDraw, func() *queue {
			q := newQueue(shuffle)
			q.wait(time.Hour + 1)
			q.fact(&events.WaitingRoomBegun{})
			q.joined(1, "ann")
			q.changed(func(s *events.WaitingRoomSettings) { s.OpensAt = s.OpensAt.Add(time.Hour) })
			return q
		}},
		{"in before the draw", RuleDraw, func() *queue {
			q := newQueue(shuffle)
			q.joined(1, "ann")
			q.wait(time.Hour + 1)
			q.fact(&events.WaitingRoomBegun{Early: 1})
			q.admits(1)
			return q
		}},
		{"by arrival after a draw", RuleLine, func() *queue {
			q := aDraw(9)
			if order := events.ShuffledTickets(roomSeed, 9); order[0] == 1 {
				t.Fatal("take another seed")
			}
			q.admits(1)
			return q
		}},
	} {
		q := test.log()
		err := q.verify()
		var v *Violation
		if !errors.As(err, &v) || v.Rule != test.rule || int(v.Position) != len(q.log) {
			t.Errorf("%s: %v, want %q at position %d", test.about, err, test.rule, len(q.log))
		}
		broken[test.rule] = true
	}
	for _, rule := range []Rule{RuleLine, RuleActive, RuleRate, RuleDoor, RulePlace, RuleDraw} {
		if !broken[rule] {
			t.Errorf("nothing breaks %q", rule)
		}
	}
}

// TestStoriesOfWaitingRooms: every fact has a sentence, and a holder's history has the
// joins.
func TestStoriesOfWaitingRooms(t *testing.T) {
	told := ""
	for _, q := range []*queue{aLine(), aDraw(3)} {
		s := &slice{log: q.log, most: 10_000, head: events.Position(len(q.log))}
		lines, _, _, err := History(t.Context(), s, "waiting-room", "a", 0, 100)
		if err != nil || len(lines) != len(q.log) {
			t.Fatalf("%d lines of %d events, %v", len(lines), len(q.log), err)
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
		"1 visitor lost the place by silence, tickets 6; 1 waiting, 3 active\n",
		"ticket 3 was done, and its pass ended; ",
		"the time of 1 pass was over, tickets 1; ",
		"the order of tickets 1 to 3 was drawn: seed 0707",
	} {
		if !strings.Contains(told, sentence) {
			t.Errorf("nobody says %q:\n%s", sentence, told)
		}
	}
	q := aLine()
	s := &slice{log: q.log, most: 10_000, head: events.Position(len(q.log))}
	lines, _, _, err := History(t.Context(), s, "holder", "bob", 0, 100)
	if err != nil || len(lines) != 2 || !strings.HasPrefix(lines[1].Text, "bob joined the line with ticket 7") {
		t.Errorf("bob's history: %+v, %v", lines, err)
	}
	if _, _, _, err := History(t.Context(), s, "waiting-room", "b", 0, 100); !errors.Is(err, ErrNoHistory) {
		t.Errorf("of a room that is not there: %v", err)
	}
}
