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

// SharedConfig is the configuration of a shared tree.
type SharedConfig struct {
	// Store is the log. It must accept appends to events.HeadsStream.
	Store events.Store
	// Dir is the tree's own folder on this server. It is created if necessary.
	Dir string
	// Key signs the heads. If it is not the key of the log's heads, the server signs none.
	Key *Key
	// Node is the name of this server, which must be unique.
	Node string
	// Every is the interval between two heads; 0 is 10 s.
	Every time.Duration
	// Logger receives warnings; nil is slog.Default().
	Logger *slog.Logger
}

// SharedTree is the tree over this system's own events in a log that several servers append to.
// Each server has the hashes; one of them signs the heads, which are stored in the log, and all
// serve them. Its methods are safe for concurrent use.
type SharedTree struct {
	SharedConfig
	hashes    hashes
	positions positions

	// mu guards the fields below. It is held for a page of events, or a proof.
	mu       sync.Mutex
	compact  CompactRange    // of the written hashes
	last     events.Position // of the last leaf
	reached  events.Position // position up to which the log was followed, at least last
	fresh    bool            // all hashes were computed from the log since Open
	checked  bool            // the last leaf was compared with the log's event, or with a head
	rebuilds int             // number of rebuilds
	stop     func()          // makes Run follow from the beginning
	signed   signings        // as last read
	loaded   bool            // signed was read
	pending  *Checkpoint     // a head beyond the tree, to be compared once the tree reaches it
	changed  chan struct{}   // closed when the tree has grown, or there is a new head
	waiting  int             // callers waiting for that
	failure  error           // permanent

	// more has a token when there may be something to sign, or a caller waits for a head.
	more chan struct{}
}

// The files in a shared tree's folder, besides hashesFile.
const positionsFile = "positions"

// positions is an open file of the positions of the leaves, 8 bytes each, in their order.
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

// OpenShared opens this server's copy of the hashes. It reads nothing of the log; damaged or foreign
// hashes are computed again by [SharedTree.Run]. Errors: the disk's.
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
		t.hashes.file: leaves, t.positions.file: func(bytes int64) int64 { return bytes / positionSize },
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
	t.reached, t.fresh = t.last, size == 0
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

// Close closes the files. Run must have ended. Errors: the disk's.
func (t *SharedTree) Close(context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fail(events.ErrClosed)
	return t.closeFiles()
}

// AppendHead appends the newest head that this server knows of, as [Checkpoint.AppendJSON] does. It
// waits for the first one. Errors: ctx.Err(); why the tree has stopped.
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
// Errors: ctx.Err(), also for a position beyond the end of the log; one for a position without an
// event of this system; why the tree has stopped; what events.Store.ReadAll returns.
func (t *SharedTree) Receipt(ctx context.Context, position events.Position) ([]byte, error) {
	if position < 1 {
		return nil, fmt.Errorf("no event has the position %d", position)
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

// event returns this system's event at a position, nil if the position is beyond the end of the
// log. Errors: one for a position without an event of this system; the log's.
func (t *SharedTree) event(ctx context.Context, position events.Position) (*events.Recorded, error) {
	passed := t.position() >= position
	// Reading forward from a position without an event is expensive; see events/esdb.
	page, err := t.Store.ReadAll(ctx, position+1, events.Backward, 1)
	if err != nil {
		return nil, err
	}
	own := false
	if len(page) == 1 && page[0].Position == position {
		passed = true
		if own, err = events.NewLineage(t.Store).Own(ctx, &page[0]); err != nil {
			return nil, err
		}
	}
	switch {
	case own:
		return &page[0], nil
	case passed:
		return nil, fmt.Errorf("there is no event of this system at position %d", position)
	}
	return nil, nil
}

// prove returns the receipt of e. If e is nil or not covered, it registers the caller as waiting
// and returns a channel that is closed when the tree or its heads change. A proof is verified
// first: if the hashes on disk are damaged, they are rebuilt.
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
		if err := t.distrust(err); err != nil {
			return r, nil, err
		}
	}
	t.waiting++
	signal(t.more)
	return r, t.changed, nil
}

// proof returns the verified receipt of an event under the newest head; mu must be held.
func (t *SharedTree) proof(e *events.Recorded) (r Receipt, err error) {
	ordinal, err := t.positions.find(e.Position, t.compact.Size)
	if err == nil && ordinal == 0 {
		err = fmt.Errorf("the event at position %d has no leaf", e.Position)
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

// distrust rebuilds the hashes after a fault was found; mu must be held. Errors: [ErrContradicted],
// if all hashes were computed from the log since the start; the disk's.
func (t *SharedTree) distrust(fault error) error {
	if t.fresh {
		err := fmt.Errorf("%w: %w", ErrContradicted, fault)
		t.fail(err)
		return err
	}
	t.Logger.Warn("the tree's hashes are damaged or of a different log; rebuilding them from the log", "error", fault,
		"size", t.compact.Size)
	if h := t.signed.newest; h.Note != "" { // the rebuilt hashes must lead to it
		t.pending = &h
	}
	return t.truncate(CompactRange{}, 0)
}

// truncate drops all leaves after those of compact and makes Run follow the log again from there; mu
// must be held. Errors: the disk's.
func (t *SharedTree) truncate(compact CompactRange, last events.Position) error {
	t.compact, t.last, t.reached, t.checked = compact, last, last, true
	t.fresh = compact.Size == 0
	t.rebuilds++
	t.stop()
	return errors.Join(t.hashes.file.Truncate(offset(compact.Size)),
		t.positions.file.Truncate(compact.Size*positionSize))
}

// sync makes the leaves durable. Errors: the disk's.
func (t *SharedTree) sync() error {
	return errors.Join(t.positions.file.Sync(), t.hashes.file.Sync())
}

// fail stops the tree permanently; mu must be held.
func (t *SharedTree) fail(err error) {
	if t.failure == nil {
		t.failure = err
	}
	t.wake()
}

// wake wakes the callers that wait for something new; mu must be held.
func (t *SharedTree) wake() {
	close(t.changed)
	t.changed = make(chan struct{})
}

// signal puts a token into c, if it is empty.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
