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

// holderID identifies a holder in the file of keys: the first bytes of the name's SHA-256.
type holderID [sha256.Size - 4]byte

const (
	keySize  = 32
	slotSize = sha256.Size + keySize // a power of two: no slot crosses a sector
	sumAt    = len(holderID{})
	keyAt    = sha256.Size
	// tornZeros is a number of zeros at the end of a key that no random key has: the rest was
	// never written.
	tornZeros = 4
)

// lostKey is in the slot of a key that was lost; no random key is like it.
var lostKey = bytes.Repeat([]byte{0xff}, keySize)

// slotKind is the kind of a slot's content.
type slotKind int

const (
	slotEmpty   slotKind = iota // zeros: a key that an earlier version destroyed
	slotKey                     // a key with its checksum
	slotGone                    // its key was destroyed, with its checksum
	slotLost                    // its key was gone before the next was made, with its checksum
	slotPlain                   // a key of an earlier version, or one that is damaged
	slotPartial                 // not written to its end
)

// slot is one place in the file of keys: the holder's id, a CRC-32C of the id and the key, and
// the key, which is zeros once destroyed. Earlier versions had the rest of the holder's hash in
// place of the checksum.
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

// cipher makes the AEAD of a slot's key. Each message is preceded by its random nonce: one holder
// would need 2^32 contacts for two to collide.
func (s *slot) cipher() (cipher.AEAD, error) {
	block, err := aes.NewCipher(s[keyAt:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// keys is the file of keys. One goroutine at a time may change it; see Book, whose mu guards the
// maps.
type keys struct {
	file  file
	slots map[holderID]int64   // the newest of each holder
	spare map[holderID][]int64 // those before it, which were damaged or lost
	gone  map[holderID]bool    // forgotten, once or more
	bad   map[holderID]bool    // the newest is damaged
	next  int64                // the first slot that was never used
	// empty and sums count slots: those of forgotten holders without a name, and those with a
	// checksum.
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
			if n > 0 { // a truncated slot was never acknowledged; it is not overwritten
				k.next++
			}
			return k, nil
		}
		if err != nil {
			return nil, errors.Join(err, file.Close())
		}
		k.take(&s)
		k.next++
	}
}

// take reads the slot at next.
func (k *keys) take(s *slot) {
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

// replace makes a slot a holder's newest.
func (k *keys) replace(id holderID, slot int64) {
	if before, have := k.slots[id]; have {
		k.spare[id] = append(k.spare[id], before)
	}
	k.slots[id] = slot
	delete(k.bad, id)
}

// forgotten reports whether a record that the holder's newest key, in a slot of that kind, does
// not open is under a destroyed key. Otherwise it is damaged or lost. Earlier versions did not
// record whose keys they had destroyed.
func (k *keys) forgotten(id holderID, kind slotKind) bool {
	return !k.bad[id] && len(k.spare[id]) == 0 && (k.gone[id] || kind == slotPlain && k.empty > 0)
}

// append appends a slot, unsynced.
func (k *keys) append(s slot) (at int64, err error) {
	if _, err := k.file.WriteAt(s[:], k.next*slotSize); err != nil {
		return 0, err
	}
	k.next++
	return k.next - 1, nil
}

// add writes a new key for a holder, unsynced, and returns its slot. lost means that there was
// another that is gone: records under it must not pass for forgotten.
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

// destroy overwrites slots of a holder and syncs.
func (k *keys) destroy(id holderID, slots ...int64) error {
	gone := newSlot(id, nil)
	for _, at := range slots {
		if _, err := k.file.WriteAt(gone[:], at*slotSize); err != nil {
			return err
		}
	}
	return k.file.Sync()
}

// forget notes that all keys of a holder are destroyed.
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

// cipher makes the AEAD of the key in a slot.
func (k *keys) cipher(at int64) (cipher.AEAD, error) {
	s, err := k.read(at)
	if err != nil {
		return nil, err
	}
	return s.cipher()
}
