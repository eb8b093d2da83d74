package merkle

import (
	"context"
	"errors"
	"fmt"

	"admitone/events"
)

// OwnCheck verifies this system's own events in a log against the heads that count only these: the
// heads in events.HeadsStream, and any that others have kept. Its memory does not grow with the
// log. It is not safe for concurrent use.
type OwnCheck struct {
	store   events.Store
	lineage *events.Lineage
	tree    CompactRange
	last    events.Position // of the last leaf
	against []Head          // in no order
	heads   int

	signed signings
	end    events.Revision // revision of the last event of the stream to be checked
	page   []events.Recorded
	next   *Head // the first head not reached yet, nil after the last
	begun  bool
}

// NewOwnCheck returns a check that begins before the first event of a log and covers the heads
// signed so far. Unless signed is set, only the heads added by [OwnCheck.Against] are checked. It
// must be called before the end of the log is determined. Errors: as events.Store.Read.
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

// Against adds a head that the log must extend. The caller has verified its signature.
func (c *OwnCheck) Against(h Head) { c.against = append(c.against, h) }

// Needed reports whether there is any head to check against.
func (c *OwnCheck) Needed() bool { return c.end != events.NoStream || len(c.against) > 0 }

// Heads returns the number of heads that matched the log so far.
func (c *OwnCheck) Heads() int { return c.heads }

// Edge returns the compact range of the tree over the own events checked so far.
func (c *OwnCheck) Edge() CompactRange { return c.tree.Clone() }

// Take checks the next event, own or not. After an error the check must not be used. Errors: a
// *[Contradiction]; as events.Store.Read.
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
	if c.begun {
		return nil
	}
	c.begun = true
	if err := c.advance(ctx); err != nil {
		return err
	}
	return c.compareAll(ctx)
}

// compareAll compares the tree with the heads of its size.
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
		return &Contradiction{h.Last, fmt.Sprintf("a head over %d own events, up to position %d, with the root %v was "+
			"signed; of the log's first %d, up to position %d, the root is %v", h.Size, h.Last, h.Root, c.tree.Size, c.last,
			root)}
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
		h, err := c.signed.take(&c.page[0])
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

// End checks that the log, which ends here, is long enough for all heads. Errors: as
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
			return &Contradiction{h.Last, fmt.Sprintf("a head over %d own events was signed, and the log ends after %d, at "+
				"position %d", h.Size, c.tree.Size, c.last)}
		}
	}
	return nil
}

// OwnKey returns the public key in the first event of events.HeadsStream, "" if there is none.
// Errors: [ErrContradicted], if the stream begins with anything else; as events.Store.Read.
func OwnKey(ctx context.Context, store events.Store) (string, error) {
	s, err := loadSignings(ctx, store)
	var broken *Contradiction
	if errors.As(err, &broken) && s.key != "" {
		err = nil // the newest head is invalid, but the key is known
	}
	return s.key, err
}
