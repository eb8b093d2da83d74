package wallet

import (
	"fmt"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

var day = time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)

func charge(amount int64) *Charge                 { return &Charge{ID: "c", Amount: amount} }
func debit(id events.HoldID, amount int64) *Debit { return &Debit{PaymentID: id, Amount: amount} }
func refund(id events.HoldID) *Refund             { return &Refund{PaymentID: id} }

// describe describes a decision.
func describe(facts []events.Fact, err error) string {
	if err != nil {
		r := err.(*core.Refusal)
		if r.Code == "insufficient_balance" {
			return fmt.Sprintf("insufficient_balance: %d of %d", r.Fields["balance"], r.Fields["amount"])
		}
		return string(r.Code)
	}
	if len(facts) == 0 {
		return "nothing"
	}
	switch f := facts[0].(type) {
	case *events.WalletCharged:
		return fmt.Sprintf("charged %d: %d", f.Amount, f.Balance)
	case *events.WalletDebited:
		return fmt.Sprintf("debited %s %d: %d", f.PaymentID, f.Amount, f.Balance)
	case *events.WalletRefunded:
		return fmt.Sprintf("refunded %s %d: %d", f.PaymentID, f.Amount, f.Balance)
	case *events.WalletCancelled:
		return fmt.Sprintf("cancelled %s of %s", f.PaymentID, f.BookingID)
	}
	return facts[0].Name()
}

// attempt is a row of a table: the command, and the decision.
type attempt struct {
	cmd  core.Command
	then string
}

var rules = []struct {
	name     string
	attempts []attempt
}{
	{"seed 002, charging: the balance has the charge", []attempt{
		{charge(100), "charged 100: 100"},
		{charge(50), "charged 50: 150"},
		{charge(0), "invalid_field"},
		{charge(-1), "invalid_field"},
		{charge(MaxAmount + 1), "invalid_field"},
		{charge(MaxAmount), "charged 1000000000000: 1000000000150"},
	}},
	{"seed 002, payment: as far as the money goes, and never below nothing", []attempt{
		{debit("b.1", 1), "insufficient_balance: 0 of 1"},
		{charge(100), "charged 100: 100"},
		{debit("b.1", 0), "invalid_field"},
		{debit("b.1", -5), "invalid_field"},
		{debit("b.1", 101), "insufficient_balance: 100 of 101"},
		{debit("b.1", 60), "debited b.1 60: 40"},
		{debit("c.1", 60), "insufficient_balance: 40 of 60"},
		{debit("c.1", 40), "debited c.1 40: 0"},
	}},
	{"a payment is debited once, however often it is asked for", []attempt{
		{charge(100), "charged 100: 100"},
		{debit("b.1", 60), "debited b.1 60: 40"},
		{debit("b.1", 60), "nothing"},
		{debit("b.1", 60), "nothing"},
	}},
	{"a payment is refunded once, and not debited again", []attempt{
		{charge(100), "charged 100: 100"},
		{debit("b.1", 60), "debited b.1 60: 40"},
		{refund("b.1"), "refunded b.1 60: 100"},
		{refund("b.1"), "nothing"},
		{debit("b.1", 60), "not_held"},
		{debit("b.2", 60), "debited b.2 60: 40"},
	}},
	{"a refund that comes before its debit closes the payment", []attempt{
		{refund("b.1"), "cancelled b.1 of b"},
		{refund("b.1"), "nothing"},
		{charge(100), "charged 100: 100"},
		{debit("b.1", 60), "not_held"},
		{debit("b.2", 60), "debited b.2 60: 40"},
	}},
}

func TestRules(t *testing.T) {
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) {
			w := New()
			for i, a := range rule.attempts {
				facts, err := w.Decide(a.cmd, day)
				if got := describe(facts, err); got != a.then || len(facts) > 1 {
					t.Fatalf("line %d: %T %+v\n gives %s\n  want %s", i+1, a.cmd, a.cmd, got, a.then)
				}
				for _, fact := range facts {
					w.Evolve(fact)
				}
			}
		})
	}
}

// TestAFullWallet: it accepts no charge, but every refund.
func TestAFullWallet(t *testing.T) {
	w := New().(*Wallet)
	for _, fact := range []events.Fact{
		&events.WalletCharged{Amount: MaxBalance, Balance: MaxBalance},
		&events.WalletDebited{PaymentID: "b.1", BookingID: "b", Amount: 5, Balance: MaxBalance - 5},
	} {
		w.Evolve(fact)
	}
	for i, a := range []attempt{{charge(6), "limit_exceeded"}, {charge(5), "charged 5: 1000000000000000"}, {charge(1), "limit_exceeded"}, {refund("b.1"), "refunded b.1 5: 1000000000000005"}, {charge(1), "limit_exceeded"}} {
		facts, err := w.Decide(a.cmd, day)
		if got := describe(facts, err); got != a.then {
			t.Fatalf("line %d: %T gives %s, want %s", i+1, a.cmd, got, a.then)
		}
		for _, fact := range facts {
			w.Evolve(fact)
		}
	}
	if !w.Exists() || w.Balance() != MaxBalance+5 || !w.NextDeadline().IsZero() {
		t.Errorf("balance = %d, want MaxBalance+5", w.Balance())
	}
}

// TestImpossibleFacts: money from nowhere, or twice. The core panics.
func TestImpossibleFacts(t *testing.T) {
	charged := &events.WalletCharged{Amount: 100, Balance: 100}
	debited := &events.WalletDebited{PaymentID: "b.1", Amount: 60, Balance: 40}
	refunded := &events.WalletRefunded{PaymentID: "b.1", Amount: 60, Balance: 100}
	cancelled := &events.WalletCancelled{PaymentID: "b.1"}
	for name, facts := range map[string][]events.Fact{
		"a different balance": {&events.WalletCharged{Amount: 100, Balance: 101}},
		"charged with none":   {&events.WalletCharged{}},
		"below nothing":       {&events.WalletDebited{PaymentID: "b.1", Amount: 60, Balance: -60}},
		"debited twice":       {charged, charged2(), debited, &events.WalletDebited{PaymentID: "b.1", Amount: 60, Balance: 80}},
		"debited cancelled":   {charged, cancelled, debited},
		"refunded twice":      {charged, debited, refunded, &events.WalletRefunded{PaymentID: "b.1", Amount: 60, Balance: 160}},
		"refunded unpaid":     {charged, &events.WalletRefunded{PaymentID: "b.1", Amount: 60, Balance: 160}},
		"refunded more":       {charged, debited, &events.WalletRefunded{PaymentID: "b.1", Amount: 61, Balance: 101}},
		"refunded cancelled":  {charged, cancelled, &events.WalletRefunded{PaymentID: "b.1", Amount: 60, Balance: 160}},
		"cancelled paid":      {charged, debited, cancelled},
		"cancelled twice":     {cancelled, cancelled},
		"a fact of a product": {&events.ProductReserved{}},
	} {
		t.Run(name, func(t *testing.T) {
			w := New()
			defer func() {
				if recover() == nil {
					t.Errorf("the impossible fact was accepted: %+v", w)
				}
			}()
			for _, fact := range facts {
				w.Evolve(fact)
			}
		})
	}
}

func charged2() events.Fact { return &events.WalletCharged{Amount: 100, Balance: 200} }
