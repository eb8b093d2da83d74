package contacts

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"
)

// holderID identifies a holder in the key file: the first bytes of the SHA-256 of the holder's id.
type holderID [sha256.Size - 4]byte

const (
	keySize  = 32
	slotSize = sha256.Size + keySize // a power of two: no slot crosses a sector
	sumAt    = len(holderID{})       // offset of the checksum in a slot
	keyAt    = sha256.Size           // offset of the key
	// tornZeros is the number of trailing zero bytes that mark a slot as incompletely written. A random
	// key practically never ends in that many.
	tornZeros = 4
)

// lostKey replaces a lost key in its slot. A random key practically never equals it.
var lostKey = bytes.Repeat([]byte{0xff}, keySize)

// slotKind classifies the content of a slot.
type slotKind int

const (
	slotEmpty   slotKind = iota // zeros: a key destroyed by an earlier version
	slotKey                     // a key, with a valid checksum
	slotGone                    // a destroyed key, with a valid checksum
	slotLost                    // a key that was found missing, with a valid checksum
	slotPlain                   // a key without a valid checksum: from an earlier version, or damaged
	slotPartial                 // incompletely written
)

// slot is one entry of the key file: the holder's id, a CRC-32C of the id and the key, and the key,
// which is zero once destroyed. Earlier versions had the rest of the holder's hash in place of the
// checksum.
type slot [slotSize]byte

func newSlot(id holderID, key []byte) (s slot) {
	copy(s[:], id[:])
	copy(s[keyAt:], key)
	binary.LittleEndian.PutUint32(s[sumAt:], s.sum())
	return s
}

func (s *slot) id() holderID { return holderID(s[:sumAt]) }

func (s *slot) sum() uint32 {
	return crc32.Update(crc32.Checksum(s[:sumAt], castagnoli), castagnoli, s[keyAt:])
}

func (s *slot) kind() slotKind {
	noKey := bytes.Equal(s[keyAt:], make([]byte, keySize))
	switch {
	case noKey && bytes.Equal(s[:keyAt], make([]byte, keyAt)):
		return slotEmpty
	case binary.LittleEndian.Uint32(s[sumAt:]) != s.sum():
		if bytes.HasSuffix(s[:], make([]byte, tornZeros)) {
			return slotPartial
		}
		return slotPlain
	case noKey:
		return slotGone
	case bytes.Equal(s[keyAt:], lostKey):
		return slotLost
	}
	return slotKey
}

// cipher returns the AEAD of a slot's key. Nonces are random and stored with each message, which is
// safe for 2^32 contacts of one holder.
func (s *slot) cipher() (cipher.AEAD, error) {
	block, err := aes.NewCipher(s[keyAt:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// keys is the key file. Book.filesMu guards the file, Book.mu the maps.
type keys struct {
	file  file
	slots map[holderID]int64   // the newest slot of each holder
	spare map[holderID][]int64 // older slots, whose keys were damaged or lost
	gone  map[holderID]bool    // the holder was forgotten at least once
	bad   map[holderID]bool    // the newest slot is damaged
	next  int64                // number of the next slot
	// empty counts the slots of kind slotEmpty, sums those with a valid checksum.
	empty, sums int
}

func openKeys(path string) (*keys, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	k := &keys{
		file:  file,
		slots: map[holderID]int64{},
		spare: map[holderID][]int64{},
		gone:  map[holderID]bool{},
		bad:   map[holderID]bool{},
	}
	for {
		var s slot
		n, err := file.ReadAt(s[:], k.next*slotSize)
		if errors.Is(err, io.EOF) {
			if n > 0 { // an incomplete slot was never acknowledged; skip it rather than overwrite it
				k.next++
			}
			return k, nil
		}
		if err != nil {
			return nil, errors.Join(err, file.Close())
		}
		k.load(&s)
		k.next++
	}
}

// load adds the slot with the number next to the maps.
func (k *keys) load(s *slot) {
	id := s.id()
	switch kind := s.kind(); kind {
	case slotEmpty:
		k.empty++
	case slotGone:
		k.gone[id] = true
		k.sums++
	case slotLost:
		k.spare[id] = append(k.spare[id], k.next)
		k.sums++
	case slotKey, slotPlain:
		if kind == slotKey {
			k.sums++
		}
		k.replace(id, k.next)
	}
}

// replace makes slot the newest one of a holder.
func (k *keys) replace(id holderID, slot int64) {
	if before, have := k.slots[id]; have {
		k.spare[id] = append(k.spare[id], before)
	}
	k.slots[id] = slot
	delete(k.bad, id)
}

// forgotten reports whether a record that the holder's newest key does not open was encrypted with a
// destroyed key; otherwise the record or its key is damaged. kind is that of the newest slot. Earlier
// versions did not record whose keys they destroyed.
func (k *keys) forgotten(id holderID, kind slotKind) bool {
	return !k.bad[id] && len(k.spare[id]) == 0 && (k.gone[id] || kind == slotPlain && k.empty > 0)
}

// append appends a slot without syncing, and returns its number.
func (k *keys) append(s slot) (at int64, err error) {
	if _, err := k.file.WriteAt(s[:], k.next*slotSize); err != nil {
		return 0, err
	}
	k.next++
	return k.next - 1, nil
}

// add writes a new key for a holder without syncing, and returns its slot. lost means that an earlier
// key is missing: its records must not be mistaken for forgotten ones.
func (k *keys) add(id holderID, lost bool) (at int64, err error) {
	if lost {
		if _, err := k.append(newSlot(id, lostKey)); err != nil {
			return 0, err
		}
	}
	var key [keySize]byte
	if _, err := rand.Read(key[:]); err != nil {
		return 0, err
	}
	return k.append(newSlot(id, key[:]))
}

// destroy overwrites the keys in slots of a holder and syncs.
func (k *keys) destroy(id holderID, slots ...int64) error {
	gone := newSlot(id, nil)
	for _, at := range slots {
		if _, err := k.file.WriteAt(gone[:], at*slotSize); err != nil {
			return err
		}
	}
	return k.file.Sync()
}

// forget updates the maps after all keys of a holder were destroyed.
func (k *keys) forget(id holderID) {
	k.gone[id] = true
	delete(k.slots, id)
	delete(k.spare, id)
	delete(k.bad, id)
}

func (k *keys) read(at int64) (s slot, err error) {
	_, err = k.file.ReadAt(s[:], at*slotSize)
	return s, err
}

// cipher returns the AEAD of the key in a slot.
func (k *keys) cipher(at int64) (cipher.AEAD, error) {
	s, err := k.read(at)
	if err != nil {
		return nil, err
	}
	return s.cipher()
}
