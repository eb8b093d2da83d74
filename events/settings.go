package events

func init() {
	register[PassKeysAdded]()
	register[CurrencyNamed]()
	register[HolderForgotten]()
}

// SettingsCategory is the category of [SettingsStream].
const SettingsCategory = "settings"

// SettingsStream is the stream of the settings that all servers on a log share. It belongs to no entity.
const SettingsStream StreamID = SettingsCategory + "-log"

// PassKeysAdded names keys that sign the ids and passes of visitors from now on. If none of a server's keys was
// ever added, the server was started with the wrong keys.
type PassKeysAdded struct {
	// Fingerprints has the fingerprints of the keys, beginning with the key that signs. They reveal nothing about
	// the keys.
	Fingerprints []string `json:"fingerprints"`
}

func (*PassKeysAdded) Name() string { return "settings.pass_keys_added.v1" }

// CurrencyNamed names the currency of all amounts of the log, including those recorded before. It is recorded once.
type CurrencyNamed struct {
	// Currency is an ISO 4217 code, and Digits its number of decimals.
	Currency string `json:"currency"`
	Digits   int64  `json:"digits"`
}

func (*CurrencyNamed) Name() string { return "settings.currency_named.v1" }

// HolderForgotten orders every server on the log to destroy the key with which the contacts of a holder are
// encrypted. Contacts stored later are not affected.
type HolderForgotten struct {
	// HolderHash is the SHA-256 of the holder's id, in hexadecimal.
	HolderHash string `json:"holder_hash"`
}

func (*HolderForgotten) Name() string { return "holder.forgotten.v1" }
