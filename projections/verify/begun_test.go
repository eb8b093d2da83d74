package verify_test

import (
	"errors"
	"testing"
	"time"

	"admitone/events"
	"admitone/projections/logtest"
	"admitone/projections/verify"
)

// TestVerifierRuleOfBegunHolds: a hold that has become no booking is released within a minute of
// the log's time, in which a pause counts as five seconds.
func TestVerifierRuleOfBegunHolds(t *testing.T) {
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
		about string
		do    func(b *logtest.ForgedLog)
		// pauses until the end, each before an event
		pauses []time.Duration
		broken bool
	}{
		{"nobody's for a minute", func(b *logtest.ForgedLog) { b.Add(a13, hold(b, 1)) }, pauses(12, 5*time.Second), false},
		{"nobody's for longer", func(b *logtest.ForgedLog) { b.Add(a13, hold(b, 1)) },
			append(pauses(12, 5*time.Second), time.Nanosecond), true},
		{"nobody's while a server was down", func(b *logtest.ForgedLog) { b.Add(a13, hold(b, 1)) }, pauses(12, time.Hour),
			false},
		{"and then longer", func(b *logtest.ForgedLog) { b.Add(a13, hold(b, 1)) }, pauses(13, time.Hour), true},
		{"of a version before", func(b *logtest.ForgedLog) { f := hold(b, 1); f.Attempt = 0; b.Add(a13, f) },
			pauses(99, 5*time.Second), false},
		{"become a booking", func(b *logtest.ForgedLog) { b.Add(a13, hold(b, 1)); b.Add("booking-x", made(b, 1)) },
			pauses(99, 5*time.Second), false},
		{"given back", func(b *logtest.ForgedLog) { b.Add(a13, hold(b, 1), released(b, 1)) }, pauses(99, 5*time.Second),
			false},
		{"closed", func(b *logtest.ForgedLog) { b.Add(a13, hold(b, 1)); b.Add("booking-x", closed) },
			pauses(13, 5*time.Second), true},
		{"closed, and given back", func(b *logtest.ForgedLog) {
			b.Add(a13, hold(b, 1))
			b.Add("booking-x", closed)
			b.Add(a13, released(b, 1))
		}, pauses(99, 5*time.Second), false},
		{"closed, and held under the next", func(b *logtest.ForgedLog) {
			b.Add(a13, hold(b, 1))
			b.Add("booking-x", closed)
			b.Add(a13, released(b, 1), hold(b, 2))
			b.Add("booking-x", made(b, 2))
		}, pauses(99, 5*time.Second), false},
		{"closed, the booking held under the next, and one forgotten", func(b *logtest.ForgedLog) {
			b.Add(a23, hold(b, 1))
			b.Add("booking-x", closed)
			b.Add(a13, hold(b, 2))
			b.Add("booking-x", made(b, 2))
		}, pauses(13, 5*time.Second), true},
		{"of the booking's attempt, and none of its seats", func(b *logtest.ForgedLog) {
			b.Add(a23, hold(b, 1))
			b.Add(a13, hold(b, 1))
			b.Add("booking-x", made(b, 1))
		}, pauses(13, 5*time.Second), true},
		{"of the booking's attempt, too late", func(b *logtest.ForgedLog) {
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
			(v.Rule != verify.RuleBegun || uint64(v.Position) != at || v.Stream.Category() != events.SeatCategory) {
			t.Errorf("%s: %v; broken: %t, want %t, at position %d", test.about, err, broken, test.broken, at)
		}
	}
}

func pauses(n int, each time.Duration) (all []time.Duration) {
	for range n {
		all = append(all, each)
	}
	return all
}
