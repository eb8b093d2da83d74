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

// openDisk locks the folder and opens the views in it, those anew that can't be used.
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
	if err != nil && spoiled(err) {
		p.log.Warn("the views can't be used; they are made anew from the log", "dir", p.dir, "reason", oneLine(err))
		err = p.startOver()
	}
	if err != nil {
		return errors.Join(err, p.lock.Close())
	}
	p.inherited = p.at.position > 0
	return nil
}

// startOver throws the views away, which are closed, and opens new ones. From now on
// nobody reads them before they have caught up.
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
	p.anew.Store(true)
	if p.Ready() {
		again := make(chan struct{})
		p.caught.Store(&again)
	}
	p.damage.forget()
	for _, k := range p.views {
		k.reset()
	}
	if err := p.openDB(); err != nil {
		return err
	}
	p.inherited, p.absence.complete = false, true
	return p.load()
}

// lockName is the file that is locked beside the folder.
const lockName = "LOCK"

// openDB opens the files, or says what is wrong with them.
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

// pebbleOptions size Pebble for what it is here: a small store that is written ten
// times a second, never waited for, and rebuilt when it is lost. It has no
// write-ahead log: a crash takes what is not in tables yet, and whatever is left of
// the files of a crash or a damaged manifest is the views of an earlier position,
// since tables are written in order. A write-ahead log of which a part is missing
// would leave newer records beside older ones.
func (p *Projections) pebbleOptions() *pebble.Options {
	damage := p.damage.ofThese()
	options := &pebble.Options{
		CacheSize:                  32 << 20,
		FS:                         p.files,
		Lock:                       p.lock,
		DisableWAL:                 true,
		MemTableSize:               8 << 20,
		MaxOpenFiles:               p.maxTables,
		CompactionConcurrencyRange: func() (int, int) { return 1, 1 },
		Logger:                     quiet{p.log},
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

// closeDisk closes the files. What is in memory is put into tables before, unless they
// are thrown away the next time.
func (p *Projections) closeDisk() error {
	p.readings.end()
	var err error
	if p.damage.found() == nil && p.Healthy() == nil {
		err = p.db.Flush()
	}
	return errors.Join(err, p.db.Close(), p.lock.Close())
}

// errFiles is what is wrong with the folder of the views.
var errFiles = errors.New("a part of the files is missing")

// checkFolder reports whether a folder is empty, or has the two markers without which
// Pebble would take what is there for nothing and begin a new database beside it.
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
		return fmt.Errorf("%w: marker.manifest", errFiles)
	case used && !format:
		return fmt.Errorf("%w: marker.format-version", errFiles)
	}
	return nil
}

// removeWriteAheadLogs removes what an earlier version of this program wrote, and what
// Pebble makes without writing to it.
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

// checkTables holds each table to what the manifest says of it: its first and its last
// record. That their sizes are right Pebble has seen to, and blocks have checksums; but
// nothing in a table says which one it is.
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
		return nil // it was there when Pebble opened it, and has been compacted since
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
	return errors.New("it is another table than the one that was written")
}

// spoiled reports whether an error of the views is about their bytes, so that making them
// anew helps. Pebble has no name for all of those; what the system says of other
// things does.
func spoiled(err error) bool {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.EIO) || pebble.IsCorruptionError(err) {
		return true
	}
	var system syscall.Errno
	return !errors.As(err, &system) && !errors.Is(err, pebbledb.ErrLocked)
}

// damage is what was found wrong with the views. All methods may be called from many
// goroutines at once, and with locks of Pebble's held.
type damage struct {
	first atomic.Pointer[error]
	files atomic.Uint64 // counts the databases
	told  chan struct{} // holds one token when there is something
}

// report takes note of an error; the first one counts.
func (d *damage) report(err error) {
	if d.first.CompareAndSwap(nil, &err) {
		select {
		case d.told <- struct{}{}:
		default:
		}
	}
}

// ofThese is report for the database that is opened now: what it says after another
// one has taken its place counts no more.
func (d *damage) ofThese() func(error) {
	mine := d.files.Add(1)
	return func(err error) {
		if d.files.Load() == mine {
			d.report(err)
		}
	}
}

// found is what was reported since the views were opened, nil for nothing.
func (d *damage) found() error {
	if err := d.first.Load(); err != nil {
		return *err
	}
	return nil
}

func (d *damage) forget() {
	d.files.Add(1)
	select {
	case <-d.told:
	default:
	}
	d.first.Store(nil)
}

// unread is what an error of reading the views comes to: damage is noted, and it is as
// if they had not caught up.
func (p *Projections) unread(err error) error {
	if err == nil || !spoiled(err) {
		return err
	}
	err = pebbledb.FirstLine(err)
	p.damage.report(err)
	return fmt.Errorf("%w: %w", ErrNotReady, err)
}

// quiet keeps Pebble's chatter out of the log.
type quiet struct{ log *slog.Logger }

func (q quiet) Infof(string, ...any) {}
func (q quiet) Errorf(format string, args ...any) {
	q.log.Warn("views: " + fmt.Sprintf(format, args...))
}

// exitFailedDisk is the process's exit status when the views can't be written.
const exitFailedDisk = 3

// Fatalf must not return: Pebble has lost the disk. Damaged bytes don't lead here.
func (q quiet) Fatalf(format string, args ...any) {
	q.log.Error("the views can't be written any more; stopping", "reason", fmt.Sprintf(format, args...))
	os.Exit(exitFailedDisk)
}

// oneLine is an error in words: Pebble's print as a page of the program's calls when a
// logger writes them.
func oneLine(err error) string {
	line, _, _ := strings.Cut(fmt.Sprint(err), "\n")
	return line
}

// errForeign: the record is of the views of another log.
var errForeign = errors.New("a record of another log's views")

// recordViews names what every record begins with: its log's tag. A file of another
// log's views may be as sound as ours.
const recordViews = "record.v2"

// tagSize is how many bytes of a hash of its epoch tell a log from others.
const tagSize = 4

func tagOf(epoch string) (tag [tagSize]byte) {
	sum := sha256.Sum256([]byte(epoch))
	copy(tag[:], sum[:])
	return tag
}

// own returns what is behind the tag. Error: errForeign.
func (p *Projections) own(record []byte) ([]byte, error) {
	if len(record) < tagSize || [tagSize]byte(record) != p.tag {
		return nil, errForeign
	}
	return record[tagSize:], nil
}

// Seen returns the position up to which the views in dir contain the log of an epoch, 0
// if there are none of it, or none that can be read: those are rebuilt. Nobody may have
// them open. It changes nothing. Error: the disk's.
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
	if err == nil || errors.Is(err, row.ErrRecord) || errors.Is(err, pebble.ErrDBDoesNotExist) || spoiled(err) {
		return 0, nil
	}
	return 0, err
}
