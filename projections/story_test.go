package projections

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"admitone/events"
)

func (s *slice) Read(_ context.Context, stream events.StreamID, from events.Revision, _ events.Direction, limit int) (page []events.Recorded, err error) {
	for _, e := range s.log {
		if e.Stream == stream && e.Revision >= from && len(page) < limit {
			page = append(page, e)
		}
	}
	return page, nil
}

// whole reads a history page by page.
func whole(t *testing.T, s events.Store, kind, id string, limit int) (texts []string) {
	t.Helper()
	for from, more := uint64(0), true; more; {
		var page []Line
		var err error
		if page, from, more, err = History(t.Context(), s, kind, id, from, limit); err != nil {
			t.Fatal(err)
		}
		for _, line := range page {
			texts = append(texts, strings.NewReplacer(rid(1), "R1", rid(2), "R2", rid(3), "R3", rid(4), "R4", rid(5), "R5", rid(6), "R6").Replace(line.Text))
		}
	}
	return texts
}

func TestHistory(t *testing.T) {
	s := &slice{log: wholeLife().log, most: 10_000}
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
			"1 unit of 1 hold that nobody confirmed in time came back: dee's reservation R4 of 1 unit, due 2031-05-01T20:05:00.000Z; 7 remain",
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
			"1 unit of 1 hold that nobody confirmed in time came back: dee's reservation R4 of 1 unit, due 2031-05-01T20:05:00.000Z; 7 remain",
		}},
		{"holder", "nobody", nil},
	} {
		for _, limit := range []int{1, 3, 11, 500} {
			if got := whole(t, s, test.kind, test.id, limit); !slices.Equal(got, test.want) {
				t.Errorf("%s/%s by %d:\n%s\nwant\n%s", test.kind, test.id, limit, strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		}
	}
	page, _, _, err := History(t.Context(), s, "product", "b", 0, 1)
	if err != nil || len(page) != 1 || page[0].Position != 12 || page[0].Actor != "ada" || page[0].Stream != "product-b" || page[0].Time.IsZero() {
		t.Errorf("%+v, %v", page, err)
	}
	if _, _, _, err := History(t.Context(), s, "product", "c", 0, 9); !errors.Is(err, ErrNoHistory) {
		t.Errorf("of nothing: %v", err)
	}
	if _, _, _, err := History(t.Context(), s, "ghost", "a", 0, 9); !errors.Is(err, ErrNoKind) || !strings.Contains(err.Error(), "holder, allowance, booking") {
		t.Errorf("of no kind: %v", err)
	}
}

// TestHolderHistoryIsBounded: a page looks at so many events and no more.
func TestHolderHistoryIsBounded(t *testing.T) {
	f := newForgery()
	f.add("product-a", create(1e6, 0))
	left := int64(1e6)
	for n := range historyScan + 2000 {
		left--
		f.add("product-a", reserved(n, "crowd", 1, left))
	}
	f.add("product-a", reserved(-1, "ada", 1, left-1))
	s := &slice{log: f.log, most: 10_000}
	page, next, more, err := History(t.Context(), s, "holder", "ada", 0, 10)
	if err != nil || len(page) != 0 || !more || next < historyScan || next > historyScan+verifyPage {
		t.Fatalf("%d lines, then from %d, %v, %v", len(page), next, more, err)
	}
	if page, _, more, err = History(t.Context(), s, "holder", "ada", next, 10); err != nil || len(page) != 1 || more {
		t.Errorf("%d lines, %v, %v", len(page), more, err)
	}
}

// TestTellManyExpired: a crowd that walks away makes a short sentence.
func TestTellManyExpired(t *testing.T) {
	fact := &events.ProductExpired{Quantity: 8, Remaining: 8}
	for n := range 8 {
		fact.Expired = append(fact.Expired, events.ExpiredHold{ReservationID: rid(n), Holder: "crowd", Quantity: 1})
	}
	text := productTale(fact, whose{})
	if !strings.HasPrefix(text, "8 units of 8 holds that nobody") || !strings.HasSuffix(text, ", and 3 more; 8 remain") {
		t.Error(text)
	}
	if text := productTale(fact, whose{holderKind, "ada"}); text != "" {
		t.Errorf("ada is told %q", text)
	}
}

// TestAMomentIsWhatWasDecidedByThen: events are stored behind their decision, within a
// moment; a log that was copied later is not, and refusals are written down in batches.
func TestAMomentIsWhatWasDecidedByThen(t *testing.T) {
	for _, test := range []struct {
		about   string
		behind  time.Duration // how long after the decision the store takes an event
		refused bool          // the second event is a refusal
		want    events.Position
	}{
		{"stored at once", 0, false, 2},
		{"stored right after", 2 * time.Millisecond, false, 2},
		{"a copy of a log", time.Hour, false, 0},
		{"a refusal", 2 * time.Millisecond, true, 1},
	} {
		f := newForgery()
		f.now = f.now.AddDate(-10, 0, 0)
		f.add("product-a", create(10, 4))
		f.wait(time.Millisecond)
		if at := f.now; test.refused {
			f.add(events.RefusalsOf(at), &events.RefusalRecorded{Stream: "product-a", Code: "sold_out"})
		} else {
			f.add("product-a", reserved(1, "ada", 2, 8))
		}
		at := f.now
		f.wait(time.Nanosecond)
		f.add("product-b", create(1, 0))
		for i := range f.log {
			f.log[i].Created = f.log[i].Created.Add(test.behind)
		}
		s := &slice{log: f.log, most: 10_000, head: 3}
		if m, err := MomentOf(t.Context(), s, at.Format(time.RFC3339Nano)); err != nil || m.Position != test.want {
			t.Errorf("%s: %+v, %v; want %d", test.about, m, err, test.want)
		}
	}
}

func TestMoments(t *testing.T) {
	f := newForgery()
	f.now = f.now.AddDate(-10, 0, 0) // times that have been
	begun := f.now
	s := &slice{log: f.wholeLife().log, most: 10_000, head: 13}
	for i := range s.log {
		s.log[i].Created = s.log[i].Created.Add(3 * time.Millisecond) // stored behind the decision
	}
	for _, test := range []struct {
		text string
		want events.Position
	}{
		{"0", 0}, {"1", 1}, {"3", 3}, {"99", 13}, {"18446744073709551615", 13}, {"99999999999999999999999", 13},
		{begun.Format(time.RFC3339Nano), 5}, {begun.Add(-1).Format(time.RFC3339Nano), 0}, {begun.Add(holdFor).Format(time.RFC3339Nano), 8},
		{"9999-01-01T00:00:00Z", 13}, {begun.Format("2006-01-02T15:04:05+00:00"), 5},
	} {
		if m, err := MomentOf(t.Context(), s, test.text); err != nil || m.Position != test.want {
			t.Errorf("%s: %+v, %v; want %d", test.text, m, err, test.want)
		}
	}
	if m, err := MomentOf(t.Context(), s, "0"); err != nil || !m.Time.Before(s.log[0].Created) {
		t.Errorf("before everything: %+v, %v", m, err)
	}
	for _, text := range []string{"", "-1", "1.5", "yesterday", "2031-05-01"} {
		if _, err := MomentOf(t.Context(), s, text); !errors.Is(err, ErrBadMoment) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for upTo, want := range map[events.Position]int64{1: 10, 5: 3, 9: 7, events.EndPosition: 16} {
		if p, err := ProductAt(t.Context(), s, "a", upTo); err != nil || p == nil || p.Remaining() != want {
			t.Errorf("at %d: %+v, %v; want %d remaining", upTo, p, err, want)
		}
	}
	if p, err := ProductAt(t.Context(), s, "b", 11); p != nil || err != nil {
		t.Errorf("before it was there: %+v, %v", p, err)
	}
}
