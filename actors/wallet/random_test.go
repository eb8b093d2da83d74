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

// model is a naive model of a wallet: three lists of amounts.
type model struct {
	charges                    int64
	debits, refunds, cancelled map[events.HoldID]int64
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

// decide returns the refusal's code, "" if cmd was accepted.
func (m *model) decide(cmd core.Command) string {
	switch c := cmd.(type) {
	case *Charge:
		m.charges += c.Amount
	case *Debit:
		_, debited := m.debits[c.PaymentID]
		_, refunded := m.refunds[c.PaymentID]
		_, cancelled := m.cancelled[c.PaymentID]
		switch {
		case refunded || cancelled:
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
			m.cancelled[c.PaymentID] = 0
		}
	}
	return ""
}

// content is a wallet in comparable form.
func content(w *Wallet) string {
	return fmt.Sprint(w.exists, w.balance, maps.Collect(w.payments.All()))
}

// TestAnyHistory compares the core with the model, and checks its contract with the shell.
func TestAnyHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := New().(*Wallet)
		m := &model{
			debits:    map[events.HoldID]int64{},
			refunds:   map[events.HoldID]int64{},
			cancelled: map[events.HoldID]int64{},
		}
		var log []events.Fact
		var write func(io.Writer) error
		frozen, then := 0, ""
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			if write == nil && rapid.IntRange(0, 9).Draw(t, "freeze") == 0 {
				write, frozen, then = w.Freeze(), len(log), content(w)
			}
			cmd := someCommand(t)
			before := content(w)
			facts, err := w.Decide(cmd, day)
			again, errAgain := w.Decide(cmd, day)
			if content(w) != before || !reflect.DeepEqual(facts, again) || !reflect.DeepEqual(err, errAgain) {
				t.Fatalf(
					"deciding %T changed %s into %s, or gives %s, then %s",
					cmd,
					before,
					content(w),
					describe(facts, err),
					describe(again, errAgain),
				)
			}
			code := ""
			if err != nil {
				code = string(err.(*core.Refusal).Code)
			}
			if want := m.decide(cmd); code != want {
				t.Fatalf("%T %+v: %q, want %q", cmd, cmd, code, want)
			}
			for _, fact := range facts {
				w.Evolve(fact)
				log = append(log, fact)
			}
			if w.Balance() != m.balance() || w.Balance() < 0 {
				t.Fatalf("the balance is %d, want %d", w.Balance(), m.balance())
			}
		}
		checkPayments(t, w, m)
		if got := content(follow(New().(*Wallet), log)); got != content(w) {
			t.Fatalf("replayed: %s, want %s", got, content(w))
		}
		if write == nil {
			return
		}
		restored := restore(t, write)
		if content(restored) != then || content(follow(restored, log[frozen:])) != content(w) {
			t.Fatalf("a snapshot and what came after it give %s, want %s", content(restored), content(w))
		}
	})
}

// someCommand draws a command with few payments, so that commands collide.
func someCommand(t *rapid.T) core.Command {
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
		_, cancelled := m.cancelled[id]
		got, ok := w.Payment(id)
		if ok != (debited || cancelled) || got.Amount != amount || got.Closed != (refunded || cancelled) {
			t.Fatalf("payment %s is %+v, %t, with %+v, want %t, Amount %v, Closed %v",
				id, got, ok, m, debited || cancelled, amount, refunded || cancelled)
		}
		if ok {
			known++
		}
	}
	if w.payments.Len() != known {
		t.Fatalf("%d payments, want %d", w.payments.Len(), known)
	}
}

func follow(w *Wallet, log []events.Fact) *Wallet {
	for _, fact := range log {
		w.Evolve(fact)
	}
	return w
}

// restore writes a frozen state only now, and reads it. No prefix of a snapshot is accepted.
func restore(t *rapid.T, write func(io.Writer) error) *Wallet {
	var saved bytes.Buffer
	if err := write(&saved); err != nil {
		t.Fatal(err)
	}
	for size := range saved.Len() {
		if err := New().Restore(bytes.NewReader(saved.Bytes()[:size])); err == nil {
			t.Fatalf("Restore accepted %d of %d bytes", size, saved.Len())
		}
	}
	w := New().(*Wallet)
	if err := w.Restore(bytes.NewReader(saved.Bytes())); err != nil {
		t.Fatal(err)
	}
	return w
}
