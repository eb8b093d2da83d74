package bookings

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"admitone/actors/booking"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/actors/wallet"
	"admitone/events"
)

// linearPrice is the price of the booking, and the initial balance of its holder.
const linearPrice = 100

// linearReports is the number of external payments that may be reported.
const linearReports = 3

// linearState is the state of a booking for a sequential caller. It is comparable.
type linearState struct {
	status    events.BookingStatus
	wallet    bool // the booking was paid from the wallet
	cancelled bool // the performance is cancelled
	balance   int64
	// outcomes of the external payments: "" for none, booked or owed.
	outcomes [linearReports]string
}

// linearInput is a request: its kind, and the number of the payment for a report.
type linearInput struct {
	kind string
	n    int
}

// linearRequests lists the kinds of requests; frequent ones are listed more often.
var linearRequests = []string{"pay", "pay", "report", "report", "report", "begin intent", "begin intent", "end intent", "cancel", "cancel performance",
	"call off", "read", "read"}

// end refunds a payment from the wallet, and sets the final status of the booking.
func (s *linearState) end(status events.BookingStatus) {
	if s.status == events.BookingIsBooked && s.wallet {
		s.balance += linearPrice
	}
	s.status = status
}

// open reports whether the booking can still be paid.
func (s *linearState) open() bool {
	return s.status == events.BookingIsHeld || s.status == events.BookingIsAwaiting
}

// step applies a request and returns its answer.
func (s linearState) step(in linearInput) (out string, next linearState) {
	switch in.kind {
	case "pay":
		return s.pay()
	case "report":
		return s.report(in.n)
	case "begin intent":
		switch {
		case s.cancelled && s.status != events.BookingIsReleased:
			return "cancelled", s
		case !s.open():
			return refusalOf(s.status), s
		}
		s.status = events.BookingIsAwaiting
		return "ok", s
	case "end intent":
		if s.status == events.BookingIsAwaiting {
			s.status = events.BookingIsHeld
		}
		return "ok", s
	case "cancel":
		switch {
		case s.cancelled && s.status != events.BookingIsReleased:
			s.end(events.BookingIsCancelled)
		case s.status == events.BookingIsAwaiting:
			return "payment_in_progress", s
		case s.status != events.BookingIsCancelled:
			s.end(events.BookingIsReleased)
		}
		return "ok", s
	case "cancel performance":
		s.cancelled = true
		return "ok", s
	case "call off":
		if s.cancelled && s.status != events.BookingIsReleased {
			s.end(events.BookingIsCancelled)
		}
		return "ok", s
	}
	return fmt.Sprintf("%+v", s), s
}

// refusalOf returns the refusal of a request that only an open booking accepts.
func refusalOf(status events.BookingStatus) string {
	switch status {
	case events.BookingIsBooked:
		return "already_confirmed"
	case events.BookingIsReleased:
		return "released"
	}
	return "cancelled"
}

func (s linearState) pay() (out string, next linearState) {
	switch {
	case s.cancelled && s.status != events.BookingIsReleased:
		return "cancelled", s
	case !s.open():
		return refusalOf(s.status), s
	case s.status == events.BookingIsAwaiting:
		return "payment_in_progress", s
	}
	s.status, s.wallet, s.balance = events.BookingIsBooked, true, s.balance-linearPrice
	return "ok", s
}

// report records a payment once: it books an open booking, otherwise it is owed.
func (s linearState) report(n int) (out string, next linearState) {
	switch {
	case s.outcomes[n] != "":
	case s.open() && !s.cancelled:
		s.outcomes[n], s.status, s.wallet = "booked", events.BookingIsBooked, false
	default:
		s.outcomes[n] = "owed"
		if s.open() { // because the performance is cancelled
			s.end(events.BookingIsCancelled)
		}
	}
	return s.outcomes[n], s
}

// linearModel is linearState for porcupine.
var linearModel = porcupine.Model{
	Init: func() any { return linearState{status: events.BookingIsHeld, balance: linearPrice} },
	Step: func(state, input, output any) (bool, any) {
		out, next := state.(linearState).step(input.(linearInput))
		return out == output.(string), next
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v: %s", input, output) },
}

// do sends the request, and formats the answer like the model.
func (w *harness) do(id events.BookingID, in linearInput) string {
	switch in.kind {
	case "pay":
		_, err := w.pay(id, "ann")
		return code(err)
	case "report":
		answer, err := w.report(id, fmt.Sprint("pi_", in.n), linearPrice, false)
		switch {
		case err != nil:
			return code(err)
		case answer.PaymentOutcome.Booked():
			return "booked"
		case answer.PaymentOutcome.RefundID() != "":
			return "owed"
		}
		return "no outcome"
	case "begin intent":
		_, err := w.BeginIntent(w.ctx(), BeginIntent{Origin: w.origin("shop"), BookingID: id, Provider: "bank",
			Intent: events.IntentID(fmt.Sprint("i", rand.Int64())), Seconds: 100})
		return code(err)
	case "end intent":
		_, err := w.EndIntent(w.ctx(), EndIntent{Origin: w.origin("shop"), BookingID: id})
		return code(err)
	case "cancel":
		_, err := w.cancel(id, "ann")
		return code(err)
	case "cancel performance":
		_, err := w.step(w.ctx(), w.origin("organiser"), performance.Stream(w.gala), &performance.Cancel{Reason: "ill"})
		return code(err)
	case "call off":
		return code(callOff(w, id))
	}
	return w.readOutcome(id)
}

// readOutcome reads the booking, the wallet and the payments while no other request on this node uses the booking.
func (w *harness) readOutcome(id events.BookingID) string {
	var s linearState
	_, err := w.locked(w.ctx(), id, func(ctx context.Context) (Answer, error) {
		_, err := w.desk.View(ctx, performance.Stream(w.gala), func(c core.Core) {
			s.cancelled = c.(*performance.Performance).CalledOff()
		})
		if err != nil {
			return Answer{}, err
		}
		if _, err = w.desk.View(ctx, booking.Stream(id), func(c core.Core) {
			state := c.(*booking.Booking).State()
			s.status, s.wallet = state.Status, state.Paid && state.PaymentStream == ""
		}); err != nil {
			return Answer{}, err
		}
		for n := range linearReports {
			outcome, err := w.outcome(ctx, events.PaymentStream("bank", fmt.Sprint("pi_", n)))
			switch {
			case err != nil:
				return Answer{}, err
			case outcome.Payment.Paid:
				s.outcomes[n] = "booked"
			case outcome.RefundID() != "":
				s.outcomes[n] = "owed"
			}
		}
		_, err = w.desk.View(ctx, wallet.Stream("ann"), func(c core.Core) { s.balance = c.(*wallet.Wallet).Balance() })
		return Answer{}, err
	})
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%+v", s)
}

// TestBookingIsLinearizable has callers concurrently pay a booking from the wallet and externally, begin
// intents, release it and cancel its performance. Their answers must be those of a sequential order of the
// requests.
func TestBookingIsLinearizable(t *testing.T) {
	for range 30 {
		seed := rand.Uint64()
		w := newMemoryHarness(t, 1, 2, 0)
		w.charge("ann", linearPrice)
		id := w.mustBook("ann", "A-1-1")
		var ticks atomic.Int64
		var mu sync.Mutex
		var ops []porcupine.Operation
		var all sync.WaitGroup
		for caller := range 5 {
			rng := rand.New(rand.NewPCG(seed, uint64(caller)))
			all.Go(func() {
				for range 6 {
					in := linearInput{linearRequests[rng.IntN(len(linearRequests))], rng.IntN(linearReports)}
					op := porcupine.Operation{ClientId: caller, Input: in, Call: ticks.Add(1)}
					op.Output = w.do(id, in)
					op.Return = ticks.Add(1)
					mu.Lock()
					ops = append(ops, op)
					mu.Unlock()
				}
			})
		}
		all.Wait()
		if result := porcupine.CheckOperationsTimeout(linearModel, ops, time.Minute); result != porcupine.Ok {
			for _, op := range ops {
				t.Logf("%d %d-%d %s", op.ClientId, op.Call, op.Return, linearModel.DescribeOperation(op.Input, op.Output))
			}
			t.Fatalf("seed %d: got %v for %d operations, want Ok", seed, result, len(ops))
		}
		w.checkSettled(0)
	}
}
