package projections

import (
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"admitone/events"
	"admitone/projections/logtest"
)

// openByHolder counts open holds independently: reservations by their facts, bookings by their
// rows.
func openByHolder(t *rapid.T, p *Projections, facts []events.Fact, bookings []string) map[events.Holder]int64 {
	held := map[events.ReservationID]events.Holder{}
	for _, fact := range facts {
		switch f := fact.(type) {
		case *events.ProductHeld:
			held[f.ReservationID] = f.Holder
		case *events.ProductConfirmed:
			delete(held, f.ReservationID)
		case *events.ProductReleased:
			delete(held, f.ReservationID)
		case *events.ProductExpired:
			for i := range f.Expired {
				delete(held, f.Expired[i].ReservationID)
			}
		}
	}
	open := map[events.Holder]int64{}
	for _, holder := range held {
		open[holder]++
	}
	for _, id := range bookings {
		row, ok, err := p.Booking(id)
		if err != nil {
			t.Fatal(err)
		}
		if ok && (row.Status == events.BookingIsHeld || row.Status == events.BookingIsPaying) {
			open[row.Holder]++
		}
	}
	return open
}

// TestOpenHoldsAreCounted: the counts are right at every prefix of random histories, with every
// event delivered twice, and when read from disk.
func TestOpenHoldsAreCounted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := logtest.NewMemory()
		var all []events.Fact
		add := func(stream events.StreamID, fact events.Fact) { log.Add(stream, fact); all = append(all, fact) }
		c := logtest.NewBookingModel(add)
		sellers := []*productModel{{id: "a"}, {id: "a-b"}}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "product") {
				s := rapid.SampledFrom(sellers).Draw(t, "which")
				add(product(s.id), s.randomAction(t))
			} else {
				c.RandomAction(t)
			}
		}
		p := openIn(t, log, vfs.NewMem())
		defer p.Close()
		for at := range log.Recorded {
			for range 2 {
				if err := p.apply(log.Recorded[at : at+1]); err != nil {
					t.Fatal(err)
				}
			}
			if at%5 == 0 {
				flushViews(t, p)
			}
			want := openByHolder(t, p, all[:at+1], c.Order)
			for _, holder := range []events.Holder{"ada", "ada-b", "bob", "nobody"} {
				if got, err := p.OpenHolds(holder); err != nil || got != want[holder] {
					t.Fatalf("OpenHolds(%s) at %d = %d, %v; want %d", holder, at+1, got, err, want[holder])
				}
				delete(want, holder)
			}
			if len(want) > 0 {
				t.Fatalf("holders missing from the comparison: %v", want)
			}
		}
	})
}

func flushViews(t *rapid.T, p *Projections) {
	b := p.db.NewBatch()
	defer b.Close()
	for _, flush := range []func(*pebble.Batch) error{viewOf[*products](p).flush, viewOf[*boxOffice](p).flush} {
		if err := flush(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Commit(pebble.NoSync); err != nil {
		t.Fatal(err)
	}
}

// TestCancelledHoldsAreClosed: a held reservation that a cancellation ends is no longer open.
func TestCancelledHoldsAreClosed(t *testing.T) {
	log, stream := logtest.NewMemory(), events.StreamID("product-a")
	one := logtest.ReservationID(1)
	log.Add(stream, &events.ProductCreated{ProductID: "a", DisplayName: "A", Stock: 5, HoldSeconds: 60})
	log.Add(stream, &events.ProductHeld{ReservationID: one, Holder: "ada", Quantity: 1, Remaining: 4,
		ExpiresAt: time.Unix(4_000_000_000, 0).UTC()})
	log.Add(stream, &events.ProductReservationCancelled{ReservationID: one, Holder: "ada", Quantity: 1,
		Was: events.ReservationHeld, Remaining: 5})
	p := openIn(t, log, vfs.NewMem())
	defer p.Close()
	for at, want := range []int64{0, 1, 0} {
		if err := p.apply(log.Recorded[at : at+1]); err != nil {
			t.Fatal(err)
		}
		if got, err := p.OpenHolds("ada"); err != nil || got != want {
			t.Errorf("OpenHolds(ada) after event %d = %d, %v; want %d", at+1, got, err, want)
		}
	}
}

// TestOwnedTeamsAreCounted: each team is counted once for its owner, if it has one, even if its event is delivered
// twice.
func TestOwnedTeamsAreCounted(t *testing.T) {
	log := logtest.NewMemory()
	for id, owner := range map[events.TeamID]events.Holder{"a": "ada", "b": "ada", "c": "bob", "d": ""} {
		log.Add(team(id), &events.TeamRegistered{TeamID: id, DisplayName: string(id), Owner: owner})
	}
	p := openIn(t, log, vfs.NewMem())
	defer p.Close()
	for range 2 {
		for at := range log.Recorded {
			if err := p.apply(log.Recorded[at : at+1]); err != nil {
				t.Fatal(err)
			}
		}
	}
	for owner, want := range map[events.Holder]int64{"ada": 2, "bob": 1, "eve": 0, "": 0} {
		if got, err := p.OwnedTeams(owner); err != nil || got != want {
			t.Errorf("OwnedTeams(%q) = %d, %v; want %d", owner, got, err, want)
		}
	}
	if row, _, err := p.Team("a"); err != nil || row.Owner != "ada" {
		t.Errorf("Team(a) = %+v, %v; want the owner ada", row, err)
	}
}
