package projections

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"admitone/projections/live"
)

// cachedRows bounds each of the two generations of a table's clean rows in memory.
const cachedRows = 50_000

// table stores one row per id in Pebble. The rows changed since the last flush and a bounded number
// of clean rows are in memory, so that an event costs a change in memory and rows not in use cost
// nothing.
//
// Only the fold adds rows to memory; a reader that finds no row there reads Pebble. Clean rows are evicted by
// generations: when the young generation is full, it replaces the old one, and a row that the fold uses moves from
// old to young.
type table[R any] struct {
	p *Projections
	// mu is the Projections' lock. The fold holds it for writing.
	mu     *sync.RWMutex
	prefix string
	encode func(dst []byte, row *R) []byte
	decode func(id string, record []byte) (R, error)

	young, old map[string]*entry[R]
	dirty      []*entry[R]
	// unstored has the rows that are not in Pebble yet.
	unstored map[string]*entry[R]
	// last is the entry used last, so that consecutive events of one row skip the look-up.
	last  *entry[R]
	limit int // size of the young generation from which on a flush makes it the old one
	// filter reports ids without a row; nil if the view does not use it.
	filter  *viewKeyFilter
	scratch []byte
}

type entry[R any] struct {
	id    string
	row   R
	dirty bool
}

func newTable[R any](p *Projections, prefix string, encode func([]byte, *R) []byte,
	decode func(string, []byte) (R, error)) *table[R] {
	t := &table[R]{p: p, mu: &p.mu, prefix: prefix + "\x00", encode: encode, decode: decode, limit: cachedRows}
	t.reset()
	return t
}

func (t *table[R]) reset() {
	t.young, t.old, t.unstored = map[string]*entry[R]{}, nil, map[string]*entry[R]{}
	t.dirty, t.last = nil, nil
}

// find returns the entry of id, nil if there is none. Only the fold may call find, and it must call changed after
// changing the row.
func (t *table[R]) find(id string) (*entry[R], error) {
	if t.last != nil && t.last.id == id {
		return t.last, nil
	}
	e, ok := t.young[id]
	if !ok {
		if e, ok = t.old[id]; !ok {
			if t.filter.absent(id) {
				return nil, nil
			}
			row, ok, err := t.stored(id)
			if err != nil || !ok {
				return nil, err
			}
			e = &entry[R]{id: strings.Clone(id), row: row}
		}
		t.young[e.id] = e
	}
	t.last = e
	return e, nil
}

// existing is find for a row that must exist. Error: live.ErrNotFound.
func (t *table[R]) existing(id string) (*entry[R], error) {
	e, err := t.find(id)
	if err == nil && e == nil {
		err = live.ErrNotFound
	}
	return e, err
}

// add adds a row that the table does not have.
func (t *table[R]) add(id string, row R) {
	t.filter.add(id)
	e := &entry[R]{id: strings.Clone(id), row: row}
	t.young[e.id], t.unstored[e.id], t.last = e, e, e
	t.changed(e)
}

// changed marks the row of an entry as changed since the last flush.
func (t *table[R]) changed(e *entry[R]) {
	if !e.dirty {
		e.dirty = true
		t.dirty = append(t.dirty, e)
	}
}

func (t *table[R]) flush(b *pebble.Batch) error {
	for _, e := range t.dirty {
		key := append(t.scratch[:0], t.prefix...)
		key = append(key, e.id...)
		cut := len(key)
		t.scratch = t.encode(append(key, t.p.tag[:]...), &e.row)
		if err := b.Set(t.scratch[:cut], t.scratch[cut:], nil); err != nil {
			return err
		}
		e.dirty = false
	}
	clear(t.dirty)
	t.dirty = t.dirty[:0]
	clear(t.unstored)
	if len(t.young) >= t.limit {
		t.young, t.old = map[string]*entry[R]{}, t.young
	}
	return nil
}

// inMemory returns the entry of id if it is in memory. The lock must be held.
func (t *table[R]) inMemory(id string) (*entry[R], bool) {
	if e, ok := t.young[id]; ok {
		return e, true
	}
	e, ok := t.old[id]
	return e, ok
}

// get returns a copy of the row of id. It must be called without the lock.
func (t *table[R]) get(id string) (row R, ok bool, err error) {
	t.mu.RLock()
	if e, ok := t.inMemory(id); ok {
		row = e.row
		t.mu.RUnlock()
		return row, true, nil
	}
	absent := t.filter.absent(id)
	t.mu.RUnlock()
	if absent {
		return row, false, nil
	}
	return t.stored(id) // in Pebble, or missing as of the look-up
}

// stored reads the row of id from Pebble.
func (t *table[R]) stored(id string) (row R, ok bool, err error) {
	record, closer, err := t.p.db.Get(append([]byte(t.prefix), id...))
	if errors.Is(err, pebble.ErrNotFound) {
		return row, false, nil
	}
	if err != nil {
		return row, false, t.p.readError(fmt.Errorf("reading %q in the views: %w", id, err))
	}
	defer closer.Close()
	if record, err = t.p.stripTag(record); err == nil {
		row, err = t.decode(id, record)
	}
	return row, err == nil, t.p.readError(err)
}

// list returns copies of up to limit rows with ids above after, in byte order of the ids, and whether there are
// more. It must be called without the lock.
func (t *table[R]) list(after string, limit int) (rows []R, more bool, err error) {
	ids, byID, err := t.page(after, limit+1)
	if err != nil {
		return nil, false, err
	}
	if more = len(ids) > limit; more {
		ids = ids[:limit]
	}
	rows = make([]R, 0, len(ids))
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, id := range ids {
		if e, ok := t.inMemory(id); ok {
			rows = append(rows, e.row)
		} else {
			rows = append(rows, byID[id])
		}
	}
	return rows, more, nil
}

// page returns up to limit ids above after, and their rows as last flushed to Pebble or, if never flushed, as in
// memory.
func (t *table[R]) page(after string, limit int) (ids []string, byID map[string]R, err error) {
	byID = map[string]R{}
	// Both are read under one lock, so that every row is in one of them.
	t.mu.RLock()
	for id, e := range t.unstored {
		if id > after {
			ids, byID[id] = append(ids, id), e.row
		}
	}
	rows, err := t.p.db.NewIter(&pebble.IterOptions{
		LowerBound: []byte(t.prefix + after + "\x00"),
		UpperBound: []byte(t.prefix[:len(t.prefix)-1] + "\x01"),
	})
	t.mu.RUnlock()
	if err != nil {
		return nil, nil, t.p.readError(fmt.Errorf("listing the views: %w", err))
	}
	defer rows.Close()
	n := 0
	for ok := rows.First(); ok && n < limit; ok = rows.Next() {
		id := string(rows.Key()[len(t.prefix):])
		if id == "" {
			continue
		}
		record, err := t.p.stripTag(rows.Value())
		if err != nil {
			return nil, nil, t.p.readError(err)
		}
		row, err := t.decode(id, record)
		if err != nil {
			return nil, nil, t.p.readError(err)
		}
		ids, byID[id] = append(ids, id), row
		n++
	}
	if err := rows.Error(); err != nil {
		return nil, nil, t.p.readError(fmt.Errorf("listing the views: %w", err))
	}
	slices.Sort(ids)
	return ids[:min(limit, len(ids))], byID, nil
}
