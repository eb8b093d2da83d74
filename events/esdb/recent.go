package esdb

import (
	"encoding/binary"
	"hash/maphash"
	"sync"

	"admitone/events"
)

// recent caches the facts of events recently appended through this store. A follower in the same
// process would otherwise decode most of its events again, which doubles its work. A fact that is
// no longer cached is decoded.
type recent struct {
	seed  maphash.Seed
	mu    sync.Mutex
	slots []cachedFact // by the last bits of the id; nil before the first follower; guarded by mu
}

// cachedFact is a fact and a hash of its bytes: an event that is decided again has the same id but
// may have another fact.
type cachedFact struct {
	id   events.ID
	sum  uint64
	fact events.Fact
}

// maxRecent is the number of slots.
const maxRecent = 1 << 15

func newRecent() *recent { return &recent{seed: maphash.MakeSeed()} }

// begin enables the cache; followers call it.
func (r *recent) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.slots == nil {
		r.slots = make([]cachedFact, maxRecent)
	}
}

// slot requires r.mu.
func (r *recent) slot(id events.ID) *cachedFact {
	return &r.slots[binary.BigEndian.Uint64(id[8:])%maxRecent]
}

// remember caches the facts of a batch before it is appended: a follower may receive it before the
// append returns.
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
