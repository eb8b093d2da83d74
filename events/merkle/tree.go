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

// The errors after which a tree signs no more heads.
var (
	// ErrContradicted means that the log does not match a signed head: events were changed, removed or swapped
	// after the head was signed, or the log was truncated.
	ErrContradicted = fmt.Errorf("%w: it does not match its signed heads", events.ErrDamaged)
	// ErrGap means that the positions of the log are not 1, 2, 3, …, which a [Tree] requires.
	ErrGap = errors.New("the positions of this log have gaps")
)

// Config is the configuration of a [Tree].
type Config struct {
	// Store is the log. Its positions must have no gaps, as in the embedded log.
	Store events.Store
	// Dir is the tree's own folder. It is created if it does not exist.
	Dir string
	// Key signs the heads. It must be the key for the store's epoch.
	Key *Key
	// Every is the interval between two heads in headsFile; 0 means 10 s.
	Every time.Duration
	// Logger receives warnings; nil means slog.Default().
	Logger *slog.Logger
}

// Tree is the tree over all events of a log. Its methods are safe for concurrent use.
type Tree struct {
	Config
	hashes hashes
	heads  *os.File

	// mu guards the fields below. It is held while a page of events is added or a proof is created.
	mu       sync.Mutex
	compact  CompactRange  // the compact range of the written hashes
	head     Checkpoint    // the newest signed head
	rebuilds int           // the number of rebuilds
	past     *pastHeads    // during a rebuild, the heads that must match again
	grown    chan struct{} // closed when the tree has grown
	waiting  int           // the number of callers that wait for grown
	stop     func()        // makes Run follow the log from its beginning
	failure  error         // the reason why the tree has stopped permanently

	// nudge ends the follower's pause.
	nudge chan struct{}

	// disk guards the fields below and the files with heads.
	disk    sync.Mutex
	written int64 // the size of the last head in headsFile
	newest  int64 // the size of the head in newestFile
}

// Open opens the tree of a log. It continues from the last head in headsFile; later hashes are computed again from
// the log. If the hashes do not match that head, all of them are rebuilt. If the tree in the folder belongs to a
// different log or key, the folder is renamed and a new tree is created.
//
// Errors: [ErrContradicted]; those of events.Store and of the file system.
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

// openFiles opens the files and returns the last head in headsFile.
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
	if last = end.last; last.Note == "" && end.size > 0 {
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

// repairHeads makes headsFile end with a complete line.
func (t *Tree) repairHeads(end headsTail) error {
	if end.damaged > 0 {
		t.Logger.Warn("the last signed heads are damaged; admitone verify reports their lines", "file", t.heads.Name(),
			"heads", end.damaged)
	}
	if err := t.heads.Truncate(end.size); err != nil || !end.unterminated {
		return err
	}
	_, err := t.heads.Write([]byte{'\n'})
	return errors.Join(err, t.heads.Sync())
}

// setAside renames the folder, because the heads signed by a different key must be kept.
func (t *Tree) setAside() error {
	for n := 1; ; n++ {
		aside := fmt.Sprintf("%s.%d", t.Dir, n)
		if _, err := os.Lstat(aside); err == nil {
			continue
		}
		t.Logger.Warn("the tree belongs to a different log, or its heads are signed with a different key; renaming its "+
			"folder and creating a new tree", "key", t.Key.String(), "old", aside)
		return os.Rename(t.Dir, aside)
	}
}

// restore restores the tree at its last head, or starts a rebuild if the hashes or the log's event do not match it.
func (t *Tree) restore(ctx context.Context, last Checkpoint) error {
	end, err := t.Store.Head(ctx)
	if err != nil {
		return err
	}
	covered, err := CoveredSize(t.Dir, t.Key.Verifier())
	if err != nil {
		return err
	}
	if end < events.Position(covered) {
		return fmt.Errorf("%w: it ends at position %d, but the tree covers %d events", ErrContradicted, end, covered)
	}
	newest, err := readNewest(t.Dir, t.Key.Verifier())
	if err != nil {
		return err
	}
	// Signed heads are consistent with each other; see checkSigned.
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

// checkLast compares the log's event at the end of the tree with its leaf. A [Check] verifies the other events.
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
		return fmt.Errorf("%w: there is no event at position %d", ErrGap, t.compact.Size)
	case Leaf(&page[0]) == leaf[0]:
		return nil
	}
	t.Logger.Warn("the tree's last hash does not match the log's event; rebuilding all hashes from the log to find out "+
		"which of them is wrong", "size", t.compact.Size)
	return t.rebuild()
}

// rebuild starts a rebuild: it discards the hashes and keeps the heads, which the new hashes must match. mu must be
// held, except during Open.
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

// Head returns a signed head over all events of the tree. Error: the reason why the tree has stopped.
func (t *Tree) Head() (Checkpoint, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sign()
}

// AppendHead appends a signed head over all events of the tree, encoded by [Checkpoint.AppendJSON]. Error: that of
// [Tree.Head].
func (t *Tree) AppendHead(_ context.Context, dst []byte) ([]byte, error) {
	h, err := t.Head()
	if err != nil {
		return dst, err
	}
	return h.AppendJSON(dst, t.Key), nil
}

// sign signs a head if the tree has grown, and returns the newest head. During a rebuild the head stays unchanged. mu
// must be held.
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

// writeHead syncs the hashes and writes a head to headsFile, if the tree has grown.
func (t *Tree) writeHead() error {
	t.disk.Lock()
	defer t.disk.Unlock()
	h, err := t.Head()
	if err != nil || h.Size <= t.written || h.Size > t.Size() { // larger than the tree: a rebuild is in progress
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

// writeNewestHead writes a head over all events of the tree to newestFile, to detect later if the log has lost its
// end.
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

// Close catches up with the log, writes a last head and closes the files. Run must have ended, and the log must be
// open. ctx bounds catching up. Errors: those of [Tree.CatchUp] and of the file system.
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
