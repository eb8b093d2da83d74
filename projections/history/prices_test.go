package history

import (
	"strings"
	"testing"

	"admitone/events"
)

// TestDescribePrices: prices are in the log's currency, with its decimals.
func TestDescribePrices(t *testing.T) {
	prices := []events.CategoryPrice{{Category: "Box", Type: "adult", Amount: 1250}}
	facts := map[string]events.Fact{
		"A at ":                      &events.PerformanceEdited{Prices: []events.SectionPrice{{Section: "A", Price: 1250}}},
		"Box (adult) at ":            &events.PerformanceEdited{CategoryPrices: prices},
		"of plan p, Box (adult) at ": &events.PerformanceCreated{Plan: "p", CategoryPrices: prices},
	}
	for code, want := range map[string]string{"": "1250,", "KRW": "1250 KRW,", "EUR": "12.50 EUR,", "KWD": "1.250 KWD,"} {
		currency, ok := events.CurrencyOf(code)
		if !ok {
			currency = events.AssumedCurrency
		}
		for name, fact := range facts {
			if got := describePerformance(fact, subject{currency: currency}); !strings.Contains(got, name+want) {
				t.Errorf("%q: %s, want %s", code, got, name+want)
			}
		}
	}
}
