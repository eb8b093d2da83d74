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

// crash leaves the seat A-1-1 held for an unfinished booking.
func (h *timedServer) crash() {
	h.t.Helper()
	_, err := h.desk.Ask(context.Background(),
		actors.Request{Stream: seat.Stream("gala", "A-1-1"), ID: actors.NewCommandID(), Actor: "ann",
			Command: &seat.Hold{HoldID: events.NewHoldID("lost", 1), Holder: "ann", Price: 100, HoldFor: time.Minute}})
	h.must(err)
}

// TestUnfinishedBookingIsReleased: after half a minute, whether the server runs throughout, is
// restarted in between, or later; and the log obeys all rules.
func TestUnfinishedBookingIsReleased(t *testing.T) {
	for about, away := range map[string]time.Duration{"there all the time": 0, "away in between": 10 * time.Second,
		"away at the end": 40 * time.Second} {
		t.Run(about, func(t *testing.T) {
			inTime(t, func(h *timedServer) {
				start := time.Now()
				h.crash()
				if away > 0 {
					h.away(away)
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
					t.Errorf("the booking's stream has %v, %v; want one event and page[0].Type = 'booking.abandoned.v1'",
						page, err)
				}
			})
		})
	}
}

// releaseDropper is a dispatcher that drops the releases of a failed attempt.
type releaseDropper struct{ actors.Dispatcher }

// Ask drops releases.
func (f releaseDropper) Ask(ctx context.Context, request actors.Request) (actors.Answer, error) {
	if release, ok := request.Command.(*seat.Release); ok && release.Reason == events.ReleasedIncomplete {
		return actors.Answer{}, nil
	}
	return f.Dispatcher.Ask(ctx, request)
}

// TestMissingReleaseIsFound: verify and the monitor detect a program that closes the first attempt
// of a booking without releasing its seats.
func TestMissingReleaseIsFound(t *testing.T) {
	inTime(t, func(h *timedServer) {
		h.all = bookings.New(releaseDropper{h.desk}, h.views)
		h.crash()
		prover := verify.NewMonitor(h.log, true, slog.New(slog.DiscardHandler))
		ctx, stop := context.WithCancel(context.Background())
		proved := make(chan error, 1)
		go func() { proved <- prover.Run(ctx) }()
		time.Sleep(32 * time.Second)
		h.wantTaken(true) // it was closed but not released
		h.wantProved(prover, nil)
		for range 7 { // further events
			time.Sleep(5 * time.Second)
			_, err := h.desk.Ask(context.Background(),
				actors.Request{Stream: wallet.Stream("eve"), ID: actors.NewCommandID(),
					Command: &wallet.Charge{ID: events.ChargeID(time.Now().String()), Amount: 1}})
			h.must(err)
		}
		h.wantProved(prover, nil) // 32 seconds and the pause are within the limit
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
			t.Errorf("Verify = %v, want a violation at revision 0", err)
		}
		h.wantProved(prover, broken)
		stop()
		<-proved
	})
}

func (h *timedServer) wantProved(prover *verify.Monitor, want *verify.Violation) {
	h.t.Helper()
	synctest.Wait()
	if got := prover.Violation(); (got == nil) != (want == nil) || want != nil && got.Error() != want.Error() {
		h.t.Errorf("proved: %v, want %v", got, want)
	}
}
