package verify

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"admitone/events"
)

// settingsCheck checks the settings that all servers of a log share.
type settingsCheck struct {
	ledger *ledger
	keys   map[string]bool
}

func (c *settingsCheck) apply(e *events.Recorded, fact events.Fact, _ time.Time) *fault {
	if e.Stream != events.SettingsStream {
		return faultf(RuleKnown, "settings are in %s alone", events.SettingsStream)
	}
	switch f := fact.(type) {
	case *events.PassKeysAdded:
		return c.added(f)
	case *events.CurrencyNamed:
		named, ok := events.CurrencyOf(f.Currency)
		if !ok || int64(named.Digits) != f.Digits || c.ledger.currency != "" {
			return faultf(RuleFigures, "it names the currency %q with %d decimals; named before: %q", f.Currency, f.Digits,
				c.ledger.currency)
		}
		c.ledger.currency = f.Currency
		return nil
	case *events.HolderForgotten:
		if sum, err := hex.DecodeString(f.HolderHash); err != nil || len(sum) != sha256.Size {
			return faultf(RuleFigures, "the holder %q is forgotten, which is not a SHA-256", f.HolderHash)
		}
		return nil
	}
	return faultf(RuleKnown, "a %s in the stream of settings", fact.Name())
}

func (c *settingsCheck) added(f *events.PassKeysAdded) *fault {
	if len(f.Fingerprints) == 0 {
		return faultf(RuleFigures, "it adds no keys")
	}
	for _, key := range f.Fingerprints {
		if key == "" || c.keys[key] {
			return faultf(RuleFigures, "the key %q is added again", key)
		}
		c.keys[key] = true
	}
	return nil
}
