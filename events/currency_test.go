package events

import "testing"

// TestCurrencyDigits: the digits are those of ISO 4217, even where Unicode's data differ.
func TestCurrencyDigits(t *testing.T) {
	for code, digits := range map[string]int{"KRW": 0, "EUR": 2, "KWD": 3, "HUF": 2, "IDR": 2, "ISK": 0, "UGX": 0, "CLF": 4,
		"JPY": 0, "PKR": 2, "COP": 2, "IQD": 3, "CLP": 0, "USD": 2, "GBP": 2, "TND": 3} {
		if c, ok := CurrencyOf(code); !ok || c != (Currency{Code: code, Digits: digits}) {
			t.Errorf("CurrencyOf(%s) = %+v, %t; want %d digits", code, c, ok, digits)
		}
	}
	for _, code := range []string{"", "eur", "EURO", "XXX", "XAU", "XTS", "E R"} {
		if c, ok := CurrencyOf(code); ok {
			t.Errorf("CurrencyOf(%q) = %+v, want none", code, c)
		}
	}
	codes := map[string]bool{}
	for _, list := range currencies {
		for i := 0; i+3 <= len(list); i += 4 {
			if code := list[i : i+3]; codes[code] {
				t.Errorf("%s is listed more than once", code)
			} else {
				codes[code] = true
			}
		}
	}
}

func TestCurrencyText(t *testing.T) {
	for _, test := range []struct {
		code  string
		minor int64
		want  string
	}{
		{"EUR", 1250, "12.50 EUR"}, {"EUR", 5, "0.05 EUR"}, {"EUR", 0, "0.00 EUR"}, {"EUR", -5, "-0.05 EUR"},
		{"KRW", 1250, "1250 KRW"}, {"KWD", 1250, "1.250 KWD"}, {"CLF", 7, "0.0007 CLF"},
		{"EUR", -1 << 63, "-92233720368547758.08 EUR"},
	} {
		c, _ := CurrencyOf(test.code)
		if got := c.Text(test.minor); got != test.want {
			t.Errorf("%s: Text(%d) = %q, want %q", test.code, test.minor, got, test.want)
		}
	}
	if got := AssumedCurrency.Text(1250); got != "1250" {
		t.Errorf("AssumedCurrency.Text(1250) = %q, want 1250", got)
	}
}
