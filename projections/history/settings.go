package history

import (
	"strings"

	"admitone/events"
)

func init() {
	register(kind{category: events.SettingsCategory, describe: describeSettings, ids: Derived,
		example: "settings/log (what all servers on the log agree on)"})
}

// describeSettings says what servers agree on from now on.
func describeSettings(fact events.Fact, of subject) string {
	if f, ok := fact.(*events.PassKeysAdded); ok && of.isEveryone() {
		return "keys sign passes from now on: fingerprints " + strings.Join(f.Fingerprints, ", ")
	}
	return ""
}
