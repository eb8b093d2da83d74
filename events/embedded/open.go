package embedded

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
)

// The folders below the log's directory.
const (
	logFolder      = "log"
	snapshotFolder = "snapshots"
)

// The keys about the log itself.
var (
	formatKey = []byte("mformat")
	epochKey  = []byte("mepoch")
	importKey = []byte("mimport") // there while an import is not finished
)

// format is what the keys and values of this program look like.
const format = "1"

// ErrFormat is returned by [Open] for a log that another version of this program
// wrote in a way this one does not know.
var ErrFormat = errors.New("embedded: unknown format")

// Open opens the log in dir and makes it if there is none. The caller closes it.
//
// Errors: events.ErrInUse, events.ErrDamaged, [ErrFormat], [ErrUnfinished], or the
// disk's.
func Open(dir string, options Options) (*Store, error) {
	c, err := open(dir, options)
	if err != nil {
		return nil, err
	}
	if c.importing {
		return nil, errors.Join(ErrUnfinished, c.closeDB())
	}
	go c.run()
	return c.Store, nil
}

// open opens the log and returns its committer, which does not run yet.
func open(dir string, options Options) (*committer, error) {
	options.setDefaults()
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
		dead:      make(chan struct{}),
	}
	s.requests.New = newRequest
	logDir := s.fs.PathJoin(dir, logFolder)
	if err := makeFolder(s.fs, logDir); err != nil {
		return nil, fmt.Errorf("embedded: %w", err)
	}
	var err error
	if s.lock, err = lockFolder(s.fs, logDir); err != nil {
		return nil, err
	}
	if s.db, err = pebble.Open(logDir, s.pebbleOptions(options.memTable)); err != nil {
		return nil, errors.Join(openError(err), s.lock.Close())
	}
	c, err := s.newCommitter()
	if err != nil {
		return nil, errors.Join(err, s.db.Close(), s.lock.Close())
	}
	return c, nil
}

// newCommitter reads what the committer has to know.
func (s *Store) newCommitter() (*committer, error) {
	if err := s.openSnapshots(); err != nil {
		return nil, err
	}
	last, err := s.checkEnds()
	if err != nil {
		return nil, err
	}
	if err := s.readMeta(last.Position == 0); err != nil {
		return nil, err
	}
	importing, err := s.meta(importKey)
	if err != nil {
		return nil, err
	}
	s.head.Store(uint64(last.Position))
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

// lockFolder keeps other processes out.
func lockFolder(files vfs.FS, dir string) (*pebble.Lock, error) {
	lock, err := pebble.LockDirectory(dir, files)
	if err == nil {
		return lock, nil
	}
	// The file could be made, but not locked: then the error has no path, and is
	// either the system's or, within this process, Pebble's own.
	var path *fs.PathError
	if !errors.As(err, &path) && !errors.Is(err, syscall.ENOLCK) {
		return nil, fmt.Errorf("%w: %s: %v", events.ErrInUse, dir, err)
	}
	return nil, fmt.Errorf("embedded: locking %s: %w", dir, err)
}

func openError(err error) error {
	if pebble.IsCorruptionError(err) || errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", events.ErrDamaged, err)
	}
	return fmt.Errorf("embedded: opening the log: %w", err)
}

// readMeta checks the format and reads the epoch, or writes both into a new log.
func (s *Store) readMeta(empty bool) error {
	found, err := s.meta(formatKey)
	if err != nil {
		return err
	}
	if found == "" {
		if !empty {
			return damaged("the format is missing")
		}
		return s.createMeta()
	}
	if found != format {
		return fmt.Errorf("%w: %q, this program knows %q", ErrFormat, found, format)
	}
	if s.epoch, err = s.meta(epochKey); err != nil {
		return err
	}
	if s.epoch == "" {
		return damaged("the epoch is missing")
	}
	if err := s.renewEpoch(); err != nil {
		return fmt.Errorf("embedded: renewing a copy's epoch: %w", err)
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
		return fmt.Errorf("embedded: making the log: %w", err)
	}
	// Pebble opens the first write-ahead log of a new directory before it has
	// raised the format, so that one doesn't say how far it was synced, and damage in
	// its middle would pass for a torn tail. A flush begins the next one.
	if err := s.db.Flush(); err != nil {
		return fmt.Errorf("embedded: making the log: %w", err)
	}
	return nil
}

func newEpoch() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	return hex.EncodeToString(id[:])
}

// meta returns the value of a key about the log, "" if there is none.
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

// checkEnds returns the last event, the zero one of an empty log. Positions begin
// at 1, and the index must agree with the last event.
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
		return damaged("there is an index, and there are no events")
	}
	if err := index.Error(); err != nil {
		return readError(err)
	}
	return nil
}

// makeFolder makes dir and what is missing above it, so that a power loss does
// not take it away.
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
	if err := files.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, folder := range missing {
		if err := syncFolder(files, files.PathDir(folder)); err != nil {
			return err
		}
	}
	return nil
}

func syncFolder(files vfs.FS, dir string) error {
	folder, err := files.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
