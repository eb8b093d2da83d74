package verify

import (
	"time"

	"admitone/events"
)

func init() {
	checks[events.SettingsCategory] = func() check { return &settingsCheck{keys: map[string]bool{}} }
}

// settingsCheck holds what servers agree on to being said once.
type settingsCheck struct{ keys map[string]bool }

func (c *settingsCheck) apply(e *events.Recorded, fact events.Fact, _ time.Time) *fault {
	f, ok := fact.(*events.PassKeysAdded)
	switch {
	case e.Stream != events.SettingsStream:
		return faultf(RuleKnown, "settings are in %s alone", events.SettingsStream)
	case !ok:
		return faultf(RuleKnown, "a %s in the stream of settings", fact.Name())
	case len(f.Fingerprints) == 0:
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
