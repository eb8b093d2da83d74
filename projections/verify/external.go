package verify

import "admitone/events"

// ExternalSums has the sums of external payments, in minor units of their currency.
// Received = Open + Booked + Kept + Refunded + Owed.
type ExternalSums struct {
	Received int64 `json:"received"`
	Open     int64 `json:"open"`
	Booked   int64 `json:"booked"`
	Kept     int64 `json:"kept"`
	Refunded int64 `json:"refunded"`
	Owed     int64 `json:"owed"`
}

// ExternalSums returns the sums of the payments for which included returns true (nil includes all) by
// currency; nil for none.
func (v *Verifier) ExternalSums(included func(of events.PaymentSubject) bool) map[string]ExternalSums {
	if len(v.ledger.payments) == 0 {
		return nil
	}
	sums := map[string]ExternalSums{}
	for _, c := range v.ledger.payments {
		if included != nil && !included(c.received.PaymentSubject) {
			continue
		}
		sum := sums[c.received.Currency]
		sum.Received += c.received.Amount
		sum.Open, sum.Booked, sum.Kept = sum.Open+c.open, sum.Booked+c.booked, sum.Kept+c.kept
		sum.Refunded, sum.Owed = sum.Refunded+c.refunded, sum.Owed+c.owed
		sums[c.received.Currency] = sum
	}
	return sums
}
