package booking

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"admitone/actors/core"
	"admitone/events"
)

// someCommand draws a command, mostly about the present payment.
func someCommand(t *rapid.T, state *State) core.Command {
	present := state.Attempt
	id := events.BookingID(events.NewPaymentID(
		events.NewHoldID("b", max(1, present+rapid.SampledFrom([]int64{0, 0, 0, -1, 1}).Draw(t, "attempt"))),
		max(1, state.Payments+rapid.SampledFrom([]int64{0, 0, 0, -1}).Draw(t, "number")),
	))
	if rapid.Bool().Draw(t, "the present one") {
		id = events.BookingID(state.PaymentID)
	}
	by := rapid.SampledFrom([]events.Holder{"ann", "ann", "bob", ""}).Draw(t, "by")
	switch rapid.IntRange(0, 17).Draw(t, "kind") {
	case 15:
		return returnSeat(rapid.SampledFrom([]events.SeatName{"A-1-1", "A-1-2", "A-1-3"}).Draw(t, "seat"))
	case 16:
		return &FinishReturn{Seat: rapid.SampledFrom([]events.SeatName{"A-1-1", "A-1-2"}).Draw(t, "seat")}
	case 17:
		return &CallOff{By: by, Expired: rapid.Bool().Draw(t, "expired"), Kept: state.Kept,
			KeptSince: rapid.Int64Range(0, state.Kept).Draw(t, "behind")}
	case 12:
		return intent(rapid.SampledFrom([]events.IntentID{"i", "j"}).Draw(t, "intent"), rapid.Int64Range(1, 200).Draw(t, "seconds"))
	case 13:
		return &EndIntent{Intent: state.Intent.ID, Reason: events.IntentEnded}
	case 14:
		return &OpenIntent{Intent: state.Intent.ID}
	case 10:
		return externalPayment(rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "reference"))
	case 11:
		return &Delay{PaymentID: events.HoldID(id)}
	case 0:
		return withAttempt(rapid.Int64Range(1, 3).Draw(t, "under"), hold())
	case 9:
		return abandon(max(1, present))
	case 1, 2:
		return pay(by)
	case 3:
		return retaken(id)
	case 4:
		return complete(id)
	case 5:
		return fail(
			id,
			rapid.SampledFrom([]events.FailReason{events.FailedBalance, events.FailedLate, events.FailedLimit}).Draw(
				t,
				"reason",
			),
		)
	case 6:
		return extend(by, time.Duration(rapid.IntRange(50, 130).Draw(t, "to"))*s)
	case 7:
		return release(by)
	}
	return &FinishRefund{}
}

// ledger is a fold of the facts, independent of the core, with the invariants of any history.
type ledger struct {
	open             int // holds with a deadline
	paying           events.HoldID
	started, ended   int // payments
	booked, refunded int
	released         int                      // or cancelled
	ids              map[events.HoldID]bool   // of payments
	failed           map[events.StreamID]int  // payments from outside
	seats, done      map[events.SeatName]bool // returned one by one, and free
}

func (l *ledger) apply(t *rapid.T, fact events.Fact) {
	if f, ok := fact.(events.Deadlined); ok {
		opened, closed, earliest := f.Holds()
		if l.open += opened - closed; l.open < 0 || l.open > 1 || opened > 0 && earliest.IsZero() {
			t.Fatalf("%s leaves %d holds open until %v, want 0 or 1 with a deadline", sentence(fact), l.open, earliest)
		}
	}
	switch f := fact.(type) {
	case *events.BookingPaymentStarted:
		l.started++
		l.paying = f.PaymentID
		if l.ids[f.PaymentID] || f.Payment != "" && l.failed[f.Payment] > 0 {
			t.Fatalf("%s reuses an id, or a payment that has failed", sentence(fact))
		}
		l.ids[f.PaymentID] = true
	case *events.BookingBooked:
		l.ended++
		l.booked++
		l.requirePaying(t, fact, f.PaymentID)
	case *events.BookingPaymentFailed:
		l.ended++
		l.failed[f.Payment]++
		l.requirePaying(t, fact, f.PaymentID)
	case *events.BookingSeatReturned:
		if l.booked != 1 || l.released > 0 || l.seats[f.Seat] || len(l.seats)+int(f.Left) != 1 {
			t.Fatalf("%s after %+v", sentence(fact), l)
		}
		l.seats[f.Seat] = true
	case *events.BookingSeatRefunded:
		if !l.seats[f.Seat] || l.done[f.Seat] {
			t.Fatalf("%s after %+v", sentence(fact), l)
		}
		l.done[f.Seat] = true
	case *events.BookingReleased, *events.BookingCancelled:
		l.released++
	case *events.BookingRefunded:
		l.refunded++
	}
	// One payment at a time, one booking, one end, one refund of what was booked.
	if running := l.started - l.ended; running < 0 || running > 1 || l.booked > 1 || l.released > 1 ||
		l.refunded > min(l.booked, l.released) {
		t.Fatalf("%s breaks the invariants: %+v", sentence(fact), l)
	}
}

func (l *ledger) requirePaying(t *rapid.T, fact events.Fact, paymentID events.HoldID) {
	if paymentID != l.paying {
		t.Fatalf("%s ends a payment, but %s is in progress", sentence(fact), l.paying)
	}
	l.paying = ""
}

// TestAnyHistory checks the invariants, and the contract between core and shell, under any commands
// at any time. As in the shell, due deadlines expire before a command.
func TestAnyHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, l, now := New().(*Booking), &ledger{ids: map[events.HoldID]bool{}, failed: map[events.StreamID]int{},
			seats: map[events.SeatName]bool{}, done: map[events.SeatName]bool{}}, day
		var log []events.Fact
		do := func(cmd core.Command) {
			before := b.State()
			facts, err := b.Decide(cmd, now)
			if !reflect.DeepEqual(b.State(), before) {
				t.Fatalf("deciding %T changed the state from %+v to %+v", cmd, before, b.State())
			}
			again, errAgain := b.Decide(cmd, now)
			if !reflect.DeepEqual(facts, again) || !reflect.DeepEqual(err, errAgain) {
				t.Fatalf("deciding %T twice: %s, then %s; want the same", cmd, describe(facts, err), describe(again, errAgain))
			}
			for _, fact := range facts {
				b.Evolve(fact)
				l.apply(t, fact)
				log = append(log, fact)
			}
		}
		for closed := range rapid.Int64Range(0, 3).Draw(t, "closed") {
			do(abandon(closed + 1))
		}
		state := b.State()
		do(withAttempt(state.FirstAttempt(), hold()))
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			now = now.Add(rapid.SampledFrom([]time.Duration{0, ns, 7 * s, 30 * s}).Draw(t, "wait"))
			do(&core.Expire{})
			state := b.State()
			do(someCommand(t, &state))
			agree(t, b, l, now)
		}
		replayed := New()
		for i, fact := range log {
			replayed.Evolve(fact)
			if i%3 == 0 {
				replayed = copied(t, replayed)
			}
		}
		if !reflect.DeepEqual(replayed, core.Core(b)) {
			t.Fatalf("replayed: %+v, want %+v", replayed, b)
		}
	})
}

// agree compares the state with the ledger.
func agree(t *rapid.T, b *Booking, l *ledger, now time.Time) {
	st := b.State()
	next := b.NextDeadline()
	switch {
	case (st.Status == events.BookingIsPaying) != (l.paying != ""), l.paying != "" && l.paying != st.PaymentID:
		t.Fatalf("state = %+v, want the payment %q in progress", st, l.paying)
	case (l.open == 1) != !next.IsZero():
		t.Fatalf("%d holds are open, but the next deadline is %v", l.open, next)
	case !next.IsZero() && next.Before(now):
		t.Fatalf("at %v a deadline remains at %v, want it expired", now, next)
	case st.ExpiresAt.After(st.ExtendableUntil):
		t.Fatalf("extended beyond the limit: %+v", st)
	case st.Refunding != (l.released == 1 && l.booked > l.refunded):
		t.Fatalf("refunding = %t, but the facts are %+v", st.Refunding, l)
	case (st.Status == events.BookingIsReleased || st.Status == events.BookingIsCancelled) !=
		(l.released == 1 || len(l.seats) == 2),
		len(st.Seats)+len(l.seats) != 2, len(st.Returning()) != len(l.seats)-len(l.done),
		len(st.WithReturned().Seats) != 2 || st.WithReturned().Seats[0].Seat != "A-1-1":
		t.Fatalf("state = %+v, but the facts are %+v", st, l)
	}
}

// copied returns the core as restored from a snapshot.
func copied(t *rapid.T, c core.Core) core.Core {
	var saved bytes.Buffer
	if err := c.Freeze()(&saved); err != nil {
		t.Fatal(err)
	}
	restored := New()
	if err := restored.Restore(bytes.NewReader(saved.Bytes())); err != nil || !reflect.DeepEqual(restored, c) {
		t.Fatalf("restored %+v, %v; want %+v", restored, err, c)
	}
	if err := New().Restore(bytes.NewReader(saved.Bytes()[:saved.Len()/2])); err == nil {
		t.Fatal("Restore accepted half a snapshot")
	}
	return restored
}
