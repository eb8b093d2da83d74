package events

func init() { addGolden(goldenSettings) }

var goldenSettings = map[string]Fact{
	"settings.pass_keys_added.v1": &PassKeysAdded{Fingerprints: []string{"9f86d081884c7d65", "60303ae22b998861"}},
	"settings.currency_named.v1":  &CurrencyNamed{Currency: "KWD", Digits: 3},
	"holder.forgotten.v1": &HolderForgotten{
		HolderHash: "0bc44c9ba3a0bed1a3f9a3f4a8a2ff9f4e7b83d2b9a4a4a5a2a9b4ee3d1e3d86"},
}
