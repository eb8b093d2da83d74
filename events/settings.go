package events

func init() { register[PassKeysAdded]() }

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
