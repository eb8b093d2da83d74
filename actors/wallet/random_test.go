package wallet

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"admitone/actors/core"
	"admitone/events"
)

// model is a naive model of a wallet, with the amounts by payment id.
type model struct {
	charges         int64
	debits, refunds map[events.HoldID]int64
	cancelled       map[events.HoldID]bool
}

func (m *model) balance() int64 {
	balance := m.charges
	for _, amount := range m.debits {
		balance -= amount
	}
	for _, amount := range m.refunds {
		balance += amount
	}
	return balance
}

// decide applies cmd and returns the refusal's code, "" if cmd was accepted.
func (m *model) decide(cmd core.Command) string {
	switch c := cmd.(type) {
	case *Charge:
		m.charges += c.Amount
	case *Debit:
		_, debited := m.debits[c.PaymentID]
		_, refunded := m.refunds[c.PaymentID]
		switch {
		case refunded || m.cancelled[c.PaymentID]:
			return "not_held"
		case debited:
		case m.balance() < c.Amount:
			return "insufficient_balance"
		default:
			m.debits[c.PaymentID] = c.Amount
		}
	case *Refund:
		if amount, debited := m.debits[c.PaymentID]; debited {
			m.refunds[c.PaymentID] = amount
		} else {
			m.cancelled[c.PaymentID] = true
		}
	}
	return ""
}

// content is a wallet in comparable form.
func content(w *Wallet) string {
	return fmt.Sprint(w.exists, w.balance, maps.Collect(w.payments.All()))
}

// TestRandomCommands compares the core with the model, and checks its contract with the shell: Decide is
// deterministic and changes nothing, and copies of the core agree with it.
func TestRandomCommands(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := New().(*Wallet)
		m := &model{
			debits:    map[events.HoldID]int64{},
			refunds:   map[events.HoldID]int64{},
			cancelled: map[events.HoldID]bool{},
		}
		var log []events.Fact
		var write func(io.Writer) error
		frozen, frozenContent := 0, ""
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			if write == nil && rapid.IntRange(0, 9).Draw(t, "freeze") == 0 {
				write, frozen, frozenContent = w.Freeze(), len(log), content(w)
			}
			cmd := drawCommand(t)
			before := content(w)
			facts, err := w.Decide(cmd, day)
			again, errAgain := w.Decide(cmd, day)
			if content(w) != before || !reflect.DeepEqual(facts, again) || !reflect.DeepEqual(err, errAgain) {
				t.Fatalf(
					"Decide(%T) twice: got content %s, want %s unchanged; got %s, then %s, want the same",
					cmd,
					content(w),
					before,
					describe(facts, err),
					describe(again, errAgain),
				)
			}
			code := ""
			if err != nil {
				code = string(err.(*core.Refusal).Code)
			}
			if want := m.decide(cmd); code != want {
				t.Fatalf("%T %+v: got code %q, want %q", cmd, cmd, code, want)
			}
			for _, fact := range facts {
				w.Evolve(fact)
				log = append(log, fact)
			}
			if w.Balance() != m.balance() || w.Balance() < 0 {
				t.Fatalf("got balance %d, want %d, not below 0", w.Balance(), m.balance())
			}
		}
		checkPayments(t, w, m)
		if got := content(apply(New().(*Wallet), log)); got != content(w) {
			t.Fatalf("replayed wallet: got %s, want %s", got, content(w))
		}
		if write == nil {
			return
		}
		restored := restore(t, write)
		if got := content(restored); got != frozenContent {
			t.Fatalf("restored wallet: got %s, want %s", got, frozenContent)
		}
		if got := content(apply(restored, log[frozen:])); got != content(w) {
			t.Fatalf("restored wallet after the later facts: got %s, want %s", got, content(w))
		}
	})
}

// drawCommand draws a command with one of few payment ids, so that commands concern the same payments.
func drawCommand(t *rapid.T) core.Command {
	id := events.NewHoldID("b", rapid.Int64Range(1, 6).Draw(t, "payment"))
	switch rapid.IntRange(0, 3).Draw(t, "kind") {
	case 0:
		return charge(rapid.Int64Range(1, 50).Draw(t, "amount"))
	case 1:
		return refund(id)
	}
	return debit(id, rapid.Int64Range(1, 50).Draw(t, "amount"))
}

func checkPayments(t *rapid.T, w *Wallet, m *model) {
	known := 0
	for attempt := range int64(8) {
		id := events.NewHoldID("b", attempt)
		amount, debited := m.debits[id]
		_, refunded := m.refunds[id]
		cancelled := m.cancelled[id]
		got, ok := w.Payment(id)
		if ok != (debited || cancelled) || got.Amount != amount || got.Closed != (refunded || cancelled) {
			t.Fatalf("Payment(%s): got %+v, %t; want Amount %d, Closed %t, and %t", id, got, ok, amount,
				refunded || cancelled, debited || cancelled)
		}
		if ok {
			known++
		}
	}
	if w.payments.Len() != known {
		t.Fatalf("got %d payments, want %d", w.payments.Len(), known)
	}
}

func apply(w *Wallet, log []events.Fact) *Wallet {
	for _, fact := range log {
		w.Evolve(fact)
	}
	return w
}

// restore writes a snapshot and returns the wallet restored from it. It checks that a truncated snapshot is
// refused.
func restore(t *rapid.T, write func(io.Writer) error) *Wallet {
	var saved bytes.Buffer
	if err := write(&saved); err != nil {
		t.Fatal(err)
	}
	for size := range saved.Len() {
		if err := New().Restore(bytes.NewReader(saved.Bytes()[:size])); err == nil {
			t.Fatalf("Restore of the first %d of %d bytes: got no error, want one", size, saved.Len())
		}
	}
	w := New().(*Wallet)
	if err := w.Restore(bytes.NewReader(saved.Bytes())); err != nil {
		t.Fatal(err)
	}
	return w
}
