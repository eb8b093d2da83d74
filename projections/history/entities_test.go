package history_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"admitone/events"
	"admitone/projections/history"
	"admitone/projections/logtest"
)

// readHistory returns the texts of all pages of a history, with R1 to R6 for the reservation ids.
func readHistory(t *testing.T, s events.Store, kind, id string, limit int) (texts []string) {
	t.Helper()
	for from, more := uint64(0), true; more; {
		var page []history.Line
		var err error
		if page, from, more, err = history.Read(t.Context(), s, kind, id, from, limit); err != nil {
			t.Fatal(err)
		}
		for _, line := range page {
			text := line.Text
			for n := 1; n <= 6; n++ {
				text = strings.ReplaceAll(text, string(logtest.ReservationID(n)), fmt.Sprint("R", n))
			}
			texts = append(texts, text)
		}
	}
	return texts
}

func TestHistory(t *testing.T) {
	s := &logtest.Store{Log: logtest.CompleteSale().Log, MaxRead: 10_000}
	for _, test := range []struct {
		kind, id string
		want     []string
	}{
		{"product", "a", []string{
			`put on sale as "A": 10 units at 5, held for 300 s, at most 4 per holder`,
			"ada bought 2 units: reservation R1; 8 remain",
			"bob holds 3 units until 2031-05-01T20:05:00.000Z: reservation R2; 5 remain",
			"cy holds 1 unit until 2031-05-01T20:05:00.000Z: reservation R3; 4 remain",
			"dee holds 1 unit until 2031-05-01T20:05:00.000Z: reservation R4; 3 remain",
			"bob confirmed the hold of 3 units: reservation R2; 3 remain",
			"ada's reservation R1, a sale of 2 units, was given back; 5 remain",
			"cy's reservation R3, a hold of 1 unit, was given back; 6 remain",
			"1 unit of 1 hold expired unconfirmed: dee's reservation R4 of 1 unit, due 2031-05-01T20:05:00.000Z; 7 remain",
			`edited; it is now "B": 20 units at 0, at most 1 per holder; 17 remain`,
			"eve bought 1 unit: reservation R5; 16 remain",
		}},
		{"holder", "ada", []string{
			"ada bought 2 units: reservation R1; 8 remain",
			"ada's reservation R1, a sale of 2 units, was given back; 5 remain",
			"ada bought 3 units: reservation R6; none remain",
		}},
		{"holder", "dee", []string{
			"dee holds 1 unit until 2031-05-01T20:05:00.000Z: reservation R4; 3 remain",
			"1 unit of 1 hold expired unconfirmed: dee's reservation R4 of 1 unit, due 2031-05-01T20:05:00.000Z; 7 remain",
		}},
		{"holder", "nobody", nil},
	} {
		for _, limit := range []int{1, 3, 11, 500} {
			if got := readHistory(t, s, test.kind, test.id, limit); !slices.Equal(got, test.want) {
				t.Errorf("%s/%s by %d:\n%s\nwant\n%s", test.kind, test.id, limit, strings.Join(got, "\n"),
					strings.Join(test.want, "\n"))
			}
		}
	}
	page, _, _, err := history.Read(t.Context(), s, "product", "b", 0, 1)
	if err != nil || len(page) != 1 || page[0].Position != 12 || page[0].Actor != "ada" ||
		page[0].Stream != "product-b" || page[0].Time.IsZero() {
		t.Errorf("Read: %+v, %v; want the creation of b by ada at position 12", page, err)
	}
	if _, _, _, err := history.Read(t.Context(), s, "product", "c", 0, 9); !errors.Is(err, history.ErrEmpty) {
		t.Errorf("Read of an entity without events: %v, want ErrEmpty", err)
	}
	if _, _, _, err := history.Read(t.Context(), s, "ghost", "a", 0, 9); !errors.Is(err, history.ErrNoKind) ||
		!strings.Contains(err.Error(), "holder, allowance, api-key, area, booking") {
		t.Errorf("Read of an unknown kind: %v, want ErrNoKind with the kinds", err)
	}
}
