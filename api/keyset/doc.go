// Package keyset caches the public keys that verify an issuer's tokens, from a JSON Web Key Set
// (RFC 7517) at a URL or in a file.
//
// Keys are fetched when the set starts, every few minutes, and when a token names an unknown key, because an
// issuer may begin to sign with a new key as soon as it has published it. A request waits for that fetch,
// but only briefly. Fetches for unknown keys are at least ten seconds apart, so that tokens with invented key
// ids can't flood the issuer. A key that the issuer no longer publishes is invalid; while the issuer is unreachable,
// its last keys stay valid.
//
// A key is valid for the one algorithm that belongs to its type: a token can't choose another.
package keyset
