// Package webhook has the rules of webhooks. A webhook delivers the events of the log, signed with its secrets, to
// an external address. Its stream records its settings and the progress of its deliveries.
//
// # Why the settings and the cursor share a stream
//
// Deliveries depend on both, and disabling, rewinding or deleting a webhook has to stop a delivery
// in progress on another server. So the cursor's facts (see [core.Cursor]) are in the webhook's
// stream. The ETag of a webhook is the revision of its newest edit, so deliveries don't change it.
//
// # Why the facts have no secrets
//
// A secret is derived from a key of the servers, the webhook's id and a number. The facts have the
// number and the fingerprint of the key: a server with a different key signs nothing.
//
// # Refusals, in order
//
// not_found, already_exists, limit_exceeded, invalid_field, stale_revision.
package webhook
