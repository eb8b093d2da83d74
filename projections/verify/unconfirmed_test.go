package verify_test

import (
	"errors"
	"testing"
	"time"

	"admitone/events"
	"admitone/projections/logtest"
	"admitone/projections/verify"
)

// TestVerifierRuleOfUnconfirmedHolds: a hold that no booking confirms must end within a minute of
// the log's time, in which a gap between events counts as five seconds at most.
func TestVerifierRuleOfUnconfirmedHolds(t *testing.T) {
	a13, a23 := logtest.SeatStream("a", "A-1-3"), logtest.SeatStream("a", "A-2-3")
	hold := func(b *logtest.ForgedLog, attempt int64) *events.SeatHeld {
		return &events.SeatHeld{HoldID: events.NewHoldID("x", attempt), BookingID: "x", Holder: "dan", Price: 5,
			ExpiresAt: b.BookingModel.Now.Add(logtest.ModelHold), FirstHeldAt: b.BookingModel.Now, Attempt: attempt}
	}
	made := func(b *logtest.ForgedLog, attempt int64) *events.BookingHeld {
		return &events.BookingHeld{BookingID: "x", PerformanceID: "a", Holder: "dan",
			Seats: []events.BookedSeat{{Seat: "A-1-3", Price: 5}}, Amount: 5,
			ExpiresAt: b.BookingModel.Now.Add(logtest.ModelHold), ExtendableUntil: b.BookingModel.Now.Add(logtest.ModelHold),
			Attempt: attempt}
	}
	closed := &events.BookingAbandoned{BookingID: "x", PerformanceID: "a", Holder: "dan", Attempt: 1}
	released := func(b *logtest.ForgedLog, attempt int64) *events.SeatReleased {
		return &events.SeatReleased{HoldID: events.NewHoldID("x", attempt), Holder: "dan", Was: events.SeatIsHeld,
			Reason: events.ReleasedIncomplete, ReleasedAt: b.BookingModel.Now}
	}
	for _, test := range []struct {
		name   string
		do     func(b *logtest.ForgedLog)
		pauses []time.Duration // each is followed by an event
		broken bool
	}{
		{"unconfirmed for a minute", func(b *logtest.ForgedLog) { b.Add(a13, hold(b, 1)) }, pauses(12, 5*time.Second), false},
		{"unconfirmed for more than a minute", func(b *logtest.ForgedLog) { b.Add(a13, hold(b, 1)) },
			append(pauses(12, 5*time.Second), time.Nanosecond), true},
		{"unconfirmed for 12 long gaps", func(b *logtest.ForgedLog) { b.Add(a13, hold(b, 1)) }, pauses(12, time.Hour),
			false},
		{"unconfirmed for 13 long gaps", func(b *logtest.ForgedLog) { b.Add(a13, hold(b, 1)) }, pauses(13, time.Hour), true},
		{"without an attempt number", func(b *logtest.ForgedLog) { f := hold(b, 1); f.Attempt = 0; b.Add(a13, f) },
			pauses(99, 5*time.Second), false},
		{"confirmed by a booking", func(b *logtest.ForgedLog) { b.Add(a13, hold(b, 1)); b.Add("booking-x", made(b, 1)) },
			pauses(99, 5*time.Second), false},
		{"released", func(b *logtest.ForgedLog) { b.Add(a13, hold(b, 1), released(b, 1)) }, pauses(99, 5*time.Second),
			false},
		{"attempt closed", func(b *logtest.ForgedLog) { b.Add(a13, hold(b, 1)); b.Add("booking-x", closed) },
			pauses(13, 5*time.Second), true},
		{"attempt closed and hold released", func(b *logtest.ForgedLog) {
			b.Add(a13, hold(b, 1))
			b.Add("booking-x", closed)
			b.Add(a13, released(b, 1))
		}, pauses(99, 5*time.Second), false},
		{"attempt closed and seat held under the next", func(b *logtest.ForgedLog) {
			b.Add(a13, hold(b, 1))
			b.Add("booking-x", closed)
			b.Add(a13, released(b, 1), hold(b, 2))
			b.Add("booking-x", made(b, 2))
		}, pauses(99, 5*time.Second), false},
		{"attempt closed and one of its holds left", func(b *logtest.ForgedLog) {
			b.Add(a23, hold(b, 1))
			b.Add("booking-x", closed)
			b.Add(a13, hold(b, 2))
			b.Add("booking-x", made(b, 2))
		}, pauses(13, 5*time.Second), true},
		{"held under the booking's attempt, but not a seat of the booking", func(b *logtest.ForgedLog) {
			b.Add(a23, hold(b, 1))
			b.Add(a13, hold(b, 1))
			b.Add("booking-x", made(b, 1))
		}, pauses(13, 5*time.Second), true},
		{"held under the booking's attempt after the booking", func(b *logtest.ForgedLog) {
			b.Add(a13, hold(b, 1))
			b.Add("booking-x", made(b, 1))
			b.Add(a23, hold(b, 1))
		}, pauses(13, 5*time.Second), true},
	} {
		b := logtest.NewForgedLog()
		b.Open("a")
		test.do(b)
		at := uint64(0)
		for i := range b.Log {
			if b.Log[i].Type == "seat.held.v1" && at == 0 || b.Log[i].Stream == a23 {
				at = uint64(b.Log[i].Position)
			}
		}
		for i, pause := range test.pauses {
			b.Wait(pause)
			b.Add("wallet-eve", &events.WalletCharged{ChargeID: "c", Amount: 1, Balance: int64(i + 1)})
		}
		err := verifyAll(b.Log)
		var v *verify.Violation
		if broken := errors.As(err, &v); broken != test.broken || err != nil &&
			(v.Rule != verify.RuleUnconfirmed || uint64(v.Position) != at || v.Stream.Category() != events.SeatCategory) {
			t.Errorf("%s: %v; broken: %t, want %t, at position %d", test.name, err, broken, test.broken, at)
		}
	}
}

func pauses(n int, each time.Duration) (all []time.Duration) {
	for range n {
		all = append(all, each)
	}
	return all
}
