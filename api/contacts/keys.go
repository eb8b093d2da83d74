package contacts

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io"
	"os"
)

// holderID is what the file of keys calls a holder.
type holderID [sha256.Size]byte

const (
	keySize  = 32
	slotSize = sha256.Size + keySize // a power of two: no slot crosses a sector
)

// keys is the file of keys: slots, each a holder's hash and key, zeros once destroyed.
// One goroutine at a time may change it; see Book.
type keys struct {
	file  *os.File
	slots map[holderID]int64 // guarded by Book.mu
	next  int64              // the first slot that was never used
}

func openKeys(path string) (*keys, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	k := &keys{file: file, slots: map[holderID]int64{}}
	var slot [slotSize]byte
	for {
		_, err := file.ReadAt(slot[:], k.next*slotSize)
		if errors.Is(err, io.EOF) { // a slot cut short was never answered for
			return k, nil
		}
		if err != nil {
			return nil, errors.Join(err, file.Close())
		}
		if id := holderID(slot[:sha256.Size]); id != (holderID{}) {
			k.slots[id] = k.next
		}
		k.next++
	}
}

// add writes a new key for a holder, unsynced, and returns its slot.
func (k *keys) add(id holderID) (slot int64, err error) {
	text := make([]byte, slotSize)
	copy(text, id[:])
	if _, err := rand.Read(text[sha256.Size:]); err != nil {
		return 0, err
	}
	if _, err := k.file.WriteAt(text, k.next*slotSize); err != nil {
		return 0, err
	}
	k.next++
	return k.next - 1, nil
}

// destroy overwrites a slot and syncs.
func (k *keys) destroy(slot int64) error {
	if _, err := k.file.WriteAt(make([]byte, slotSize), slot*slotSize); err != nil {
		return err
	}
	return k.file.Sync()
}

// cipher makes the AEAD of a slot's key. Each message gets a random nonce, which
// stands before it: one holder would need 2^32 contacts for them to meet.
func (k *keys) cipher(slot int64) (cipher.AEAD, error) {
	var text [slotSize]byte
	if _, err := k.file.ReadAt(text[:], slot*slotSize); err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(text[sha256.Size:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
