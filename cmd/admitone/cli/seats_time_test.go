package cli

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"admitone/actors"
	"admitone/actors/bookings"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/cmd/admitone/kinds"
	"admitone/events"
	"admitone/events/embedded"
	"admitone/projections"
)

// timedServer has everything that a booking needs, without a network, so that it can run in a bubble of
// synctest, in which time passes without waiting and nothing is late by chance.
type timedServer struct {
	t        *testing.T
	dir      string
	log      *embedded.Store
	desk     *actors.Desk
	views    *projections.Projections
	bookings *bookings.Bookings
	// stop stops everything; start continues on the same log.
	stop func()
}

// runTimed runs a test in a bubble, with a performance of one row of two seats that are held for a minute.
func runTimed(t *testing.T, test func(h *timedServer)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		h := &timedServer{t: t, dir: dir}
		h.start()
		defer func() { h.stop() }()
		_, err := h.desk.Ask(t.Context(), actors.Request{Stream: performance.Stream("gala"), ID: actors.NewCommandID(),
			Command: &performance.Create{
				ID: "gala", Title: "Gala", Venue: "Hall", StartsAt: time.Now().Add(time.Hour), HoldSeconds: 60,
				Sections: []events.Section{{ID: "A", Rows: 1, SeatsPerRow: 2, Price: 100}}}})
		if err != nil {
			t.Fatal(err)
		}
		test(h)
	})
}

func (h *timedServer) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *timedServer) start() {
	h.t.Helper()
	var err error
	quiet := slog.New(slog.DiscardHandler)
	h.log, err = embedded.Open(filepath.Join(h.dir, "log"),
		embedded.Options{Logger: quiet, Fatal: func(err error) { panic(err) }})
	h.must(err)
	engine, err := actors.NewEngine()
	h.must(err)
	h.views, err = projections.Open(projections.Config{Store: h.log, Dir: filepath.Join(h.dir, "views"),
		Spawn: engine.Spawn, Logger: quiet})
	h.must(err)
	h.desk = actors.NewDesk(engine, actors.Config{Store: h.log, Snapshots: h.log, Kinds: kinds.Rules(), Logger: quiet})
	h.bookings = bookings.New(h.desk, h.views)
	ctx, cancel := context.WithCancel(context.Background())
	var background sync.WaitGroup
	for _, work := range []func() error{
		func() error { return h.views.Run(ctx) },
		func() error { return h.views.RunDeadlines(ctx, h.desk.Wake) },
		func() error {
			return h.views.RunUnfinished(ctx, func(ctx context.Context, id events.BookingID) error {
				return h.bookings.Resume(ctx, bookings.Origin{ID: actors.NewCommandID(), Actor: "system"}, id)
			})
		},
	} {
		background.Go(func() {
			if err := work(); err != nil && !errors.Is(err, context.Canceled) {
				h.t.Error(err)
			}
		})
	}
	h.stop = func() {
		cancel()
		background.Wait()
		h.bookings.Wait()
		h.must(errors.Join(h.desk.Close(context.Background()), h.views.Close(), h.log.Close()))
	}
}

// stopFor stops the server, and starts it again after some time.
func (h *timedServer) stopFor(d time.Duration) {
	h.t.Helper()
	h.stop()
	time.Sleep(d)
	h.start()
}

// book books the seat A-1-1 for a holder.
func (h *timedServer) book(holder string) (bookings.Answer, error) {
	return h.bookings.Book(context.Background(), bookings.Book{Origin: bookings.Origin{ID: actors.NewCommandID(),
		Actor: holder},
		PerformanceID: "gala", Holder: events.Holder(holder), Seats: []events.SeatName{"A-1-1"}})
}

// wantTaken checks whether the seat A-1-1 is taken, once everything due has been done.
func (h *timedServer) wantTaken(want bool) {
	h.t.Helper()
	synctest.Wait()
	seats, _, err := h.views.TakenSeats(context.Background(), "gala")
	h.must(err)
	if (seats[0] != 0) != want {
		h.t.Errorf("the seat A-1-1 is taken: %t, want %t", seats[0] != 0, want)
	}
}

// wantStatus checks the status of a booking.
func (h *timedServer) wantStatus(id events.BookingID, want events.BookingStatus) {
	h.t.Helper()
	synctest.Wait()
	row, ok, err := h.views.Booking(string(id))
	if err != nil || !ok || row.Status != want {
		h.t.Errorf("the booking is %s (%t, %v), want %s", row.Status, ok, err, want)
	}
}

// wantRefusal checks that an error is a refusal with a code.
func (h *timedServer) wantRefusal(err error, code core.Code) {
	h.t.Helper()
	if refusal := (*core.Refusal)(nil); !errors.As(err, &refusal) || refusal.Code != code {
		h.t.Errorf("got the error %v, want the refusal %s", err, code)
	}
}

// TestHoldsEndOnTime: a seat is held until the deadline of its hold and free after it, whether the server runs
// throughout, is stopped in between, or is stopped at the deadline.
func TestHoldsEndOnTime(t *testing.T) {
	for _, test := range []struct {
		about          string
		after, stopped time.Duration // the time before the stop, and its duration
	}{
		{"running throughout", 0, 0},
		{"stopped in between", 20 * time.Second, 20 * time.Second},
		{"stopped at the deadline", 20 * time.Second, 100 * time.Second},
	} {
		t.Run(test.about, func(t *testing.T) {
			runTimed(t, func(h *timedServer) {
				made, err := h.book("ann")
				h.must(err)
				if until := time.Until(made.Booking.ExpiresAt); until != time.Minute {
					t.Errorf("the seat is held for %v, want %v", until, time.Minute)
				}
				if time.Sleep(test.after); test.stopped > 0 {
					h.wantTaken(true)
					h.stopFor(test.stopped)
				}
				if remaining := time.Until(made.Booking.ExpiresAt); remaining > 0 {
					time.Sleep(remaining)
					h.wantTaken(true)
					_, err = h.book("bob")
					h.wantRefusal(err, "seat_taken")
				}
				time.Sleep(time.Second)
				h.wantTaken(false)
				h.wantStatus(made.Booking.ID, events.BookingIsExpired)
				_, err = h.book("bob")
				h.must(err)
			})
		})
	}
}

// TestLateTimerAndLatePayment: after ann's booking has expired, bob books her seat. Neither the later deadline
// of her hold of the seat nor her late payment takes the seat from bob, also if the server is stopped at that
// deadline.
func TestLateTimerAndLatePayment(t *testing.T) {
	for about, stopped := range map[string]time.Duration{"running throughout": 0, "stopped at the deadline": 29 * time.Second} {
		t.Run(about, func(t *testing.T) {
			runTimed(t, func(h *timedServer) {
				anns, err := h.book("ann") // the booking expires after 60 s, the hold of the seat after 90 s
				h.must(err)
				time.Sleep(62 * time.Second)
				bobs, err := h.book("bob")
				h.must(err)
				if time.Sleep(4 * time.Second); stopped > 0 {
					h.stopFor(stopped)
				} else {
					time.Sleep(29 * time.Second)
				}
				h.wantTaken(true)
				h.wantStatus(bobs.Booking.ID, events.BookingIsHeld)
				_, err = h.bookings.Pay(context.Background(),
					bookings.Pay{Origin: bookings.Origin{ID: actors.NewCommandID(), Actor: "ann"}, BookingID: anns.Booking.ID,
						By: "ann"})
				h.wantRefusal(err, "hold_expired")
				_, err = h.book("cid")
				h.wantRefusal(err, "seat_taken")
				time.Sleep(time.Until(bobs.Booking.ExpiresAt))
				h.wantTaken(true)
				h.wantStatus(bobs.Booking.ID, events.BookingIsHeld)
				time.Sleep(time.Second)
				h.wantTaken(false)
				h.wantStatus(bobs.Booking.ID, events.BookingIsExpired)
			})
		})
	}
}
