package projections

import (
	"context"

	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
	"admitone/projections/live"
	"admitone/projections/row"
)

func init() {
	register(registration{
		version:    "calloff.v1",
		categories: []string{events.CallOffCategory},
		open:       func(p *Projections) view { return newCallOffs(p) },
	})
}

// callOffs is the view of cancellations by the organiser: a row per cancellation, and the index of
// those in progress. It has no topics.
type callOffs struct {
	rows *table[row.CallOff]
	open *records[struct{}]
	// changed has a token when a cancellation has begun or was completed.
	changed chan struct{}
}

func newCallOffs(p *Projections) *callOffs {
	return &callOffs{rows: newTable(p, "calloff", row.AppendCallOff, row.DecodeCallOff),
		open: newRecords(p, "calloff-open", appendNothing, decodeNothing), changed: make(chan struct{}, 1)}
}

func (k *callOffs) fold(e *events.Recorded, fact events.Fact) (work int, err error) {
	id := e.Stream.Entity()
	entry, err := k.rows.find(id)
	if err != nil {
		return 0, err
	}
	if entry == nil {
		var callOff row.CallOff
		if err := callOff.ApplyFact(e, fact); err != nil {
			return 0, err
		}
		k.rows.add(id, callOff)
	} else {
		if err := entry.row.ApplyFact(e, fact); err != nil {
			return 0, err
		}
		k.rows.changed(entry)
	}
	switch fact.(type) {
	case *events.CallOffBegun:
		k.open.set(id, &struct{}{})
	case *events.CallOffSwept:
		k.open.delete(id)
	default:
		return 0, nil
	}
	select {
	case k.changed <- struct{}{}:
	default: // a token is pending
	}
	return 1, nil
}

func (k *callOffs) flush(b *pebble.Batch) error {
	if err := k.rows.flush(b); err != nil {
		return err
	}
	return k.open.flush(b)
}

func (k *callOffs) reset() {
	k.rows.reset()
	k.open.reset()
}

func (k *callOffs) topics() []*live.Topics { return nil }

func (k *callOffs) table() *table[row.CallOff] { return k.rows }

// CallOffsChanged returns a channel that has a token when a cancellation has begun or was completed. It must have only
// one receiver.
func (p *Projections) CallOffsChanged() <-chan struct{} { return viewOf[*callOffs](p).changed }

// CallOff returns the row of a cancellation, and whether it exists. Errors: the disk's.
func (p *Projections) CallOff(id events.CallOffID) (row.CallOff, bool, error) {
	return rowOf(p, (*callOffs).table, string(id))
}

// OpenCallOffs returns the cancellations in progress, ordered by id. Errors: the disk's.
func (p *Projections) OpenCallOffs() (open []row.CallOff, err error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	k := viewOf[*callOffs](p)
	p.mu.RLock()
	found, err := k.open.scan("", "\xff")
	p.mu.RUnlock()
	if err != nil {
		return nil, err
	}
	var ids []string
	if err := found.each(func(id string, _ *struct{}) bool {
		ids = append(ids, id)
		return true
	}); err != nil {
		return nil, err
	}
	for _, id := range ids {
		c, ok, err := p.CallOff(events.CallOffID(id))
		if err != nil {
			return nil, err
		}
		if ok && !c.Swept {
			open = append(open, c)
		}
	}
	return open, nil
}

// cancellationOf returns the cancellation of a booking's performance, the zero value if the performance was not
// cancelled or b is nil.
func (k *boxOffice) cancellationOf(b *row.Booking) (*row.Cancelled, error) {
	if b == nil {
		return &row.Cancelled{}, nil
	}
	performance, err := k.performances.find(string(b.PerformanceID))
	if err != nil || performance == nil {
		return &row.Cancelled{}, err
	}
	return &performance.row.Cancelled, nil
}

// KeptAfter returns the cancellation fee, in minor units, withheld from a booking after its
// performance was cancelled. Errors: those of [Projections.CatchUp]; the disk's.
func (p *Projections) KeptAfter(ctx context.Context, id events.BookingID) (int64, error) {
	if err := p.CatchUp(ctx); err != nil {
		return 0, err
	}
	b, ok, err := p.Booking(string(id))
	if err != nil || !ok {
		return 0, err
	}
	performance, _, err := p.Performance(b.PerformanceID)
	return b.KeptAfter(&performance.Cancelled), err
}
