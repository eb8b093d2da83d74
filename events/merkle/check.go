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

// Rule is what a [Check] holds a log to, as it is printed.
const Rule = "the log is the one that its signed heads are about"

// Contradiction says where a log and a signed head part. It is an [ErrContradicted].
type Contradiction struct {
	// Position is the last event that the head is about; the wrong one may be any
	// before it.
	Position events.Position
	// Detail says what was found.
	Detail string
}

// Error says where, and what was found.
func (c *Contradiction) Error() string { return fmt.Sprintf("position %d: %s", c.Position, c.Detail) }

// Is makes every Contradiction an [ErrContradicted], and so an events.ErrDamaged.
func (c *Contradiction) Is(target error) bool {
	return target == ErrContradicted || target == events.ErrDamaged
}

func contradiction(size int64, format string, args ...any) error {
	return &Contradiction{events.Position(size), fmt.Sprintf(format, args...)}
}

// Check holds a log to the heads that were signed over it, event by event: those
// that a tree has written down, with the tree's hashes, and one that somebody else
// has kept. It needs some 100 KB, however long the log. One goroutine may use it.
type Check struct {
	edge  Edge
	added []tlog.Hash

	against *Head
	// kept iterates over the tree's heads; next is the first that is not behind the
	// edge, nil behind the last one.
	kept  func() (SignedHead, error, bool)
	stop  func()
	next  *SignedHead
	epoch string
	heads int
	begun bool
	// hashes are the tree's, read along; they count up to its last head.
	hashes *bufio.Reader
	file   *os.File
	last   int64
}

// NewCheck begins before the first event of the log of an epoch. dir is the folder
// of the log's tree; without one, or when it is "", there is nothing but what
// [Check.Against] adds. verifier may be nil, and then nobody looks at who signed
// the tree's heads. The caller closes the check.
//
// Errors: the disk's.
func NewCheck(dir, epoch string, verifier note.Verifier) (*Check, error) {
	c := &Check{epoch: epoch, stop: func() {}}
	c.kept = func() (SignedHead, error, bool) { return SignedHead{}, nil, false }
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
	last, _, err := lastHead(file, verifier)
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	if c.file, err = os.Open(filepath.Join(dir, hashesFile)); err != nil {
		return nil, err
	}
	c.last, c.hashes = last.Size, bufio.NewReaderSize(c.file, 64<<10)
	c.kept, c.stop = iter.Pull2(heads(dir, verifier))
	return c, nil
}

// Against adds a head that the log must extend. Whose it is, is for the caller to
// have looked at.
func (c *Check) Against(h Head) { c.against = &h }

// Needed says whether there is anything to hold the log to.
func (c *Check) Needed() bool { return c.file != nil || c.against != nil }

// Size is how many events have been taken.
func (c *Check) Size() int64 { return c.edge.Size }

// Heads is how many heads were found to be about this log.
func (c *Check) Heads() int { return c.heads }

// Edge is that of the tree over the events seen so far.
func (c *Check) Edge() Edge { return c.edge.Clone() }

// Take holds the next event to the heads. After an error the check is of no more
// use. Errors: a *[Contradiction], [ErrGap], the disk's.
func (c *Check) Take(e *events.Recorded) error {
	if err := c.begin(); err != nil {
		return err
	}
	if e.Position != events.Position(c.edge.Size+1) {
		return fmt.Errorf("%w: %d follows %d", ErrGap, e.Position, c.edge.Size)
	}
	c.added = c.edge.Add(c.added[:0], e)
	if c.edge.Size <= c.last {
		if err := c.compareHashes(); err != nil {
			return err
		}
	}
	if c.against != nil && c.against.Size == c.edge.Size {
		if err := c.compare(c.against); err != nil {
			return err
		}
	}
	for c.next != nil && c.next.Size <= c.edge.Size {
		if err := c.compare(&c.next.Head); err != nil {
			return err
		}
		if err := c.advance(); err != nil {
			return err
		}
	}
	return nil
}

// begin looks at the first head, once.
func (c *Check) begin() error {
	if c.begun {
		return nil
	}
	c.begun = true
	if c.against != nil && c.against.Size == 0 {
		if err := c.compare(c.against); err != nil {
			return err
		}
	}
	return c.advance()
}

// compare holds the edge to a head over as many events.
func (c *Check) compare(h *Head) error {
	if root := c.edge.Root(); h.Size != c.edge.Size || root != h.Root {
		return contradiction(h.Size, "a head over %d events with the root %v was signed; of the log's first %d the root is %v",
			h.Size, h.Root, c.edge.Size, root)
	}
	c.heads++
	return nil
}

// compareHashes holds the hashes that an event has added to those on the disk.
func (c *Check) compareHashes() error {
	var stored tlog.Hash
	for _, hash := range c.added {
		if _, err := io.ReadFull(c.hashes, stored[:]); err != nil {
			return contradiction(c.edge.Size, "the tree's hashes end before its last head, over %d events: %v", c.last, err)
		}
		if stored != hash {
			return contradiction(c.edge.Size, "the tree has the hash %v where the log's events have %v", stored, hash)
		}
	}
	return nil
}

// advance goes to the next head of the tree.
func (c *Check) advance() error {
	h, err, ok := c.kept()
	switch {
	case errors.Is(err, ErrBadHead):
		return contradiction(c.edge.Size, "%v", err)
	case err != nil:
		return err
	case !ok:
		c.next = nil
		return nil
	case h.Epoch != c.epoch:
		return contradiction(h.Size, "the tree's heads are of the log %s, this is %s", h.Epoch, c.epoch)
	}
	c.next = &h
	return nil
}

// End says whether the log, which ends here, is long enough for all heads.
// Errors: as [Check.Take].
func (c *Check) End() error {
	if err := c.begin(); err != nil {
		return err
	}
	for _, h := range []*Head{c.against, c.nextHead()} {
		if h != nil && h.Size > c.edge.Size {
			return contradiction(h.Size, "a head over %d events was signed, and the log ends at position %d", h.Size, c.edge.Size)
		}
	}
	return nil
}

func (c *Check) nextHead() *Head {
	if c.next == nil {
		return nil
	}
	return &c.next.Head
}

// Close releases the tree's files.
func (c *Check) Close() error {
	c.stop()
	if c.file == nil {
		return nil
	}
	return c.file.Close()
}
