// Package keyset has the public keys with which an issuer of tokens signs them, from a JSON Web Key
// Set (RFC 7517) at a URL or in a file.
//
// Keys are asked for when the set begins, every few minutes, and when a token names an unknown one:
// an issuer publishes a new key before it signs with it, or at the same moment. A request waits for
// that, but not long, and however many tokens name keys that do not exist, the issuer is not asked
// more often than every ten seconds. A key that the issuer no longer publishes is no longer good; while
// it can't be asked, its last keys are.
//
// A key is good for the one algorithm that belongs to its type: a token can't choose another.
package keyset
