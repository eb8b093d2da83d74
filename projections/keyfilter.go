package projections

import (
	"context"
	"crypto/rand"
	"encoding/binary"

	"github.com/cockroachdb/pebble/v2"

	"admitone/events/bloom"
)

// fillBatch is the number of keys added to the filter at a time, with the lock held.
const fillBatch = 4096

// keyFilter is a Bloom filter of the keys that have records, for the views that opt in. Most events of a sale
// have a new id, for which the fold need not search Pebble. A missing key may be reported as present, a present
// key is never reported as missing.
//
// A key is added before its record is written. Keys written by an earlier run are added in the background
// by Run; until all are added, no key is reported as missing. All fields are guarded by Projections.mu.
type keyFilter struct {
	filter   bloom.Filter
	prefixes []string
	complete bool
}

func newKeyFilter() *keyFilter {
	var key [16]byte
	_, _ = rand.Read(key[:]) // never fails
	return &keyFilter{filter: bloom.Filter{
		Key: bloom.Key{binary.BigEndian.Uint64(key[:]), binary.BigEndian.Uint64(key[8:])}}}
}

// forView returns the filter of the keys with a view's prefix.
func (a *keyFilter) forView(prefix string) *viewKeyFilter {
	a.prefixes = append(a.prefixes, prefix)
	return &viewKeyFilter{all: a, salt: a.filter.Hash(prefix)}
}

// viewKeyFilter is the keyFilter for the keys of one view. A nil filter reports no key as missing.
type viewKeyFilter struct {
	all  *keyFilter
	salt uint64
}

// absent reports whether the view certainly has no record of key, neither in memory nor on disk.
func (k *viewKeyFilter) absent(key string) bool {
	return k != nil && k.all.complete && !k.all.filter.Has(k.hash(key))
}

// add must be called before a record is written.
func (k *viewKeyFilter) add(key string) {
	if k != nil {
		k.all.filter.Add(k.hash(key))
	}
}

func (k *viewKeyFilter) hash(key string) uint64 { return k.all.filter.Hash(key) ^ k.salt }

// run completes the filter. Until then, and after a failure, the views search Pebble more often.
func (a *keyFilter) run(ctx context.Context, p *Projections) {
	err := a.fill(ctx, p)
	if err == nil || ctx.Err() != nil {
		return
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	if !a.complete {
		p.log.Warn("the views run without the filter of missing records", "reason", oneLine(err))
	}
}

// fill adds the keys on disk. If the views are rebuilt meanwhile they start empty, and the filter is complete for
// them too. Errors: ErrClosed; ErrNotReady; the disk's; ctx.Err().
func (a *keyFilter) fill(ctx context.Context, p *Projections) error {
	for _, prefix := range a.prefixes {
		keys := viewKeyFilter{a, a.filter.Hash(prefix)}
		for from := prefix; from != ""; {
			if err := ctx.Err(); err != nil {
				return err
			}
			page, next, err := p.keys(from, prefix)
			if err != nil {
				return err
			}
			p.mu.Lock()
			for _, key := range page {
				keys.add(key)
			}
			p.mu.Unlock()
			from = next
		}
	}
	p.mu.Lock()
	a.complete = true
	p.mu.Unlock()
	return nil
}

// keys returns up to fillBatch keys on disk, without their prefix, starting at from. next is the key at which to
// continue, "" at the end.
func (p *Projections) keys(from, prefix string) (page []string, next string, err error) {
	if err := p.enter(); err != nil {
		return nil, "", err
	}
	defer p.leave()
	end := prefix[:len(prefix)-1] + "\x01"
	all, err := p.db.NewIter(&pebble.IterOptions{LowerBound: []byte(from), UpperBound: []byte(end)})
	if err != nil {
		return nil, "", p.readError(err)
	}
	defer all.Close()
	for ok := all.First(); ok; ok = all.Next() {
		if len(page) == fillBatch {
			return page, string(all.Key()), nil
		}
		page = append(page, string(all.Key()[len(prefix):]))
	}
	return page, "", p.readError(all.Error())
}
