package merkle

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// SeedSize is the size of the seed of a key in bytes.
const SeedSize = ed25519.SeedSize

// ErrBadKey means that a text is not a verifier key, a seed has the wrong size, or a key belongs to a different
// log.
var ErrBadKey = errors.New("not a key of signed heads")

// Key signs the heads of one log.
type Key struct {
	signer   note.Signer
	verifier note.Verifier
	text     string
}

// algorithm is the first byte of an Ed25519 key in a note's encoding.
const algorithm = 1

// NewKey derives the key of the log with the given epoch from [SeedSize] secret bytes. The name of the key
// contains the epoch. Error: [ErrBadKey].
func NewKey(seed []byte, epoch string) (*Key, error) {
	if len(seed) != SeedSize {
		return nil, fmt.Errorf("%w: the seed has %d bytes, want %d", ErrBadKey, len(seed), SeedSize)
	}
	name := namePrefix + epoch
	public := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	text, err := note.NewEd25519VerifierKey(name, public)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrBadKey, err)
	}
	hash, _, _ := strings.Cut(strings.TrimPrefix(text, name+"+"), "+")
	private := base64.StdEncoding.EncodeToString(append([]byte{algorithm}, seed...))
	signer, err := note.NewSigner("PRIVATE+KEY+" + name + "+" + hash + "+" + private)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrBadKey, err)
	}
	verifier, err := NewVerifier(text)
	return &Key{signer: signer, verifier: verifier, text: text}, err
}

// String returns the public key in the form "admitone/<epoch>+<hash>+<key>".
func (k *Key) String() string { return k.text }

// Verifier returns the verifier of the key.
func (k *Key) Verifier() note.Verifier { return k.verifier }

// Sign signs a head. Signatures by Ed25519 are deterministic: the same head always gets the same note.
// Error: [ErrBadKey] for a head of a different log.
func (k *Key) Sign(h Head) (Checkpoint, error) {
	if namePrefix+h.Epoch != k.signer.Name() {
		return Checkpoint{}, fmt.Errorf("%w: key %s can't sign a head of the log with epoch %s", ErrBadKey, k.signer.Name(),
			h.Epoch)
	}
	signed, err := note.Sign(&note.Note{Text: h.text()}, k.signer)
	return Checkpoint{Head: h, Note: string(signed)}, err
}

// NewVerifier parses a public key as returned by [Key.String]. Error: [ErrBadKey].
func NewVerifier(text string) (note.Verifier, error) {
	verifier, err := note.NewVerifier(strings.TrimSpace(text))
	if err != nil || !strings.HasPrefix(verifier.Name(), namePrefix) {
		return nil, fmt.Errorf("%w: %.80q; give one of the form admitone/<epoch>+<hash>+<key>", ErrBadKey, text)
	}
	return verifier, nil
}
