package pass

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"sync"

	"admitone/events"
)

// MaxKeys is the maximum number of keys in a ring.
const MaxKeys = 8

// SecretSize is the length of a key's secret, in bytes.
const SecretSize = sha256.Size

// Key is a signing key. Its id is part of every signature.
type Key struct {
	ID     byte
	Secret [SecretSize]byte
}

// NewKey returns a random key.
func NewKey(id byte) Key {
	k := Key{ID: id}
	_, _ = rand.Read(k.Secret[:]) // never fails; see crypto/rand
	return k
}

// Keyring is an immutable set of valid keys. It is safe for concurrent use.
type Keyring struct {
	signers []*signer
}

// signer is a key with a pool of buffers.
type signer struct {
	key  Key
	pool sync.Pool // of *work
}

// work has the buffers for one signature.
type work struct {
	mac     hash.Hash
	message []byte
	sum     [sha256.Size]byte
}

// ErrBadKeyring is returned for keys that can't form a ring.
var ErrBadKeyring = errors.New("not a key ring of passes")

// NewKeyring returns a ring of 1 to MaxKeys keys; the first one signs. Error: [ErrBadKeyring], also
// for duplicate ids.
func NewKeyring(keys ...Key) (*Keyring, error) {
	if len(keys) < 1 || len(keys) > MaxKeys {
		return nil, fmt.Errorf("%w: got %d keys, want 1 to %d", ErrBadKeyring, len(keys), MaxKeys)
	}
	r := &Keyring{}
	for _, key := range keys {
		if r.signer(key.ID) != nil {
			return nil, fmt.Errorf("%w: two keys have the id %d", ErrBadKeyring, key.ID)
		}
		s := &signer{key: key}
		s.pool.New = func() any { return &work{mac: hmac.New(sha256.New, s.key.Secret[:])} }
		r.signers = append(r.signers, s)
	}
	return r, nil
}

// Rotate returns a ring that signs with a new random key and keeps as many of the others as fit,
// newest first.
func (r *Keyring) Rotate() *Keyring {
	keys := []Key{NewKey(r.signers[0].key.ID + 1)}
	for r.signer(keys[0].ID) != nil { // ends: at most MaxKeys of 256 ids are in use
		keys[0].ID++
	}
	for _, s := range r.signers[:min(len(r.signers), MaxKeys-1)] {
		keys = append(keys, s.key)
	}
	rotated, err := NewKeyring(keys...)
	if err != nil {
		panic(err) // impossible: the ids differ, and there are not too many
	}
	return rotated
}

// Parse reads the output of Format; empty lines are ignored. Error: [ErrBadKeyring].
func Parse(text []byte) (*Keyring, error) {
	var keys []Key
	for number, line := range bytes.Split(text, []byte{'\n'}) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		key, err := parseKey(line)
		if err != nil {
			return nil, fmt.Errorf("%w: line %d: %v", ErrBadKeyring, number+1, err)
		}
		keys = append(keys, key)
	}
	return NewKeyring(keys...)
}

// parseKey parses a line. Its errors never contain a secret.
func parseKey(line []byte) (key Key, err error) {
	id, secret, _ := bytes.Cut(line, []byte{' '})
	number, err := strconv.ParseUint(string(id), 10, 8)
	if err != nil {
		return key, errors.New("it does not begin with an id from 0 to 255")
	}
	key.ID = byte(number)
	bytes, err := base64.RawURLEncoding.DecodeString(string(secret))
	if err != nil || len(bytes) != SecretSize {
		return key, fmt.Errorf("the secret is not %d bytes in base64url", SecretSize)
	}
	key.Secret = [SecretSize]byte(bytes)
	return key, nil
}

// Format writes the ring as text, which must be kept secret: a line for each key, the signing one
// first, with its id and its secret in base64url.
func (r *Keyring) Format() []byte {
	var text []byte
	for _, s := range r.signers {
		text = strconv.AppendUint(text, uint64(s.key.ID), 10)
		text = append(text, ' ')
		text = base64.RawURLEncoding.AppendEncode(text, s.key.Secret[:])
		text = append(text, '\n')
	}
	return text
}

// signer returns the key with an id, nil if it is not in the ring.
func (r *Keyring) signer(id byte) *signer {
	for _, s := range r.signers {
		if s.key.ID == id {
			return s
		}
	}
	return nil
}

// fingerprintSize is the length of a key's fingerprint, in bytes of its hash.
const fingerprintSize = 8

// Fingerprints returns the first bytes of the SHA-256 of each secret, in hexadecimal, the signing key
// first. They identify the keys and may be published: a secret is 32 random bytes, which can't be
// derived from them.
func (r *Keyring) Fingerprints() []string {
	all := make([]string, len(r.signers))
	for i, s := range r.signers {
		sum := sha256.Sum256(s.key.Secret[:])
		all[i] = hex.EncodeToString(sum[:fingerprintSize])
	}
	return all
}

// purpose is the use of a signature. It is the first byte of every signed message.
type purpose byte

const (
	forVisitor purpose = 1
	forPass    purpose = 2
	forSeed    purpose = 3
)

// sign returns the HMAC of a purpose, fixed bytes and a room. The fixed bytes of a purpose always
// have the same length, so messages are unambiguous.
func (s *signer) sign(p purpose, fixed []byte, room events.RoomID) [sha256.Size]byte {
	w := s.pool.Get().(*work)
	defer s.pool.Put(w)
	w.message = append(w.message[:0], byte(p))
	w.message = append(w.message, fixed...)
	w.message = append(w.message, room...)
	w.mac.Reset()
	w.mac.Write(w.message)
	w.mac.Sum(w.sum[:0])
	return w.sum
}

// Seed returns the 32-byte seed of a room's shuffled opening and its SHA-256 in hexadecimal, which
// is published beforehand.
func (r *Keyring) Seed(room events.RoomID) (seed []byte, hash string) {
	return r.signers[0].seed(room)
}

// SeedOf returns the seed with a published hash, whichever key of the ring it is derived from; nil if
// it is derived from none of them.
func (r *Keyring) SeedOf(room events.RoomID, hash string) []byte {
	for _, s := range r.signers {
		if seed, seedHash := s.seed(room); seedHash == hash {
			return seed
		}
	}
	return nil
}

func (s *signer) seed(room events.RoomID) ([]byte, string) {
	seed := s.sign(forSeed, nil, room)
	hash := sha256.Sum256(seed[:])
	return seed[:], hex.EncodeToString(hash[:])
}
