package events

import (
	"context"
	"slices"
	"strconv"
	"strings"
)

// Currency is the currency of a log. All amounts of the log are in its minor units.
type Currency struct {
	// Code is the ISO 4217 code, for example EUR.
	Code string
	// Digits is the number of decimals of an amount in major units.
	Digits int
	// Assumed means that no fact of the log names a currency.
	Assumed bool
}

// AssumedCurrency is the currency of a log that names none.
var AssumedCurrency = Currency{Code: "EUR", Digits: 2, Assumed: true}

// currencies has the ISO 4217 codes of money that people pay with, by number of decimals. They are
// listed here because Unicode's data differ from the standard for several of them.
var currencies = map[int]string{
	0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
	2: "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF " +
		"CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF " +
		"IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN " +
		"MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS " +
		"SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG",
	3: "BHD IQD JOD KWD LYD OMR TND",
	4: "CLF UYW",
}

// CurrencyOf looks up an ISO 4217 code. ok is false if there is no such currency.
func CurrencyOf(code string) (c Currency, ok bool) {
	for digits, codes := range currencies {
		if slices.Contains(strings.Fields(codes), code) {
			return Currency{Code: code, Digits: digits}, true
		}
	}
	return Currency{}, false
}

// Text formats an amount of minor units with decimals and code, for example 12.50 EUR. For an assumed
// currency it returns just the number of minor units.
func (c Currency) Text(minor int64) string {
	if c.Assumed || c.Code == "" {
		return strconv.FormatInt(minor, 10)
	}
	return c.Number(minor) + " " + c.Code
}

// Number formats an amount of minor units with decimals, for example 12.50.
func (c Currency) Number(minor int64) string {
	text, sign := strconv.FormatUint(uint64(minor), 10), ""
	if minor < 0 {
		text, sign = strconv.FormatUint(-uint64(minor), 10), "-"
	}
	if c.Digits == 0 {
		return sign + text
	}
	if short := c.Digits + 1 - len(text); short > 0 {
		text = strings.Repeat("0", short) + text
	}
	return sign + text[:len(text)-c.Digits] + "." + text[len(text)-c.Digits:]
}

// CurrencyIn reads the currency of a log as of a position. It returns [AssumedCurrency] if none had been
// named by then. Errors: those of [Store.Read] and [Decode].
func CurrencyIn(ctx context.Context, store Store, at Position) (Currency, error) {
	for e, err := range Stream(ctx, store, SettingsStream, 0) {
		if err != nil {
			return Currency{}, err
		}
		if e.Position > at {
			break
		}
		fact, err := e.Decode()
		if err != nil {
			return Currency{}, err
		}
		if f, ok := fact.(*CurrencyNamed); ok {
			return Currency{Code: f.Currency, Digits: int(f.Digits)}, nil
		}
	}
	return AssumedCurrency, nil
}
