package merkle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"admitone/events"
)

// The errors of a tree. After either, no more heads are signed.
var (
	// ErrContradicted: the log is not the one that a head was signed over. Events were
	// changed, removed, swapped or cut off after that.
	ErrContradicted = fmt.Errorf("%w: it is not the log that its signed heads are about", events.ErrDamaged)
	// ErrGap: the positions of the log are not 1, 2, 3, …, as the tree needs them.
	ErrGap = errors.New("the positions of this log have gaps")
)

// Config is the configuration of a tree.
type Config struct {
	// Store is the log. Its positions must have no gaps, as in the embedded log.
	Store events.Store
	// Dir is the tree's own folder. It is created if necessary.
	Dir string
	// Key signs the heads. It is the key of the store's epoch.
	Key *Key
	// Every is the interval between two written heads; 0 is 10 s.
	Every time.Duration
	// Logger receives warnings; nil is slog.Default().
	Logger *slog.Logger
}

// Tree is the tree of one log, which follows the log. Its methods are safe for concurrent use.
type Tree struct {
	Config
	hashes hashes
	heads  *os.File

	// mu guards the fields below. It is held for a page of events, or a proof.
	mu       sync.Mutex
	compact  CompactRange  // of the written hashes
	head     Checkpoint    // the newest
	rebuilds int           // number of rebuilds
	past     *pastHeads    // during a rebuild: heads that must match again
	grown    chan struct{} // closed when the tree has grown
	waiting  int           // callers waiting for that
	stop     func()        // makes Run follow from the beginning
	failure  error         // permanent

	// nudge ends the follower's pause.
	nudge chan struct{}

	// disk guards the written heads.
	disk    sync.Mutex
	written int64 // the size of the last head in headsFile
	newest  int64 // the size of the head in newestFile
}

// Open opens the tree of a log. It continues from the last written head; anything after that is
// computed again from the log. If the hashes do not match that head, all are rebuilt. A tree of
// a different log or key is renamed and replaced.
//
// Errors: [ErrContradicted]; the log's; the disk's.
func Open(ctx context.Context, c Config) (*Tree, error) {
	if c.Every <= 0 {
		c.Every = 10 * time.Second
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	t := &Tree{Config: c, grown: make(chan struct{}), stop: func() {}, nudge: make(chan struct{}, 1)}
	last, err := t.openFiles()
	if err == nil {
		err = t.restore(ctx, last)
	}
	if err != nil {
		t.closeFiles()
		return nil, fmt.Errorf("hash tree in %s: %w", c.Dir, err)
	}
	return t, nil
}

// openFiles opens the files and returns the last head.
func (t *Tree) openFiles() (last Checkpoint, err error) {
	if err := os.MkdirAll(t.Dir, 0o750); err != nil {
		return last, err
	}
	open := func(name string, flag int) (*os.File, error) {
		return os.OpenFile(filepath.Join(t.Dir, name), os.O_RDWR|os.O_CREATE|flag, 0o640)
	}
	if t.heads, err = open(headsFile, os.O_APPEND); err != nil {
		return last, err
	}
	end, err := lastHead(t.heads, t.Key.Verifier())
	if err != nil {
		return last, err
	}
	if last = end.last; last.Note == "" && end.whole > 0 {
		if err := errors.Join(t.heads.Close(), t.setAside()); err != nil {
			return last, err
		}
		return t.openFiles()
	}
	if err := t.repairHeads(end); err != nil {
		return last, err
	}
	if t.hashes.file, err = open(hashesFile, 0); err != nil {
		return last, err
	}
	return last, errors.Join(syncDir(t.Dir), syncDir(filepath.Dir(t.Dir)))
}

// repairHeads makes the file of heads end with a complete line.
func (t *Tree) repairHeads(end ending) error {
	if end.damaged > 0 {
		t.Logger.Warn("some written heads are damaged; verify reports their lines", "file", t.heads.Name(), "heads",
			end.damaged)
	}
	if err := t.heads.Truncate(end.whole); err != nil || !end.open { // a truncated line
		return err
	}
	_, err := t.heads.Write([]byte{'\n'})
	return errors.Join(err, t.heads.Sync())
}

// setAside renames the folder, to keep heads signed by a different key.
func (t *Tree) setAside() error {
	for n := 1; ; n++ {
		aside := fmt.Sprintf("%s.%d", t.Dir, n)
		if _, err := os.Lstat(aside); err == nil {
			continue
		}
		t.Logger.Warn("the tree is of a different log, or its heads are signed with a different key; a new one is begun",
			"key", t.Key.String(), "old", aside)
		return os.Rename(t.Dir, aside)
	}
}

// restore sets the tree to its last head, if the hashes and the log agree with it.
func (t *Tree) restore(ctx context.Context, last Checkpoint) error {
	end, err := t.Store.Head(ctx)
	if err != nil {
		return err
	}
	seen, err := Seen(t.Dir, t.Key.Verifier())
	if err != nil {
		return err
	}
	if end < events.Position(seen) {
		return fmt.Errorf("%w: it ends at position %d, and the tree has taken in %d events", ErrContradicted, end, seen)
	}
	newest, err := readNewest(t.Dir, t.Key.Verifier())
	if err != nil {
		return err
	}
	// Signed heads are consistent with each other; see agree.
	if t.head, t.written = last, last.Size; newest.Size > last.Size {
		t.head = newest
	}
	compact, err := readRange(last.Size, t.hashes)
	if err != nil || last.Note != "" && compact.Root() != last.Root {
		t.Logger.Warn("the tree's hashes are damaged; rebuilding them from the log", "error", err, "size", last.Size)
		return t.rebuild()
	}
	t.compact = compact
	if err := t.hashes.file.Truncate(offset(compact.Size)); err != nil || compact.Size == 0 {
		return err
	}
	return t.checkLast(ctx)
}

// checkLast compares the last event of the tree with its leaf. A Check verifies the others.
func (t *Tree) checkLast(ctx context.Context) error {
	page, err := t.Store.ReadAll(ctx, events.Position(t.compact.Size-1), events.Forward, 1)
	if err != nil {
		return err
	}
	leaf, err := t.hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, t.compact.Size-1)})
	if err != nil {
		return err
	}
	switch {
	case len(page) == 0 || page[0].Position != events.Position(t.compact.Size):
		return ErrGap
	case Leaf(&page[0]) == leaf[0]:
		return nil
	}
	t.Logger.Warn("the tree's last hash does not match the log's event; "+
		"all hashes are rebuilt from the log to find out which is wrong",
		"size", t.compact.Size)
	return t.rebuild()
}

// rebuild discards the hashes; the heads stay, and must match again. mu must be held, unless the
// tree is not shared yet.
func (t *Tree) rebuild() error {
	if t.past != nil {
		t.past.stop()
	}
	t.compact, t.past, t.rebuilds = CompactRange{}, newPastHeads(t.Dir, t.Key.Verifier()), t.rebuilds+1
	t.stop()
	return t.hashes.file.Truncate(0)
}

// Size returns the number of events that the tree covers.
func (t *Tree) Size() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.compact.Size
}

// Head returns a signed head over all events of the tree. Error: why the tree has stopped.
func (t *Tree) Head() (Checkpoint, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sign()
}

// AppendHead appends a signed head over all events of the tree, encoded by [Checkpoint.AppendJSON].
// Error: as [Tree.Head].
func (t *Tree) AppendHead(_ context.Context, dst []byte) ([]byte, error) {
	h, err := t.Head()
	if err != nil {
		return dst, err
	}
	return h.AppendJSON(dst, t.Key), nil
}

// sign signs a head if the tree has grown; mu must be held. During a rebuild, the previous head
// stays.
func (t *Tree) sign() (Checkpoint, error) {
	if t.failure != nil {
		return Checkpoint{}, t.failure
	}
	if t.head.Note != "" && t.compact.Size <= t.head.Size {
		return t.head, nil
	}
	h, err := t.Key.Sign(Head{Epoch: t.Store.Epoch(), Size: t.compact.Size, Root: t.compact.Root()})
	if err == nil {
		t.head = h
	}
	return t.head, err
}

// writeHead writes a head if the tree has grown, after syncing its hashes.
func (t *Tree) writeHead() error {
	t.disk.Lock()
	defer t.disk.Unlock()
	h, err := t.Head()
	if err != nil || h.Size <= t.written || h.Size > t.Size() { // or a rebuild has not reached it
		return err
	}
	if err := t.hashes.file.Sync(); err != nil {
		return err
	}
	if err := appendHead(t.heads, h); err != nil {
		return err
	}
	t.written = h.Size
	return nil
}

// writeNewestHead writes a head over all events of the tree, so that a log that ends before it is known
// to have lost its end.
func (t *Tree) writeNewestHead() error {
	t.disk.Lock()
	defer t.disk.Unlock()
	h, err := t.Head()
	if err != nil || h.Size <= max(t.written, t.newest) {
		return err
	}
	if err := writeNewest(t.Dir, h); err != nil {
		return err
	}
	t.newest = h.Size
	return nil
}

// Close catches up with the log, writes a last head and closes the files. Run must have ended; the
// log must be open. ctx bounds catching up. Errors: those of [Tree.CatchUp]; the disk's.
func (t *Tree) Close(ctx context.Context) error {
	err := t.CatchUp(ctx)
	if err == nil {
		err = t.writeHead()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fail(events.ErrClosed)
	return errors.Join(err, t.closeFiles())
}

func (t *Tree) closeFiles() error {
	if t.past != nil {
		t.past.stop()
	}
	var errs []error
	for _, file := range []*os.File{t.heads, t.hashes.file} {
		if file != nil {
			errs = append(errs, file.Close())
		}
	}
	return errors.Join(errs...)
}
