package verify

import (
	"encoding/hex"
	"time"

	"admitone/events"
)

// RuleKeys is the rule of API keys, as it is printed.
const RuleKeys Rule = "an API key belongs to no holder, and is revoked at most once"

func init() {
	checks[events.APIKeyCategory] = func() check { return &apiKeyCheck{} }
}

// keyHash is the length of a key's hash, SHA-256, in bytes.
const keyHash = 32

// apiKeyCheck checks that a key is created with a role and a hash, and ended once.
type apiKeyCheck struct{ ended bool }

func (c *apiKeyCheck) apply(e *events.Recorded, fact events.Fact, decided time.Time) *fault {
	id := events.APIKeyID(e.Stream.Entity())
	switch f := fact.(type) {
	case *events.APIKeyCreated:
		hash, err := hex.DecodeString(f.Hash)
		switch {
		case e.Revision != 0:
			return faultf(RuleCreation, "a %s at revision %d", fact.Name(), e.Revision)
		case f.APIKeyID != id || err != nil || len(hash) != keyHash || f.DisplayName == "":
			return faultf(RuleFigures, "it creates %q for %q with the hash %q", f.APIKeyID, f.DisplayName, f.Hash)
		case f.Role == "" || f.Role == "holder":
			return faultf(RuleKeys, "it has the role %q", f.Role)
		case !f.ExpiresAt.IsZero() && !f.ExpiresAt.After(decided):
			return faultf(RuleKeys, "it had expired before it was created")
		}
	case *events.APIKeyEnded:
		switch {
		case e.Revision == 0:
			return faultf(RuleCreation, "a %s at revision 0", fact.Name())
		case f.APIKeyID != id:
			return faultf(RuleFigures, "it revokes %q", f.APIKeyID)
		case c.ended:
			return faultf(RuleKeys, "it is revoked again")
		}
		c.ended = true
	default:
		return faultf(RuleKnown, "a %s in an API key's stream", fact.Name())
	}
	return nil
}
