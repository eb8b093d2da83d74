package merkle

import (
	"context"
	"errors"
	"fmt"

	"admitone/events"
)

// OwnCheck verifies this system's own events in a log against the heads that cover only these: the heads in
// events.HeadsStream, and heads kept elsewhere. Its memory does not grow with the log. It is not safe for
// concurrent use.
type OwnCheck struct {
	store   events.Store
	lineage *events.Lineage
	tree    CompactRange
	last    events.Position // the position of the last leaf
	against []Head          // in any order
	heads   int

	signed  signings
	end     events.Revision // the last revision of the stream to be checked
	page    []events.Recorded
	next    *Head // the first head that is not reached yet, nil after the last
	started bool
}

// NewOwnCheck returns a check that begins before the first event of a log. If signed is set, it covers the heads
// that are in the log now, so the caller must determine the end of the log afterwards. Otherwise only the heads
// added by [OwnCheck.Against] are checked. Errors: those of events.Store.Read.
func NewOwnCheck(ctx context.Context, store events.Store, signed bool) (*OwnCheck, error) {
	c := &OwnCheck{store: store, lineage: events.NewLineage(store), signed: newSignings(), end: events.NoStream}
	if !signed {
		return c, nil
	}
	last, err := store.Read(ctx, events.HeadsStream, events.EndRevision, events.Backward, 1)
	if err == nil && len(last) > 0 {
		c.end = last[0].Revision
	}
	return c, err
}

// Against adds a head that the log must match. The caller must have verified its signature.
func (c *OwnCheck) Against(h Head) { c.against = append(c.against, h) }

// Needed reports whether there is any head to check against.
func (c *OwnCheck) Needed() bool { return c.end != events.NoStream || len(c.against) > 0 }

// Heads returns the number of heads that matched the log so far.
func (c *OwnCheck) Heads() int { return c.heads }

// CompactRange returns the compact range of the tree over the own events checked so far.
func (c *OwnCheck) CompactRange() CompactRange { return c.tree.Clone() }

// Take checks the next event of the log, whether it is own or not. The check must not be used after an error.
// Errors: a *[Contradiction]; those of events.Store.Read.
func (c *OwnCheck) Take(ctx context.Context, e *events.Recorded) error {
	if err := c.begin(ctx); err != nil {
		return err
	}
	own, err := c.lineage.Own(ctx, e)
	if err != nil || !own {
		return err
	}
	c.tree.Add(nil, e)
	c.last = e.Position
	return c.compareAll(ctx)
}

// begin loads the first head, once.
func (c *OwnCheck) begin(ctx context.Context) error {
	if c.started {
		return nil
	}
	c.started = true
	if err := c.advance(ctx); err != nil {
		return err
	}
	return c.compareAll(ctx)
}

// compareAll compares the tree with all heads of its size.
func (c *OwnCheck) compareAll(ctx context.Context) error {
	for i := range c.against {
		if c.against[i].Size == c.tree.Size {
			if err := c.compare(&c.against[i]); err != nil {
				return err
			}
		}
	}
	for c.next != nil && c.next.Size == c.tree.Size {
		if err := c.compare(c.next); err != nil {
			return err
		}
		if err := c.advance(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (c *OwnCheck) compare(h *Head) error {
	if root := c.tree.Root(); h.Root != root || h.Last != c.last {
		return &Contradiction{h.Last, fmt.Sprintf("the signed head over %d own events up to position %d has the root %v, but "+
			"the first %d of the log, up to position %d, have the root %v", h.Size, h.Last, h.Root, c.tree.Size, c.last, root)}
	}
	c.heads++
	return nil
}

// advance loads the next head of the stream.
func (c *OwnCheck) advance(ctx context.Context) error {
	c.next = nil
	for c.signed.revision < c.end {
		if len(c.page) == 0 {
			var err error
			c.page, err = c.store.Read(ctx, events.HeadsStream, c.signed.revision+1, events.Forward, headsPage)
			if err != nil {
				return err
			}
			if len(c.page) == 0 {
				return c.missing()
			}
		}
		h, err := c.signed.apply(&c.page[0])
		c.page = c.page[1:]
		if err != nil {
			return err
		}
		if h != nil {
			next := h.Head
			c.next = &next
			return nil
		}
	}
	return nil
}

func (c *OwnCheck) missing() error {
	return &Contradiction{c.last, fmt.Sprintf("%s ends before its revision %d", events.HeadsStream, c.end)}
}

// End checks that the log is long enough for all heads. It must be called after the last event. Errors: those of
// [OwnCheck.Take].
func (c *OwnCheck) End(ctx context.Context) error {
	if err := c.begin(ctx); err != nil {
		return err
	}
	signed := c.against
	if c.next != nil {
		signed = append(signed[:len(signed):len(signed)], *c.next)
	}
	for _, h := range signed {
		if h.Size > c.tree.Size {
			return &Contradiction{h.Last, fmt.Sprintf("a head over %d own events was signed, but the log ends after %d, at "+
				"position %d", h.Size, c.tree.Size, c.last)}
		}
	}
	return nil
}

// OwnKey returns the public key in the first event of events.HeadsStream, "" if the stream is empty. Errors:
// [ErrContradicted], if the first event has no key; those of events.Store.Read.
func OwnKey(ctx context.Context, store events.Store) (string, error) {
	s, err := loadSignings(ctx, store)
	var broken *Contradiction
	if errors.As(err, &broken) && s.key != "" {
		err = nil // only the newest head is invalid
	}
	return s.key, err
}
