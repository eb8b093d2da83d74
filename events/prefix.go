package events

import (
	"context"
	"fmt"
)

// Prefix returns the log up to a position, inclusive. It refuses appends and never grows. Closing it closes
// store.
func Prefix(store Store, end Position) Store { return &prefix{store, end} }

type prefix struct {
	Store
	end Position
}

// Epoch differs from that of the whole log: a reader that has positions of the whole log must not wait for
// them here.
func (p *prefix) Epoch() string { return fmt.Sprintf("%s@%d", p.Store.Epoch(), p.end) }

// Append implements Store. It always fails.
func (p *prefix) Append(context.Context, StreamID, Revision, []Event) (Appended, error) {
	return Appended{}, fmt.Errorf("%w: the log is shown as of position %d", ErrUnavailable, p.end)
}

// SeveralClocks implements SeveralClocks.
func (p *prefix) SeveralClocks() bool {
	clocks, ok := p.Store.(SeveralClocks)
	return ok && clocks.SeveralClocks()
}

// Head implements Store.
func (p *prefix) Head(ctx context.Context) (Position, error) {
	head, err := p.Store.Head(ctx)
	return min(head, p.end), err
}

// ReadAll implements Store.
func (p *prefix) ReadAll(ctx context.Context, from Position, dir Direction, limit int) ([]Recorded, error) {
	if dir == Backward {
		return p.Store.ReadAll(ctx, min(from, p.end+1), dir, limit)
	}
	page, err := p.Store.ReadAll(ctx, from, dir, limit)
	return p.truncate(page), err
}

// truncate removes the events after the end.
func (p *prefix) truncate(page []Recorded) []Recorded {
	for len(page) > 0 && page[len(page)-1].Position > p.end {
		page = page[:len(page)-1]
	}
	return page
}

// Read implements Store.
func (p *prefix) Read(
	ctx context.Context, stream StreamID, from Revision, dir Direction, limit int,
) ([]Recorded, error) {
	if dir == Forward {
		page, err := p.Store.Read(ctx, stream, from, dir, limit)
		return p.truncate(page), err
	}
	last, err := p.last(ctx, stream)
	if err != nil || last == NoStream {
		return nil, err
	}
	if from > last && from != EndRevision {
		return nil, nil
	}
	return p.Store.Read(ctx, stream, min(from, last), dir, limit)
}

// last finds the last revision of a stream in the prefix by binary search.
func (p *prefix) last(ctx context.Context, stream StreamID) (Revision, error) {
	page, err := p.Store.Read(ctx, stream, EndRevision, Backward, 1)
	if err != nil || len(page) == 0 || page[0].Position <= p.end {
		if len(page) == 0 {
			return NoStream, err
		}
		return page[0].Revision, err
	}
	// low is in the prefix or NoStream; high is not in the prefix.
	low, high := NoStream, page[0].Revision
	for low+1 < high {
		middle := low + (high-low)/2
		page, err := p.Store.Read(ctx, stream, middle, Forward, 1)
		if err != nil {
			return NoStream, err
		}
		if len(page) == 1 && page[0].Position <= p.end {
			low = middle
		} else {
			high = middle
		}
	}
	return low, nil
}

// Follow implements Store. After the last event it waits for ctx to end.
func (p *prefix) Follow(ctx context.Context, after Position, handle func([]Recorded) error) error {
	for after < p.end {
		page, err := p.ReadAll(ctx, after, Forward, pageSize)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		if err := handle(page); err != nil {
			return err
		}
		after = page[len(page)-1].Position
	}
	<-ctx.Done()
	return ctx.Err()
}
