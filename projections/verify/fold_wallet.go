package verify

import "admitone/events"

// Money has the totals of all wallets, in minor units of the currency.
// Balance = Charged - Debited + Refunded.
type Money struct{ Balance, Charged, Debited, Refunded int64 }

// add applies a fact of a wallet. It returns the amount moved and the balance that the fact records; ok is false for a
// fact of a different kind.
func (m *Money) add(fact events.Fact) (amount, balance int64, ok bool) {
	switch f := fact.(type) {
	case *events.WalletCharged:
		m.Charged += f.Amount
		amount, balance = f.Amount, f.Balance
	case *events.WalletDebited:
		m.Debited += f.Amount
		amount, balance = f.Amount, f.Balance
	case *events.WalletRefunded:
		m.Refunded += f.Amount
		amount, balance = f.Amount, f.Balance
	case *events.WalletCancelled:
		balance = m.Balance // no money moves
	default:
		return 0, 0, false
	}
	m.Balance = m.Charged - m.Debited + m.Refunded
	return amount, balance, true
}
