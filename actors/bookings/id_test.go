package bookings

import (
	"slices"
	"strings"
	"testing"

	"admitone/actors"
	"admitone/actors/process"
	"admitone/events"
)

// commands returns the ids of the commands that caused facts of a kind.
func (w *harness) commands(name string) (ids []actors.CommandID) {
	w.Helper()
	for event, err := range events.All(w.ctx(), w.store, 0) {
		if err != nil {
			w.Fatal(err)
		}
		if event.Type == name {
			ids = append(ids, actors.CommandID(events.RecordedCommand(event.Metadata)))
		}
	}
	return ids
}

// TestCommandIDs checks that every run derives the same command ids for its steps, and keeps the id of the
// request.
func TestCommandIDs(t *testing.T) {
	for _, key := range []bool{false, true} {
		w := newHarness(t, 1, 3, 3)
		w.charge("ann", 300)
		from := func(key string) Origin { return w.origin("ann") }
		if key {
			from = func(key string) Origin { return w.keyed("ann", key, "body") }
		}
		book, pay, release := from("book"), from("pay"), from("cancel")
		booked, err := w.Book(w.ctx(), Book{Origin: book, PerformanceID: "gala", Holder: "ann",
			Seats: []events.SeatName{"A-1-1", "A-1-2"}})
		w.want(err, "ok")
		id, hold := booked.Booking.ID, string(booked.Booking.HoldID())
		_, err = w.Pay(w.ctx(), Pay{Origin: pay, BookingID: id, By: "ann"})
		w.want(err, "ok")
		_, err = w.Cancel(w.ctx(), Cancel{Origin: release, BookingID: id, By: "ann"})
		w.want(err, "ok")
		for name, want := range map[string]actors.CommandID{
			"booking.held.v1": book.ID, "booking.payment_started.v1": pay.ID, "booking.released.v1": release.ID,
			"booking.booked.v1":     actors.KeyedCommandID("", "booked/"+hold), // as in existing logs
			"booking.refunded.v1":   process.ID("refunded", hold),
			"allowance.taken.v1":    process.ID("take-allowance", hold),
			"allowance.kept.v1":     process.ID("keep-allowance", hold),
			"allowance.released.v1": process.ID("release-allowance", hold),
			"seat.held.v1":          process.ID("hold-seat", hold), "seat.booked.v1": process.ID("book-seat", hold),
			"seat.released.v1":  process.ID("release-seat", hold),
			"wallet.debited.v1": process.ID("debit", hold), "wallet.refunded.v1": process.ID("refund", hold),
		} {
			got, times := w.commands(name), 1
			if strings.HasPrefix(name, "seat.") {
				times = 2
			}
			if !slices.Equal(got, slices.Repeat([]actors.CommandID{want}, times)) {
				t.Errorf("keyed %t: %s: got command ids %v, want %s", key, name, got, want)
			}
		}
	}
}

// TestIDsOfKeyedRequests checks fixed ids, so that a retry finds a booking that an older version has begun.
func TestIDsOfKeyedRequests(t *testing.T) {
	cmd := Book{Origin: Origin{ID: actors.KeyedCommandID("ann", "k", []byte("body"))}, PerformanceID: "gala"}
	if cmd.ID != "k676y5teW7oh3-ZN2lmcmsA.ZG_NnjRDK9g" {
		t.Errorf("got request id %s, want k676y5teW7oh3-ZN2lmcmsA.ZG_NnjRDK9g", cmd.ID)
	}
	if id, keyed := cmd.bookingID(); !keyed || id != "e452ede9-1cbd-5ae8-871b-9dac2aa9b626" {
		t.Errorf("got booking id %s, want e452ede9-1cbd-5ae8-871b-9dac2aa9b626", id)
	}
}
