package merkle

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"admitone/events"
)

// Rule names the rule that a [Check] verifies, for display.
const Rule = "the log matches its signed heads"

// Contradiction is an [ErrContradicted] with details.
type Contradiction struct {
	// Position is the last position that the head covers. The wrong event is at or before it.
	Position events.Position
	// Detail describes the contradiction.
	Detail string
}

// Error returns the position and the detail.
func (c *Contradiction) Error() string { return fmt.Sprintf("position %d: %s", c.Position, c.Detail) }

// Is reports whether target is [ErrContradicted] or events.ErrDamaged.
func (c *Contradiction) Is(target error) bool {
	return target == ErrContradicted || target == events.ErrDamaged
}

func contradiction(size int64, format string, args ...any) error {
	return &Contradiction{events.Position(size), fmt.Sprintf(format, args...)}
}

// Check verifies a log, event by event, against the hashes and the heads in a tree's files, and against heads
// kept elsewhere. It needs about 100 KB of memory for a log of any length. It is not safe for concurrent use.
type Check struct {
	tree  CompactRange
	added []tlog.Hash

	against []Head // in any order
	// treeHeads iterates over the tree's heads. next is the first that is not reached yet, nil after the
	// last.
	treeHeads func() (Checkpoint, error, bool)
	stop      func()
	next      *Checkpoint
	epoch     string
	heads     int
	started   bool
	// hashes reads the tree's hashes, which are valid up to its last head.
	hashes *bufio.Reader
	file   *os.File
	last   int64 // the size of the tree's last head
}

// NewCheck returns a check that begins before the first event of the log with the given epoch. dir is the folder
// of the log's tree. If it is "" or has no tree, only the heads added by [Check.Against] are checked. If verifier
// is nil, the signatures of the tree's heads are not verified. The caller must close the check.
//
// Errors: those of the file system.
func NewCheck(dir, epoch string, verifier note.Verifier) (*Check, error) {
	c := &Check{epoch: epoch, stop: func() {}}
	c.treeHeads = func() (Checkpoint, error, bool) { return Checkpoint{}, nil, false }
	if dir == "" {
		return c, nil
	}
	file, err := os.Open(filepath.Join(dir, headsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return nil, err
	}
	end, err := lastHead(file, verifier)
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	newest, err := readNewest(dir, verifier)
	if err != nil {
		return nil, err
	}
	if newest.Epoch == epoch && newest.Size > end.last.Size {
		c.against = append(c.against, newest.Head)
	}
	if c.file, err = os.Open(filepath.Join(dir, hashesFile)); err != nil {
		return nil, err
	}
	c.last, c.hashes = end.last.Size, bufio.NewReaderSize(c.file, 64<<10)
	c.treeHeads, c.stop = iter.Pull2(heads(dir, verifier))
	return c, nil
}

// Against adds a head that the log must match. The caller must have verified its signature.
func (c *Check) Against(h Head) { c.against = append(c.against, h) }

// Needed reports whether there is any head to check against.
func (c *Check) Needed() bool { return c.file != nil || len(c.against) > 0 }

// Size returns the number of checked events.
func (c *Check) Size() int64 { return c.tree.Size }

// Heads returns the number of heads that matched the log so far.
func (c *Check) Heads() int { return c.heads }

// CompactRange returns the compact range of the tree over the events checked so far.
func (c *Check) CompactRange() CompactRange { return c.tree.Clone() }

// Take checks the next event. After an error, only Close may be called. Errors: a *[Contradiction], [ErrGap],
// those of the file system.
func (c *Check) Take(e *events.Recorded) error {
	if err := c.begin(); err != nil {
		return err
	}
	if e.Position != events.Position(c.tree.Size+1) {
		return fmt.Errorf("%w: position %d follows %d", ErrGap, e.Position, c.tree.Size)
	}
	c.added = c.tree.Add(c.added[:0], e)
	if c.tree.Size <= c.last {
		if err := c.compareHashes(); err != nil {
			return err
		}
	}
	if err := c.compareAgainst(); err != nil {
		return err
	}
	for c.next != nil && c.next.Size <= c.tree.Size {
		if err := c.compare(&c.next.Head); err != nil {
			return err
		}
		if err := c.advance(); err != nil {
			return err
		}
	}
	return nil
}

// begin loads the first head, once.
func (c *Check) begin() error {
	if c.started {
		return nil
	}
	c.started = true
	if err := c.compareAgainst(); err != nil {
		return err
	}
	return c.advance()
}

// compareAgainst compares the tree with those heads in against that have its size.
func (c *Check) compareAgainst() error {
	for i := range c.against {
		if c.against[i].Size == c.tree.Size {
			if err := c.compare(&c.against[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// compare compares the tree with a head of the same size.
func (c *Check) compare(h *Head) error {
	if root := c.tree.Root(); h.Size != c.tree.Size || root != h.Root {
		return contradiction(h.Size, "the signed head over %d events has the root %v, but the first %d events of the log "+
			"have the root %v", h.Size, h.Root, c.tree.Size, root)
	}
	c.heads++
	return nil
}

// compareHashes compares the hashes that the last event added with those in the tree's file.
func (c *Check) compareHashes() error {
	var stored tlog.Hash
	for _, hash := range c.added {
		if _, err := io.ReadFull(c.hashes, stored[:]); err != nil {
			return contradiction(c.tree.Size, "the tree's hashes end before its last head over %d events: %v", c.last, err)
		}
		if stored != hash {
			return contradiction(c.tree.Size, "the tree's file has the hash %v, but the events of the log have %v", stored, hash)
		}
	}
	return nil
}

// advance loads the next head of the tree.
func (c *Check) advance() error {
	h, err, ok := c.treeHeads()
	switch {
	case errors.Is(err, ErrBadHead):
		return contradiction(c.tree.Size, "%v", err)
	case err != nil:
		return err
	case !ok:
		c.next = nil
		return nil
	case h.Epoch != c.epoch:
		return contradiction(h.Size, "the tree has a head of the log with epoch %s, but this log has epoch %s", h.Epoch,
			c.epoch)
	}
	c.next = &h
	return nil
}

// End checks that the log is long enough for all heads. It must be called after the last event. Errors: those of
// [Check.Take].
func (c *Check) End() error {
	if err := c.begin(); err != nil {
		return err
	}
	signed := c.against
	if c.next != nil {
		signed = append(signed[:len(signed):len(signed)], c.next.Head)
	}
	for _, h := range signed {
		if h.Size > c.tree.Size {
			return contradiction(h.Size, "a head over %d events was signed, but the log ends at position %d", h.Size,
				c.tree.Size)
		}
	}
	return nil
}

// Close releases the tree's files.
func (c *Check) Close() error {
	c.stop()
	if c.file == nil {
		return nil
	}
	return c.file.Close()
}
