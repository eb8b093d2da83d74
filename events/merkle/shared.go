package merkle

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sort"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"admitone/events"
)

// SharedConfig is the configuration of a [SharedTree].
type SharedConfig struct {
	// Store is the log. It must accept appends to events.HeadsStream.
	Store events.Store
	// Dir is the tree's own folder on this server. It is created if it does not exist.
	Dir string
	// Key signs the heads. If the heads of the log are signed by a different key, the server signs none.
	Key *Key
	// Node is the name of this server, which must be unique.
	Node string
	// Every is the interval between two heads; 0 means 10 s.
	Every time.Duration
	// Logger receives warnings; nil means slog.Default().
	Logger *slog.Logger
}

// SharedTree is the tree over this system's own events in a log to which several servers append. Each server has
// the hashes, one of them signs the heads, which are stored in the log, and all serve them. Its methods are safe for
// concurrent use.
type SharedTree struct {
	SharedConfig
	hashes    hashes
	positions positions

	// mu guards the fields below. It is held while a page of events is added or a proof is created.
	mu       sync.Mutex
	compact  CompactRange    // the compact range of the written hashes
	last     events.Position // the position of the last leaf
	reached  events.Position // the position up to which the log was followed, at least last
	computed bool            // all hashes were computed from the log since OpenShared
	checked  bool            // the last leaf was compared with the log's event, or with a head
	rebuilds int             // the number of rebuilds
	stop     func()          // makes Run follow the log again from reached
	signed   signings        // the heads in the log, as last read
	loaded   bool            // signed was read
	pending  *Checkpoint     // a head beyond the tree, to be compared once the tree reaches it
	changed  chan struct{}   // closed when the tree has grown, or there is a new head
	waiting  int             // the number of callers that wait for changed
	failure  error           // the reason why the tree has stopped permanently

	// more has a token if there may be something to sign, or a caller waits for a head.
	more chan struct{}
}

// positionsFile is the second file in a shared tree's folder, besides hashesFile.
const positionsFile = "positions"

// positions is the open positionsFile, which has the positions of the leaves in order, 8 bytes each, big endian.
type positions struct{ file *os.File }

const positionSize = 8

// at returns the position of a leaf, counted from 1.
func (p positions) at(ordinal int64) (events.Position, error) {
	var b [positionSize]byte
	if _, err := p.file.ReadAt(b[:], (ordinal-1)*positionSize); err != nil {
		return 0, fmt.Errorf("position of leaf %d of the tree: %w", ordinal, err)
	}
	return events.Position(binary.BigEndian.Uint64(b[:])), nil
}

// find returns the ordinal of the leaf at a position among the first size leaves, 0 for none.
func (p positions) find(position events.Position, size int64) (int64, error) {
	var readErr error
	i := sort.Search(int(size), func(i int) bool {
		at, err := p.at(int64(i) + 1)
		readErr = errors.Join(readErr, err)
		return at >= position
	})
	if readErr != nil || i == int(size) {
		return 0, readErr
	}
	if at, err := p.at(int64(i) + 1); err != nil || at != position {
		return 0, err
	}
	return int64(i) + 1, nil
}

// OpenShared opens this server's copy of the hashes without reading the log. [SharedTree.Run] rebuilds damaged
// hashes, and hashes of a different log. Errors: those of the file system.
func OpenShared(c SharedConfig) (*SharedTree, error) {
	c.Every = cmp.Or(c.Every, 10*time.Second)
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	t := &SharedTree{SharedConfig: c, stop: func() {}, signed: newSignings(), changed: make(chan struct{}),
		more: make(chan struct{}, 1)}
	if err := t.openFiles(); err != nil {
		return nil, fmt.Errorf("hash tree in %s: %w", c.Dir, errors.Join(err, t.closeFiles()))
	}
	return t, nil
}

func (t *SharedTree) openFiles() (err error) {
	if err := os.MkdirAll(t.Dir, 0o750); err != nil {
		return err
	}
	open := func(name string) (*os.File, error) {
		return os.OpenFile(filepath.Join(t.Dir, name), os.O_RDWR|os.O_CREATE, 0o640)
	}
	if t.hashes.file, err = open(hashesFile); err != nil {
		return err
	}
	if t.positions.file, err = open(positionsFile); err != nil {
		return err
	}
	size := int64(1<<63 - 1)
	for file, count := range map[*os.File]func(int64) int64{
		t.hashes.file: leafCount, t.positions.file: func(bytes int64) int64 { return bytes / positionSize },
	} {
		info, err := file.Stat()
		if err != nil {
			return err
		}
		size = min(size, count(info.Size()))
	}
	if size > 0 {
		if t.last, err = t.positions.at(size); err != nil {
			return err
		}
	}
	t.reached, t.computed = t.last, size == 0
	t.compact, err = readRange(size, t.hashes)
	return err
}

func (t *SharedTree) closeFiles() error {
	var errs []error
	for _, file := range []*os.File{t.hashes.file, t.positions.file} {
		if file != nil {
			errs = append(errs, file.Close())
		}
	}
	return errors.Join(errs...)
}

// Close closes the files. Run must have ended. Errors: those of the file system.
func (t *SharedTree) Close(context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fail(events.ErrClosed)
	return t.closeFiles()
}

// AppendHead appends the newest head that this server knows, encoded by [Checkpoint.AppendJSON]. If there is none, it
// waits for one. Errors: ctx.Err(); the reason why the tree has stopped.
func (t *SharedTree) AppendHead(ctx context.Context, dst []byte) ([]byte, error) {
	for {
		t.mu.Lock()
		newest, key, failure, changed := t.signed.newest, t.signed.key, t.failure, t.changed
		t.mu.Unlock()
		if failure != nil {
			return dst, failure
		}
		if newest.Note != "" {
			return newest.appendJSON(dst, key), nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return dst, ctx.Err()
		}
	}
}

// Receipt returns the receipt of this system's event at a position, encoded by
// [Receipt.AppendJSON]. It waits until a head covers the event.
//
// Errors: ctx.Err(), also if the position remains beyond the end of the log until ctx ends; an error for a position
// without an event of this system; the reason why the tree has stopped; those of events.Store.ReadAll.
func (t *SharedTree) Receipt(ctx context.Context, position events.Position) ([]byte, error) {
	if position < 1 {
		return nil, fmt.Errorf("position %d has no event; positions begin at 1", position)
	}
	var e *events.Recorded
	for {
		var err error
		if e == nil {
			e, err = t.event(ctx, position)
		}
		if err != nil {
			return nil, err
		}
		r, changed, err := t.prove(e)
		if err != nil {
			return nil, err
		}
		if changed == nil {
			return r.AppendJSON(nil)
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
		t.mu.Lock()
		t.waiting--
		t.mu.Unlock()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
}

// event returns this system's event at a position, nil if the position is beyond the end of the log. Errors: an
// error for a position without an event of this system; those of events.Store.ReadAll.
func (t *SharedTree) event(ctx context.Context, position events.Position) (*events.Recorded, error) {
	exists := t.position() >= position
	// Reading forward from a position without an event is expensive; see events/esdb.
	page, err := t.Store.ReadAll(ctx, position+1, events.Backward, 1)
	if err != nil {
		return nil, err
	}
	own := false
	if len(page) == 1 && page[0].Position == position {
		exists = true
		if own, err = events.NewLineage(t.Store).Own(ctx, &page[0]); err != nil {
			return nil, err
		}
	}
	switch {
	case own:
		return &page[0], nil
	case exists:
		return nil, fmt.Errorf("position %d has no event of this system", position)
	}
	return nil, nil
}

// prove returns the receipt of e if the newest head covers it. Otherwise, or if e is nil, it registers the caller as
// waiting and returns a channel that is closed when the tree or its heads change. It verifies the proof, and
// rebuilds the hashes if they are damaged.
func (t *SharedTree) prove(e *events.Recorded) (r Receipt, changed <-chan struct{}, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.failure != nil {
		return r, nil, t.failure
	}
	if h := &t.signed.newest; e != nil && e.Position <= min(t.reached, h.Last) && h.Size <= t.compact.Size &&
		t.pending == nil {
		if r, err = t.proof(e); err == nil {
			return r, nil, nil
		}
		if err := t.rebuild(err); err != nil {
			return r, nil, err
		}
	}
	t.waiting++
	notify(t.more)
	return r, t.changed, nil
}

// proof returns the verified receipt of an event under the newest head. mu must be held.
func (t *SharedTree) proof(e *events.Recorded) (r Receipt, err error) {
	ordinal, err := t.positions.find(e.Position, t.compact.Size)
	if err == nil && ordinal == 0 {
		err = fmt.Errorf("the tree has no leaf for the event at position %d", e.Position)
	}
	if err != nil {
		return r, err
	}
	r = Receipt{Event: *e, Ordinal: ordinal, Head: t.signed.newest}
	if r.Proof, err = tlog.ProveRecord(r.Head.Size, ordinal-1, t.hashes); err == nil {
		err = r.verify()
	}
	return r, err
}

// rebuild starts a rebuild of the hashes because of a fault. If all hashes were computed from the log since the
// start, it stops the tree instead and returns [ErrContradicted]. mu must be held. Other errors: those of the file
// system.
func (t *SharedTree) rebuild(fault error) error {
	if t.computed {
		err := fmt.Errorf("%w: %w", ErrContradicted, fault)
		t.fail(err)
		return err
	}
	t.Logger.Warn("the tree's hashes are damaged or belong to a different log; rebuilding them from the log", "error",
		fault, "size", t.compact.Size)
	if h := t.signed.newest; h.Note != "" { // the rebuilt hashes must match it
		t.pending = &h
	}
	return t.truncate(CompactRange{}, 0)
}

// truncate drops all leaves after those of compact, the last of which is at position last, and makes Run follow the
// log again from there. mu must be held. Errors: those of the file system.
func (t *SharedTree) truncate(compact CompactRange, last events.Position) error {
	t.compact, t.last, t.reached, t.checked = compact, last, last, true
	t.computed = compact.Size == 0
	t.rebuilds++
	t.stop()
	return errors.Join(t.hashes.file.Truncate(offset(compact.Size)),
		t.positions.file.Truncate(compact.Size*positionSize))
}

// sync makes the leaves durable. Errors: those of the file system.
func (t *SharedTree) sync() error {
	return errors.Join(t.positions.file.Sync(), t.hashes.file.Sync())
}

// fail stops the tree permanently. mu must be held.
func (t *SharedTree) fail(err error) {
	if t.failure == nil {
		t.failure = err
	}
	t.wake()
}

// wake wakes the callers that wait for a change of the tree or its heads. mu must be held.
func (t *SharedTree) wake() {
	close(t.changed)
	t.changed = make(chan struct{})
}

// notify puts a token into c, unless c has one.
func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
