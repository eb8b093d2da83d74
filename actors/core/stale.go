package core

import "admitone/events"

// StaleRevision returns the refusal of an edit that is based on an older revision than current.
func StaleRevision(current events.Revision) *Refusal {
	return &Refusal{Code: CodeStaleRevision,
		Detail: "it has changed since you read it; read it again and edit that",
		Fields: map[string]any{"current_revision": current}}
}
