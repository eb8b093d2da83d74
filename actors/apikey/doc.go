// Package apikey holds the rules of a key with which a program calls the API: it is made once, and
// may be ended once, for ever.
//
// # Why the log has a hash
//
// Whoever reads the log, or a backup of it, must not be able to call the API. A key is 256 random
// bits, so a plain hash can't be turned back, and none that takes long is needed.
//
// # Why a key has no deadline here
//
// When a key expires is stated when it is made, and whoever checks a key compares that with the
// clock. Nothing else depends on the moment, so no fact records it.
//
// Refusals: already_exists, not_found.
package apikey
