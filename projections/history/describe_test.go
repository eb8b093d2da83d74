package history

import (
	"strings"
	"testing"
	"time"

	"admitone/events"
)

// TestDescribeManyExpired: the sentence for a fact with many expiries is short.
func TestDescribeManyExpired(t *testing.T) {
	fact := &events.ProductExpired{Quantity: 8, Remaining: 8}
	for n := range 8 {
		id := events.ReservationID(events.EventID("reservation", n).String())
		fact.Expired = append(fact.Expired, events.ExpiredHold{ReservationID: id, Holder: "crowd", Quantity: 1})
	}
	text := describeProduct(fact, subject{})
	if !strings.HasPrefix(text, "8 units of 8 holds expired") || !strings.HasSuffix(text, ", and 3 more; 8 remain") {
		t.Errorf("%q, want 8 units, with 3 holds unnamed", text)
	}
	if text := describeProduct(fact, subject{kind: holderKind, id: "ada"}); text != "" {
		t.Errorf("for ada: %q, want \"\"", text)
	}
}

// TestDescribeManyPromoted: the sentence for a fact with many promotions is short, and each team has its own.
func TestDescribeManyPromoted(t *testing.T) {
	fact := &events.TournamentPromoted{TournamentCounts: events.TournamentCounts{Entered: 100}}
	for n := range 20 {
		fact.Rows = append(fact.Rows, []events.TeamID{events.TeamID("t" + string(rune('a'+n)))})
	}
	text := describeTournament(fact, subject{})
	if !strings.HasPrefix(text, "ta, tb, ") ||
		!strings.HasSuffix(text, "tp, and 4 more were promoted from the waitlist; 100 teams in, none remain") {
		t.Errorf("%q, want 4 teams unnamed", text)
	}
	if text := describeTournament(fact, subject{kind: events.TeamCategory,
		id: "tt"}); text != "tt was promoted from the waitlist; 100 teams in, none remain" {
		t.Errorf("for tt: %q, want its own promotion", text)
	}
	if text := describeTournament(fact, subject{kind: events.TeamCategory, id: "x"}); text != "" {
		t.Errorf("for x: %q, want \"\"", text)
	}
}

// TestDescribeBlocks: a change of blocks names some of its seats.
func TestDescribeBlocks(t *testing.T) {
	change := events.BlockChange{Number: 3, Label: "press", Seats: []events.SeatName{"A-1-1", "A-1-2"}}
	many := events.BlockChange{Number: 4, Label: "press", Unblocks: true}
	for at := range int64(30) {
		many.Seats = append(many.Seats, events.NewSeatName("A", 1, at+1))
	}
	places := events.BlockChange{Number: 5, Label: "press", Areas: []events.AreaPlaces{{Area: "floor", Places: 20}}}
	sizes := events.BlockChange{Number: 6, Sizes: []events.AreaResize{{AreaPlaces: places.Areas[0], Was: 30}}}
	for want, fact := range map[string]events.Fact{
		`kept for "press": 20 places of floor`:                             &events.BlocksChanged{BlockChange: places},
		"20 places of floor, 30 before":                                    &events.BlocksChanged{BlockChange: sizes},
		`2 seats kept for "press": A-1-1, A-1-2`:                           &events.BlocksChanged{BlockChange: change},
		`change 3 of blocks began: 2 seats kept for "press": A-1-1, A-1-2`: &events.BlocksBegun{BlockChange: change},
		"change 3 of blocks can't be completed, and will be undone":        &events.BlocksWithdrawn{Number: 3},
		"change 3 of blocks has been undone":                               &events.BlocksUndone{Number: 3},
	} {
		if text := describePerformance(fact, subject{}); text != want {
			t.Errorf("%s: %q, want %q", fact.Name(), text, want)
		}
	}
	text := describePerformance(&events.BlocksChanged{BlockChange: many}, subject{})
	if !strings.HasPrefix(text, `30 seats put back on sale, no longer kept for "press": A-1-1, `) ||
		!strings.HasSuffix(text, "A-1-20, and 10 more") {
		t.Errorf("%q, want 30 seats, 10 of them unnamed", text)
	}
}

// TestDescribeLabelledPlaces: a sentence has the number of labelled places, if there are any.
func TestDescribeLabelledPlaces(t *testing.T) {
	counts := events.AreaCounts{Remaining: 5, Held: 3, Blocked: 2}
	labelled := events.Labelled{Label: "press", OfLabel: 1}
	until := time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)
	for want, fact := range map[string]events.Fact{
		"2 places kept for \"press\", which has 4 now; 5 of 10 remain": &events.AreaBlocked{Label: "press", Places: 2, Kept: 4,
			AreaCounts: counts},
		"2 places put back on sale, no longer kept for \"press\"; 5 of 10 remain": &events.AreaUnblocked{Label: "press",
			Places: 2, AreaCounts: counts},
		"ann holds 3 places, 1 of them kept for \"press\", until 2026-05-01T20:00:00.000Z: hold b.1; 5 of 10 remain": &events.
			AreaHeld{HoldID: "b.1", Holder: "ann", Places: 3, AreaCounts: counts, ExpiresAt: until, Labelled: labelled},
		"ann holds 3 places until 2026-05-01T20:00:00.000Z: hold b.1; 5 of 10 remain": &events.AreaHeld{HoldID: "b.1",
			Holder: "ann", Places: 3, AreaCounts: counts, ExpiresAt: until},
		"the hold of 3 places ended at 2026-05-01T20:00:00.000Z, 1 of them again kept for \"press\": hold b.1; 5 of 10 remain": &events.
			AreaExpired{HoldID: "b.1", Places: 3, AreaCounts: counts, ExpiresAt: until, Labelled: labelled},
	} {
		if text := describeArea(fact, subject{}); text != want {
			t.Errorf("%s: %q, want %q", fact.Name(), text, want)
		}
	}
}
