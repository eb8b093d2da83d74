package events

func init() { addGolden(goldenSettings) }

// goldenSettings: every member is set to something other than its zero value.
var goldenSettings = map[string]Fact{
	"settings.pass_keys_added.v1": &PassKeysAdded{Fingerprints: []string{"9f86d081884c7d65", "60303ae22b998861"}},
	"settings.currency_named.v1":  &CurrencyNamed{Currency: "KWD", Digits: 3},
}
