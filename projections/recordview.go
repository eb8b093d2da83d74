package projections

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2"
)

// records is a view of records by key, of which the fold changes each a few times
// at most: what changed since the last flush is in memory, and nothing else. For
// rows that change all the time there is [table].
type records[V any] struct {
	p *Projections
	// mu is the Projections' lock. The fold holds it for writing.
	mu     *sync.RWMutex
	prefix string
	encode func(dst []byte, value *V) []byte
	decode func(record []byte) (V, error)
	// changed are the new values by whole key; nil is one that was deleted.
	changed map[string]*V
	// missing knows keys that were never set, if the view asked for it.
	missing *absentKeys
	scratch []byte
}

func newRecords[V any](p *Projections, prefix string, encode func([]byte, *V) []byte,
	decode func([]byte) (V, error)) *records[V] {
	return &records[V]{p: p, mu: &p.mu, prefix: prefix + "\x00", encode: encode, decode: decode, changed: map[string]*V{}}
}

func (r *records[V]) reset() { clear(r.changed) }

// set and delete are the fold's. A value that was returned may be read on.
func (r *records[V]) set(key string, value *V) {
	r.missing.add(key)
	r.changed[r.prefix+key] = value
}

func (r *records[V]) delete(key string) { r.changed[r.prefix+key] = nil }

func (r *records[V]) flush(b *pebble.Batch) error {
	for key, value := range r.changed {
		var err error
		if value == nil {
			err = b.Delete([]byte(key), nil)
		} else {
			r.scratch = r.encode(append(append(r.scratch[:0], key...), r.p.tag[:]...), value)
			err = b.Set(r.scratch[:len(key)], r.scratch[len(key):], nil)
		}
		if err != nil {
			return err
		}
	}
	clear(r.changed)
	return nil
}

// find returns the value of key, and whether there is one. The lock must be held.
func (r *records[V]) find(key string) (value V, ok bool, err error) {
	if changed, ok := r.changed[r.prefix+key]; ok {
		if changed == nil {
			return value, false, nil
		}
		return *changed, true, nil
	}
	if r.missing.absent(key) {
		return value, false, nil
	}
	return r.stored(key)
}

// get is find for callers that don't hold the lock.
func (r *records[V]) get(key string) (value V, ok bool, err error) {
	r.mu.RLock()
	changed, ok := r.changed[r.prefix+key]
	r.mu.RUnlock()
	switch {
	case !ok: // one that was not in memory is in Pebble, or did not exist a moment ago
		return r.stored(key)
	case changed == nil:
		return value, false, nil
	}
	return *changed, true, nil
}

func (r *records[V]) stored(key string) (value V, ok bool, err error) {
	record, closer, err := r.p.db.Get([]byte(r.prefix + key))
	if errors.Is(err, pebble.ErrNotFound) {
		return value, false, nil
	}
	if err != nil {
		return value, false, r.p.unread(fmt.Errorf("reading %q in the views: %w", key, err))
	}
	defer closer.Close()
	if record, err = r.p.own(record); err == nil {
		value, err = r.decode(record)
	}
	return value, err == nil, r.p.unread(err)
}

// scan is the records of a range of keys as they were at one moment, in order.
type scan[V any] struct {
	p      *Projections
	prefix string
	decode func([]byte) (V, error)
	stored *pebble.Iterator
	fresh  []string // the keys in changed, in order
	values map[string]*V
}

// scan begins to read the records from key from up to, and without, key end. The
// lock must be held now, and not for reading on.
func (r *records[V]) scan(from, end string) (*scan[V], error) {
	from, end = r.prefix+from, r.prefix+max(from, end)
	s := &scan[V]{p: r.p, prefix: r.prefix, decode: r.decode, values: map[string]*V{}}
	for key, value := range r.changed {
		if from <= key && key < end {
			s.fresh, s.values[key] = append(s.fresh, key), value
		}
	}
	slices.Sort(s.fresh)
	var err error
	s.stored, err = r.p.db.NewIter(&pebble.IterOptions{LowerBound: []byte(from), UpperBound: []byte(end)})
	if err != nil {
		return nil, r.p.unread(fmt.Errorf("listing the views: %w", err))
	}
	return s, nil
}

// close ends a scan that is not read.
func (s *scan[V]) close() error { return s.stored.Close() }

// each calls take with one record after another until it returns false, and ends
// the scan, which is used once.
func (s *scan[V]) each(take func(key string, value *V) bool) error {
	defer s.stored.Close()
	fresh := s.fresh
	for more := s.stored.First(); more || len(fresh) > 0 && s.stored.Error() == nil; {
		key, isFresh := "", false
		if more {
			key = string(s.stored.Key())
		}
		if len(fresh) > 0 && (!more || fresh[0] <= key) {
			more = more && (fresh[0] != key || s.stored.Next())
			key, isFresh, fresh = fresh[0], true, fresh[1:]
		}
		value := s.values[key]
		if !isFresh {
			record, err := s.p.own(s.stored.Value())
			if err != nil {
				return s.p.unread(err)
			}
			stored, err := s.decode(record)
			if err != nil {
				return s.p.unread(err)
			}
			value, more = &stored, s.stored.Next()
		}
		if value != nil && !take(strings.TrimPrefix(key, s.prefix), value) {
			return nil
		}
	}
	if err := s.stored.Error(); err != nil {
		return s.p.unread(fmt.Errorf("listing the views: %w", err))
	}
	return nil
}

// ownedKey is the key of something of an owner's: the length of the owner's id,
// that id, and the rest, so that no two owners share a key.
func ownedKey(owner, rest string) string {
	key := binary.AppendUvarint(make([]byte, 0, len(owner)+len(rest)+2), uint64(len(owner)))
	return string(append(append(key, owner...), rest...))
}
