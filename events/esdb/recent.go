package esdb

import (
	"encoding/binary"
	"hash/maphash"
	"sync"

	"admitone/events"
)

// recent caches the facts of events recently appended through this store, so that a follower in the same
// process does not decode them again, which would double its work. Facts that are not cached are decoded.
type recent struct {
	seed  maphash.Seed
	mu    sync.Mutex
	slots []cachedFact // indexed by the last bits of the id; nil before the first follower; guarded by mu
}

// cachedFact is a fact with a hash of its bytes, because an event that is decided again has the same id
// but may have another fact.
type cachedFact struct {
	id   events.ID
	sum  uint64
	fact events.Fact
}

// maxRecent is the number of slots.
const maxRecent = 1 << 15

func newRecent() *recent { return &recent{seed: maphash.MakeSeed()} }

// begin enables the cache. Every follower calls it.
func (r *recent) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.slots == nil {
		r.slots = make([]cachedFact, maxRecent)
	}
}

// slot returns the slot of an event. r.mu must be held.
func (r *recent) slot(id events.ID) *cachedFact {
	return &r.slots[binary.BigEndian.Uint64(id[8:])%maxRecent]
}

// remember caches the facts of a batch. It must be called before the append, because a follower may
// receive the batch before the append returns.
func (r *recent) remember(batch []events.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.slots == nil {
		return
	}
	for i := range batch {
		if e := &batch[i]; e.Fact != nil {
			*r.slot(e.ID) = cachedFact{e.ID, maphash.Bytes(r.seed, e.Data), e.Fact}
		}
	}
}

// attachFact sets e's fact if it is cached. r.slots must not be nil.
func (r *recent) attachFact(e *events.Event) {
	r.mu.Lock()
	cached := *r.slot(e.ID)
	r.mu.Unlock()
	if cached.fact != nil && cached.id == e.ID && cached.fact.Name() == e.Type &&
		cached.sum == maphash.Bytes(r.seed, e.Data) {
		e.Fact = cached.fact
	}
}
