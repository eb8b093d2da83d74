package events

import (
	"context"
	"strings"
)

// HeadsStream is the stream of signed heads of a log to which several servers append. It is internal: its events are
// not leaves of the tree that the heads sign.
const HeadsStream StreamID = "~heads"

// maxTails is the capacity of each of the two generations of a Lineage's cache.
const maxTails = 1 << 16

// Lineage distinguishes the events of this system from all others in a log by their content: an event is
// this system's own if it has sealed metadata and its hash continues that of the previous event in its
// stream, whatever the stream's category. Every reader of a log gets the same result. A Lineage is not safe
// for concurrent use.
type Lineage struct {
	read func(ctx context.Context, stream StreamID, at Revision) ([]Recorded, error)
	// young and old are the two generations of the cache; old is dropped when young is full.
	young, old map[StreamID]tail
}

// tail is the last event of a stream that was read.
type tail struct {
	revision Revision
	hash     Hash
}

// NewLineage returns a Lineage for a log. It reads previous events from store if they are not cached.
func NewLineage(store Store) *Lineage {
	return &Lineage{young: map[StreamID]tail{}, read: func(ctx context.Context, stream StreamID, at Revision) ([]Recorded,
		error) {
		return store.Read(ctx, stream, at, Forward, 1)
	}}
}

// Own reports whether an event is this system's own. It is fastest if called in the order of the log.
// Errors: those of [Store.Read].
func (l *Lineage) Own(ctx context.Context, e *Recorded) (bool, error) {
	if e.Stream.Internal() || !Sealed(e.Metadata) {
		return false, nil
	}
	before, found, err := l.before(ctx, e)
	if err != nil {
		return false, err
	}
	own := false
	if found {
		_, broken := CheckLink(before, e)
		own = broken == nil
	}
	hash, _ := RecordedHash(e.Metadata) // cannot fail: e is sealed
	l.note(e.Stream, tail{e.Revision, hash})
	return own, nil
}

// before returns the hash of the event before e in its stream, zero if e is the first. found is false if
// that event is missing or not sealed.
func (l *Lineage) before(ctx context.Context, e *Recorded) (hash Hash, found bool, err error) {
	if e.Revision == 0 {
		return Hash{}, true, nil
	}
	known, ok := l.young[e.Stream]
	if !ok {
		known, ok = l.old[e.Stream]
	}
	if ok && known.revision == e.Revision-1 {
		return known.hash, true, nil
	}
	page, err := l.read(ctx, e.Stream, e.Revision-1)
	if err != nil || len(page) == 0 || page[0].Revision != e.Revision-1 {
		return Hash{}, false, err
	}
	hash, unsealed := RecordedHash(page[0].Metadata)
	return hash, unsealed == nil, nil
}

func (l *Lineage) note(stream StreamID, at tail) {
	if _, known := l.young[stream]; !known {
		if len(l.young) >= maxTails {
			l.old, l.young = l.young, make(map[StreamID]tail, maxTails)
		}
		stream = StreamID(strings.Clone(string(stream)))
	}
	l.young[stream] = at
}
