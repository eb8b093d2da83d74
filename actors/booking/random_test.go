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

// drawCommand draws a command, usually about the current payment.
func drawCommand(t *rapid.T, state *State) core.Command {
	current := state.Attempt
	id := events.BookingID(events.NewPaymentID(
		events.NewHoldID("b", max(1, current+rapid.SampledFrom([]int64{0, 0, 0, -1, 1}).Draw(t, "attempt"))),
		max(1, state.Payments+rapid.SampledFrom([]int64{0, 0, 0, -1}).Draw(t, "number")),
	))
	if rapid.Bool().Draw(t, "current payment") {
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
			KeptSince: rapid.Int64Range(0, state.Kept).Draw(t, "kept since")}
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
		return withAttempt(rapid.Int64Range(1, 3).Draw(t, "held attempt"), hold())
	case 9:
		return abandon(max(1, current))
	case 1, 2:
		return pay(by)
	case 3:
		return retaken(id)
	case 4:
		return complete(id)
	case 5:
		reasons := []events.FailReason{events.FailedBalance, events.FailedLate, events.FailedLimit}
		return fail(id, rapid.SampledFrom(reasons).Draw(t, "reason"))
	case 6:
		return extend(by, time.Duration(rapid.IntRange(50, 130).Draw(t, "to"))*s)
	case 7:
		return release(by)
	}
	return &FinishRefund{}
}

// ledger folds the facts independently of the core, and checks the invariants of every history.
type ledger struct {
	open           int           // holds with a deadline
	paying         events.HoldID // payment in progress, "" if none
	started, ended int           // numbers of payments
	booked         int           // number of facts
	refunded       int           // number of facts
	released       int           // number of facts, of cancellations too
	paymentIDs     map[events.HoldID]bool
	failed         map[events.StreamID]int  // failures by external payment
	returned       map[events.SeatName]bool // returned individually
	freed          map[events.SeatName]bool // of those, refunded and free
}

func (l *ledger) apply(t *rapid.T, fact events.Fact) {
	if f, ok := fact.(events.Deadlined); ok {
		opened, closed, earliest := f.Holds()
		if l.open += opened - closed; l.open < 0 || l.open > 1 || opened > 0 && earliest.IsZero() {
			t.Fatalf("%s: got %d open holds until %v, want 0, or 1 with a deadline", sentence(fact), l.open, earliest)
		}
	}
	switch f := fact.(type) {
	case *events.BookingPaymentStarted:
		l.started++
		l.paying = f.PaymentID
		if l.paymentIDs[f.PaymentID] || f.Payment != "" && l.failed[f.Payment] > 0 {
			t.Fatalf("%s: got a used payment id or a failed external payment, want a new one", sentence(fact))
		}
		l.paymentIDs[f.PaymentID] = true
	case *events.BookingBooked:
		l.ended++
		l.booked++
		l.requirePaying(t, fact, f.PaymentID)
	case *events.BookingPaymentFailed:
		l.ended++
		l.failed[f.Payment]++
		l.requirePaying(t, fact, f.PaymentID)
	case *events.BookingSeatReturned:
		if l.booked != 1 || l.released > 0 || l.returned[f.Seat] || len(l.returned)+int(f.Left) != 1 {
			t.Fatalf("%s: got ledger %+v, want a booking with the seat", sentence(fact), l)
		}
		l.returned[f.Seat] = true
	case *events.BookingSeatRefunded:
		if !l.returned[f.Seat] || l.freed[f.Seat] {
			t.Fatalf("%s: got ledger %+v, want the seat returned and not yet refunded", sentence(fact), l)
		}
		l.freed[f.Seat] = true
	case *events.BookingReleased, *events.BookingCancelled:
		l.released++
	case *events.BookingRefunded:
		l.refunded++
	}
	// One payment at a time, one booking, one release, and one refund of a booked booking.
	if running := l.started - l.ended; running < 0 || running > 1 || l.booked > 1 || l.released > 1 ||
		l.refunded > min(l.booked, l.released) {
		t.Fatalf("%s: ledger %+v breaks the invariants", sentence(fact), l)
	}
}

func (l *ledger) requirePaying(t *rapid.T, fact events.Fact, paymentID events.HoldID) {
	if paymentID != l.paying {
		t.Fatalf("%s: got the end of payment %q, want of %q, which is in progress", sentence(fact), paymentID, l.paying)
	}
	l.paying = ""
}

// TestRandomHistory checks the invariants, and the contract between core and shell, for random
// commands at random times. As in the shell, due deadlines expire before a command.
func TestRandomHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, l, now := New().(*Booking), &ledger{paymentIDs: map[events.HoldID]bool{},
			failed: map[events.StreamID]int{}, returned: map[events.SeatName]bool{},
			freed: map[events.SeatName]bool{}}, day
		var log []events.Fact
		do := func(cmd core.Command) {
			before := b.State()
			facts, err := b.Decide(cmd, now)
			if !reflect.DeepEqual(b.State(), before) {
				t.Fatalf("Decide(%T) changed the state: got %+v, want %+v", cmd, b.State(), before)
			}
			again, errAgain := b.Decide(cmd, now)
			if !reflect.DeepEqual(facts, again) || !reflect.DeepEqual(err, errAgain) {
				t.Fatalf("Decide(%T) twice: got %s, then %s; want the same", cmd, describe(facts, err), describe(again, errAgain))
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
			do(drawCommand(t, &state))
			checkState(t, b, l, now)
		}
		replayed := New()
		for i, fact := range log {
			replayed.Evolve(fact)
			if i%3 == 0 {
				replayed = restored(t, replayed)
			}
		}
		if !reflect.DeepEqual(replayed, core.Core(b)) {
			t.Fatalf("replay: got %+v, want %+v", replayed, b)
		}
	})
}

// checkState compares the state with the ledger.
func checkState(t *rapid.T, b *Booking, l *ledger, now time.Time) {
	st := b.State()
	next := b.NextDeadline()
	switch {
	case (st.Status == events.BookingIsPaying) != (l.paying != ""), l.paying != "" && l.paying != st.PaymentID:
		t.Fatalf("got state %+v, want payment %q in progress", st, l.paying)
	case (l.open == 1) != !next.IsZero():
		t.Fatalf("got next deadline %v with %d open holds", next, l.open)
	case !next.IsZero() && next.Before(now):
		t.Fatalf("got next deadline %v at %v, want none in the past", next, now)
	case st.ExpiresAt.After(st.ExtendableUntil):
		t.Fatalf("got deadline %v, want none after %v", st.ExpiresAt, st.ExtendableUntil)
	case st.Refunding != (l.released == 1 && l.booked > l.refunded):
		t.Fatalf("got Refunding %t with ledger %+v", st.Refunding, l)
	case (st.Status == events.BookingIsReleased || st.Status == events.BookingIsCancelled) !=
		(l.released == 1 || len(l.returned) == 2),
		len(st.Seats)+len(l.returned) != 2, len(st.Returning()) != len(l.returned)-len(l.freed),
		len(st.WithReturned().Seats) != 2 || st.WithReturned().Seats[0].Seat != "A-1-1":
		t.Fatalf("got state %+v with ledger %+v", st, l)
	}
}

// restored returns the core restored from its snapshot.
func restored(t *rapid.T, c core.Core) core.Core {
	var saved bytes.Buffer
	if err := c.Freeze()(&saved); err != nil {
		t.Fatal(err)
	}
	got := New()
	if err := got.Restore(bytes.NewReader(saved.Bytes())); err != nil || !reflect.DeepEqual(got, c) {
		t.Fatalf("Restore: got %+v, %v; want %+v", got, err, c)
	}
	if err := New().Restore(bytes.NewReader(saved.Bytes()[:saved.Len()/2])); err == nil {
		t.Fatal("Restore of half a snapshot: got no error, want one")
	}
	return got
}
