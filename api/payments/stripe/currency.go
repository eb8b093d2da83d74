package stripe

import (
	"fmt"
	"slices"

	"admitone/events"
)

// Stripe counts amounts of zeroDecimal currencies in whole units, of threeDecimal currencies in
// thousandths, and of all others in hundredths.
var (
	zeroDecimal = []string{"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF",
		"XPF"}
	threeDecimal = []string{"BHD", "JOD", "KWD", "OMR", "TND"}
)

// CheckCurrency returns an error if Stripe's minor units of a currency differ from those of ISO
// 4217: an amount would be a different sum at Stripe.
func CheckCurrency(c events.Currency) error {
	digits := 2
	switch {
	case slices.Contains(zeroDecimal, c.Code):
		digits = 0
	case slices.Contains(threeDecimal, c.Code):
		digits = 3
	}
	if c.Digits != digits {
		return fmt.Errorf("amounts would be wrong: Stripe counts %s with %d decimals, and ISO 4217 with %d", c.Code,
			digits, c.Digits)
	}
	return nil
}
