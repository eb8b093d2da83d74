// Package keyset caches the public keys that verify an issuer's tokens, from a JSON Web Key Set
// (RFC 7517) at a URL or in a file.
//
// Keys are fetched when the set starts, every few minutes, and when a token names an unknown one: an
// issuer publishes a new key before it signs with it, or at the same moment. A request waits for that
// fetch, but only briefly, and however many tokens name keys that do not exist, fetches are at least ten
// seconds apart. A key that the issuer no longer publishes is invalid; while the issuer is unreachable,
// its last keys stay valid.
//
// A key is valid for the one algorithm that belongs to its type: a token can't choose another.
package keyset
