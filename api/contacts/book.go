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
	"time"

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

// Book stores contacts by subject: the name of the resource that a contact was sent with, such as
// "booking/7". Its methods other than Close are safe for concurrent use.
type Book struct {
	dir string
	// logLock is held while the log is read and extended; see lockLog. It is a channel, because a wait for it
	// ends with a context. Acquire it before filesMu.
	logLock  chan struct{}
	applied  progress               // the last event of the log that was applied; guarded by logLock
	restored bool                   // applied was loaded from its file; guarded by logLock
	recent   map[holderID]time.Time // when holders were last forgotten in the log; guarded by logLock

	// filesMu is held while files are changed. It is locked before mu.
	filesMu sync.Mutex
	keys    *keys
	sealed  file
	index   *index
	size    int64 // of sealed; guarded by filesMu
	broken  error // the first failure of a write, after which all fail; guarded by filesMu

	mu      sync.RWMutex
	offsets map[subjectID]int64 // offset of a subject's newest record; guarded by mu
	lost    map[subjectID]bool  // the newest contact is damaged or missing; guarded by mu
	missing map[holderID]bool   // holders that have contacts but had no key at Open; guarded by mu
	pending *batch              // the batch that accepts further items, nil if none; guarded by mu
}

// file has the methods of *os.File that a book uses. Tests substitute one that loses unsynced writes.
type file interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Sync() error
	Truncate(size int64) error
	Stat() (fs.FileInfo, error)
	Name() string
}

// Open opens the book in dir, and creates it if necessary. It logs damage and loss, and leaves
// unreadable bytes unchanged. Errors: the file system's.
func Open(dir string, logger *slog.Logger) (*Book, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	keys, err := openKeys(filepath.Join(dir, keysFile))
	if err != nil {
		return nil, err
	}
	b := &Book{dir: dir, keys: keys, logLock: make(chan struct{}, 1), recent: map[holderID]time.Time{},
		offsets: map[subjectID]int64{}, lost: map[subjectID]bool{}, missing: map[holderID]bool{}}
	if b.sealed, err = os.OpenFile(filepath.Join(dir, sealedFile), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, errors.Join(err, keys.file.Close())
	}
	index, entries, damaged, err := openIndex(filepath.Join(dir, indexFile))
	if err != nil {
		return nil, errors.Join(err, keys.file.Close(), b.sealed.Close())
	}
	if b.index = index; damaged > 0 {
		logger.Warn("the index of the contacts is damaged; the loss of contacts listed only there can't be detected",
			"file", index.file.Name(), "entries", damaged)
	}
	err = b.inspect(entries, logger)
	if err = errors.Join(err, syncDir(dir), syncDir(filepath.Dir(dir))); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// syncDir makes the directory entries of dir durable.
func syncDir(dir string) error {
	opened, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(opened.Sync(), opened.Close())
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

// Known reports whether a contact was ever stored for a subject, even if it was forgotten or lost since.
func (b *Book) Known(subject string) bool {
	id := subjectIDOf(subject)
	b.mu.RLock()
	defer b.mu.RUnlock()
	_, known := b.offsets[id]
	return known || b.lost[id]
}

// Find returns the newest contact of a subject and its holder. The contact is nil if there is none or
// if the holder was forgotten. Errors: ErrDamaged if it is damaged or missing; the file system's.
func (b *Book) Find(subject string) (holder events.Holder, contact []byte, err error) {
	id := subjectIDOf(subject)
	b.mu.RLock()
	at, known := b.offsets[id]
	lost := b.lost[id]
	b.mu.RUnlock()
	if lost {
		return "", nil, fmt.Errorf("%w: an acknowledged contact is missing from %s", ErrDamaged, b.sealed.Name())
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

// unseal decrypts the record r, which is at a byte offset. It returns nil if the holder was forgotten:
// the record's key was destroyed, and a later key of the holder does not open the record.
func (b *Book) unseal(r *record, at int64) ([]byte, error) {
	id := holderIDOf(events.Holder(r.holder))
	b.mu.RLock()
	newest, have := b.keys.slots[id]
	spare, gone := b.keys.spare[id], b.keys.gone[id]
	b.mu.RUnlock()
	noKey := fmt.Errorf("%w: the key to the record at byte %d of %s is not in %s",
		ErrDamaged, at, b.sealed.Name(), b.keys.file.Name())
	if !have {
		if gone {
			return nil, nil
		}
		return nil, noKey
	}
	for _, place := range append([]int64{newest}, spare...) {
		s, err := b.keys.read(place)
		if err != nil {
			return nil, err
		}
		if contact, opened, err := r.open(&s); opened || err != nil {
			return contact, err
		}
	}
	s, err := b.keys.read(newest)
	if err != nil {
		return nil, err
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	if current, ok := b.keys.slots[id]; !ok || current != newest || s.kind() == slotGone { // concurrent Forget
		return nil, nil
	}
	if b.keys.forgotten(id, s.kind()) {
		return nil, nil
	}
	return nil, noKey
}

// Forget destroys the keys of a holder, durably, and reports whether there were any. It may be retried
// after an error. Errors: the file system's.
func (b *Book) Forget(holder events.Holder) (known bool, err error) {
	b.filesMu.Lock()
	defer b.filesMu.Unlock()
	return b.forget(holderIDOf(holder))
}

// forget is Forget for a holder's id. The caller holds filesMu.
func (b *Book) forget(id holderID) (known bool, err error) {
	b.mu.RLock()
	slots := b.keys.spare[id]
	if newest, have := b.keys.slots[id]; have {
		slots = append([]int64{newest}, slots...)
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
