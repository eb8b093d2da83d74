package actors

import (
	"context"
	"fmt"

	"admitone/events"
)

// batch is what is written at once: the facts of some commands, in the order in
// which they were decided, and among them, without facts, whoever was told
// something that depends on them. The first item has facts.
type batch struct {
	items []*pending // not durable yet
	facts int        // of items
	// durable is the revision before items, position and hash those of that event.
	// They move on as appends succeed.
	durable  events.Revision
	position events.Position
	hash     events.Hash
	// frozen writes the state behind it, if it is time for a snapshot.
	frozen *frozen
	// err is why items could not be written.
	err error
}

func newBatch() *batch { return &batch{items: make([]*pending, 0, 16)} }

func (b *batch) add(p *pending) {
	b.items = append(b.items, p)
	b.facts += len(p.outcome.facts)
}

// part is what one append writes of a batch.
type part struct {
	events []events.Event
	items  int         // the first so many of the batch
	hash   events.Hash // behind it
}

// write appends b, in several parts if it is large, and answers everybody in it.
// It runs on a goroutine of its own, the only one that touches b until it sends it
// back to the actor. The actor hears first, so that the next batch is on its way
// while this one's callers are being woken.
func (e *entity) write(b *batch) {
	for last := false; !last; {
		next, err := b.encode(e.entry.stream, e.desk.config.AppendBytes)
		var appended events.Appended
		if err == nil {
			appended, err = e.append(b.durable, next.events)
		}
		if err != nil {
			b.err = err
			e.desk.engine.send(e.entry.pid, b)
			return
		}
		items, position := b.items[:next.items], appended.Position-events.Position(len(next.events))
		b.items, b.facts = b.items[next.items:], b.facts-len(next.events)
		b.durable, b.position, b.hash = appended.Revision, appended.Position, next.hash
		if last = len(b.items) == 0; last {
			e.desk.engine.send(e.entry.pid, b)
		}
		for _, p := range items {
			position += events.Position(len(p.outcome.facts))
			e.tell(p, position)
		}
	}
}

// append hands a part to the store. A panic there leaves the outcome unknown.
func (e *entity) append(expected events.Revision, facts []events.Event) (appended events.Appended, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%w: the store panicked: %v", events.ErrUnknown, cause)
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), e.desk.config.AppendTimeout)
	defer cancel()
	return e.desk.config.Store.Append(ctx, e.entry.stream, expected, facts)
}

// arenaSize is how much encoded data shares one allocation.
const arenaSize = 32 << 10

// eventSize is a generous guess at one encoded event.
const eventSize = 640

// encode turns facts into events, chained to the hash before them: those of the
// first items, until they have about so many bytes. A fact that can't be encoded
// is a broken rule: ErrBroken.
func (b *batch) encode(stream events.StreamID, limit int64) (p part, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%w: encoding its facts: %v", ErrBroken, cause)
		}
	}()
	p = part{events: make([]events.Event, 0, b.facts), hash: b.hash}
	arena := make([]byte, 0, min(arenaSize, b.facts*eventSize))
	revision, size := b.durable, int64(0)
	for _, item := range b.items {
		if size >= limit && len(item.outcome.facts) > 0 {
			break
		}
		p.items++
		metadata := item.metadata()
		for i, fact := range item.outcome.facts {
			if cap(arena)-len(arena) < eventSize {
				arena = make([]byte, 0, arenaSize)
			}
			revision++
			e := events.Event{ID: events.EventID(metadata.CommandID, i), Type: fact.Name(), Fact: fact}
			start := len(arena)
			arena = fact.AppendJSON(arena)
			e.Data = arena[start:len(arena):len(arena)]
			start = len(arena)
			arena, p.hash = events.Seal(arena, p.hash, stream, revision, &e, &metadata)
			e.Metadata = arena[start:len(arena):len(arena)]
			size += int64(len(e.Data) + len(e.Metadata))
			p.events = append(p.events, e)
		}
	}
	return p, nil
}
