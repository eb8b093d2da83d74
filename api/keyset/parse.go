package keyset

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/MicahParks/jwkset"
)

// The supported algorithms (RFC 7518 section 3.1 and RFC 8037 section 3.1). RFC 9864 renames EdDSA to
// Ed25519; both names are accepted, and keys are stored under EdDSA.
const (
	RS256   = "RS256"
	ES256   = "ES256"
	EdDSA   = "EdDSA"
	Ed25519 = "Ed25519"
)

// minRSA is the minimum length of a key for RS256, in bits (RFC 7518 section 3.3).
const minRSA = 2048

// name identifies a key: the kid and alg of a token's header.
type name struct{ id, algorithm string }

// parse decodes a key set. Keys without an id, and keys that do not sign with a supported algorithm,
// are skipped, as RFC 7517 section 5 recommends. It is an error if no key remains.
func parse(text []byte) (map[name]crypto.PublicKey, error) {
	var set jwkset.JWKSMarshal
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, fmt.Errorf("not a JSON Web Key Set: %w", err)
	}
	keys := map[name]crypto.PublicKey{}
	for i := range set.Keys {
		key, algorithm := usable(set.Keys[i])
		if algorithm == "" {
			continue
		}
		n := name{set.Keys[i].KID, algorithm}
		if same, ok := keys[n].(interface{ Equal(crypto.PublicKey) bool }); ok && same.Equal(key) {
			continue // a key may be listed under both names of its algorithm
		}
		if _, twice := keys[n]; twice {
			return nil, fmt.Errorf("two keys for %s have the kid %q", algorithm, n.id)
		}
		keys[n] = key
	}
	if len(keys) == 0 {
		return nil, errors.New("no key has a kid and is for RS256, ES256 or EdDSA")
	}
	return keys, nil
}

// usable returns a public key and its algorithm, "" if the key can't be used.
func usable(given jwkset.JWKMarshal) (key crypto.PublicKey, algorithm string) {
	if given.KID == "" || given.USE != "" && given.USE != jwkset.UseSig {
		return nil, ""
	}
	// Certificates are irrelevant for tokens. Without these members none is fetched.
	given.X5U, given.X5C, given.X5T, given.X5TS256 = "", nil, "", ""
	parsed, err := jwkset.NewJWKFromMarshal(given, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{})
	if err != nil {
		return nil, ""
	}
	switch k := parsed.Key().(type) {
	case *rsa.PublicKey:
		if k.N.BitLen() >= minRSA {
			key, algorithm = k, RS256
		}
	case *ecdsa.PublicKey:
		if k.Curve == elliptic.P256() {
			key, algorithm = k, ES256
		}
	case ed25519.PublicKey:
		key, algorithm = k, EdDSA
	}
	named := given.ALG.String()
	if named == Ed25519 {
		named = EdDSA
	}
	if named != "" && named != algorithm {
		return nil, ""
	}
	return key, algorithm
}
