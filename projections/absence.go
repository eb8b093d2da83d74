package projections

import (
	"context"
	"crypto/rand"
	"encoding/binary"

	"github.com/cockroachdb/pebble/v2"

	"admitone/events/bloom"
)

// fillPiece is the number of keys added to absence at a time, with the lock held.
const fillPiece = 4096

// absence records, for the views that opted in, which keys have no record, so that the fold, which meets a
// new id in most events of a sale, does not search Pebble for it. It is a filter: it may report a missing
// record as present, never a present one as missing.
//
// A key is added before its record is written. Keys written by an earlier run are added in the background
// after Run has begun; until then nothing is known to be missing. All fields are guarded by Projections.mu.
type absence struct {
	filter   bloom.Filter
	prefixes []string
	complete bool
}

func newAbsence() *absence {
	var key [16]byte
	_, _ = rand.Read(key[:]) // never fails
	return &absence{filter: bloom.Filter{
		Key: bloom.Key{binary.BigEndian.Uint64(key[:]), binary.BigEndian.Uint64(key[8:])}}}
}

// of returns the absent keys of the view with a prefix.
func (a *absence) of(prefix string) *absentKeys {
	a.prefixes = append(a.prefixes, prefix)
	return &absentKeys{all: a, salt: a.filter.Hash(prefix)}
}

// absentKeys is absence for the keys of one view. A nil one reports no key as missing.
type absentKeys struct {
	all  *absence
	salt uint64
}

// absent reports whether the view certainly has no record of key, neither in memory nor on disk.
func (k *absentKeys) absent(key string) bool {
	return k != nil && k.all.complete && !k.all.filter.Has(k.hash(key))
}

// add must be called before a record is written.
func (k *absentKeys) add(key string) {
	if k != nil {
		k.all.filter.Add(k.hash(key))
	}
}

func (k *absentKeys) hash(key string) uint64 { return k.all.filter.Hash(key) ^ k.salt }

// run completes a in the background. Until then, and after a failure, views search Pebble more often.
func (a *absence) run(ctx context.Context, p *Projections) {
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

// fill adds the keys on disk. Views that are rebuilt meanwhile are empty, so a is complete for them too.
// Errors: ErrClosed; ErrNotReady; the disk's; ctx.Err().
func (a *absence) fill(ctx context.Context, p *Projections) error {
	for _, prefix := range a.prefixes {
		keys := absentKeys{a, a.filter.Hash(prefix)}
		for from := prefix; from != ""; {
			if err := ctx.Err(); err != nil {
				return err
			}
			found, next, err := p.keys(from, prefix)
			if err != nil {
				return err
			}
			p.mu.Lock()
			for _, key := range found {
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

// keys returns the next keys on disk, starting at from and without prefix, and the key at which to continue,
// "" at the end.
func (p *Projections) keys(from, prefix string) (found []string, next string, err error) {
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
		if len(found) == fillPiece {
			return found, string(all.Key()), nil
		}
		found = append(found, string(all.Key()[len(prefix):]))
	}
	return found, "", p.readError(all.Error())
}
