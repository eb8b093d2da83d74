package cli

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"admitone/actors"
	"admitone/actors/bookings"
	"admitone/actors/seat"
	"admitone/actors/wallet"
	"admitone/events"
	"admitone/projections/verify"
)

// leaveUnfinishedBooking holds the seat A-1-1 for a booking that is never made, as a crash would.
func (h *timedServer) leaveUnfinishedBooking() {
	h.t.Helper()
	_, err := h.desk.Ask(context.Background(),
		actors.Request{Stream: seat.Stream("gala", "A-1-1"), ID: actors.NewCommandID(), Actor: "ann",
			Command: &seat.Hold{HoldID: events.NewHoldID("lost", 1), Holder: "ann", Price: 100, HoldFor: time.Minute}})
	h.must(err)
}

// TestUnfinishedBookingIsReleased: the seats of an unfinished booking are released after half a minute, or
// when the server starts after that, and the log obeys all rules.
func TestUnfinishedBookingIsReleased(t *testing.T) {
	for about, stopped := range map[string]time.Duration{"running throughout": 0, "stopped in between": 10 * time.Second,
		"stopped at the deadline": 40 * time.Second} {
		t.Run(about, func(t *testing.T) {
			runTimed(t, func(h *timedServer) {
				start := time.Now()
				h.leaveUnfinishedBooking()
				if stopped > 0 {
					h.stopFor(stopped)
				}
				if remaining := time.Until(start.Add(29 * time.Second)); remaining > 0 {
					time.Sleep(remaining)
					h.wantTaken(true)
					time.Sleep(2 * time.Second)
				}
				h.wantTaken(false)
				made, err := h.book("bob")
				h.must(err)
				time.Sleep(30 * time.Second)
				h.wantStatus(made.Booking.ID, events.BookingIsHeld)
				_, err = verify.Log(context.Background(), h.log, true, nil)
				h.must(err)
				page, err := h.log.Read(context.Background(), "booking-lost", 0, events.Forward, 9)
				if err != nil || len(page) != 1 || page[0].Type != "booking.abandoned.v1" {
					t.Errorf("the booking's stream has %v, %v; want one booking.abandoned.v1", page, err)
				}
			})
		})
	}
}

// releaseDropper is a dispatcher that does not execute the releases of an unfinished booking.
type releaseDropper struct{ actors.Dispatcher }

// Ask implements actors.Dispatcher.
func (f releaseDropper) Ask(ctx context.Context, request actors.Request) (actors.Answer, error) {
	if release, ok := request.Command.(*seat.Release); ok && release.Reason == events.ReleasedIncomplete {
		return actors.Answer{}, nil
	}
	return f.Dispatcher.Ask(ctx, request)
}

// TestMissingReleaseIsFound: verify and the monitor find that an unfinished booking was closed without
// releasing its seats.
func TestMissingReleaseIsFound(t *testing.T) {
	runTimed(t, func(h *timedServer) {
		h.bookings = bookings.New(releaseDropper{h.desk}, h.views)
		h.leaveUnfinishedBooking()
		monitor := verify.NewMonitor(h.log, true, slog.New(slog.DiscardHandler))
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- monitor.Run(ctx) }()
		time.Sleep(32 * time.Second)
		h.wantTaken(true) // the booking was closed, but the seat was not released
		h.wantViolation(monitor, nil)
		for range 7 { // further events, 5 s apart
			time.Sleep(5 * time.Second)
			_, err := h.desk.Ask(context.Background(),
				actors.Request{Stream: wallet.Stream("eve"), ID: actors.NewCommandID(),
					Command: &wallet.Charge{ID: events.ChargeID(time.Now().String()), Amount: 1}})
			h.must(err)
		}
		h.wantViolation(monitor, nil) // still within the limit
		for range 6 {
			time.Sleep(5 * time.Second)
			_, err := h.desk.Ask(context.Background(),
				actors.Request{Stream: wallet.Stream("eve"), ID: actors.NewCommandID(),
					Command: &wallet.Charge{ID: events.ChargeID(time.Now().String()), Amount: 1}})
			h.must(err)
		}
		_, err := verify.Log(context.Background(), h.log, true, nil)
		broken := (*verify.Violation)(nil)
		if !errors.As(err, &broken) || broken.Rule != verify.RuleUnconfirmed || broken.Stream != "seat-gala~A-1-1" ||
			broken.Revision != 0 {
			t.Errorf("verify.Log = %v, want a violation of %q at revision 0", err, verify.RuleUnconfirmed)
		}
		h.wantViolation(monitor, broken)
		stop()
		<-ended
	})
}

// wantViolation checks the violation that the monitor has found, if any.
func (h *timedServer) wantViolation(monitor *verify.Monitor, want *verify.Violation) {
	h.t.Helper()
	synctest.Wait()
	if got := monitor.Violation(); (got == nil) != (want == nil) || want != nil && got.Error() != want.Error() {
		h.t.Errorf("the monitor found %v, want %v", got, want)
	}
}
