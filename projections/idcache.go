package projections

import (
	"hash/maphash"
	"strings"
	"sync/atomic"
)

const (
	// idCacheSets and idCacheWays bound [idCache]: 512 KB, and at most 5 MB more if all ids
	// have 64 bytes.
	idCacheSets = 1 << 14
	idCacheWays = 4
)

// idCache remembers ids that the views have, of a kind of which nothing ever goes away:
// a yes stays true, so asking again needs neither a lock nor the disk. A no is
// never remembered. Each id belongs to one set, which keeps the ids that came last.
// All methods may be called from many goroutines at once; an id that two of them push
// out of its set at a time is only looked up once more.
type idCache struct {
	seed maphash.Seed
	sets [idCacheSets][idCacheWays]atomic.Pointer[string]
}

func newIDCache() *idCache { return &idCache{seed: maphash.MakeSeed()} }

func (k *idCache) set(id string) *[idCacheWays]atomic.Pointer[string] {
	return &k.sets[maphash.String(k.seed, id)%idCacheSets]
}

// has reports whether id is remembered.
func (k *idCache) has(id string) bool {
	set := k.set(id)
	for i := range set {
		if p := set[i].Load(); p != nil && *p == id {
			return true
		}
	}
	return false
}

// add remembers a copy of id, for ids of requests don't last.
func (k *idCache) add(id string) {
	set := k.set(id)
	for i := idCacheWays - 1; i > 0; i-- {
		set[i].Store(set[i-1].Load())
	}
	id = strings.Clone(id)
	set[0].Store(&id)
}
