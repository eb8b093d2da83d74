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

// timedServer has everything that a booking needs, without a network, so that it can run in
// synctest's time, in which a minute passes at once and nothing is late by chance.
type timedServer struct {
	t     *testing.T
	dir   string
	log   *embedded.Store
	desk  *actors.Desk
	views *projections.Projections
	all   *bookings.Bookings
	// stop ends everything; start resumes on the same log.
	stop func()
}

// inTime runs a test with one row of two seats, held for a minute each.
func inTime(t *testing.T, test func(h *timedServer)) {
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
	h.all = bookings.New(h.desk, h.views)
	ctx, cancel := context.WithCancel(context.Background())
	var background sync.WaitGroup
	for _, work := range []func() error{
		func() error { return h.views.Run(ctx) },
		func() error { return h.views.RunDeadlines(ctx, h.desk.Wake) },
		func() error {
			return h.views.RunUnfinished(ctx, func(ctx context.Context, id events.BookingID) error {
				return h.all.Resume(ctx, bookings.Origin{ID: actors.NewCommandID(), Actor: "system"}, id)
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
		h.all.Wait()
		h.must(errors.Join(h.desk.Close(context.Background()), h.views.Close(), h.log.Close()))
	}
}

// away stops the server, and restarts it after some time.
func (h *timedServer) away(d time.Duration) {
	h.t.Helper()
	h.stop()
	time.Sleep(d)
	h.start()
}

// book books the seat A-1-1.
func (h *timedServer) book(holder string) (bookings.Answer, error) {
	return h.all.Book(context.Background(), bookings.Book{Origin: bookings.Origin{ID: actors.NewCommandID(),
		Actor: holder},
		PerformanceID: "gala", Holder: events.Holder(holder), Seats: []events.SeatName{"A-1-1"}})
}

// wantTaken checks whether the seat A-1-1 is taken, after everything due has been executed.
func (h *timedServer) wantTaken(want bool) {
	h.t.Helper()
	synctest.Wait()
	seats, _, err := h.views.TakenSeats(context.Background(), "gala")
	h.must(err)
	if (seats[0] != 0) != want {
		h.t.Errorf("the seat is shown as taken: %t, want %t", seats[0] != 0, want)
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

func (h *timedServer) wantRefusal(err error, code core.Code) {
	h.t.Helper()
	if refusal := (*core.Refusal)(nil); !errors.As(err, &refusal) || refusal.Code != code {
		h.t.Errorf("got %v, want %s", err, code)
	}
}

// TestHoldsEndOnTime: a seat is held to the last moment of its hold and free after it, whether the
// server ran throughout, was stopped in between, or was stopped when the hold ended.
func TestHoldsEndOnTime(t *testing.T) {
	for _, test := range []struct {
		about        string
		leaves, away time.Duration
	}{
		{"there all the time", 0, 0},
		{"away in between", 20 * time.Second, 20 * time.Second},
		{"away at the end", 20 * time.Second, 100 * time.Second},
	} {
		t.Run(test.about, func(t *testing.T) {
			inTime(t, func(h *timedServer) {
				made, err := h.book("ann")
				h.must(err)
				if until := time.Until(made.Booking.ExpiresAt); until != time.Minute {
					t.Errorf("held for %v; want %v", until, time.Minute)
				}
				if time.Sleep(test.leaves); test.away > 0 {
					h.wantTaken(true)
					h.away(test.away)
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

// TestLateTimerAndLatePayment: a late deadline of ann's hold does not take the seat from bob, who
// has acquired it since, even if the server was stopped at that moment; nor does her late payment.
func TestLateTimerAndLatePayment(t *testing.T) {
	for about, away := range map[string]time.Duration{"there all the time": 0, "away at that moment": 29 * time.Second} {
		t.Run(about, func(t *testing.T) {
			inTime(t, func(h *timedServer) {
				anns, err := h.book("ann") // her seat's deadline is 90 s away, the booking's 60
				h.must(err)
				time.Sleep(62 * time.Second)
				bobs, err := h.book("bob")
				h.must(err)
				if time.Sleep(4 * time.Second); away > 0 {
					h.away(away)
				} else {
					time.Sleep(29 * time.Second)
				}
				h.wantTaken(true)
				h.wantStatus(bobs.Booking.ID, events.BookingIsHeld)
				_, err = h.all.Pay(context.Background(),
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
