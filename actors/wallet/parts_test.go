package wallet

import (
	"fmt"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/core/coretest"
	"admitone/events"
)

// TestPartialRefunds checks that each partial refund of a debit is applied once, and that their total never
// exceeds the debit. Each row continues from the previous one, on a wallet restored from a snapshot.
func TestPartialRefunds(t *testing.T) {
	describe := func(fact events.Fact) string {
		switch f := fact.(type) {
		case *events.WalletRefunded:
			return fmt.Sprintf("refunded %d as %q, %d left", f.Amount, f.RefundID, f.Balance)
		case *events.WalletCancelled:
			return "cancelled"
		}
		return fact.Name()
	}
	part := func(id events.RefundID, amount int64) *Refund {
		return &Refund{PaymentID: "b.1", RefundID: id, Amount: amount}
	}
	w := New()
	for i, row := range []struct {
		cmd  core.Command
		want string
	}{
		{&Charge{ID: "c", Amount: 100}, "wallet.charged.v1"},
		{&Debit{PaymentID: "b.1", Amount: 80}, "wallet.debited.v1"},
		{part("x", 81), "not_held"},
		{part("x", 0), "not_held"},
		{part("x", 30), `refunded 30 as "x", 50 left`},
		{part("x", 30), "nothing"},
		{part("y", 51), "not_held"},
		{part("y", 20), `refunded 20 as "y", 70 left`},
		{&Debit{PaymentID: "b.1", Amount: 80}, "nothing"},
		{&Refund{PaymentID: "b.1"}, `refunded 30 as "", 100 left`},
		{&Refund{PaymentID: "b.1"}, "nothing"},
		{part("y", 20), "nothing"},
		{part("z", 1), "not_held"},
		{&Debit{PaymentID: "b.1", Amount: 80}, "not_held"},
	} {
		if got := coretest.Do(w, row.cmd, time.Time{}, describe); got != row.want {
			t.Fatalf("row %d: %+v: got %s, want %s", i+1, row.cmd, got, row.want)
		}
		w = coretest.RoundTrip(t, w.Freeze(), New)
	}
	coretest.RequirePanic(t, w, &events.WalletRefunded{PaymentID: "b.1", Amount: 1, Balance: 101, RefundID: "z"})
}
