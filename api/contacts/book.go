package contacts

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"admitone/events"
)

// The files of a book, below its directory.
const (
	keysFile   = "keys"
	sealedFile = "sealed"
	indexFile  = "index"
)

// subjectID identifies a subject in memory.
type subjectID [16]byte

// Book keeps contacts by subject: the name of what a contact was sent with, for example
// "booking/7". Its methods may be called by several goroutines.
type Book struct {
	// turn is held while files are changed.
	turn   sync.Mutex
	keys   *keys
	sealed file
	index  *index
	size   int64 // of sealed; guarded by turn
	broken error // why nothing is written any more; guarded by turn

	mu      sync.RWMutex
	places  map[subjectID]int64 // where a subject's record begins; guarded by mu
	lost    map[subjectID]bool  // newest contact is damaged or gone; guarded by mu
	missing map[holderID]bool   // holders with contacts, and no key when this was opened; guarded by mu
	waiting *batch              // the one that accepts more items; guarded by mu
}

// file has the methods of *os.File that a book uses. Tests replace it by one that loses what was
// not synced.
type file interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Sync() error
	Truncate(size int64) error
	Stat() (fs.FileInfo, error)
	Name() string
}

// Open opens the book in dir, and creates it if there is none. It logs what is damaged or lost,
// and leaves unreadable bytes as they are. Errors: the file system's.
func Open(dir string, logger *slog.Logger) (*Book, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	keys, err := openKeys(filepath.Join(dir, keysFile))
	if err != nil {
		return nil, err
	}
	b := &Book{keys: keys, places: map[subjectID]int64{}, lost: map[subjectID]bool{}, missing: map[holderID]bool{}}
	if b.sealed, err = os.OpenFile(filepath.Join(dir, sealedFile), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, errors.Join(err, keys.file.Close())
	}
	index, entries, bad, err := openIndex(filepath.Join(dir, indexFile))
	if err != nil {
		return nil, errors.Join(err, keys.file.Close(), b.sealed.Close())
	}
	if b.index = index; bad > 0 {
		logger.Warn(
			"the index of the contacts is damaged; of those that are lost as well nothing is known",
			"file",
			index.file.Name(),
			"entries",
			bad,
		)
	}
	err = b.inspect(entries, logger)
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

// Close closes the files. No other method may be running.
func (b *Book) Close() error {
	return errors.Join(b.keys.file.Close(), b.sealed.Close(), b.index.file.Close())
}

func subjectIDOf(subject string) subjectID {
	sum := sha256.Sum256([]byte(subject))
	return subjectID(sum[:])
}

func holderIDOf(holder events.Holder) holderID {
	sum := sha256.Sum256([]byte(holder))
	return holderID(sum[:])
}

// Known reports whether a contact was ever kept for a subject, even if it is forgotten or lost.
func (b *Book) Known(subject string) bool {
	id := subjectIDOf(subject)
	b.mu.RLock()
	defer b.mu.RUnlock()
	_, known := b.places[id]
	return known || b.lost[id]
}

// Find returns the newest contact of a subject, and its holder. It is nil if there is none, or if
// the holder was forgotten. Errors: ErrDamaged, also if it was kept and is gone; the file
// system's.
func (b *Book) Find(subject string) (holder events.Holder, contact []byte, err error) {
	id := subjectIDOf(subject)
	b.mu.RLock()
	at, known := b.places[id]
	lost := b.lost[id]
	b.mu.RUnlock()
	if lost {
		return "", nil, fmt.Errorf("%w: a contact that was kept is not in %s", ErrDamaged, b.sealed.Name())
	}
	if !known {
		return "", nil, nil
	}
	r, err := b.recordAt(at)
	if err != nil || r.subject != subject {
		return "", nil, errors.Join(fmt.Errorf("%w: the record at byte %d of %s", ErrDamaged, at, b.sealed.Name()), err)
	}
	contact, err = b.unseal(&r, at)
	return events.Holder(r.holder), contact, err
}

// unseal opens the record at a byte offset; nil if its holder was forgotten. A record that a
// sound key does not open is older than the key.
func (b *Book) unseal(r *record, at int64) ([]byte, error) {
	id := holderIDOf(events.Holder(r.holder))
	b.mu.RLock()
	place, have := b.keys.slots[id]
	spare, gone := b.keys.spare[id], b.keys.gone[id]
	b.mu.RUnlock()
	noKey := fmt.Errorf(
		"%w: the key to the record at byte %d of %s is not in %s",
		ErrDamaged,
		at,
		b.sealed.Name(),
		b.keys.file.Name(),
	)
	if !have {
		if gone {
			return nil, nil
		}
		return nil, noKey
	}
	for _, place := range append([]int64{place}, spare...) {
		s, err := b.keys.read(place)
		if err != nil {
			return nil, err
		}
		if contact, opened, err := r.open(&s); opened || err != nil {
			return contact, err
		}
	}
	s, err := b.keys.read(place)
	if err != nil {
		return nil, err
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	if now, still := b.keys.slots[id]; !still || now != place || s.kind() == slotGone { // forgotten meanwhile
		return nil, nil
	}
	if b.keys.forgotten(id, s.kind()) {
		return nil, nil
	}
	return nil, noKey
}

// Forget destroys the key of a holder, durably, and reports whether there was one. It may be
// called again after an error. Errors: the file system's.
func (b *Book) Forget(holder events.Holder) (known bool, err error) {
	id := holderIDOf(holder)
	b.turn.Lock()
	defer b.turn.Unlock()
	b.mu.RLock()
	slots := b.keys.spare[id]
	if place, have := b.keys.slots[id]; have {
		slots = append([]int64{place}, slots...)
	}
	b.mu.RUnlock()
	if len(slots) == 0 {
		return b.forgetLost(id)
	}
	if err := b.keys.destroy(id, slots...); err != nil {
		return true, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.keys.forget(id)
	delete(b.missing, id)
	return true, nil
}
