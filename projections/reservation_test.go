package projections

import (
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
	"admitone/projections/logtest"
	"admitone/projections/row"
)

func TestClosedReservations(t *testing.T) {
	log, fs := logtest.NewMemory(), vfs.NewMem()
	p := opened(t, log, fs)
	stop := started(t, p)
	end := log.Add(product("a"), logtest.ProductLife()...)
	check := func(p *Projections) {
		t.Helper()
		waitFor(t, p, end)
		for id, want := range map[events.ReservationID]row.Reservation{
			"r1": {ID: "r1", ProductID: "a", Holder: "h1", Quantity: 2, Status: events.ReservationReleased, Remaining: 5,
				Revision: 6, Position: 7},
			"r3": {ID: "r3", ProductID: "a", Holder: "h3", Quantity: 1, Status: events.ReservationReleased, Remaining: 6,
				Revision: 7, Position: 8},
			"r4": {ID: "r4", ProductID: "a", Holder: "h4", Quantity: 1, Status: events.ReservationExpired,
				ExpiresAt: time.Unix(1_800_000_000, 0).UTC(), Remaining: 7, Revision: 8, Position: 9},
		} {
			if got, ok, err := p.ClosedReservation("a", id); err != nil || !ok || got != want {
				t.Errorf("%s: %+v, %v, %v; want %+v", id, got, ok, err, want)
			}
		}
		for _, id := range []events.ReservationID{"r2", "r5", ""} {
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
	if n := len(viewOf[*products](p).closed.changed); n != 0 {
		t.Errorf("%d are still in memory after they were written", n)
	}
	again := opened(t, log, fs)
	if again.Position() != end {
		t.Errorf("opened at %d, want %d", again.Position(), end)
	}
	check(again)
}
