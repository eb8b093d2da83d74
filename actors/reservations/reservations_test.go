package reservations

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/events"
)

// refusalOf returns the code and the fields of a refusal, or the text of another error.
func refusalOf(err error) string {
	if refusal := (*core.Refusal)(nil); errors.As(err, &refusal) {
		return fmt.Sprint(refusal.Code, refusal.Fields)
	}
	return fmt.Sprint(err)
}

// outcomeOf describes the outcome of a report.
func outcomeOf(answer Answer, err error) string {
	switch p := &answer.Payment; {
	case err != nil:
		return refusalOf(err)
	case p.Paid:
		return "booked"
	case p.RefundOfAll() == "":
		return "no outcome"
	default:
		return string(p.Refunds[0].Cause) + " owed"
	}
}

// reports are payments for reservations in all states, with their outcomes.
var reports = []struct {
	name    string
	prepare func(w *harness) events.ID
	amount  int64
	final   bool
	want    string
}{
	{"held", func(w *harness) events.ID { return w.reserve("ann", 2, true) }, 200, false, "booked"},
	{"already confirmed", func(w *harness) events.ID { return w.reserve("ann", 2, false) }, 200, false, "booked"},
	{"wrong amount", func(w *harness) events.ID { return w.reserve("ann", 2, true) }, 199, false,
		"amount_mismatchmap[currency:EUR expected:200]"},
	{"wrong amount that is final", func(w *harness) events.ID { return w.reserve("ann", 2, true) }, 199, true,
		"wrong_sum owed"},
	{"after a change of the price", func(w *harness) events.ID {
		id, price := w.reserve("ann", 2, true), int64(700)
		w.ask(product.Stream("tee"), &product.Edit{Price: &price})
		return id
	}, 200, false, "booked"},
	{"late, after a change of the price", func(w *harness) events.ID {
		id, price := w.reserve("ann", 2, true), int64(700)
		w.ask(product.Stream("tee"), &product.Edit{Price: &price})
		w.advance(61 * s)
		return id
	}, 200, false, "booked"},
	{"late, and sold out", func(w *harness) events.ID {
		id := w.reserve("ann", 2, true)
		w.advance(61 * s)
		w.reserve("bob", 4, false)
		w.reserve("cid", 4, false)
		return id
	}, 200, false, "late owed"},
	{"late, and beyond the holder's limit", func(w *harness) events.ID {
		id := w.reserve("ann", 2, true)
		w.advance(61 * s)
		w.reserve("ann", 3, false)
		return id
	}, 200, false, "late owed"},
	{"released", func(w *harness) events.ID {
		id := w.reserve("ann", 2, true)
		if err := w.release(id); err != nil {
			w.Fatal(err)
		}
		return id
	}, 200, false, "released owed"},
	{"paid by a different payment", func(w *harness) events.ID {
		id := w.reserve("ann", 2, true)
		if got := outcomeOf(w.report(id, "other", 200, false)); got != "booked" {
			w.Fatalf("outcome = %q, want %q", got, "booked")
		}
		return id
	}, 200, false, "already_paid owed"},
	{"paid by a different payment and released", func(w *harness) events.ID {
		id := w.reserve("ann", 2, true)
		if got := outcomeOf(w.report(id, "other", 200, false)); got != "booked" {
			w.Fatalf("outcome = %q, want %q", got, "booked")
		}
		if err := w.release(id); err != nil {
			w.Fatal(err)
		}
		return id
	}, 200, false, "released owed"},
	{"product cancelled while it is held", func(w *harness) events.ID {
		id := w.reserve("ann", 2, true)
		w.ask(product.Stream("tee"), &product.Cancel{Reason: "lift"})
		return id
	}, 200, false, "cancelled owed"},
	{"product cancelled and reservation ended", func(w *harness) events.ID {
		id := w.reserve("ann", 2, true)
		w.ask(product.Stream("tee"), &product.Cancel{Reason: "lift"})
		w.ask(product.Stream("tee"), &product.CallOff{ReservationID: id})
		return id
	}, 200, false, "cancelled owed"},
	{"product cancelled after it expired", func(w *harness) events.ID {
		id := w.reserve("ann", 2, true)
		w.advance(61 * s)
		w.ask(product.Stream("tee"), &product.Cancel{Reason: "lift"})
		return id
	}, 200, false, "cancelled owed"},
	{"unknown reservation", func(*harness) events.ID { return events.ID{1} }, 200, false,
		"not_foundmap[resource:reservation]"},
}

// TestReport: each payment has the expected outcome, and so has its repetition, also after a restart.
func TestReport(t *testing.T) {
	for _, test := range reports {
		t.Run(test.name, func(t *testing.T) {
			w := newHarness(t)
			id := test.prepare(w)
			first, err := w.report(id, "x", test.amount, test.final)
			if got := outcomeOf(first, err); got != test.want {
				t.Fatalf("outcome = %q, want %q", got, test.want)
			}
			for range 2 {
				again, err := w.report(id, "x", test.amount, test.final)
				if got := outcomeOf(again, err); got != test.want {
					t.Errorf("outcome of the repetition = %q, want %q", got, test.want)
				}
				if got, want := again.Payment.RefundOfAll(), first.Payment.RefundOfAll(); got != want {
					t.Errorf("refund after the repetition = %q, want %q", got, want)
				}
				w.restart()
			}
			w.checkSettled()
		})
	}
}

// TestReturn: the refund of a released reservation is owed once, according to its cancellation policy.
func TestReturn(t *testing.T) {
	w := newHarness(t)
	half := events.Cancellation{Until: day.Add(100 * s), RefundPercent: 33}
	w.ask(product.Stream("tee"), &product.Edit{Cancellation: &half})
	id := w.reserve("ann", 2, true)
	w.ask(product.Stream("tee"), &product.Edit{Cancellation: &events.Cancellation{}})
	if got := outcomeOf(w.report(id, "x", 200, false)); got != "booked" {
		t.Fatalf("outcome = %q, want %q", got, "booked")
	}
	if err := w.release(id); err != nil {
		t.Fatal(err)
	}
	p := w.payments()[events.PaymentStream("bank", "x")]
	if p.Kept != 134 || p.Owed != 66 || len(p.Refunds) != 1 || p.Refunds[0].Cause != events.OwedReleased {
		t.Errorf("payment = %+v, want kept 134, owed 66 with the cause released", p)
	}
	if got := outcomeOf(w.report(id, "x", 200, false)); got != "booked" { // the outcome of the first report
		t.Errorf("repeated report = %q, want %q", got, "booked")
	}
	w.checkSettled()
}

// TestCallOff: after the cancellation of the product, the full price is owed once, whatever the policy.
func TestCallOff(t *testing.T) {
	w := newHarness(t)
	w.ask(product.Stream("tee"), &product.Edit{Cancellation: &events.Cancellation{Until: day, RefundPercent: 33}})
	id, stream := w.reserve("ann", 2, true), events.PaymentStream("bank", "x")
	if got := outcomeOf(w.report(id, "x", 200, false)); got != "booked" {
		t.Fatalf("outcome = %q, want %q", got, "booked")
	}
	w.ask(product.Stream("tee"), &product.Cancel{Reason: "lift"})
	w.ask(product.Stream("tee"), &product.CallOff{ReservationID: id})
	for range 2 {
		if err := w.Resume(w.Context(), request(), stream); err != nil {
			t.Fatal(err)
		}
	}
	if p := w.payments()[stream]; p.Owed != 200 || len(p.Refunds) != 1 || p.Refunds[0].Cause != events.OwedCancelled {
		t.Errorf("payment = %+v, want owed 200 with the cause cancelled", p)
	}
	w.checkSettled()
}

// TestCrashAtEveryStep: after a crash at any step, the next process completes the work once.
func TestCrashAtEveryStep(t *testing.T) {
	type action struct {
		prepare func(w *harness) events.ID
		do      func(w *harness, id events.ID) error
	}
	actions := map[string]action{"giving back": {func(w *harness) events.ID {
		id := w.reserve("ann", 2, true)
		if got := outcomeOf(w.report(id, "x", 200, false)); got != "booked" {
			w.Fatalf("outcome = %q, want %q", got, "booked")
		}
		w.ask(product.Stream("tee"), &product.Release{ReservationID: id})
		return id
	}, func(w *harness, _ events.ID) error {
		return w.Resume(w.Context(), request(), events.PaymentStream("bank", "x"))
	}}}
	for _, test := range reports {
		actions["reporting: "+test.name] = action{test.prepare, func(w *harness, id events.ID) error {
			answer, err := w.report(id, "x", test.amount, test.final)
			if got := outcomeOf(answer, err); !errors.Is(err, errCrashed) && got != test.want {
				w.Errorf("outcome = %q, want %q", got, test.want)
			}
			return err
		}}
	}
	for name, action := range actions {
		t.Run(name, func(t *testing.T) {
			for step, crashed := 0, true; crashed; step++ {
				w := newHarness(t)
				id := action.prepare(w)
				d := &crashingDesk{Dispatcher: w.desk, appendsLeft: step}
				w.Reservations = New(d, w)
				_ = action.do(w, id)
				crashed = d.crashed
				w.restart()
				for stream := range w.payments() {
					if err := w.Resume(w.Context(), request(), stream); err != nil {
						t.Fatal(err)
					}
				}
				w.checkSettled()
				_ = action.do(w, id)
				w.checkSettled()
			}
		})
	}
}

// TestConcurrentReports: of several payments for one reservation exactly one is booked, and after its
// release everything is settled.
func TestConcurrentReports(t *testing.T) {
	w := newHarness(t)
	other := New(w.desk, w)
	for round := range 10 {
		id := w.reserve("ann", 1, round%2 == 0)
		if round%4 == 2 {
			w.advance(61 * s)
		}
		var all sync.WaitGroup
		for i := range 6 {
			node := []*Reservations{w.Reservations, other}[i%2]
			all.Go(func() {
				_, err := node.Report(w.Context(), Report{Request: request(), ProductID: "tee", ReservationID: id, Provider: "bank",
					Reference: fmt.Sprint(round, "/", i/2), Amount: 100, Currency: "EUR", LogCurrency: "EUR"})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if err := w.release(id); err != nil {
			t.Error(err)
		}
		w.checkSettled()
	}
	booked := 0
	for _, p := range w.payments() {
		if p.Paid {
			booked++
		}
	}
	if booked != 10 {
		t.Errorf("%d payments were booked for 10 reservations, want 10", booked)
	}
}
