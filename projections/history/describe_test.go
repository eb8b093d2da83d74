package history

import (
	"strings"
	"testing"

	"admitone/events"
)

// TestTellManyExpired: a crowd that walks away makes a short sentence.
func TestTellManyExpired(t *testing.T) {
	fact := &events.ProductExpired{Quantity: 8, Remaining: 8}
	for n := range 8 {
		fact.Expired = append(
			fact.Expired,
			events.ExpiredHold{ReservationID: events.ReservationID(events.EventID("reservation", n).String()),
				Holder: "crowd", Quantity: 1},
		)
	}
	text := describeProduct(fact, subject{})
	if !strings.HasPrefix(text, "8 units of 8 holds that nobody") || !strings.HasSuffix(text, ", and 3 more; 8 remain") {
		t.Error(text)
	}
	if text := describeProduct(fact, subject{kind: holderKind, id: "ada"}); text != "" {
		t.Errorf("ada is told %q", text)
	}
}

// TestTellManyPromoted: a higher limit makes a short sentence, and each team its own.
func TestTellManyPromoted(t *testing.T) {
	fact := &events.TournamentPromoted{TournamentCounts: events.TournamentCounts{Entered: 100}}
	for n := range 20 {
		fact.Rows = append(fact.Rows, []events.TeamID{events.TeamID("t" + string(rune('a'+n)))})
	}
	text := describeTournament(fact, subject{})
	if !strings.HasPrefix(text, "ta, tb, ") ||
		!strings.HasSuffix(text, "tp, and 4 more came in from the waitlist; 100 teams in, none remain") {
		t.Error(text)
	}
	if text := describeTournament(fact, subject{kind: events.TeamCategory,
		id: "tt"}); text != "tt came in from the waitlist; 100 teams in, none remain" {
		t.Errorf("tt is told %q", text)
	}
	if text := describeTournament(fact, subject{kind: events.TeamCategory, id: "x"}); text != "" {
		t.Errorf("x is told %q", text)
	}
}
