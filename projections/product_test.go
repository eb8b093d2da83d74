package projections

import (
	"errors"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
)

// life is a product's stream in which every fact occurs.
func life() []events.Fact {
	until := time.Unix(1_800_000_000, 0).UTC()
	return []events.Fact{
		&events.ProductCreated{ProductID: "a", DisplayName: "A", Stock: 10, Price: 5, LimitPerHolder: 4, HoldSeconds: 300},
		&events.ProductReserved{ReservationID: "r1", Holder: "h1", Quantity: 2, Remaining: 8},
		&events.ProductHeld{ReservationID: "r2", Holder: "h2", Quantity: 3, ExpiresAt: until, Remaining: 5},
		&events.ProductHeld{ReservationID: "r3", Holder: "h3", Quantity: 1, ExpiresAt: until, Remaining: 4},
		&events.ProductHeld{ReservationID: "r4", Holder: "h4", Quantity: 1, ExpiresAt: until, Remaining: 3},
		&events.ProductConfirmed{ReservationID: "r2", Holder: "h2", Quantity: 3, Remaining: 3},
		&events.ProductReleased{ReservationID: "r1", Holder: "h1", Quantity: 2, Was: events.ReservationConfirmed, Remaining: 5},
		&events.ProductReleased{ReservationID: "r3", Holder: "h3", Quantity: 1, Was: events.ReservationHeld, Remaining: 6},
		&events.ProductExpired{Expired: []events.ExpiredHold{{ReservationID: "r4", Holder: "h4", Quantity: 1, ExpiresAt: until}}, Quantity: 1, Remaining: 7},
		&events.ProductEdited{DisplayName: "B", Stock: 20, Price: 6, LimitPerHolder: 0, Remaining: 17},
	}
}

func TestProductFold(t *testing.T) {
	want := []struct{ stock, held, sold int64 }{
		{10, 0, 0}, {10, 0, 2}, {10, 3, 2}, {10, 4, 2}, {10, 5, 2}, {10, 2, 5}, {10, 2, 3}, {10, 1, 3}, {10, 0, 3}, {20, 0, 3},
	}
	var p Product
	for i, fact := range life() {
		e := record(product("a"), events.Revision(i), events.Position(i+1), fact)
		for range 2 { // the second time it changes nothing
			if err := p.Apply(&e); err != nil {
				t.Fatal(err)
			}
			if got := (struct{ stock, held, sold int64 }{p.Stock, p.Held, p.Sold}); got != want[i] {
				t.Fatalf("after %s: %+v, want %+v", fact.Name(), got, want[i])
			}
		}
	}
	if p.ID != "a" || p.Name != "B" || p.Price != 6 || p.LimitPerHolder != 0 || p.HoldSeconds != 300 || p.Revision != 9 || p.Position != 10 {
		t.Errorf("the row is %+v", p)
	}
	if !p.Created.Equal(record("", 0, 1, life()[0]).Created) || !p.Updated.Equal(record("", 0, 10, life()[0]).Created) {
		t.Errorf("created %v, updated %v", p.Created, p.Updated)
	}
}

func TestProductRefusesWhatCannotBe(t *testing.T) {
	created := &events.ProductCreated{ProductID: "a", Stock: 2}
	for name, facts := range map[string][]events.Fact{
		"not created":      {&events.ProductReserved{Quantity: 1, Remaining: 1}},
		"created twice":    {created, created},
		"wrong remaining":  {created, &events.ProductReserved{Quantity: 1, Remaining: 0}},
		"oversold":         {created, &events.ProductReserved{Quantity: 3, Remaining: -1}},
		"confirms nothing": {created, &events.ProductConfirmed{Quantity: 1, Remaining: 2}},
		"releases nothing": {created, &events.ProductReleased{Quantity: 1, Was: events.ReservationConfirmed, Remaining: 3}},
	} {
		var p Product
		var err error
		for i, fact := range facts {
			before := p
			e := record(product("a"), events.Revision(i), events.Position(i+1), fact)
			if err = p.Apply(&e); err != nil && p != before {
				t.Errorf("%s: a refused event changed the row", name)
			}
		}
		if !errors.Is(err, ErrViolated) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var p Product
	gap := record(product("a"), 1, 1, created)
	if err := p.Apply(&gap); !errors.Is(err, ErrViolated) {
		t.Errorf("a gap in the revisions: %v", err)
	}
}

func TestClosedReservations(t *testing.T) {
	log, fs := newMemoryLog(), vfs.NewMem()
	p := opened(t, log, fs)
	stop := started(t, p)
	end := log.add(product("a"), life()...)
	check := func(p *Projections) {
		t.Helper()
		waitFor(t, p, end)
		for id, want := range map[string]Reservation{
			"r1": {ID: "r1", ProductID: "a", Holder: "h1", Quantity: 2, Status: events.ReservationReleased, Remaining: 5, Revision: 6, Position: 7},
			"r3": {ID: "r3", ProductID: "a", Holder: "h3", Quantity: 1, Status: events.ReservationReleased, Remaining: 6, Revision: 7, Position: 8},
			"r4": {ID: "r4", ProductID: "a", Holder: "h4", Quantity: 1, Status: events.ReservationExpired, ExpiresAt: time.Unix(1_800_000_000, 0).UTC(), Remaining: 7, Revision: 8, Position: 9},
		} {
			if got, ok, err := p.ClosedReservation("a", id); err != nil || !ok || got != want {
				t.Errorf("%s: %+v, %v, %v; want %+v", id, got, ok, err, want)
			}
		}
		for _, id := range []string{"r2", "r5", ""} {
			if got, ok, err := p.ClosedReservation("a", id); err != nil || ok {
				t.Errorf("%s: %+v, %v, %v; want none", id, got, ok, err)
			}
		}
	}
	check(p)
	stop()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if n := len(kindOf[*products](p).closed.changed); n != 0 {
		t.Errorf("%d are still in memory after they were written", n)
	}
	again := opened(t, log, fs)
	if again.Position() != end {
		t.Errorf("opened at %d, want %d", again.Position(), end)
	}
	check(again)
}
