package contacts

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// The files of a book, below its directory.
const (
	keysFile   = "keys"
	sealedFile = "sealed"
)

// subjectID is what memory calls a subject.
type subjectID [16]byte

// Book keeps contacts by subject: the name of what a contact came with, for example
// "booking/7". All its methods may be called by several goroutines.
type Book struct {
	// turn is held by whoever changes the files.
	turn   sync.Mutex
	keys   *keys
	sealed *os.File
	size   int64 // of sealed; guarded by turn
	broken error // why nothing is written any more; guarded by turn

	mu      sync.RWMutex
	places  map[subjectID]int64 // where a subject's record begins; guarded by mu
	waiting *batch              // the one that takes more in; guarded by mu
}

// Open opens the book in dir, and makes one if there is none. Errors: ErrDamaged; the
// file system's.
func Open(dir string) (*Book, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	keys, err := openKeys(filepath.Join(dir, keysFile))
	if err != nil {
		return nil, err
	}
	b := &Book{keys: keys, places: map[subjectID]int64{}}
	if b.sealed, err = os.OpenFile(filepath.Join(dir, sealedFile), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, errors.Join(err, keys.file.Close())
	}
	b.size, err = readSealed(b.sealed, func(subject string, at int64) { b.places[subjectIDOf(subject)] = at })
	if err = errors.Join(err, syncFolder(dir), syncFolder(filepath.Dir(dir))); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// syncFolder makes the names of a directory's files durable.
func syncFolder(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// Close closes the files. Nothing may be under way.
func (b *Book) Close() error { return errors.Join(b.keys.file.Close(), b.sealed.Close()) }

func subjectIDOf(subject string) subjectID {
	sum := sha256.Sum256([]byte(subject))
	return subjectID(sum[:])
}

func holderIDOf(holder string) holderID { return sha256.Sum256([]byte(holder)) }

// Known says whether a contact was ever kept for a subject, though it may be forgotten.
func (b *Book) Known(subject string) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	_, known := b.places[subjectIDOf(subject)]
	return known
}

// Find returns the newest contact of a subject, and the holder it is of. It is nil if
// there is none, or if the holder was forgotten. Errors: ErrDamaged; the file system's.
func (b *Book) Find(subject string) (holder string, contact []byte, err error) {
	b.mu.RLock()
	at, known := b.places[subjectIDOf(subject)]
	b.mu.RUnlock()
	if !known {
		return "", nil, nil
	}
	r, _, err := readRecord(io.NewSectionReader(b.sealed, at, headSize+maxRecord))
	if err != nil || r.subject != subject {
		return "", nil, errors.Join(fmt.Errorf("%w: the record at byte %d of %s", ErrDamaged, at, b.sealed.Name()), err)
	}
	b.mu.RLock()
	slot, known := b.keys.slots[holderIDOf(r.holder)]
	b.mu.RUnlock()
	if !known {
		return r.holder, nil, nil
	}
	aead, err := b.keys.cipher(slot)
	if err != nil {
		return r.holder, nil, err
	}
	// What another key can't open is from before the holder was forgotten, and so is
	// what was read while that happened.
	contact, err = aead.Open(nil, nil, r.sealed, bound(r.subject, r.holder))
	if err != nil {
		return r.holder, nil, nil
	}
	return r.holder, contact, nil
}

// Forget destroys the key of a holder, durably, and says whether there was one. It may
// be called again after an error. Errors: the file system's.
func (b *Book) Forget(holder string) (known bool, err error) {
	id := holderIDOf(holder)
	b.turn.Lock()
	defer b.turn.Unlock()
	b.mu.RLock()
	slot, known := b.keys.slots[id]
	b.mu.RUnlock()
	if !known {
		return false, nil
	}
	if err := b.keys.destroy(slot); err != nil {
		return true, err
	}
	b.mu.Lock()
	delete(b.keys.slots, id)
	b.mu.Unlock()
	return true, nil
}
