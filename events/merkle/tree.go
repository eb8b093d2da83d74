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

// The errors of a tree. Both are an events.ErrDamaged or lead to no head any more.
var (
	// ErrContradicted: the log is not the one that a head was signed over. Events were
	// changed, removed, swapped or cut off after that.
	ErrContradicted = fmt.Errorf("%w: it is not the log that its signed heads are about", events.ErrDamaged)
	// ErrGap: the positions of the log are not 1, 2, 3, …, as the tree needs them.
	ErrGap = errors.New("merkle: the positions of this log have gaps")
)

// Config says what a tree is made of and where it is kept.
type Config struct {
	// Store is the log. Its positions must have no gaps, as the embedded log's.
	Store events.Store
	// Dir is the tree's folder, and belongs to it alone. It is made if need be.
	Dir string
	// Key signs the heads. It is the key of the store's epoch.
	Key *Key
	// Every is the time between two heads that are written down (10 s).
	Every time.Duration
	// Logger takes what operators should know (slog.Default()).
	Logger *slog.Logger
}

// Tree is the tree of one log, on its way behind it. All methods may be called from
// many goroutines at once.
type Tree struct {
	Config
	hashes hashes
	heads  *os.File

	// mu guards what follows. It is held for a page of events, or a proof.
	mu      sync.Mutex
	edge    Edge          // of what the hashes are written of
	head    SignedHead    // the newest
	again   int           // how often the hashes were begun anew
	past    *pastHeads    // while they are: heads that must come out again
	grown   chan struct{} // closed when the edge has moved
	waiting int           // who waits for that
	stop    func()        // makes Run begin to follow again
	failure error         // for good

	// nudge ends a follower's rest.
	nudge chan struct{}

	// disk guards what is written down.
	disk sync.Mutex
	kept int64 // the size of the last head in headsFile
}

// Open opens the tree of a log. It goes on from the last head that was written
// down; what was written behind that is made again from the log. Hashes that don't
// lead to that head are made again altogether. A tree that is of another log, or
// signed with another key, is set aside beside the folder.
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
		return nil, fmt.Errorf("merkle: %s: %w", c.Dir, err)
	}
	return t, nil
}

// openFiles returns the last head there is.
func (t *Tree) openFiles() (last SignedHead, err error) {
	if err := os.MkdirAll(t.Dir, 0o750); err != nil {
		return last, err
	}
	open := func(name string, flag int) (*os.File, error) {
		return os.OpenFile(filepath.Join(t.Dir, name), os.O_RDWR|os.O_CREATE|flag, 0o640)
	}
	if t.heads, err = open(headsFile, os.O_APPEND); err != nil {
		return last, err
	}
	last, whole, err := lastHead(t.heads, t.Key.Verifier())
	if err != nil {
		return last, err
	}
	if last.Note == "" && whole > 0 {
		if err := errors.Join(t.heads.Close(), t.setAside()); err != nil {
			return last, err
		}
		return t.openFiles()
	}
	if err := t.heads.Truncate(whole); err != nil { // a line that was cut short
		return last, err
	}
	if t.hashes.file, err = open(hashesFile, 0); err != nil {
		return last, err
	}
	return last, errors.Join(syncFolder(t.Dir), syncFolder(filepath.Dir(t.Dir)))
}

// setAside renames the folder: what others have signed is not ours to write on.
func (t *Tree) setAside() error {
	for n := 1; ; n++ {
		aside := fmt.Sprintf("%s.%d", t.Dir, n)
		if _, err := os.Lstat(aside); err == nil {
			continue
		}
		t.Logger.Warn("the tree is of another log, or its heads are signed with another key; a new one is begun",
			"key", t.Key.String(), "old", aside)
		return os.Rename(t.Dir, aside)
	}
}

// restore makes the tree stand where its last head is, if the hashes and the log
// say so.
func (t *Tree) restore(ctx context.Context, last SignedHead) error {
	end, err := t.Store.Head(ctx)
	if err != nil {
		return err
	}
	if end < last.Position() {
		return fmt.Errorf("%w: it ends at position %d, and a head over %d events was signed", ErrContradicted, end, last.Size)
	}
	t.head, t.kept = last, last.Size
	edge, err := edgeOf(last.Size, t.hashes)
	if err != nil || last.Note != "" && edge.Root() != last.Root {
		t.Logger.Warn("the tree's hashes are damaged and are made again from the log", "error", err, "size", last.Size)
		return t.beginAnew()
	}
	t.edge = edge
	if err := t.hashes.file.Truncate(offset(edge.Size)); err != nil || edge.Size == 0 {
		return err
	}
	return t.checkLast(ctx)
}

// checkLast holds the last event under the tree to its leaf. Whether the others are
// the same is what verify finds out.
func (t *Tree) checkLast(ctx context.Context) error {
	page, err := t.Store.ReadAll(ctx, events.Position(t.edge.Size-1), events.Forward, 1)
	if err != nil {
		return err
	}
	leaf, err := t.hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, t.edge.Size-1)})
	if err != nil {
		return err
	}
	switch {
	case len(page) == 0 || page[0].Position != events.Position(t.edge.Size):
		return ErrGap
	case Leaf(&page[0]) == leaf[0]:
		return nil
	}
	return t.beginAnew() // which finds out which of the two is wrong
}

// beginAnew forgets the hashes; the heads stay, and must come out again. mu must be
// held, or nobody else have the tree.
func (t *Tree) beginAnew() error {
	if t.past != nil {
		t.past.stop()
	}
	t.edge, t.past, t.again = Edge{}, newPastHeads(t.Dir, t.Key.Verifier()), t.again+1
	t.stop()
	return t.hashes.file.Truncate(0)
}

// Size is how many events are under the tree.
func (t *Tree) Size() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.edge.Size
}

// Head returns a signed head over everything that is under the tree.
// Error: why the tree does not grow any more.
func (t *Tree) Head() (SignedHead, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sign()
}

// AppendHead appends a signed head over everything that is under the tree, as
// [SignedHead.AppendJSON] has it. Error: as [Tree.Head].
func (t *Tree) AppendHead(dst []byte) ([]byte, error) {
	h, err := t.Head()
	if err != nil {
		return dst, err
	}
	return h.AppendJSON(dst, t.Key), nil
}

// sign signs a head if there is something new; mu must be held. While the hashes are
// made again, the head before stays.
func (t *Tree) sign() (SignedHead, error) {
	if t.failure != nil {
		return SignedHead{}, t.failure
	}
	if t.head.Note != "" && t.edge.Size <= t.head.Size {
		return t.head, nil
	}
	h, err := t.Key.Sign(Head{Epoch: t.Store.Epoch(), Size: t.edge.Size, Root: t.edge.Root()})
	if err == nil {
		t.head = h
	}
	return t.head, err
}

// keep writes down a head, if there is something new under the tree, and what it is
// about before it.
func (t *Tree) keep() error {
	t.disk.Lock()
	defer t.disk.Unlock()
	h, err := t.Head()
	if err != nil || h.Size == t.kept {
		return err
	}
	if err := t.hashes.file.Sync(); err != nil {
		return err
	}
	if err := appendHead(t.heads, h); err != nil {
		return err
	}
	t.kept = h.Size
	return nil
}

// Close takes in what the log still has, writes down a last head and closes the
// files. Run must have ended; the log must be open. ctx bounds the taking in.
// Errors: as [Tree.CatchUp]; the disk's.
func (t *Tree) Close(ctx context.Context) error {
	err := t.CatchUp(ctx)
	if err == nil {
		err = t.keep()
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
