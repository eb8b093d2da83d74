package embedded

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
	"admitone/events/pebbledb"
)

// The folders below the log's directory.
const (
	logFolder      = "log"
	snapshotFolder = "snapshots"
)

// The keys of properties of the log itself.
var (
	formatKey = []byte("mformat")
	epochKey  = []byte("mepoch")
	importKey = []byte("mimport") // present while an import is unfinished
)

// format is the version of the keys and values.
const format = "1"

// ErrFormat is returned by [Open] for a log in the format of another version of this program.
var ErrFormat = errors.New("the log has an unknown format")

// Open opens the log in dir, and creates it if there is none. The caller must close it.
//
// Errors: events.ErrInUse, events.ErrDamaged, [ErrFormat], [ErrUnfinished], those of the file system.
func Open(dir string, options Options) (*Store, error) {
	c, err := open(dir, options)
	if err != nil {
		return nil, err
	}
	if c.importing {
		return nil, errors.Join(ErrUnfinished, c.closeDB())
	}
	go c.keepStreams()
	go c.run()
	return c.Store, nil
}

// open opens the log and returns its committer, which is not running yet.
func open(dir string, options Options) (*committer, error) {
	options.setDefaults()
	s := newStore(dir, options)
	logDir := s.fs.PathJoin(dir, logFolder)
	if err := makeFolder(s.fs, logDir); err != nil {
		return nil, err
	}
	if err := s.openDB(logDir, options); err != nil {
		return nil, err
	}
	if err := s.openSnapshots(); err != nil {
		return nil, errors.Join(err, s.db.Close(), s.lock.Close())
	}
	c, err := s.newCommitter()
	if err != nil {
		return nil, errors.Join(err, s.db.Close(), s.lock.Close())
	}
	s.openStreams()
	return c, nil
}

func newStore(dir string, options Options) *Store {
	s := &Store{
		dir:       dir,
		fs:        options.FS,
		clock:     options.Now,
		logger:    options.Logger,
		fatal:     options.Fatal,
		gate:      newGate(),
		closing:   make(chan struct{}),
		closed:    make(chan struct{}),
		queue:     make(chan *request, maxQueue),
		committed: make(chan struct{}),
		stopped:   make(chan struct{}),
	}
	s.requests.New = newRequest
	return s
}

// openDB locks the folder and opens the database in it.
func (s *Store) openDB(logDir string, options Options) (err error) {
	s.lock, err = pebbledb.Lock(s.fs, logDir, s.reader)
	if errors.Is(err, pebbledb.ErrLocked) {
		return fmt.Errorf("%w: %s: %w", events.ErrInUse, logDir, err)
	}
	if err != nil {
		return fmt.Errorf("locking %s: %w", logDir, err)
	}
	if s.db, err = pebble.Open(logDir, s.pebbleOptions(options)); err != nil {
		return errors.Join(openError(err), s.lock.Close())
	}
	return nil
}

// newCommitter checks the log and reads the initial state of the committer.
func (s *Store) newCommitter() (*committer, error) {
	last, err := s.checkEnds()
	if err != nil {
		return nil, err
	}
	s.head.Store(uint64(last.Position))
	if err := s.readMeta(last.Position == 0); err != nil {
		return nil, err
	}
	importing, err := s.meta(importKey)
	if err != nil {
		return nil, err
	}
	s.tail = newTail(last.Position)
	c := &committer{
		Store: s,
		batch: s.db.NewBatch(pebble.WithInitialSizeBytes(batchBytes), pebble.WithMaxRetainedSizeBytes(2*maxGroupBytes)),
		heads: newHeads(),
		last:  last.Position,

		importing: importing != "",
	}
	if last.Position > 0 {
		c.created = ticksOf(last.Created)
	}
	s.running.Store(true)
	return c, nil
}

func openError(err error) error {
	if pebble.IsCorruptionError(err) || errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", events.ErrDamaged, pebbledb.FirstLine(err))
	}
	return fmt.Errorf("opening the log: %w", err)
}

// readMeta checks the format and reads the epoch. It writes both if the log is new.
func (s *Store) readMeta(empty bool) error {
	found, err := s.meta(formatKey)
	if err != nil {
		return err
	}
	if found == "" {
		if !empty {
			return damaged("the format is missing")
		}
		if s.reader {
			s.epoch = newEpoch() // temporary: there are no events
			return nil
		}
		return s.createMeta()
	}
	if found != format {
		return fmt.Errorf("%w: %q, this version of the program can open only %q", ErrFormat, found, format)
	}
	if s.epoch, err = s.meta(epochKey); err != nil {
		return err
	}
	if s.epoch == "" {
		return damaged("the epoch is missing")
	}
	if s.reader {
		return nil
	}
	if err := s.renewEpoch(); err != nil {
		return fmt.Errorf("renewing a copy's epoch: %w", err)
	}
	return nil
}

func (s *Store) createMeta() error {
	s.epoch = newEpoch()
	batch := s.db.NewBatch()
	defer batch.Close()
	_ = batch.Set(formatKey, []byte(format), nil) // fails for indexed batches only
	_ = batch.Set(epochKey, []byte(s.epoch), nil)
	if err := batch.Commit(pebble.Sync); err != nil {
		return fmt.Errorf("creating the log: %w", err)
	}
	// Pebble creates the first write-ahead log of a new directory before it raises the format version. That
	// write-ahead log does not record the synced length, so damage in its middle would look like a torn write. A
	// flush starts a new one.
	if err := s.db.Flush(); err != nil {
		return fmt.Errorf("creating the log: %w", err)
	}
	return nil
}

func newEpoch() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	return hex.EncodeToString(id[:])
}

// meta returns the value of a property of the log, "" for none.
func (s *Store) meta(key []byte) (string, error) {
	value, closer, err := s.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", readError(err)
	}
	defer closer.Close()
	return string(value), nil
}

// checkEnds returns the last event, zero if the log is empty. It checks that the event at position 1 exists and that
// the index has the last event.
func (s *Store) checkEnds() (events.Recorded, error) {
	iter, err := s.newIter(eventSpace)
	if err != nil {
		return events.Recorded{}, err
	}
	defer iter.Close()
	if !iter.Last() {
		if err := iter.Error(); err != nil {
			return events.Recorded{}, readError(err)
		}
		return events.Recorded{}, s.checkNoIndex()
	}
	position, err := decodePosition(iter.Key())
	if err != nil {
		return events.Recorded{}, err
	}
	c := &cursor{iter: iter}
	last, err := c.at(position)
	if err != nil {
		return events.Recorded{}, err
	}
	if _, err := c.at(1); err != nil {
		return events.Recorded{}, err
	}
	index, err := s.newIter(indexSpace)
	if err != nil {
		return events.Recorded{}, err
	}
	defer index.Close()
	e, ok, err := lastEntry(index, last.Stream, position)
	if err != nil {
		return events.Recorded{}, err
	}
	if !ok || e.end() != position || e.last() != last.Revision {
		return events.Recorded{}, damaged("the index of %s does not end at position %d", last.Stream, position)
	}
	return last, nil
}

func (s *Store) checkNoIndex() error {
	index, err := s.newIter(indexSpace)
	if err != nil {
		return err
	}
	defer index.Close()
	if index.First() {
		return damaged("the index has entries, but there are no events")
	}
	if err := index.Error(); err != nil {
		return readError(err)
	}
	return nil
}

// makeFolder creates dir and its missing parents durably.
func makeFolder(files vfs.FS, dir string) error {
	var missing []string
	for at := dir; ; at = files.PathDir(at) {
		if _, err := files.Stat(at); err == nil {
			break
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		missing = append(missing, at)
		if files.PathDir(at) == at {
			break
		}
	}
	if err := files.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	for _, folder := range missing {
		if err := syncDir(files, files.PathDir(folder)); err != nil {
			return err
		}
	}
	return nil
}

func syncDir(files vfs.FS, dir string) error {
	folder, err := files.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
