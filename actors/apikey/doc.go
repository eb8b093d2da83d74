// Package apikey has the rules of a key with which a program calls the API: it is created once, and
// may be revoked once, forever.
//
// # Hashes
//
// The log has a hash of the key, since a reader of the log or of a backup must not be able to call
// the API. A key is 256 random bits, so a fast hash is sufficient: it can't be reversed.
//
// # Expiry
//
// The expiry of a key is part of its creation. The check of a key compares it with the clock.
// Nothing else depends on it, so the key has no deadline, and no fact records that it has expired.
//
// Refusals: already_exists, not_found.
package apikey
