package projections

import (
	"reflect"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
	"admitone/projections/logtest"
	"admitone/projections/row"
)

// TestReservations: reservations have the steps and the order data of their facts, before and after a restart.
func TestReservations(t *testing.T) {
	log, fs := logtest.NewMemory(), vfs.NewMem()
	p := openViews(t, log, fs)
	stop := runViews(t, p)
	end := log.Add(product("a"), append(logtest.ProductFacts(), &events.ProductReservationAnnotated{ReservationID: "r2",
		Holder: "h2", Quantity: 3, Status: events.ReservationConfirmed, Remaining: 17, OrderData: events.OrderData{
			Reference: "R-2", Metadata: []events.MetadataPair{{Name: "desk", Value: "3"}}}})...)
	check := func(p *Projections) {
		t.Helper()
		waitFor(t, p, end)
		step := func(status events.ReservationStatus, revision events.Revision, remaining int64) row.ReservationStep {
			return row.ReservationStep{Status: status, Revision: revision, Position: events.Position(revision) + 1,
				Remaining: remaining}
		}
		until := time.Unix(1_800_000_000, 0).UTC()
		held, confirmed := events.ReservationHeld, events.ReservationConfirmed
		for id, want := range map[events.ReservationID]row.Reservation{
			"r1": {ID: "r1", ProductID: "a", Holder: "h1", Quantity: 2, Steps: []row.ReservationStep{
				step(confirmed, 1, 8), step(events.ReservationReleased, 6, 5)}},
			"r2": {ID: "r2", ProductID: "a", Holder: "h2", Quantity: 3, Deadline: until, Steps: []row.ReservationStep{
				step(held, 2, 5), step(confirmed, 5, 3)}, OrderRevision: 12, OrderPosition: 13,
				Order: events.OrderData{Reference: "R-2", Metadata: []events.MetadataPair{{Name: "desk", Value: "3"}}}},
			"r3": {ID: "r3", ProductID: "a", Holder: "h3", Quantity: 1, Deadline: until, Steps: []row.ReservationStep{
				step(held, 3, 4), step(events.ReservationReleased, 7, 6)}},
			"r4": {ID: "r4", ProductID: "a", Holder: "h4", Quantity: 1, Deadline: until, Steps: []row.ReservationStep{
				step(held, 4, 3), step(events.ReservationExpired, 8, 7)}},
		} {
			want.Price = 5 // of the product; facts of earlier versions omit it
			got, ok, err := p.Reservation("a", id)
			if err != nil || !ok || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %+v, %v, %v; want %+v", id, got, ok, err, want)
			}
		}
		for _, id := range []events.ReservationID{"r5", ""} {
			if got, ok, err := p.Reservation("a", id); err != nil || ok {
				t.Errorf("%s: %+v, %v, %v; want none", id, got, ok, err)
			}
		}
	}
	check(p)
	stop()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if n := len(viewOf[*products](p).reservations.changed); n != 0 {
		t.Errorf("%d reservations are in memory after the flush, want 0", n)
	}
	again := openViews(t, log, fs)
	if again.Position() != end {
		t.Errorf("opened at %d, want %d", again.Position(), end)
	}
	check(again)
}
