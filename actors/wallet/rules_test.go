package wallet

import (
	"fmt"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/core/coretest"
	"admitone/events"
)

// day is the time of all commands.
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

// row is a command and the expected decision.
type row struct {
	cmd  core.Command
	want string
}

var rules = []struct {
	name string
	rows []row
}{
	{"a charge adds to the balance", []row{
		{charge(100), "charged 100: 100"},
		{charge(50), "charged 50: 150"},
		{charge(0), "invalid_field"},
		{charge(-1), "invalid_field"},
		{charge(MaxAmount + 1), "invalid_field"},
		{charge(MaxAmount), "charged 1000000000000: 1000000000150"},
	}},
	{"a debit may not exceed the balance", []row{
		{debit("b.1", 1), "insufficient_balance: 0 of 1"},
		{charge(100), "charged 100: 100"},
		{debit("b.1", 0), "invalid_field"},
		{debit("b.1", -5), "invalid_field"},
		{debit("b.1", 101), "insufficient_balance: 100 of 101"},
		{debit("b.1", 60), "debited b.1 60: 40"},
		{debit("c.1", 60), "insufficient_balance: 40 of 60"},
		{debit("c.1", 40), "debited c.1 40: 0"},
	}},
	{"a repeated debit does nothing", []row{
		{charge(100), "charged 100: 100"},
		{debit("b.1", 60), "debited b.1 60: 40"},
		{debit("b.1", 60), "nothing"},
		{debit("b.1", 60), "nothing"},
	}},
	{"a payment is refunded once, and not debited again", []row{
		{charge(100), "charged 100: 100"},
		{debit("b.1", 60), "debited b.1 60: 40"},
		{refund("b.1"), "refunded b.1 60: 100"},
		{refund("b.1"), "nothing"},
		{debit("b.1", 60), "not_held"},
		{debit("b.2", 60), "debited b.2 60: 40"},
	}},
	{"a refund that comes before its debit closes the payment", []row{
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
			for i, row := range rule.rows {
				facts, err := w.Decide(row.cmd, day)
				if got := describe(facts, err); got != row.want || len(facts) > 1 {
					t.Fatalf("row %d: %T %+v:\n got %s (%d facts)\nwant %s (at most 1)", i+1, row.cmd, row.cmd, got, len(facts), row.want)
				}
				for _, fact := range facts {
					w.Evolve(fact)
				}
			}
		})
	}
}

// TestFullWallet checks that a wallet with the maximum balance accepts no charge, but every refund.
func TestFullWallet(t *testing.T) {
	w := New().(*Wallet)
	for _, fact := range []events.Fact{
		&events.WalletCharged{Amount: MaxBalance, Balance: MaxBalance},
		&events.WalletDebited{PaymentID: "b.1", BookingID: "b", Amount: 5, Balance: MaxBalance - 5},
	} {
		w.Evolve(fact)
	}
	for i, row := range []row{
		{charge(6), "limit_exceeded"},
		{charge(5), "charged 5: 1000000000000000"},
		{charge(1), "limit_exceeded"},
		{refund("b.1"), "refunded b.1 5: 1000000000000005"},
		{charge(1), "limit_exceeded"},
	} {
		facts, err := w.Decide(row.cmd, day)
		if got := describe(facts, err); got != row.want {
			t.Fatalf("row %d: %T: got %s, want %s", i+1, row.cmd, got, row.want)
		}
		for _, fact := range facts {
			w.Evolve(fact)
		}
	}
	if !w.Exists() || w.Balance() != MaxBalance+5 || !w.NextDeadline().IsZero() {
		t.Errorf("got exists %t, balance %d, deadline %v; want true, %d, none", w.Exists(), w.Balance(), w.NextDeadline(),
			int64(MaxBalance+5))
	}
}

// TestImpossibleFacts checks that the core panics on facts that contradict its state.
func TestImpossibleFacts(t *testing.T) {
	charged := &events.WalletCharged{Amount: 100, Balance: 100}
	debited := &events.WalletDebited{PaymentID: "b.1", Amount: 60, Balance: 40}
	refunded := &events.WalletRefunded{PaymentID: "b.1", Amount: 60, Balance: 100}
	cancelled := &events.WalletCancelled{PaymentID: "b.1"}
	for name, facts := range map[string][]events.Fact{
		"balance does not add up":           {&events.WalletCharged{Amount: 100, Balance: 101}},
		"charge of no amount":               {&events.WalletCharged{}},
		"debit below a balance of 0":        {&events.WalletDebited{PaymentID: "b.1", Amount: 60, Balance: -60}},
		"second debit of a payment":         {charged, debited, &events.WalletDebited{PaymentID: "b.1", Amount: 40, Balance: 0}},
		"debit of a cancelled payment":      {charged, cancelled, debited},
		"second refund of a payment":        {charged, debited, refunded, &events.WalletRefunded{PaymentID: "b.1", Amount: 60, Balance: 160}},
		"refund of an unknown payment":      {charged, &events.WalletRefunded{PaymentID: "b.1", Amount: 60, Balance: 160}},
		"refund of more than was debited":   {charged, debited, &events.WalletRefunded{PaymentID: "b.1", Amount: 61, Balance: 101}},
		"refund of a cancelled payment":     {charged, cancelled, &events.WalletRefunded{PaymentID: "b.1", Amount: 60, Balance: 160}},
		"cancellation of a debited payment": {charged, debited, cancelled},
		"second cancellation of a payment":  {cancelled, cancelled},
		"fact of another entity":            {&events.ProductReserved{}},
	} {
		t.Run(name, func(t *testing.T) { coretest.RequirePanic(t, New(), facts...) })
	}
}
