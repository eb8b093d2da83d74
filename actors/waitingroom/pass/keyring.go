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

// MaxKeys is how many keys a ring can have.
const MaxKeys = 8

// SecretSize is the length of a key's secret, in bytes.
const SecretSize = sha256.Size

// Key signs. Its id stands in what it has signed.
type Key struct {
	ID     byte
	Secret [SecretSize]byte
}

// NewKey returns a key of chance.
func NewKey(id byte) Key {
	k := Key{ID: id}
	_, _ = rand.Read(k.Secret[:]) // never fails; see crypto/rand
	return k
}

// Keyring is the keys that are good at a time. It never changes, and may be used from
// many goroutines at once.
type Keyring struct {
	signers []*signer
}

// signer is one key, ready to sign.
type signer struct {
	key  Key
	pool sync.Pool // of *work
}

// work is what one signature needs.
type work struct {
	mac     hash.Hash
	message []byte
	sum     [sha256.Size]byte
}

// ErrBadKeyring is returned for keys that make no ring.
var ErrBadKeyring = errors.New("not a key ring of passes")

// NewKeyring makes a ring of 1 to MaxKeys keys, the one that signs first. Error:
// [ErrBadKeyring], also if two have one id.
func NewKeyring(keys ...Key) (*Keyring, error) {
	if len(keys) < 1 || len(keys) > MaxKeys {
		return nil, fmt.Errorf("%w: %d keys, from 1 to %d can be", ErrBadKeyring, len(keys), MaxKeys)
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

// Rotate returns a ring that signs with a new key of chance, and in which the others
// are still good: as many as there is room for.
func (r *Keyring) Rotate() *Keyring {
	keys := []Key{NewKey(r.signers[0].key.ID + 1)}
	for r.signer(keys[0].ID) != nil { // at most MaxKeys of 256 are taken
		keys[0].ID++
	}
	for _, s := range r.signers[:min(len(r.signers), MaxKeys-1)] {
		keys = append(keys, s.key)
	}
	rotated, err := NewKeyring(keys...)
	if err != nil {
		panic(err) // the ids differ, and there are not too many
	}
	return rotated
}

// Parse reads what Format wrote; empty lines don't count. Error: [ErrBadKeyring].
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

// parseKey never says what a secret looks like.
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

// Format writes the ring as text, to be kept secret: a line for each key, the one
// that signs first, with its id and its secret in base64url.
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

// signer returns the key with this id, nil if it is not in the ring.
func (r *Keyring) signer(id byte) *signer {
	for _, s := range r.signers {
		if s.key.ID == id {
			return s
		}
	}
	return nil
}

// fingerprintSize is how much of a key's hash its fingerprint has, in bytes.
const fingerprintSize = 8

// Fingerprints name the keys, the one that signs first: the first bytes of the SHA-256 of
// each secret, in hexadecimal. They can be told to anybody: a secret has 32 bytes of
// chance, and can't be found from them.
func (r *Keyring) Fingerprints() []string {
	all := make([]string, len(r.signers))
	for i, s := range r.signers {
		sum := sha256.Sum256(s.key.Secret[:])
		all[i] = hex.EncodeToString(sum[:fingerprintSize])
	}
	return all
}

// purpose is what something is signed for; it comes first in every message.
type purpose byte

const (
	forVisitor purpose = 1
	forPass    purpose = 2
	forSeed    purpose = 3
)

// sign returns the HMAC of a purpose, fixed bytes and a room. The fixed bytes of one
// purpose are always as many, so no two readings of a message are possible.
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

// Seed returns the seed of a room's shuffled opening, of 32 bytes, and its SHA-256 in
// hexadecimal, to be published beforehand.
func (r *Keyring) Seed(room events.RoomID) (seed []byte, hash string) {
	return r.signers[0].seed(room)
}

// SeedOf returns the seed of a room whose hash was published, by whichever key it
// was made; nil if none of the ring has made it.
func (r *Keyring) SeedOf(room events.RoomID, hash string) []byte {
	for _, s := range r.signers {
		if seed, of := s.seed(room); of == hash {
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
