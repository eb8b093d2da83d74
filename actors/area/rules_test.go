package area

import (
	"fmt"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/core/coretest"
	"admitone/events"
)

// day is the time at which all tests start.
var day = time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)

const (
	holdFor = time.Minute      // time to pay a booking
	grace   = 30 * time.Second // how much longer the places are held
	s       = time.Second
	ns      = time.Nanosecond
	full    = 10 // capacity
)

// bookingID returns the id of the booking that tables name by this letter.
func bookingID(letter byte) events.BookingID {
	return events.BookingID(events.ID{15: letter}.String())
}

// idOf returns the id of the hold that tables name, for example "a.1".
func idOf(short string) events.HoldID {
	return events.NewHoldID(bookingID(short[0]), int64(short[2]-'0'))
}

// short is the inverse of idOf.
func short(id events.HoldID) string {
	booking, attempt := splitHoldID(id)
	return fmt.Sprintf("%c.%d", booking[15], attempt)
}

func hold3(id string) *Hold { return places(id, 3) }

func places(id string, n int64) *Hold {
	return &Hold{HoldID: idOf(id), Holder: "ann", Places: n, Capacity: full, For: holdFor + grace}
}
func book(id string) *Book { return &Book{HoldID: idOf(id)} }

func release(id string) *Release {
	return &Release{HoldID: idOf(id), Reason: events.ReleasedCancelled}
}

func returnAllBut(id string, n int64) *Return { return &Return{HoldID: idOf(id), Left: n} }

func labelled(id string, n int64) *Hold {
	hold := places(id, n)
	hold.Label = "press"
	return hold
}

func block(change, n int64) *Block {
	return &Block{Label: "press", Places: n, Capacity: full, Change: change}
}

func unblock(change int64) *Unblock { return &Unblock{Label: "press", Change: change} }

func extend(id string, to time.Duration) *Extend {
	return &Extend{HoldID: idOf(id), ExpiresAt: day.Add(to), HoldFor: holdFor}
}

// intent extends a hold for a payment intent.
func intent(id string, to time.Duration) *Extend {
	return &Extend{HoldID: idOf(id), ExpiresAt: day.Add(to), HoldFor: holdFor, Intent: "i"}
}

// sentence describes a fact.
func sentence(fact events.Fact) string {
	switch f := fact.(type) {
	case *events.AreaHeld:
		return fmt.Sprintf("held %d%s for %s until %v, %d remain", f.Places, ofLabel(f.Labelled), short(f.HoldID),
			f.ExpiresAt.Sub(day), f.Remaining)
	case *events.AreaExtended:
		return fmt.Sprintf("extended %s until %v", short(f.HoldID), f.ExpiresAt.Sub(day))
	case *events.AreaBooked:
		return fmt.Sprintf("booked %d for %s, %d remain", f.Places, short(f.HoldID), f.Remaining)
	case *events.AreaReleased:
		return fmt.Sprintf("released %d%s of %s (%s, %s), %d left, %d remain", f.Places, ofLabel(f.Labelled),
			short(f.HoldID), f.Was, f.Reason, f.Left, f.Remaining)
	case *events.AreaExpired:
		return fmt.Sprintf("expired %d%s of %s at %v, %d remain", f.Places, ofLabel(f.Labelled), short(f.HoldID),
			f.ExpiresAt.Sub(day), f.Remaining)
	case *events.AreaResized:
		return fmt.Sprintf("resized to %d, %d remain", f.Places, f.Remaining)
	case *events.AreaBlocked:
		return fmt.Sprintf("blocked %d, %d kept, %d remain", f.Places, f.Kept, f.Remaining)
	case *events.AreaUnblocked:
		return fmt.Sprintf("unblocked %d, %d remain", f.Places, f.Remaining)
	}
	return fact.Name()
}

func ofLabel(of events.Labelled) string {
	if of.OfLabel == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d of %s)", of.OfLabel, of.Label)
}

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
	{"a repeated hold is a no-op, and one with a different number is refused", []commandCase{
		{0, hold3("a.1"), "held 3 for a.1 until 1m30s, 7 remain"},
		{1 * s, hold3("a.1"), "nothing"},
		{1 * s, places("a.1", 2), "not_held"},
	}},
	{"the area is never oversold", []commandCase{
		{0, places("a.1", 11), "sold_out [remaining:10]"},
		{0, places("a.1", 8), "held 8 for a.1 until 1m30s, 2 remain"},
		{0, hold3("b.1"), "sold_out [remaining:2]"},
		{0, places("b.1", 2), "held 2 for b.1 until 1m30s, 0 remain"},
		{0, places("c.1", 1), "sold_out [remaining:0]"},
		{0, book("a.1"), "booked 8 for a.1, 0 remain"},
		{0, places("c.1", 1), "sold_out [remaining:0]"},
	}},
	{"a later attempt replaces an earlier one", []commandCase{
		{0, places("a.1", 9), "held 9 for a.1 until 1m30s, 1 remain"},
		{1 * s, places("a.2", 9), "released 9 of a.1 (held, retaken), 0 left, 10 remain; " +
			"held 9 for a.2 until 1m31s, 1 remain"},
		{1 * s, places("a.1", 9), "not_held"},
		{1 * s, release("a.1"), "nothing"},
		{1 * s, book("a.1"), "not_held"},
		{1 * s, places("a.3", 11), "sold_out [remaining:10]"},
		{1 * s, book("a.2"), "booked 9 for a.2, 1 remain"},
		{1 * s, places("a.3", 1), "not_held"},
		{1 * s, places("a.2", 9), "nothing"},
	}},
	{"places are booked once and released once", []commandCase{
		{0, hold3("a.1"), "held 3 for a.1 until 1m30s, 7 remain"},
		{0, book("a.1"), "booked 3 for a.1, 7 remain"},
		{0, book("a.1"), "nothing"},
		{0, extend("a.1", 100*s), "not_held"},
		{500 * s, release("a.1"), "released 3 of a.1 (booked, cancelled), 0 left, 10 remain"},
		{500 * s, release("a.1"), "nothing"},
		{500 * s, book("a.1"), "not_held"},
	}},
	{"some places are returned", []commandCase{
		{0, hold3("a.1"), "held 3 for a.1 until 1m30s, 7 remain"},
		{0, returnAllBut("a.1", 2), "not_held"},
		{0, book("a.1"), "booked 3 for a.1, 7 remain"},
		{0, returnAllBut("a.1", 3), "nothing"},
		{0, returnAllBut("a.1", 2), "released 1 of a.1 (booked, returned), 2 left, 8 remain"},
		{0, returnAllBut("a.1", 2), "nothing"},
		{0, returnAllBut("a.2", 0), "nothing"},
		{0, returnAllBut("a.1", 0), "released 2 of a.1 (booked, returned), 0 left, 10 remain"},
		{0, returnAllBut("a.1", 0), "nothing"},
	}},
	{"a hold expires after its deadline", []commandCase{
		{0, hold3("a.1"), "held 3 for a.1 until 1m30s, 7 remain"},
		{1 * s, hold3("b.1"), "held 3 for b.1 until 1m31s, 4 remain"},
		{90 * s, &core.Expire{}, "nothing"},
		{90*s + ns, &core.Expire{}, "expired 3 of a.1 at 1m30s, 7 remain"},
		{90*s + ns, book("a.1"), "not_held"},
		{200 * s, &core.Expire{}, "expired 3 of b.1 at 1m31s, 10 remain"},
		{200 * s, &core.Expire{}, "nothing"},
	}},
	{"a hold can be extended up to its limit", []commandCase{
		{0, extend("a.1", 100*s), "not_held"},
		{0, hold3("a.1"), "held 3 for a.1 until 1m30s, 7 remain"},
		{0, extend("a.1", 90*s), "nothing"},
		{0, extend("a.2", 100*s), "not_held"},
		{0, extend("a.1", 150*s), "extended a.1 until 2m30s"},
		{0, extend("a.1", 150*s+ns), "limit_exceeded"},
		{0, intent("a.1", 150*s+24*time.Hour+ns), "limit_exceeded"},
		{0, intent("a.1", 150*s+24*time.Hour), "extended a.1 until 24h2m30s"},
		{150*s + ns, &core.Expire{}, "nothing"},
	}},
	{"an area can't be resized below the places in use", []commandCase{
		{0, &Resize{Capacity: 6}, "resized to 6, 6 remain"},
		{0, hold3("a.1"), "held 3 for a.1 until 1m30s, 3 remain"},
		{0, hold3("b.1"), "held 3 for b.1 until 1m30s, 0 remain"},
		{0, book("b.1"), "booked 3 for b.1, 0 remain"},
		{0, &Resize{Capacity: 5}, "limit_exceeded [blocked:0 booked:3 held:3]"},
		{0, &Resize{Capacity: 6}, "nothing"},
		{0, &Resize{Capacity: 7}, "resized to 7, 1 remain"},
		{0, places("c.1", 2), "sold_out [remaining:1]"},
	}},
	{"each change resizes the area once, and the last one can be undone", []commandCase{
		{0, &Resize{Capacity: 6, Change: 2}, "resized to 6, 6 remain"},
		{0, &Resize{Capacity: 8, Change: 1}, "nothing"},
		{0, &Resize{Capacity: 8, Change: 2}, "nothing"},
		{0, &Resize{Capacity: 10, Change: 1, Undo: true}, "nothing"},
		{0, &Resize{Capacity: 10, Change: 2, Undo: true}, "resized to 10, 10 remain"},
		{0, &Resize{Capacity: 10, Change: 2, Undo: true}, "nothing"},
		{0, &Resize{Capacity: 6, Change: 2}, "nothing"},
		{0, &Resize{Capacity: 8, Change: 3}, "resized to 8, 8 remain"},
		{0, &Resize{Capacity: 10, Change: 2, Undo: true}, "nothing"},
	}},
	{"blocked places can be held under their label", []commandCase{
		{0, block(1, 11), "sold_out [remaining:10]"},
		{0, block(1, 4), "blocked 4, 4 kept, 6 remain"},
		{0, block(1, 4), "nothing"},
		{0, block(2, 3), "nothing"},
		{0, places("a.1", 7), "sold_out [remaining:6]"},
		{0, labelled("a.1", 11), "sold_out [remaining:10]"},
		{0, labelled("a.1", 3), "held 3 (3 of press) for a.1 until 1m30s, 6 remain"},
		{0, labelled("b.1", 3), "held 3 (1 of press) for b.1 until 1m30s, 4 remain"},
		{0, labelled("c.1", 1), "held 1 for c.1 until 1m30s, 3 remain"},
		{0, block(2, 4), "nothing"},
		{0, block(2, 8), "sold_out [remaining:7]"},
		{0, block(2, 6), "blocked 2, 6 kept, 1 remain"},
		{0, &Resize{Capacity: 8, Change: 3}, "limit_exceeded [blocked:2 booked:0 held:7]"},
		{0, release("b.1"), "released 3 (1 of press) of b.1 (held, cancelled), 0 left, 3 remain"},
		{0, book("a.1"), "booked 3 for a.1, 3 remain"},
		{0, returnAllBut("a.1", 1), "released 2 (2 of press) of a.1 (booked, returned), 1 left, 3 remain"},
		{0, unblock(3), "unblocked 5, 8 remain"},
		{0, unblock(3), "nothing"},
		{0, release("a.1"), "released 1 (1 of press) of a.1 (booked, cancelled), 0 left, 8 remain"},
		{0, unblock(4), "unblocked 1, 9 remain"},
		{91 * s, &core.Expire{}, "expired 1 of c.1 at 1m30s, 10 remain"},
	}},
	{"released places are blocked again, and a later attempt takes them", []commandCase{
		{0, block(1, 10), "blocked 10, 10 kept, 0 remain"},
		{0, hold3("a.1"), "sold_out [remaining:0]"},
		{0, labelled("a.1", 9), "held 9 (9 of press) for a.1 until 1m30s, 0 remain"},
		{1 * s, labelled("a.2", 10), "released 9 (9 of press) of a.1 (held, retaken), 0 left, 0 remain; " +
			"held 10 (10 of press) for a.2 until 1m31s, 0 remain"},
		{1 * s, hold3("a.3"), "sold_out [remaining:0]"},
		{92 * s, &core.Expire{}, "expired 10 (10 of press) of a.2 at 1m31s, 0 remain"},
		{92 * s, hold3("b.1"), "sold_out [remaining:0]"},
	}},
	{"the undo of a change unblocks the places that are not held", []commandCase{
		{0, block(1, 4), "blocked 4, 4 kept, 6 remain"},
		{0, block(2, 6), "blocked 2, 6 kept, 4 remain"},
		{0, &Unblock{Label: "press", Change: 1, Undo: true}, "nothing"},
		{0, labelled("a.1", 5), "held 5 (5 of press) for a.1 until 1m30s, 4 remain"},
		{0, &Unblock{Label: "press", Change: 2, Undo: true}, "unblocked 1, 5 remain"},
		{0, &Unblock{Label: "press", Change: 2, Undo: true}, "nothing"},
		{0, block(2, 9), "nothing"},
		{0, release("a.1"), "released 5 (5 of press) of a.1 (held, cancelled), 0 left, 5 remain"},
		{0, unblock(3), "unblocked 5, 10 remain"},
		{0, &Unblock{Label: "press", Change: 3, Undo: true}, "nothing"},
	}},
	{"a change of blocks has no effect if it arrives after its undo", []commandCase{
		{0, &Unblock{Label: "press", Capacity: full, Change: 1, Undo: true}, "unblocked 0, 10 remain"},
		{0, &Unblock{Label: "press", Capacity: full, Change: 1, Undo: true}, "nothing"},
		{0, block(1, 4), "nothing"},
		{0, block(2, 4), "blocked 4, 4 kept, 6 remain"},
		{0, &Unblock{Label: "press", Capacity: full, Change: 3, Undo: true}, "unblocked 0, 6 remain"},
		{0, block(3, 6), "nothing"},
		{0, unblock(4), "unblocked 4, 10 remain"},
	}},
}

func TestRules(t *testing.T) {
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) {
			a := New()
			for i, c := range rule.cases {
				if got := coretest.Do(a, c.cmd, day.Add(c.at), sentence); got != c.want {
					t.Errorf("case %d: %T at %v:\n got %s\nwant %s", i+1, c.cmd, c.at, got, c.want)
				}
			}
		})
	}
}

// TestExpireIsBounded checks that one decision expires at most expiryBatch holds, and the next one continues.
func TestExpireIsBounded(t *testing.T) {
	a := New().(*Area)
	for i := range 3 * expiryBatch {
		id := events.NewHoldID(events.BookingID(events.ID{14: byte(i / 256), 15: byte(i)}.String()), 1)
		facts, err := a.Decide(&Hold{HoldID: id, Holder: "ann", Places: 2, Capacity: 1000, For: time.Duration(i) * s}, day)
		if err != nil {
			t.Fatal(err)
		}
		a.Evolve(facts[0])
	}
	for round := 3; round > 0; round-- {
		if c := a.Counts(0); c.Held != int64(round*expiryBatch*2) {
			t.Errorf("round %d: got %d held places, want %d", round, c.Held, round*expiryBatch*2)
		}
		facts, _ := a.Decide(&core.Expire{}, day.Add(time.Hour))
		if len(facts) != expiryBatch {
			t.Errorf("round %d: got %d facts, want %d", round, len(facts), expiryBatch)
		}
		for _, fact := range facts {
			a.Evolve(fact)
		}
	}
	if next := a.NextDeadline(); !next.IsZero() {
		t.Errorf("got next deadline %v without holds, want none", next)
	}
}

// TestImpossibleFacts checks that the core panics on facts that contradict its state.
func TestImpossibleFacts(t *testing.T) {
	counts := func(remaining, held, booked int64) events.AreaCounts {
		return events.AreaCounts{Remaining: remaining, Held: held, Booked: booked}
	}
	held := func() core.Core {
		a := New()
		a.Evolve(&events.AreaHeld{HoldID: idOf("a.1"), Holder: "ann", Places: 3, AreaCounts: counts(7, 3, 0), ExpiresAt: day})
		return a
	}
	for _, fact := range []events.Fact{
		&events.AreaHeld{HoldID: idOf("a.1"), Places: 3, AreaCounts: counts(4, 6, 0), ExpiresAt: day},
		&events.AreaHeld{HoldID: idOf("b.1"), Places: 3, AreaCounts: counts(5, 6, 0), ExpiresAt: day},
		&events.AreaHeld{HoldID: idOf("b.1"), Places: 0, AreaCounts: counts(7, 3, 0), ExpiresAt: day},
		&events.AreaHeld{HoldID: idOf("b.1"), Places: 8, AreaCounts: counts(-1, 11, 0), ExpiresAt: day},
		&events.AreaHeld{HoldID: "b.1", Places: 3, AreaCounts: counts(4, 6, 0), ExpiresAt: day},
		&events.AreaExtended{HoldID: idOf("b.1"), ExpiresAt: day},
		&events.AreaBooked{HoldID: idOf("a.1"), Places: 2, AreaCounts: counts(7, 1, 2)},
		&events.AreaBooked{HoldID: idOf("a.1"), Places: 3, AreaCounts: counts(7, 3, 0)},
		&events.AreaReleased{HoldID: idOf("a.2"), Was: events.AreaIsHeld, Places: 3, AreaCounts: counts(10, 0, 0)},
		&events.AreaReleased{HoldID: idOf("a.1"), Was: events.AreaIsBooked, Places: 3, AreaCounts: counts(10, 0, 0)},
		&events.AreaReleased{HoldID: idOf("a.1"), Was: events.AreaIsHeld, Places: 2, Left: 1, AreaCounts: counts(9, 1, 0)},
		&events.AreaReleased{HoldID: idOf("a.1"), Was: events.AreaIsHeld, Places: 3, AreaCounts: counts(9, 0, 0)},
		&events.AreaExpired{HoldID: idOf("a.1"), Places: 3, AreaCounts: counts(10, 0, 1)},
		&events.AreaResized{Places: 2, AreaCounts: counts(-1, 3, 0)},
		&events.AreaResized{Places: 5, AreaCounts: counts(1, 3, 0)},
		&events.SeatBlocked{},
	} {
		coretest.RequirePanic(t, held(), fact)
	}
}
