package actors

import (
	"context"

	"admitone/events"
)

// batch is what one append writes: the facts of some commands, in the order in
// which they were decided, and among them, without facts, whoever was told
// something that depends on them.
type batch struct {
	items []*pending
	facts int
	// expected is the durable revision before it. hash is the chain's end before
	// it, and after encode the one behind it.
	expected events.Revision
	hash     events.Hash
	// frozen writes the state behind it, if it is time for a snapshot.
	frozen *frozen
	// appended and err are the store's answer.
	appended events.Appended
	err      error
}

func newBatch() *batch { return &batch{items: make([]*pending, 0, 16)} }

func (b *batch) add(p *pending) {
	b.items = append(b.items, p)
	b.facts += len(p.outcome.facts)
}

// write encodes and appends b and answers everybody in it. It runs on a goroutine
// of its own, the only one that touches b until it sends it back to the actor. The
// actor hears first, so that the next batch is on its way while this one's
// callers are being woken.
func (e *entity) write(b *batch) {
	facts := b.encode(e.entry.stream)
	ctx, cancel := context.WithTimeout(context.Background(), e.desk.config.AppendTimeout)
	b.appended, b.err = e.desk.config.Store.Append(ctx, e.entry.stream, b.expected, facts)
	cancel()
	if b.err != nil {
		e.desk.engine.send(e.entry.pid, b)
		return
	}
	items, position := b.items, b.appended.Position-events.Position(b.facts)
	e.desk.engine.send(e.entry.pid, b)
	for _, p := range items {
		position += events.Position(len(p.outcome.facts))
		e.tell(p, position)
	}
}

// arenaSize is how much encoded data shares one allocation.
const arenaSize = 32 << 10

// eventSize is a generous guess at one encoded event.
const eventSize = 640

// encode turns the facts into events, chained to the hash before them.
func (b *batch) encode(stream events.StreamID) []events.Event {
	encoded := make([]events.Event, 0, b.facts)
	arena := make([]byte, 0, min(arenaSize, b.facts*eventSize))
	revision := b.expected
	for _, p := range b.items {
		metadata := events.Metadata{
			CommandID: string(p.request.ID), CorrelationID: p.request.CorrelationID,
			CausationID: p.request.CausationID, Actor: p.request.Actor, At: p.decided,
		}
		for i, fact := range p.outcome.facts {
			if cap(arena)-len(arena) < eventSize {
				arena = make([]byte, 0, arenaSize)
			}
			revision++
			e := events.Event{ID: events.EventID(metadata.CommandID, i), Type: fact.Name(), Fact: fact}
			start := len(arena)
			arena = fact.AppendJSON(arena)
			e.Data = arena[start:len(arena):len(arena)]
			start = len(arena)
			arena, b.hash = events.Seal(arena, b.hash, stream, revision, &e, &metadata)
			e.Metadata = arena[start:len(arena):len(arena)]
			encoded = append(encoded, e)
		}
	}
	return encoded
}
