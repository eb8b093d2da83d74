package projections

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"admitone/events"
)

// originLimit is the timeout for reading the first event of a stream.
const originLimit = 5 * time.Second

// findForeign returns the events of other programs in streams of unknown categories, by index in
// the batch. It may read the log, and must be called without the lock. Errors: events.ErrUnknownFact
// for an event of this system that a later version wrote; those of events.Store.Read.
func (p *Projections) findForeign(batch []events.Recorded) (foreign map[int]bool, err error) {
	category, known := "", true
	for i := range batch {
		e := &batch[i]
		if name := e.Stream.Category(); name != category {
			category, known = name, events.KnownCategory(name)
		}
		if known || e.Stream.Internal() {
			continue
		}
		if err := p.skipForeign(e, nil); err != nil {
			return nil, err
		}
		if foreign == nil {
			foreign = map[int]bool{}
		}
		foreign[i] = true
	}
	return foreign, nil
}

// skipForeign counts an event of another program. It returns an error for an event of this system: cause if the
// event can't be decoded, or ErrUnknownFact if cause is nil, for a category unknown to this version.
func (p *Projections) skipForeign(e *events.Recorded, cause error) error {
	ours, err := p.isOurs(e)
	if err != nil {
		return err
	}
	if !ours {
		p.countForeign(e)
		return nil
	}
	if cause == nil {
		cause = fmt.Errorf("%w: category %q is unknown to this version of the program",
			events.ErrUnknownFact, e.Stream.Category())
	}
	return fmt.Errorf("position %d, %s@%d: %w", e.Position, e.Stream, e.Revision, cause)
}

// isOurs reports whether an event that no view can apply belongs to this system. A stream of a known category
// belongs to another program only if its first event can't be decoded and does not look like a fact.
func (p *Projections) isOurs(e *events.Recorded) (bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), originLimit)
	defer cancel()
	ours, err := p.origins.Ours(ctx, e)
	if err == nil && !ours && e.Revision > 0 { // another program may have appended to a stream of this system
		ours, err = p.origins.Owned(ctx, e.Stream)
	}
	if err == nil && !ours && events.KnownCategory(e.Stream.Category()) {
		ours, err = p.beginsWithFact(ctx, e)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("%w: %w", events.ErrUnavailable, err)
	}
	return ours, err
}

// beginsWithFact reports whether a stream of a known category begins with an event that looks like a fact.
func (p *Projections) beginsWithFact(ctx context.Context, e *events.Recorded) (bool, error) {
	first := *e
	if e.Revision > 0 {
		page, err := p.store.Read(ctx, e.Stream, 0, events.Forward, 1)
		if err != nil || len(page) == 0 {
			return false, err
		}
		first = page[0]
	}
	_, err := first.Decode()
	return err == nil || events.Sealed(first.Metadata), nil
}

// maxForeign bounds the categories of other programs that are counted and logged.
const maxForeign = 1000

// countForeign counts an event of another program, and logs its category once.
func (p *Projections) countForeign(e *events.Recorded) {
	p.foreignMu.Lock()
	defer p.foreignMu.Unlock()
	category := e.Stream.Category()
	n, known := p.foreign[category]
	if !known && len(p.foreign) >= maxForeign {
		return
	}
	if !known {
		category = strings.Clone(category)
		p.log.Warn("the log has streams of other programs; skipping them", "category", category, "stream", e.Stream,
			"position", e.Position)
	}
	p.foreign[category] = n + 1
}
