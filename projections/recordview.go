package projections

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/cockroachdb/pebble/v2"
)

// records stores records that change a few times at most, by key. Only the changes since the last
// flush are in memory. For rows that change often see [table].
type records[V any] struct {
	p *Projections
	// mu is the Projections' lock. The fold holds it for writing.
	mu     *sync.RWMutex
	prefix string
	encode func(dst []byte, value *V) []byte
	decode func(record []byte) (V, error)
	// changed maps keys, without the prefix, to new values; nil for a deleted record.
	changed map[string]*V
	// order has the keys of changed in the order of their first change. Most views get ascending keys, which Pebble
	// inserts at a fraction of the cost of random keys.
	order []string
	// fresh has the keys of changed that certainly have no record on disk, so that a deletion needs no write.
	fresh map[string]struct{}
	// filter reports keys without a record; nil if the view does not use it.
	filter  *viewKeyFilter
	scratch []byte
}

func newRecords[V any](p *Projections, prefix string, encode func([]byte, *V) []byte,
	decode func([]byte) (V, error)) *records[V] {
	return &records[V]{p: p, mu: &p.mu, prefix: prefix + "\x00", encode: encode, decode: decode, changed: map[string]*V{},
		fresh: map[string]struct{}{}}
}

func (r *records[V]) reset() {
	clear(r.changed)
	clear(r.fresh)
	clear(r.order)
	r.order = r.order[:0]
}

// set stores a value. Only the fold may call set and delete. A value returned earlier remains valid.
func (r *records[V]) set(key string, value *V) {
	if r.filter.absent(key) {
		r.fresh[key] = struct{}{}
	}
	r.filter.add(key)
	r.change(key, value)
}

// delete deletes the record of key, if there is one.
func (r *records[V]) delete(key string) {
	if !r.filter.absent(key) {
		r.change(key, nil)
	}
}

func (r *records[V]) change(key string, value *V) {
	before := len(r.changed)
	if r.changed[key] = value; len(r.changed) > before {
		r.order = append(r.order, key)
	}
}

func (r *records[V]) flush(b *pebble.Batch) error {
	for _, key := range r.order {
		value := r.changed[key]
		if _, fresh := r.fresh[key]; fresh && value == nil {
			continue
		}
		full := append(append(r.scratch[:0], r.prefix...), key...)
		var err error
		if value == nil {
			err = b.Delete(full, nil)
		} else {
			full = r.encode(append(full, r.p.tag[:]...), value)
			cut := len(r.prefix) + len(key)
			err = b.Set(full[:cut], full[cut:], nil)
		}
		if r.scratch = full; err != nil {
			return err
		}
	}
	r.reset()
	return nil
}

// find returns the value of key, and whether there is one. The lock must be held.
func (r *records[V]) find(key string) (value V, ok bool, err error) {
	if changed, ok := r.changed[key]; ok {
		if changed == nil {
			return value, false, nil
		}
		return *changed, true, nil
	}
	if r.filter.absent(key) {
		return value, false, nil
	}
	return r.stored(key)
}

// get is find for callers that don't hold the lock.
func (r *records[V]) get(key string) (value V, ok bool, err error) {
	r.mu.RLock()
	changed, ok := r.changed[key]
	absent := !ok && r.filter.absent(key)
	r.mu.RUnlock()
	switch {
	case absent, ok && changed == nil:
		return value, false, nil
	case !ok: // the record is in Pebble, or did not exist at the time of the look-up
		return r.stored(key)
	}
	return *changed, true, nil
}

func (r *records[V]) stored(key string) (value V, ok bool, err error) {
	record, closer, err := r.p.db.Get([]byte(r.prefix + key))
	if errors.Is(err, pebble.ErrNotFound) {
		return value, false, nil
	}
	if err != nil {
		return value, false, r.p.readError(fmt.Errorf("reading %q in the views: %w", key, err))
	}
	defer closer.Close()
	if record, err = r.p.stripTag(record); err == nil {
		value, err = r.decode(record)
	}
	return value, err == nil, r.p.readError(err)
}

// scan is an ordered iteration over a consistent snapshot of a range of keys.
type scan[V any] struct {
	p      *Projections
	prefix string
	decode func([]byte) (V, error)
	stored *pebble.Iterator
	fresh  []string      // the sorted keys of values
	values map[string]*V // the changes in memory
}

// scan opens a scan of the records with keys in [from, end), to be closed by each or close. The lock must be held for
// the call, but not for reading the scan.
func (r *records[V]) scan(from, end string) (*scan[V], error) {
	end = max(from, end)
	s := &scan[V]{p: r.p, prefix: r.prefix, decode: r.decode, values: map[string]*V{}}
	for key, value := range r.changed {
		if from <= key && key < end {
			s.fresh, s.values[key] = append(s.fresh, key), value
		}
	}
	slices.Sort(s.fresh)
	var err error
	s.stored, err = r.p.db.NewIter(&pebble.IterOptions{
		LowerBound: []byte(r.prefix + from), UpperBound: []byte(r.prefix + end)})
	if err != nil {
		return nil, r.p.readError(fmt.Errorf("listing the views: %w", err))
	}
	return s, nil
}

// close ends a scan without reading it.
func (s *scan[V]) close() error { return s.stored.Close() }

// each calls visit with the records in order until visit returns false, and closes the scan. It may be called once.
func (s *scan[V]) each(visit func(key string, value *V) bool) error {
	defer s.stored.Close()
	fresh := s.fresh
	for more := s.stored.First(); more || len(fresh) > 0 && s.stored.Error() == nil; {
		key, isFresh := "", false
		if more {
			key = string(s.stored.Key()[len(s.prefix):])
		}
		if len(fresh) > 0 && (!more || fresh[0] <= key) {
			more = more && (fresh[0] != key || s.stored.Next())
			key, isFresh, fresh = fresh[0], true, fresh[1:]
		}
		value := s.values[key]
		if !isFresh {
			record, err := s.p.stripTag(s.stored.Value())
			if err != nil {
				return s.p.readError(err)
			}
			stored, err := s.decode(record)
			if err != nil {
				return s.p.readError(err)
			}
			value, more = &stored, s.stored.Next()
		}
		if value != nil && !visit(key, value) {
			return nil
		}
	}
	if err := s.stored.Error(); err != nil {
		return s.p.readError(fmt.Errorf("listing the views: %w", err))
	}
	return nil
}

// ownedKey returns the key of a record of an owner: the length of the owner's id, the id, and the rest. The length
// prevents collisions of keys of different owners.
func ownedKey(owner, rest string) string {
	var buf [128]byte // enough for most keys, which are then allocated once
	key := binary.AppendUvarint(buf[:0], uint64(len(owner)))
	return string(append(append(key, owner...), rest...))
}
