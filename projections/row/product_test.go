package row

import (
	"errors"
	"testing"
	"time"

	"admitone/events"
	"admitone/projections/logtest"
)

func TestProductFold(t *testing.T) {
	want := []struct{ stock, held, sold int64 }{
		{10, 0, 0}, {10, 0, 2}, {10, 3, 2}, {10, 4, 2}, {10, 5, 2}, {10, 2, 5}, {10, 2, 3}, {10, 1, 3}, {10, 0, 3},
		{20, 0, 3}, {20, 0, 3}, {20, 0, 3},
	}
	var p Product
	for i, fact := range logtest.ProductFacts() {
		e := logtest.Record(events.NewStreamID(events.ProductCategory, "a"), events.Revision(i), events.Position(i+1), fact)
		for range 2 { // the second time nothing changes
			if err := p.Apply(&e); err != nil {
				t.Fatal(err)
			}
			if got := (struct{ stock, held, sold int64 }{p.Stock, p.Held, p.Sold}); got != want[i] {
				t.Fatalf("after %s: %+v, want %+v", fact.Name(), got, want[i])
			}
		}
	}
	if p.ID != "a" || p.Name != "B" || p.Price != 6 || p.LimitPerHolder != 0 || p.HoldSeconds != 300 ||
		p.Revision != 11 || p.Position != 12 || p.Edited != 9 ||
		p.OpensAt.Unix() != 1_800_000_000 || p.ClosesAt.Sub(p.OpensAt) != time.Hour {
		t.Errorf("the row is %+v, want a at revision 11, edited at 9", p)
	}
	if !p.Created.Equal(logtest.Record("", 0, 1, logtest.ProductFacts()[0]).Created) ||
		!p.Updated.Equal(logtest.Record("", 0, 12, logtest.ProductFacts()[0]).Created) {
		t.Errorf("created %v, updated %v; want the times of the first and the last event", p.Created, p.Updated)
	}
}

func TestProductRefusesContradictions(t *testing.T) {
	created := &events.ProductCreated{ProductID: "a", Stock: 2}
	for name, facts := range map[string][]events.Fact{
		"no creation":                 {&events.ProductReserved{Quantity: 1, Remaining: 1}},
		"created twice":               {created, created},
		"wrong remaining":             {created, &events.ProductReserved{Quantity: 1, Remaining: 0}},
		"oversold":                    {created, &events.ProductReserved{Quantity: 3, Remaining: -1}},
		"confirmation without a hold": {created, &events.ProductConfirmed{Quantity: 1, Remaining: 2}},
		"release without a sale":      {created, &events.ProductReleased{Quantity: 1, Was: events.ReservationConfirmed, Remaining: 3}},
	} {
		var p Product
		var err error
		for i, fact := range facts {
			before := p
			e := logtest.Record(events.NewStreamID(events.ProductCategory, "a"), events.Revision(i), events.Position(i+1), fact)
			if err = p.Apply(&e); err != nil && p != before {
				t.Errorf("%s: a refused event changed the row", name)
			}
		}
		if !errors.Is(err, ErrViolated) {
			t.Errorf("%s: %v, want ErrViolated", name, err)
		}
	}
	var p Product
	gap := logtest.Record(events.NewStreamID(events.ProductCategory, "a"), 1, 1, created)
	if err := p.Apply(&gap); !errors.Is(err, ErrViolated) {
		t.Errorf("a gap in the revisions: %v, want ErrViolated", err)
	}
}
