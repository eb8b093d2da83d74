package history

import (
	"fmt"

	"admitone/events"
)

func init() {
	register(kind{name: "api-key", category: events.APIKeyCategory, describe: describeAPIKey, ids: Derived,
		example: "api-key/0197a3c2-7d3e-7c11-9a43-0d5b6a1f2e01"})
	requests["DELETE api-keys"] = func(_ *events.RefusalRecorded, id, _, _ string) string { return "to revoke key " + id }
}

// describeAPIKey describes a fact of an API key.
func describeAPIKey(fact events.Fact, subj subject) string {
	if !subj.isEveryone() {
		return ""
	}
	switch f := fact.(type) {
	case *events.APIKeyCreated:
		text := fmt.Sprintf("created for %s, with the role %s", f.DisplayName, f.Role)
		if !f.ExpiresAt.IsZero() {
			text += " until " + events.FormatTime(f.ExpiresAt)
		}
		return text
	case *events.APIKeyEnded:
		return "revoked"
	}
	return ""
}
