package esdb

import (
	"encoding/binary"
	"hash/maphash"
	"sync"

	"admitone/events"
)

// recent remembers the decoded facts of events that were appended here a moment ago.
// A follower in the same process would decode most of what it gets a second time,
// which is as much work as everything else about it. One that has been forgotten is
// decoded, that is all.
type recent struct {
	seed  maphash.Seed
	mu    sync.Mutex
	slots []remembered // by the last bits of the id; nil before the first follower; guarded by mu
}

// remembered is a fact, and a sum of its bytes: an event that is decided again has
// the same id, and may have another fact.
type remembered struct {
	id   events.ID
	sum  uint64
	fact events.Fact
}

// maxRecent bounds the facts that are remembered.
const maxRecent = 1 << 15

func newRecent() *recent { return &recent{seed: maphash.MakeSeed()} }

// begin is called by followers.
func (r *recent) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.slots == nil {
		r.slots = make([]remembered, maxRecent)
	}
}

// slot needs r.mu.
func (r *recent) slot(id events.ID) *remembered {
	return &r.slots[binary.BigEndian.Uint64(id[8:])%maxRecent]
}

// remember takes the facts of a batch that is about to be appended: a follower may
// hear of it before whoever appends does.
func (r *recent) remember(batch []events.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.slots == nil {
		return
	}
	for i := range batch {
		if e := &batch[i]; e.Fact != nil {
			*r.slot(e.ID) = remembered{e.ID, maphash.Bytes(r.seed, e.Data), e.Fact}
		}
	}
}

// recall gives e its fact, if that is remembered. r.slots must not be nil.
func (r *recent) recall(e *events.Event) {
	r.mu.Lock()
	known := *r.slot(e.ID)
	r.mu.Unlock()
	if known.fact != nil && known.id == e.ID && known.fact.Name() == e.Type && known.sum == maphash.Bytes(r.seed, e.Data) {
		e.Fact = known.fact
	}
}
