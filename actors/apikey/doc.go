// Package apikey has the rules of a key with which a program calls the API: it is created once, and
// may be revoked once, forever.
//
// # Why the log has a hash
//
// A reader of the log, or of a backup, must not be able to call the API. A key is 256 random bits,
// so a fast hash can't be reversed, and no slow one is needed.
//
// # Why a key has no deadline here
//
// The expiry of a key is part of its creation, and the check of a key compares it with the clock.
// Nothing else depends on that time, so no fact records it.
//
// Refusals: already_exists, not_found.
package apikey
