package seat

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/core/coretest"
	"admitone/events"
)

// day is the time at which all tests start.
var day = time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)

// holdFor is the time to pay a booking. With Grace, its seats are held for 90 s.
const holdFor = time.Minute

func hold(id events.HoldID, holder events.Holder) *Hold {
	return &Hold{HoldID: id, Holder: holder, Price: 9900, HoldFor: holdFor}
}

func retake(id events.HoldID, holder events.Holder) *Hold {
	return &Hold{HoldID: id, Holder: holder, Price: 9900, HoldFor: holdFor, Retake: true}
}

func book(id events.HoldID) *Book { return &Book{HoldID: id} }

func release(id events.HoldID) *Release {
	return &Release{HoldID: id, Reason: events.ReleasedCancelled}
}

func holdOf(label events.BlockLabel, id events.HoldID, holder events.Holder) *Hold {
	return &Hold{HoldID: id, Holder: holder, Price: 9900, HoldFor: holdFor, Label: label}
}

func block(label events.BlockLabel) *Block { return &Block{Label: label} }

func unblock(label events.BlockLabel) *Unblock { return &Unblock{Label: label} }

func extend(id events.HoldID, to time.Duration) *Extend {
	return &Extend{HoldID: id, ExpiresAt: day.Add(to), HoldFor: holdFor}
}

// describe returns a decision as text: the code of the refusal, or a sentence for each fact.
func describe(facts []events.Fact, err error) string {
	if err != nil {
		return string(err.(*core.Refusal).Code)
	}
	if len(facts) == 0 {
		return "nothing"
	}
	var texts []string
	for _, fact := range facts {
		texts = append(texts, sentence(fact))
	}
	return strings.Join(texts, "; ")
}

// sentence describes a fact.
func sentence(fact events.Fact) string {
	switch f := fact.(type) {
	case *events.SeatHeld:
		text := fmt.Sprintf("held %s %s until %v", f.HoldID, f.Holder, f.ExpiresAt.Sub(day))
		if since := f.FirstHeldAt.Sub(day); since != 0 {
			text += fmt.Sprintf(" since %v", since)
		}
		return text + describeLabel(f.Label)
	case *events.SeatExtended:
		return fmt.Sprintf("extended %s until %v", f.HoldID, f.ExpiresAt.Sub(day))
	case *events.SeatBooked:
		return fmt.Sprintf("booked %s %s", f.HoldID, f.Holder)
	case *events.SeatReleased:
		return fmt.Sprintf("released %s %s %s, %s", f.HoldID, f.Holder, f.Was, f.Reason) + describeLabel(f.Label)
	case *events.SeatExpired:
		return fmt.Sprintf("expired %s %s at %v", f.HoldID, f.Holder, f.ExpiresAt.Sub(day)) + describeLabel(f.Label)
	case *events.SeatBlocked:
		return fact.Name() + describeLabel(f.Label)
	}
	return fact.Name()
}

func describeLabel(label events.BlockLabel) string {
	if label == "" {
		return ""
	}
	return " of " + string(label)
}

const (
	s  = time.Second
	ns = time.Nanosecond
)

// commandCase is a row of a table: the time since day, the command, and the decision as text.
type commandCase struct {
	at   time.Duration
	cmd  core.Command
	want string
}

// rules are tables in which each case starts from the state after the case before it.
var rules = []struct {
	name  string
	cases []commandCase
}{
	{"a free seat is held, then booked", []commandCase{
		{0, hold("b1.1", "ann"), "held b1.1 ann until 1m30s"},
		{30 * s, book("b1.1"), "booked b1.1 ann"},
		{200 * s, &core.Expire{}, "nothing"},
	}},
	{"a held or booked seat is refused to others", []commandCase{
		{0, hold("b1.1", "ann"), "held b1.1 ann until 1m30s"},
		{1 * s, hold("b2.1", "bob"), "seat_taken"},
		{1 * s, hold("b3.1", "ann"), "seat_taken"},
		{2 * s, book("b1.1"), "booked b1.1 ann"},
		{3 * s, hold("b2.1", "bob"), "seat_taken"},
		{3 * s, retake("b1.2", "ann"), "seat_taken"},
	}},
	{"a hold expires after its deadline, not before", []commandCase{
		{0, hold("b1.1", "ann"), "held b1.1 ann until 1m30s"},
		{90 * s, &core.Expire{}, "nothing"},
		{90 * s, hold("b2.1", "bob"), "seat_taken"},
		{90*s + ns, &core.Expire{}, "expired b1.1 ann at 1m30s"},
		{90*s + ns, hold("b2.1", "bob"), "held b2.1 bob until 3m0.000000001s since 1m30.000000001s"},
	}},
	{"delayed commands don't affect a later hold", []commandCase{
		{0, hold("b1.1", "ann"), "held b1.1 ann until 1m30s"},
		{91 * s, &core.Expire{}, "expired b1.1 ann at 1m30s"},
		{91 * s, hold("b2.1", "bob"), "held b2.1 bob until 3m1s since 1m31s"},
		{92 * s, book("b1.1"), "not_held"},
		{92 * s, release("b1.1"), "nothing"},
		{92 * s, release(""), "nothing"},
		{92 * s, extend("b1.1", 500*s), "not_held"},
		{92 * s, hold("b1.1", "ann"), "seat_taken"},
		{93 * s, book("b2.1"), "booked b2.1 bob"},
		{94 * s, release("b1.1"), "nothing"},
		{94 * s, release("b2.2"), "nothing"},
	}},
	{"a blocked seat can only be held under its label, and is blocked again when released", []commandCase{
		{0, block("press"), "seat.blocked.v1 of press"},
		{1 * s, block("press"), "nothing"},
		{1 * s, block(""), "nothing"},
		{1 * s, block("crew"), "seat_taken"},
		{2 * s, hold("b1.1", "ann"), "seat_taken"},
		{2 * s, holdOf("crew", "b1.1", "ann"), "seat_taken"},
		{10 * s, holdOf("press", "b1.1", "ann"), "held b1.1 ann until 1m40s since 10s of press"},
		{11 * s, unblock("press"), "nothing"},
		{11 * s, block("press"), "seat_taken"},
		{12 * s, release("b1.1"), "released b1.1 ann held, cancelled of press"},
		{13 * s, hold("b2.1", "bob"), "seat_taken"},
		{14 * s, holdOf("press", "b2.1", "bob"), "held b2.1 bob until 1m44s since 14s of press"},
		{105 * s, &core.Expire{}, "expired b2.1 bob at 1m44s of press"},
		{106 * s, holdOf("press", "b3.1", "cid"), "held b3.1 cid until 3m16s since 1m46s of press"},
		{107 * s, book("b3.1"), "booked b3.1 cid"},
		{300 * s, release("b3.1"), "released b3.1 cid booked, cancelled of press"},
		{301 * s, unblock("crew"), "nothing"},
		{301 * s, unblock("press"), "seat.unblocked.v1"},
		{302 * s, holdOf("press", "b4.1", "dan"), "held b4.1 dan until 6m32s since 5m2s"},
		{303 * s, release("b4.1"), "released b4.1 dan held, cancelled"},
		{304 * s, block(""), "seat.blocked.v1"},
		{305 * s, holdOf("press", "b5.1", "dan"), "seat_taken"},
		{306 * s, block("press"), "seat_taken"},
		{307 * s, unblock(""), "seat.unblocked.v1"},
	}},
	{"the undo of a change unblocks only what that change has blocked", []commandCase{
		{0, &Block{"press", 2}, "seat.blocked.v1 of press"},
		{1 * s, &Block{"press", 3}, "nothing"},
		{1 * s, &Unblock{"press", 3}, "nothing"},
		{1 * s, &Unblock{"crew", 2}, "nothing"},
		{2 * s, holdOf("press", "b1.1", "ann"), "held b1.1 ann until 1m32s since 2s of press"},
		{2 * s, &Unblock{"press", 2}, "nothing"},
		{3 * s, release("b1.1"), "released b1.1 ann held, cancelled of press"},
		{4 * s, &Unblock{"press", 3}, "nothing"},
		{4 * s, &Unblock{"press", 2}, "seat.unblocked.v1"},
		{5 * s, block("press"), "seat.blocked.v1 of press"},
		{6 * s, &Unblock{"press", 2}, "nothing"},
	}},
	{"a change of blocks has no effect if it arrives after its undo", []commandCase{
		{0, &Unblock{"press", 2}, "seat.blocked.v1 of press; seat.unblocked.v1"},
		{1 * s, &Unblock{"press", 2}, "nothing"},
		{1 * s, &Block{"press", 1}, "nothing"},
		{1 * s, &Block{"press", 2}, "nothing"},
		{2 * s, hold("b1.1", "ann"), "held b1.1 ann until 1m32s since 2s"},
		{2 * s, &Unblock{"press", 3}, "nothing"},
		{3 * s, release("b1.1"), "released b1.1 ann held, cancelled"},
		{3 * s, &Block{"press", 2}, "nothing"},
		{4 * s, &Block{"press", 4}, "seat.blocked.v1 of press"},
		{5 * s, holdOf("press", "b2.1", "ann"), "held b2.1 ann until 1m35s since 2s of press"},
		{5 * s, &Block{"press", 4}, "nothing"},
	}},
	{"a repeated command is a no-op", []commandCase{
		{0, hold("b1.1", "ann"), "held b1.1 ann until 1m30s"},
		{1 * s, hold("b1.1", "ann"), "nothing"},
		{2 * s, book("b1.1"), "booked b1.1 ann"},
		{3 * s, book("b1.1"), "nothing"},
		{3 * s, hold("b1.1", "ann"), "nothing"},
		{4 * s, release("b1.1"), "released b1.1 ann booked, cancelled"},
		{5 * s, release("b1.1"), "nothing"},
		{5 * s, book("b1.1"), "not_held"},
	}},
	{"a later attempt of the same booking takes the seat over, an earlier one does not", []commandCase{
		{0, hold("b1.1", "ann"), "held b1.1 ann until 1m30s"},
		{70 * s, retake("b1.3", "ann"), "released b1.1 ann held, retaken; held b1.3 ann until 1m40s"},
		{71 * s, retake("b1.2", "ann"), "seat_taken"},
		{71 * s, release("b1.1"), "nothing"},
		{71 * s, retake("b10.4", "ann"), "seat_taken"},
		{72 * s, book("b1.3"), "booked b1.3 ann"},
		{73 * s, retake("b1.4", "ann"), "seat_taken"},
	}},
	{"a hold can be extended to twice its duration", []commandCase{
		{0, hold("b1.1", "ann"), "held b1.1 ann until 1m30s"},
		{1 * s, extend("b1.1", 150*s+ns), "limit_exceeded"},
		{1 * s, extend("b1.1", 150*s), "extended b1.1 until 2m30s"},
		{1 * s, extend("b1.1", 150*s), "nothing"},
		{1 * s, extend("b1.1", 100*s), "nothing"},
		{150 * s, &core.Expire{}, "nothing"},
		{150*s + ns, &core.Expire{}, "expired b1.1 ann at 2m30s"},
		{151 * s, extend("b1.1", 152*s), "not_held"},
	}},
	{"a stay ends after twice the duration of a hold", []commandCase{
		{0, hold("b1.1", "ann"), "held b1.1 ann until 1m30s"},
		{50 * s, release("b1.1"), "released b1.1 ann held, cancelled"},
		{50 * s, hold("b2.1", "ann"), "held b2.1 ann until 2m20s"},
		{100 * s, release("b2.1"), "released b2.1 ann held, cancelled"},
		{101 * s, hold("b3.1", "ann"), "held b3.1 ann until 2m30s"},
		{119 * s, release("b3.1"), "released b3.1 ann held, cancelled"},
		{120*s - ns, hold("b4.1", "ann"), "held b4.1 ann until 2m30s"},
		{120*s - ns, release("b4.1"), "released b4.1 ann held, cancelled"},
		{120 * s, hold("b5.1", "ann"), "limit_exceeded"},
		{180*s - 2*ns, hold("b5.1", "ann"), "limit_exceeded"},
		{180*s - ns, hold("b5.1", "ann"), "held b5.1 ann until 4m29.999999999s since 2m59.999999999s"},
	}},
	{"an expired hold is part of the stay", []commandCase{
		{0, hold("b1.1", "ann"), "held b1.1 ann until 1m30s"},
		{91 * s, &core.Expire{}, "expired b1.1 ann at 1m30s"},
		{91 * s, hold("b2.1", "ann"), "held b2.1 ann until 2m30s"},
		{151 * s, &core.Expire{}, "expired b2.1 ann at 2m30s"},
		{152 * s, hold("b3.1", "ann"), "limit_exceeded"},
		{210*s - ns, hold("b3.1", "ann"), "limit_exceeded"},
		{210 * s, hold("b3.1", "ann"), "held b3.1 ann until 5m0s since 3m30s"},
	}},
	{"a stay ends when another holder takes the seat, or it is booked", []commandCase{
		{0, hold("b1.1", "ann"), "held b1.1 ann until 1m30s"},
		{90 * s, release("b1.1"), "released b1.1 ann held, cancelled"},
		{100 * s, hold("b2.1", "bob"), "held b2.1 bob until 3m10s since 1m40s"},
		{130 * s, release("b2.1"), "released b2.1 bob held, cancelled"},
		{130 * s, hold("b3.1", "ann"), "held b3.1 ann until 3m40s since 2m10s"},
		{140 * s, book("b3.1"), "booked b3.1 ann"},
		{400 * s, release("b3.1"), "released b3.1 ann booked, cancelled"},
		{400 * s, hold("b4.1", "ann"), "held b4.1 ann until 8m10s since 6m40s"},
	}},
	{"a payment in progress takes the seat again, regardless of the stay", []commandCase{
		{0, hold("b1.1", "ann"), "held b1.1 ann until 1m30s"},
		{1 * s, extend("b1.1", 150*s), "extended b1.1 until 2m30s"},
		{151 * s, &core.Expire{}, "expired b1.1 ann at 2m30s"},
		{152 * s, hold("b2.1", "ann"), "limit_exceeded"},
		{152 * s, retake("b1.2", "ann"), "held b1.2 ann until 3m2s"},
		{160 * s, release("b1.2"), "released b1.2 ann held, cancelled"},
		{161 * s, hold("b2.1", "ann"), "limit_exceeded"},
	}},
	{"only a free seat can be blocked, and a blocked seat is taken", []commandCase{
		{0, &Unblock{}, "nothing"},
		{0, &Block{}, "seat.blocked.v1"},
		{0, &Block{}, "nothing"},
		{0, hold("b1.1", "ann"), "seat_taken"},
		{0, retake("b1.2", "ann"), "seat_taken"},
		{0, release(""), "nothing"},
		{0, &Unblock{}, "seat.unblocked.v1"},
		{0, hold("b1.1", "ann"), "held b1.1 ann until 1m30s"},
		{1 * s, &Block{}, "seat_taken"},
		{1 * s, &Unblock{}, "nothing"},
		{1 * s, book("b1.1"), "booked b1.1 ann"},
		{2 * s, &Block{}, "seat_taken"},
	}},
}

func TestRules(t *testing.T) {
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) {
			seat := New()
			for i, c := range rule.cases {
				facts, err := seat.Decide(c.cmd, day.Add(c.at))
				if got := describe(facts, err); got != c.want {
					t.Fatalf("case %d: %T at %v:\n got %s\nwant %s", i+1, c.cmd, c.at, got, c.want)
				}
				for _, fact := range facts {
					seat.Evolve(fact)
				}
			}
		})
	}
}

// TestRefusalHasNextPossibleHold checks that limit_exceeded has the time at which the holder may hold the seat
// again.
func TestRefusalHasNextPossibleHold(t *testing.T) {
	seat := New()
	for _, fact := range []events.Fact{
		&events.SeatHeld{HoldID: "b1.1", BookingID: "b1", Holder: "ann", ExpiresAt: day.Add(150 * s), FirstHeldAt: day},
		&events.SeatReleased{HoldID: "b1.1", Holder: "ann", Was: events.SeatIsHeld, ReleasedAt: day.Add(130 * s)},
	} {
		seat.Evolve(fact)
	}
	_, err := seat.Decide(hold("b2.1", "ann"), day.Add(131*s))
	if until := err.(*core.Refusal).Fields["until"]; until != day.Add(190*s) {
		t.Errorf("got until %v, want %v", until, day.Add(190*s))
	}
}

// TestImpossibleFacts checks that the core panics on facts that contradict its state.
func TestImpossibleFacts(t *testing.T) {
	held := func(id events.HoldID) events.Fact {
		return &events.SeatHeld{HoldID: id, BookingID: "b", Holder: "ann", ExpiresAt: day, FirstHeldAt: day}
	}
	booked := func(id events.HoldID) events.Fact {
		return &events.SeatBooked{HoldID: id, BookingID: "b", Holder: "ann"}
	}
	for name, facts := range map[string][]events.Fact{
		"held twice":                       {held("b.1"), held("c.1")},
		"held while booked":                {held("b.1"), booked("b.1"), held("c.1")},
		"held while blocked":               {&events.SeatBlocked{}, held("b.1")},
		"held by nobody":                   {held("")},
		"booked while free":                {booked("b.1")},
		"booked by a different hold":       {held("b.1"), booked("c.1")},
		"booked twice":                     {held("b.1"), booked("b.1"), booked("b.1")},
		"expired while booked":             {held("b.1"), booked("b.1"), &events.SeatExpired{HoldID: "b.1", ExpiresAt: day}},
		"expiry of a different hold":       {held("b.1"), &events.SeatExpired{HoldID: "c.1", ExpiresAt: day}},
		"released from a different status": {held("b.1"), &events.SeatReleased{HoldID: "b.1", Was: events.SeatIsBooked}},
		"release of a different hold":      {held("b.1"), &events.SeatReleased{HoldID: "c.1", Was: events.SeatIsHeld}},
		"released while free":              {&events.SeatReleased{Was: events.SeatIsFree}},
		"extended while booked":            {held("b.1"), booked("b.1"), &events.SeatExtended{HoldID: "b.1", ExpiresAt: day}},
		"blocked while held":               {held("b.1"), &events.SeatBlocked{}},
		"unblocked while free":             {&events.SeatUnblocked{}},
		"fact of another category":         {&events.ProductReserved{}},
	} {
		t.Run(name, func(t *testing.T) { coretest.RequirePanic(t, New(), facts...) })
	}
}
