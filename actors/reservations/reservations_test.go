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

func code(err error) string {
	if refusal := (*core.Refusal)(nil); errors.As(err, &refusal) {
		return fmt.Sprint(refusal.Code, refusal.Fields)
	}
	return fmt.Sprint(err)
}

// outcomeOf describes the outcome of a report.
func outcomeOf(answer Answer, err error) string {
	switch p := &answer.Payment; {
	case err != nil:
		return code(err)
	case p.Paid:
		return "booked"
	case p.RefundOfAll() == "":
		return "nothing became of it"
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
	{"confirmed without", func(w *harness) events.ID { return w.reserve("ann", 2, false) }, 200, false, "booked"},
	{"a wrong sum", func(w *harness) events.ID { return w.reserve("ann", 2, true) }, 199, false,
		"amount_mismatchmap[currency:EUR expected:200]"},
	{"a wrong sum that is final", func(w *harness) events.ID { return w.reserve("ann", 2, true) }, 199, true,
		"wrong_sum owed"},
	{"at the price of then", func(w *harness) events.ID {
		id, price := w.reserve("ann", 2, true), int64(700)
		w.ask(product.Stream("tee"), &product.Edit{Price: &price})
		return id
	}, 200, false, "booked"},
	{"late", func(w *harness) events.ID {
		id, price := w.reserve("ann", 2, true), int64(700)
		w.ask(product.Stream("tee"), &product.Edit{Price: &price})
		w.later(61 * s)
		return id
	}, 200, false, "booked"},
	{"late, and sold out", func(w *harness) events.ID {
		id := w.reserve("ann", 2, true)
		w.later(61 * s)
		w.reserve("bob", 4, false)
		w.reserve("cid", 4, false)
		return id
	}, 200, false, "late owed"},
	{"late, and beyond the limit", func(w *harness) events.ID {
		id := w.reserve("ann", 2, true)
		w.later(61 * s)
		w.reserve("ann", 3, false)
		return id
	}, 200, false, "late owed"},
	{"given back", func(w *harness) events.ID {
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
	{"cancelled while it is held", func(w *harness) events.ID {
		id := w.reserve("ann", 2, true)
		w.ask(product.Stream("tee"), &product.Cancel{Reason: "lift"})
		return id
	}, 200, false, "cancelled owed"},
	{"cancelled and swept", func(w *harness) events.ID {
		id := w.reserve("ann", 2, true)
		w.ask(product.Stream("tee"), &product.Cancel{Reason: "lift"})
		w.ask(product.Stream("tee"), &product.CallOff{ReservationID: id})
		return id
	}, 200, false, "cancelled owed"},
	{"cancelled when it had expired", func(w *harness) events.ID {
		id := w.reserve("ann", 2, true)
		w.later(61 * s)
		w.ask(product.Stream("tee"), &product.Cancel{Reason: "lift"})
		return id
	}, 200, false, "cancelled owed"},
	{"of no such reservation", func(*harness) events.ID { return events.ID{1} }, 200, false,
		"not_foundmap[resource:reservation]"},
}

// TestReport: the outcome of a payment, and of its repetition, also by another process.
func TestReport(t *testing.T) {
	for _, line := range reports {
		t.Run(line.name, func(t *testing.T) {
			w := begin(t)
			id := line.prepare(w)
			first, err := w.report(id, "x", line.amount, line.final)
			if got := outcomeOf(first, err); got != line.want {
				t.Fatalf("%s, want %s", got, line.want)
			}
			for range 2 {
				again, err := w.report(id, "x", line.amount, line.final)
				if got := outcomeOf(again, err); got != line.want || again.Payment.RefundOfAll() != first.Payment.RefundOfAll() {
					t.Errorf("again: %s, want %s", got, line.want)
				}
				w.start()
			}
			w.checkSettled()
		})
	}
}

// TestReturn: a paid reservation is owed once, by its cancellation policy.
func TestReturn(t *testing.T) {
	w := begin(t)
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
		t.Errorf("payment = %+v, want kept 134, owed 66 as released", p)
	}
	if got := outcomeOf(w.report(id, "x", 200, false)); got != "booked" { // the first outcome
		t.Errorf("repeated report = %q, want %q", got, "booked")
	}
	w.checkSettled()
}

// TestCallOff: a paid reservation is owed in full, whatever the policy, once.
func TestCallOff(t *testing.T) {
	w := begin(t)
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
		t.Errorf("payment = %+v, want owed 200 as cancelled", p)
	}
	w.checkSettled()
}

// TestACrashAtEveryStep: whatever was begun is completed by the next process, once.
func TestACrashAtEveryStep(t *testing.T) {
	type act struct {
		prepare func(w *harness) events.ID
		do      func(w *harness, id events.ID) error
	}
	acts := map[string]act{"giving back": {func(w *harness) events.ID {
		id := w.reserve("ann", 2, true)
		if got := outcomeOf(w.report(id, "x", 200, false)); got != "booked" {
			w.Fatalf("outcome = %q, want %q", got, "booked")
		}
		w.ask(product.Stream("tee"), &product.Release{ReservationID: id})
		return id
	}, func(w *harness, _ events.ID) error {
		return w.Resume(w.Context(), request(), events.PaymentStream("bank", "x"))
	}}}
	for _, line := range reports {
		acts["reporting: "+line.name] = act{line.prepare, func(w *harness, id events.ID) error {
			answer, err := w.report(id, "x", line.amount, line.final)
			if got := outcomeOf(answer, err); !errors.Is(err, errGone) && got != line.want {
				w.Errorf("%s, want %s", got, line.want)
			}
			return err
		}}
	}
	for name, act := range acts {
		t.Run(name, func(t *testing.T) {
			for step, died := 0, true; died; step++ {
				w := begin(t)
				id := act.prepare(w)
				d := &crashingDesk{Dispatcher: w.desk, left: step}
				w.Reservations = New(d, w)
				_ = act.do(w, id)
				died = d.gone
				w.start()
				for stream := range w.payments() {
					if err := w.Resume(w.Context(), request(), stream); err != nil {
						t.Fatal(err)
					}
				}
				w.checkSettled()
				_ = act.do(w, id)
				w.checkSettled()
			}
		})
	}
}

// TestReportsAtOnce: of several payments one pays, each report has one outcome, and what is
// released meanwhile is owed.
func TestReportsAtOnce(t *testing.T) {
	w := begin(t)
	other := New(w.desk, w)
	for round := range 10 {
		id := w.reserve("ann", 1, round%2 == 0)
		if round%4 == 2 {
			w.later(61 * s)
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
		t.Errorf("%d payments are booked for 10 reservations, want 10", booked)
	}
}
