package history

import (
	"strings"

	"admitone/events"
)

func init() { describers[events.SettingsCategory] = describeSettings }

// describeSettings says what servers agree on from now on.
func describeSettings(fact events.Fact, of subject) string {
	if f, ok := fact.(*events.PassKeysAdded); ok && of.isEveryone() {
		return "keys sign passes from now on: fingerprints " + strings.Join(f.Fingerprints, ", ")
	}
	return ""
}
