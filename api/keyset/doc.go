// Package keyset has the public keys with which an issuer of tokens signs them, from a JSON Web Key
// Set (RFC 7517) at a URL or in a file.
//
// Keys are fetched at the start of the set, every few minutes, and when a token names an unknown
// one: an issuer publishes a new key before it signs with it, or at the same moment. A request
// waits for that, but not long, and however many tokens name keys that do not exist, they are not
// fetched more often than every ten seconds. A key that the issuer no longer publishes is invalid;
// while the issuer is unreachable, its last keys stay valid.
//
// A key is good for the one algorithm that belongs to its type: a token can't choose another.
package keyset
