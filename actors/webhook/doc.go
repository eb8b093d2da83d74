// Package webhook holds the rules of a webhook: an address outside that the events of the log are
// delivered to, which are signed with secrets, and how far the deliveries have come.
//
// # The settings and the cursor are one stream
//
// What is delivered depends on both, and a webhook that is disabled, moved back or deleted has to
// win against a delivery under way on another server. So the cursor's facts (see [core.Cursor]) are
// among the webhook's, and the tag of an edit is the revision of the newest edit: it does not move
// with deliveries.
//
// # A secret is a number
//
// The log has no secrets. One is derived from a key of the servers, the webhook's id and a number,
// which is what the facts have, with the key's fingerprint: a server with another key signs nothing.
//
// # Refusals, in order
//
// not_found, already_exists, limit_exceeded, invalid_field, stale_revision.
package webhook
