package core

import "admitone/events"

// StaleRevision refuses an edit of something that has changed meanwhile.
func StaleRevision(current events.Revision) *Refusal {
	return &Refusal{Code: CodeStaleRevision,
		Detail: "it has changed since you read it; read it again and edit that",
		Fields: map[string]any{"current_revision": current}}
}
