package history_test

import (
	"strings"
	"testing"

	"admitone/events"
	"admitone/projections/history"
	"admitone/projections/logtest"
)

// TestPaymentsInTheirCurrency: the amounts of an external payment are in the currency in which it was received, which
// need not be the log's, on every page of its history.
func TestPaymentsInTheirCurrency(t *testing.T) {
	for currency, want := range map[string]string{"EUR": "12.50 EUR", "KRW": "1250 KRW", "KWD": "1.250 KWD"} {
		log := logtest.NewMemory()
		log.Add(events.SettingsStream, &events.CurrencyNamed{Currency: "EUR", Digits: 2})
		stream := events.PaymentStream("bank", "tr-1")
		for _, fact := range []events.Fact{
			&events.PaymentReceived{Provider: "bank", Reference: "tr-1", Amount: 1250, Currency: currency,
				Expected: 100, ExpectedCurrency: "EUR", PaymentSubject: events.PaymentSubject{BookingID: "b"}},
			&events.PaymentOwed{Amount: 1250, Cause: events.OwedWrongSum, RefundID: "r"},
			&events.PaymentRefunded{Amount: 1250, Reference: "re-1", RefundID: "r"},
			&events.PaymentRefundFailed{Amount: 1250, RefundID: "r", Failure: events.RefundDeclined},
		} {
			log.Add(stream, fact)
		}
		log.Seal()
		var parts []string
		for from := range uint64(4) {
			page, _, _, err := history.Read(t.Context(), log, "payment", stream.Entity(), from, 1)
			if err != nil {
				t.Fatal(err)
			}
			parts = append(parts, page[0].Text)
		}
		related, _, _, err := history.ReadRelated(t.Context(), log, "payment", stream.Entity(), 0, 9)
		if err != nil {
			t.Fatal(err)
		}
		for i := range related {
			parts = append(parts, related[i].Text)
		}
		if len(parts) != 8 {
			t.Errorf("%d lines, want 8: %q", len(parts), parts)
		}
		for _, text := range parts {
			if !strings.Contains(text, want) || strings.Contains(text, "minor units") {
				t.Errorf("%q, want the amount as %s", text, want)
			}
		}
	}
}
