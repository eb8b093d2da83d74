package projections

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
	"admitone/events/pebbledb"
	"admitone/projections/row"
)

// openDisk locks the folder and opens the views in it. It discards views that can't be used.
func (p *Projections) openDisk() (err error) {
	if err := p.files.MkdirAll(p.dir, 0o750); err != nil {
		return err
	}
	if p.lock, err = pebbledb.Lock(p.files, p.dir, false); err != nil {
		return err
	}
	if err = p.openDB(); err == nil {
		if err = p.load(); err != nil {
			err = errors.Join(err, p.db.Close())
		}
	}
	if err != nil && needsRebuild(err) {
		p.log.Warn("the views can't be used and are rebuilt from the log", "dir", p.dir, "reason", oneLine(err))
		err = p.startOver()
	}
	if err != nil {
		return errors.Join(err, p.lock.Close())
	}
	p.inherited = p.at.position > 0
	return nil
}

// startOver deletes the views, which must be closed, and opens empty ones. Reads fail with ErrNotReady until
// the new ones have caught up.
func (p *Projections) startOver() error {
	names, err := p.files.List(p.dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if name == lockName {
			continue
		}
		if err := p.files.RemoveAll(p.files.PathJoin(p.dir, name)); err != nil {
			return err
		}
	}
	p.rebuilding.Store(true)
	if p.Ready() {
		caughtUp := make(chan struct{})
		p.caughtUp.Store(&caughtUp)
	}
	p.damage.forget()
	for _, k := range p.views {
		k.reset()
	}
	if err := p.openDB(); err != nil {
		return err
	}
	p.inherited, p.keyFilter.complete = false, true
	return p.load()
}

// lockName is the lock file in the folder.
const lockName = "LOCK"

// openDB opens the files. Errors: any damage to them; the disk's.
func (p *Projections) openDB() (err error) {
	if err := checkFolder(p.files, p.dir); err != nil {
		return err
	}
	if err := removeWriteAheadLogs(p.files, p.dir); err != nil {
		return err
	}
	db, err := pebble.Open(p.dir, p.pebbleOptions())
	if err != nil {
		return err
	}
	if err := checkTables(db, p.files, p.dir); err != nil {
		return errors.Join(err, db.Close())
	}
	p.db = db
	return nil
}

// pebbleOptions sizes Pebble for a small store that is written ten times a second, never synced,
// and rebuilt when it is lost. It has no write-ahead log: a log with a missing part would mix newer
// and older records. Without one, a crash or a damaged manifest leaves the views at an earlier
// position, because tables are written in order.
func (p *Projections) pebbleOptions() *pebble.Options {
	damage := p.damage.reporter()
	options := &pebble.Options{
		CacheSize:                  32 << 20,
		FS:                         p.files,
		Lock:                       p.lock,
		DisableWAL:                 true,
		MemTableSize:               8 << 20,
		MaxOpenFiles:               p.maxTables,
		CompactionConcurrencyRange: func() (int, int) { return 1, 1 },
		Logger:                     errorLogger{p.log},
	}
	options.EventListener = pebbledb.Listener{
		Damaged:     func(file string, reason error) { damage(fmt.Errorf("%s: %w", file, reason)) },
		FlushFailed: damage,
		Failed:      func(err error) { p.log.Warn("the views' background work failed", "reason", oneLine(err)) },
	}.Events()
	for i := range options.Levels {
		options.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	return options
}

// closeDisk closes the files. It flushes the memory table to disk first, unless the views will be discarded at
// the next start.
func (p *Projections) closeDisk() error {
	p.readings.closeAll()
	var err error
	if p.damage.found() == nil && p.Healthy() == nil {
		err = p.db.Flush()
	}
	return errors.Join(err, p.db.Close(), p.lock.Close())
}

var errMissingFiles = errors.New("some of the views' files are missing")

// checkFolder returns an error if a folder has files, but not both of the markers without which Pebble would start a
// new database among them.
func checkFolder(files vfs.FS, dir string) error {
	names, err := files.List(dir)
	if err != nil {
		return err
	}
	used, manifest, format := false, false, false
	for _, name := range names {
		manifest = manifest || strings.HasPrefix(name, "marker.manifest.")
		format = format || strings.HasPrefix(name, "marker.format-version.")
		used = used || name != lockName
	}
	switch {
	case used && !manifest:
		return fmt.Errorf("%w: marker.manifest", errMissingFiles)
	case used && !format:
		return fmt.Errorf("%w: marker.format-version", errMissingFiles)
	}
	return nil
}

// removeWriteAheadLogs removes the write-ahead logs of earlier versions of this program, and the
// empty ones that Pebble creates.
func removeWriteAheadLogs(files vfs.FS, dir string) error {
	names, err := files.List(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if strings.HasSuffix(name, ".log") {
			if err := files.Remove(files.PathJoin(dir, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkTables checks the first and the last key of each table against the manifest. Pebble checks the sizes of the
// tables and the checksums of their blocks, but nothing in a table identifies it.
func checkTables(db *pebble.DB, files vfs.FS, dir string) error {
	levels, err := db.SSTables()
	if err != nil {
		return err
	}
	for _, level := range levels {
		for i := range level {
			table := &level[i]
			if table.Virtual {
				continue
			}
			name := files.PathJoin(dir, fmt.Sprintf("%s.sst", table.BackingSSTNum))
			if err := checkTable(files, name, table); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

func checkTable(files vfs.FS, name string, want *pebble.SSTableInfo) error {
	file, err := files.Open(name, vfs.RandomReadsOption)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // compacted since Pebble opened it
	}
	if err != nil {
		return err
	}
	readable, err := sstable.NewSimpleReadable(file)
	if err != nil {
		return errors.Join(err, file.Close())
	}
	table, err := sstable.NewReader(context.Background(), readable, sstable.ReaderOptions{})
	if err != nil {
		return errors.Join(err, readable.Close())
	}
	defer table.Close()
	records, err := table.NewIter(sstable.NoTransforms, nil, nil, sstable.AssertNoBlobHandles)
	if err != nil {
		return err
	}
	defer records.Close()
	first := records.First()
	same := first != nil && pebble.DefaultComparer.Equal(first.K.UserKey, want.Smallest.UserKey) &&
		first.K.Trailer == want.Smallest.Trailer
	last := records.Last()
	same = same && last != nil && pebble.DefaultComparer.Equal(last.K.UserKey, want.Largest.UserKey) &&
		last.K.Trailer == want.Largest.Trailer
	if err := records.Error(); err != nil || same {
		return err
	}
	return errors.New("its first or last key differs from the manifest: it is a different table")
}

// needsRebuild reports whether an error of the views is due to their files, so that a rebuild helps. Pebble has no
// type for such errors, so the exceptions are listed: errors of the lock, and system errors other than EIO.
func needsRebuild(err error) bool {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.EIO) || pebble.IsCorruptionError(err) {
		return true
	}
	var errno syscall.Errno
	return !errors.As(err, &errno) && !errors.Is(err, pebbledb.ErrLocked)
}

// damage records the damage found in the views. Its methods are safe for concurrent use, also from callbacks during
// which Pebble holds its locks.
type damage struct {
	first    atomic.Pointer[error]
	files    atomic.Uint64 // the number of databases opened
	reported chan struct{} // has a token when damage is recorded
}

// report records an error, unless an earlier one is recorded.
func (d *damage) report(err error) {
	if d.first.CompareAndSwap(nil, &err) {
		select {
		case d.reported <- struct{}{}:
		default:
		}
	}
}

// reporter returns a function that reports damage to the database that is being opened. The function has no effect
// once the database has been replaced.
func (d *damage) reporter() func(error) {
	owned := d.files.Add(1)
	return func(err error) {
		if d.files.Load() == owned {
			d.report(err)
		}
	}
}

// found returns the error recorded since the views were opened, or nil.
func (d *damage) found() error {
	if err := d.first.Load(); err != nil {
		return *err
	}
	return nil
}

func (d *damage) forget() {
	d.files.Add(1)
	select {
	case <-d.reported:
	default:
	}
	d.first.Store(nil)
}

// readError converts an error from reading the views: damage is recorded and returned as ErrNotReady.
func (p *Projections) readError(err error) error {
	if err == nil || !needsRebuild(err) {
		return err
	}
	err = pebbledb.FirstLine(err)
	p.damage.report(err)
	return fmt.Errorf("%w: %w", ErrNotReady, err)
}

// errorLogger logs Pebble's errors and drops its information messages.
type errorLogger struct{ log *slog.Logger }

func (q errorLogger) Infof(string, ...any) {}
func (q errorLogger) Errorf(format string, args ...any) {
	q.log.Warn("views: " + fmt.Sprintf(format, args...))
}

// exitFailedDisk is the program's exit status if the views can't be written.
const exitFailedDisk = 3

// Fatalf ends the program. Pebble calls it if it can't write to the disk, and requires that it not return. Damaged
// data does not lead here.
func (q errorLogger) Fatalf(format string, args ...any) {
	q.log.Error("the views can't be written; stopping", "reason", fmt.Sprintf(format, args...))
	os.Exit(exitFailedDisk)
}

// oneLine returns err as text without the stack trace that Pebble's errors print when a logger formats them.
func oneLine(err error) string {
	line, _, _ := strings.Cut(fmt.Sprint(err), "\n")
	return line
}

var errForeign = errors.New("a record belongs to the views of a different log")

// recordEncoding names the encoding of a record, which begins with the tag of its log. The tag detects
// files of a different log's views, which are intact.
const recordEncoding = "record.v2"

// tagSize is the length of a tag in bytes: a prefix of the hash of the log's epoch.
const tagSize = 4

func tagOf(epoch string) (tag [tagSize]byte) {
	sum := sha256.Sum256([]byte(epoch))
	copy(tag[:], sum[:])
	return tag
}

// stripTag returns the record without its tag. Error: errForeign.
func (p *Projections) stripTag(record []byte) ([]byte, error) {
	if len(record) < tagSize || [tagSize]byte(record) != p.tag {
		return nil, errForeign
	}
	return record[tagSize:], nil
}

// Seen returns the position up to which the views in dir contain the log with the given epoch; 0 if there are no
// views, or if they can't be read and will be rebuilt when opened. The views must not be open. Seen changes nothing.
// Errors: the disk's.
func Seen(dir, epoch string) (position events.Position, err error) {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	db, lock, err := openReader(dir)
	if err == nil {
		defer func() { err = errors.Join(err, db.Close(), lock.Close()) }()
		var at checkpoint
		var fits bool
		if at, _, fits, err = (&Projections{db: db, epoch: epoch}).loadCheckpoint(); err == nil && fits {
			return at.position, nil
		}
	}
	if err == nil || errors.Is(err, row.ErrRecord) || errors.Is(err, pebble.ErrDBDoesNotExist) || needsRebuild(err) {
		return 0, nil
	}
	return 0, err
}
