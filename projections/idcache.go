package projections

import (
	"hash/maphash"
	"strings"
	"sync/atomic"
)

const (
	// idCacheSets and idCacheWays bound the memory of an [idCache] to 512 KB, and at most 5 MB more if all ids
	// have 64 bytes.
	idCacheSets = 1 << 14
	idCacheWays = 4
)

// idCache is a set-associative cache of ids that exist in the views, for a kind whose ids are never removed: a
// positive answer stays valid and needs neither the lock nor the disk. Negative answers are not cached. A set keeps
// its most recent ids. Methods are safe for concurrent use; an entry lost to a race costs one more look-up.
type idCache struct {
	seed maphash.Seed
	sets [idCacheSets][idCacheWays]atomic.Pointer[string]
}

func newIDCache() *idCache { return &idCache{seed: maphash.MakeSeed()} }

func (k *idCache) set(id string) *[idCacheWays]atomic.Pointer[string] {
	return &k.sets[maphash.String(k.seed, id)%idCacheSets]
}

// has reports whether id is cached.
func (k *idCache) has(id string) bool {
	set := k.set(id)
	for i := range set {
		if p := set[i].Load(); p != nil && *p == id {
			return true
		}
	}
	return false
}

// add caches a copy of id, whose memory may be the reused buffer of a request.
func (k *idCache) add(id string) {
	set := k.set(id)
	for i := idCacheWays - 1; i > 0; i-- {
		set[i].Store(set[i-1].Load())
	}
	id = strings.Clone(id)
	set[0].Store(&id)
}
