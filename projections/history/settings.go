package history

import (
	"fmt"
	"strings"

	"admitone/events"
)

func init() {
	register(kind{category: events.SettingsCategory, describe: describeSettings, ids: Derived,
		example: "settings/log (the settings shared by all servers on the log)"})
}

// describeSettings describes a fact of the settings that servers share.
func describeSettings(fact events.Fact, subj subject) string {
	if !subj.isEveryone() {
		return ""
	}
	switch f := fact.(type) {
	case *events.PassKeysAdded:
		return "keys sign passes from now on: fingerprints " + strings.Join(f.Fingerprints, ", ")
	case *events.CurrencyNamed:
		return fmt.Sprintf("all amounts are minor units of %s, with %d decimals", f.Currency, f.Digits)
	case *events.HolderForgotten:
		return "contact details are forgotten at every server: those of the holder whose id has the SHA-256 " + f.HolderHash
	}
	return ""
}
