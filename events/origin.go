package events

import (
	"context"
	"strings"
	"sync"
)

// Sealed reports whether metadata has the form that [Seal] writes. If not, the event is not one of this
// system; if so, it may still be a copy made by another program.
func Sealed(metadata []byte) bool {
	_, _, err := splitHash(metadata)
	return err == nil
}

// Begins reports whether e begins a stream of this system: it is the first event, and its hash
// continues the empty chain.
func Begins(e *Recorded) bool {
	if e.Revision != 0 || !Sealed(e.Metadata) {
		return false
	}
	_, err := CheckLink(Hash{}, e)
	return err == nil
}

// KnownCategory reports whether this version has facts for the streams of a category. Unknown categories
// belong to another program or a later version.
func KnownCategory(category string) bool { return knownCategories[category] }

// knownCategories has the categories in the names of facts, and that of the streams of refusals. Only
// init functions write to it.
var knownCategories = map[string]bool{RefusalsCategory: true}

// noteCategory adds the category in the name of a registered fact.
func noteCategory(name string) {
	category, _, _ := strings.Cut(name, ".")
	knownCategories[category] = true
}

// maxOrigins is the capacity of each of the two generations of the cache in Origins.
const maxOrigins = 1 << 16

// Origins distinguishes the events of this system from foreign ones in a shared log. An event is ours if it
// has sealed metadata and the first event of its stream satisfies [Begins]. It is safe for concurrent use.
type Origins struct {
	store Store

	mu         sync.Mutex
	young, old map[StreamID]bool // the cache: whether a stream is ours; guarded by mu
}

// NewOrigins returns Origins for a log. They read the first event of a stream from store if it is not cached.
func NewOrigins(store Store) *Origins { return &Origins{store: store, young: map[StreamID]bool{}} }

// Ours reports whether an event belongs to this system. Errors: those of [Store.Read].
func (o *Origins) Ours(ctx context.Context, e *Recorded) (bool, error) {
	if e.Stream.Internal() {
		return false, nil
	}
	if e.Revision == 0 {
		ours := Begins(e)
		o.note(e.Stream, ours)
		return ours, nil
	}
	if !Sealed(e.Metadata) {
		return false, nil
	}
	return o.Owned(ctx, e.Stream)
}

// Owned reports whether a stream begins with an event of this system. Errors: those of [Store.Read].
func (o *Origins) Owned(ctx context.Context, stream StreamID) (bool, error) {
	if ours, known := o.lookup(stream); known {
		return ours, nil
	}
	first, err := o.store.Read(ctx, stream, 0, Forward, 1)
	if err != nil {
		return false, err
	}
	ours := len(first) == 1 && Begins(&first[0])
	if len(first) > 0 { // it is not yet known what a new stream will be
		o.note(stream, ours)
	}
	return ours, nil
}

func (o *Origins) lookup(stream StreamID) (ours, known bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if ours, known = o.young[stream]; known {
		return ours, true
	}
	if ours, known = o.old[stream]; known {
		o.put(stream, ours)
	}
	return ours, known
}

func (o *Origins) note(stream StreamID, ours bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.put(stream, ours)
}

// put requires mu.
func (o *Origins) put(stream StreamID, ours bool) {
	if len(o.young) >= maxOrigins {
		o.old, o.young = o.young, make(map[StreamID]bool, maxOrigins)
	}
	o.young[StreamID(strings.Clone(string(stream)))] = ours
}
