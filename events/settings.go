package events

func init() {
	register[PassKeysAdded]()
	register[CurrencyNamed]()
	register[HolderForgotten]()
}

// SettingsCategory is the category of the stream of settings that all servers on a log share.
const SettingsCategory = "settings"

// SettingsStream is its only stream. It belongs to no entity.
const SettingsStream StreamID = SettingsCategory + "-log"

// PassKeysAdded names keys that sign visitors' ids and passes from now on. A server none of whose
// keys was ever added has been started with the wrong keys.
type PassKeysAdded struct {
	// Fingerprints of the keys, the one that signs first; see pass.Ring. They reveal nothing about
	// a key.
	Fingerprints []string `json:"fingerprints"`
}

func (*PassKeysAdded) Name() string { return "settings.pass_keys_added.v1" }

// CurrencyNamed names the currency of all amounts of the log, including those recorded before. It is recorded once.
type CurrencyNamed struct {
	// Currency is a code of ISO 4217, and Digits the number of its decimals there.
	Currency string `json:"currency"`
	Digits   int64  `json:"digits"`
}

func (*CurrencyNamed) Name() string { return "settings.currency_named.v1" }

// HolderForgotten records that the contacts of a holder are destroyed: every server on the log
// destroys the holder's key. Contacts stored later are not affected.
type HolderForgotten struct {
	// HolderHash is the SHA-256 of the holder's id, in hexadecimal.
	HolderHash string `json:"holder_hash"`
}

func (*HolderForgotten) Name() string { return "holder.forgotten.v1" }
