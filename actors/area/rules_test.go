package area

import (
	"fmt"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/core/coretest"
	"admitone/events"
)

// day is the start of all tests.
var day = time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)

const (
	// A booking may stay unpaid for a minute; its places are held for grace longer.
	holdFor = time.Minute
	grace   = 30 * time.Second
	s       = time.Second
	ns      = time.Nanosecond
	full    = 10 // places
)

// bookingID returns the id of a booking that the tables name by a letter.
func bookingID(letter byte) events.BookingID {
	return events.BookingID(events.ID{15: letter}.String())
}

// at is the hold of an attempt, "a.1" for short.
func at(short string) events.HoldID {
	return events.NewHoldID(bookingID(short[0]), int64(short[2]-'0'))
}

func short(id events.HoldID) string {
	booking, attempt := splitHoldID(id)
	return fmt.Sprintf("%c.%d", booking[15], attempt)
}

// The commands of the tables below.
func hold3(id string) *Hold { return places(id, 3) }
func places(id string, n int64) *Hold {
	return &Hold{HoldID: at(id), Holder: "ann", Places: n, Capacity: full, For: holdFor + grace}
}
func book(id string) *Book       { return &Book{HoldID: at(id)} }
func release(id string) *Release { return &Release{HoldID: at(id), Reason: events.ReleasedCancelled} }
func returnAllBut(id string, n int64) *Return {
	return &Return{HoldID: at(id), Left: n}
}
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
	return &Extend{HoldID: at(id), ExpiresAt: day.Add(to), HoldFor: holdFor}
}
func intent(id string, to time.Duration) *Extend {
	return &Extend{HoldID: at(id), ExpiresAt: day.Add(to), HoldFor: holdFor, Intent: "i"}
}

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

// attempt is a row of a table: a command and the expected decision.
type attempt struct {
	after time.Duration // since day
	cmd   core.Command
	want  string
}

var rules = []struct {
	name     string
	attempts []attempt
}{
	{"held, again, and again with a different number", []attempt{
		{0, hold3("a.1"), "held 3 for a.1 until 1m30s, 7 remain"},
		{1 * s, hold3("a.1"), "nothing"},
		{1 * s, places("a.1", 2), "not_held"},
	}},
	{"never more than there are", []attempt{
		{0, places("a.1", 11), "sold_out [remaining:10]"},
		{0, places("a.1", 8), "held 8 for a.1 until 1m30s, 2 remain"},
		{0, hold3("b.1"), "sold_out [remaining:2]"},
		{0, places("b.1", 2), "held 2 for b.1 until 1m30s, 0 remain"},
		{0, places("c.1", 1), "sold_out [remaining:0]"},
		{0, book("a.1"), "booked 8 for a.1, 0 remain"},
		{0, places("c.1", 1), "sold_out [remaining:0]"},
	}},
	{"a later attempt takes the place of an earlier one", []attempt{
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
	{"booked once and released once", []attempt{
		{0, hold3("a.1"), "held 3 for a.1 until 1m30s, 7 remain"},
		{0, book("a.1"), "booked 3 for a.1, 7 remain"},
		{0, book("a.1"), "nothing"},
		{0, extend("a.1", 100*s), "not_held"},
		{500 * s, release("a.1"), "released 3 of a.1 (booked, cancelled), 0 left, 10 remain"},
		{500 * s, release("a.1"), "nothing"},
		{500 * s, book("a.1"), "not_held"},
	}},
	{"some places are given back", []attempt{
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
	{"a hold ends after its deadline", []attempt{
		{0, hold3("a.1"), "held 3 for a.1 until 1m30s, 7 remain"},
		{1 * s, hold3("b.1"), "held 3 for b.1 until 1m31s, 4 remain"},
		{90 * s, &core.Expire{}, "nothing"},
		{90*s + ns, &core.Expire{}, "expired 3 of a.1 at 1m30s, 7 remain"},
		{90*s + ns, book("a.1"), "not_held"},
		{200 * s, &core.Expire{}, "expired 3 of b.1 at 1m31s, 10 remain"},
		{200 * s, &core.Expire{}, "nothing"},
	}},
	{"extended as far as it goes", []attempt{
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
	{"resized, and not below the places in use", []attempt{
		{0, &Resize{Capacity: 6}, "resized to 6, 6 remain"},
		{0, hold3("a.1"), "held 3 for a.1 until 1m30s, 3 remain"},
		{0, hold3("b.1"), "held 3 for b.1 until 1m30s, 0 remain"},
		{0, book("b.1"), "booked 3 for b.1, 0 remain"},
		{0, &Resize{Capacity: 5}, "limit_exceeded [blocked:0 booked:3 held:3]"},
		{0, &Resize{Capacity: 6}, "nothing"},
		{0, &Resize{Capacity: 7}, "resized to 7, 1 remain"},
		{0, places("c.1", 2), "sold_out [remaining:1]"},
	}},
	{"resized by changes, each once, and undone", []attempt{
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
	{"blocked, and held under the label", []attempt{
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
	{"a hold that ends is blocked again, and one that is taken again has the label's", []attempt{
		{0, block(1, 10), "blocked 10, 10 kept, 0 remain"},
		{0, hold3("a.1"), "sold_out [remaining:0]"},
		{0, labelled("a.1", 9), "held 9 (9 of press) for a.1 until 1m30s, 0 remain"},
		{1 * s, labelled("a.2", 10), "released 9 (9 of press) of a.1 (held, retaken), 0 left, 0 remain; " +
			"held 10 (10 of press) for a.2 until 1m31s, 0 remain"},
		{1 * s, hold3("a.3"), "sold_out [remaining:0]"},
		{92 * s, &core.Expire{}, "expired 10 (10 of press) of a.2 at 1m31s, 0 remain"},
		{92 * s, hold3("b.1"), "sold_out [remaining:0]"},
	}},
	{"a change of blocks is undone where its places are still free", []attempt{
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
	{"a change of blocks that is undone before it comes does nothing", []attempt{
		{0, &Unblock{Label: "press", Capacity: full, Change: 1, Undo: true}, "unblocked 0, 10 remain"},
		{0, &Unblock{Label: "press", Capacity: full, Change: 1, Undo: true}, "nothing"},
		{0, block(1, 4), "nothing"},
		{0, block(2, 4), "blocked 4, 4 kept, 6 remain"},
		{0, &Unblock{Label: "press", Capacity: full, Change: 3, Undo: true}, "unblocked 0, 6 remain"},
		{0, block(3, 6), "nothing"},
		{0, unblock(4), "unblocked 4, 10 remain"},
	}},
}

// TestRules: due holds expire before a command only where the table has an Expire.
func TestRules(t *testing.T) {
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) {
			a := New()
			for i, try := range rule.attempts {
				if got := coretest.Do(a, try.cmd, day.Add(try.after), sentence); got != try.want {
					t.Errorf("%d: %s, want %s", i, got, try.want)
				}
			}
		})
	}
}

// TestExpireIsBounded: of many due holds, one decision expires the first ones, and the next continues.
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
			t.Errorf("%d are held before round %d, want %d", c.Held, round, int64(round*expiryBatch*2))
		}
		facts, _ := a.Decide(&core.Expire{}, day.Add(time.Hour))
		if len(facts) != expiryBatch {
			t.Errorf("%d expired at once, want %d", len(facts), expiryBatch)
		}
		for _, fact := range facts {
			a.Evolve(fact)
		}
	}
	if next := a.NextDeadline(); !next.IsZero() {
		t.Errorf("next deadline = %v without holds, want none", next)
	}
}

// TestImpossibleFacts: the core panics.
func TestImpossibleFacts(t *testing.T) {
	counts := func(remaining, held, booked int64) events.AreaCounts {
		return events.AreaCounts{Remaining: remaining, Held: held, Booked: booked}
	}
	held := func() core.Core {
		a := New()
		a.Evolve(&events.AreaHeld{HoldID: at("a.1"), Holder: "ann", Places: 3, AreaCounts: counts(7, 3, 0), ExpiresAt: day})
		return a
	}
	for _, fact := range []events.Fact{
		&events.AreaHeld{HoldID: at("a.1"), Places: 3, AreaCounts: counts(4, 6, 0), ExpiresAt: day},
		&events.AreaHeld{HoldID: at("b.1"), Places: 3, AreaCounts: counts(5, 6, 0), ExpiresAt: day},
		&events.AreaHeld{HoldID: at("b.1"), Places: 0, AreaCounts: counts(7, 3, 0), ExpiresAt: day},
		&events.AreaHeld{HoldID: at("b.1"), Places: 8, AreaCounts: counts(-1, 11, 0), ExpiresAt: day},
		&events.AreaHeld{HoldID: "b.1", Places: 3, AreaCounts: counts(4, 6, 0), ExpiresAt: day},
		&events.AreaExtended{HoldID: at("b.1"), ExpiresAt: day},
		&events.AreaBooked{HoldID: at("a.1"), Places: 2, AreaCounts: counts(7, 1, 2)},
		&events.AreaBooked{HoldID: at("a.1"), Places: 3, AreaCounts: counts(7, 3, 0)},
		&events.AreaReleased{HoldID: at("a.2"), Was: events.AreaIsHeld, Places: 3, AreaCounts: counts(10, 0, 0)},
		&events.AreaReleased{HoldID: at("a.1"), Was: events.AreaIsBooked, Places: 3, AreaCounts: counts(10, 0, 0)},
		&events.AreaReleased{HoldID: at("a.1"), Was: events.AreaIsHeld, Places: 2, Left: 1, AreaCounts: counts(9, 1, 0)},
		&events.AreaReleased{HoldID: at("a.1"), Was: events.AreaIsHeld, Places: 3, AreaCounts: counts(9, 0, 0)},
		&events.AreaExpired{HoldID: at("a.1"), Places: 3, AreaCounts: counts(10, 0, 1)},
		&events.AreaResized{Places: 2, AreaCounts: counts(-1, 3, 0)},
		&events.AreaResized{Places: 5, AreaCounts: counts(1, 3, 0)},
		&events.SeatBlocked{},
	} {
		coretest.RequirePanic(t, held(), fact)
	}
}
