package actors

import (
	"context"
	"errors"
	"fmt"

	"admitone/events"
)

// batch is what is written at once: the facts of some commands, in the order in
// which they were decided, and among them, without facts, the commands whose answers
// depend on them. The first item has facts.
type batch struct {
	run    events.ID      // of the desk
	items  []*envelope    // not durable yet
	events []events.Event // of items, encoded and chained
	arena  []byte         // where the next event is encoded
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

func newBatch(run events.ID) *batch { return &batch{run: run, items: make([]*envelope, 0, 16)} }

// add puts p behind the others.
func (b *batch) add(p *envelope) { b.items = append(b.items, p) }

// The sizes of an arena: a generous guess at one encoded event, and how much
// encoded data shares one allocation at most.
const (
	eventSize = 640
	arenaSize = 32 << 10
)

// encode turns the facts of p into events, chained to the hash before them, and
// returns the hash behind them. The actor does this while the batch before is being
// written: when the store is free again, everything is ready for it.
//
// The ids of the events are those of the command and of this desk. An EventStoreDB
// takes events whose ids it has for a repetition, whatever is in them: if two desks
// gave the same ids to what they made of one keyed command, the slower one would
// believe that its facts are in the log, and chain to them what comes next.
func (b *batch) encode(stream events.StreamID, p *envelope, hash events.Hash) events.Hash {
	metadata := p.metadata()
	revision := p.outcome.revision - events.Revision(len(p.outcome.facts))
	for i, fact := range p.outcome.facts {
		if cap(b.arena)-len(b.arena) < eventSize {
			b.arena = make([]byte, 0, min(arenaSize, max(eventSize, 4*cap(b.arena))))
		}
		revision++
		e := events.Event{ID: b.run.EventID(metadata.CommandID, i), Type: fact.Name(), Fact: fact}
		start := len(b.arena)
		b.arena = events.AppendFact(b.arena, fact)
		e.Data = b.arena[start:len(b.arena):len(b.arena)]
		start = len(b.arena)
		b.arena, hash = events.Seal(b.arena, hash, stream, revision, &e, &metadata)
		e.Metadata = b.arena[start:len(b.arena):len(b.arena)]
		b.events = append(b.events, e)
	}
	return hash
}

// cut returns how many of the first items one append can hold, and their events:
// about limit bytes, and never a part of a command.
func (b *batch) cut(limit int64) (items int, part []events.Event) {
	size, count := int64(0), 0
	for _, p := range b.items {
		facts := len(p.outcome.facts)
		if size >= limit && facts > 0 {
			break
		}
		for _, e := range b.events[count : count+facts] {
			size += int64(len(e.Data) + len(e.Metadata))
		}
		items, count = items+1, count+facts
	}
	return items, b.events[:count]
}

// fit returns how many of the first items, and their events, fit into an append of limit bytes, never
// a part of a command. It is one command at least.
func (b *batch) fit(limit int64) (items int, part []events.Event) {
	size, count, commands := int64(0), 0, 0
	for _, p := range b.items {
		facts := len(p.outcome.facts)
		for _, e := range b.events[count : count+facts] {
			size += int64(len(e.Data) + len(e.Metadata) + 2*len(e.Type))
		}
		if facts > 0 {
			if commands++; commands > 1 && size > limit {
				break
			}
		}
		items, count = items+1, count+facts
	}
	return items, b.events[:count]
}

// next returns what one append can hold: about AppendBytes, and within what the store takes.
func (d *Desk) next(b *batch) (items int, part []events.Event) {
	if limit := d.storeLimit.Load(); limit > 0 {
		return b.fit(min(limit, d.config.AppendBytes))
	}
	return b.cut(d.config.AppendBytes)
}

// shrinks reports whether a batch that the store refused as too large can be cut smaller, by what
// the store said.
func (d *Desk) shrinks(b *batch, items int, err error) bool {
	var large *events.TooLargeError
	if !errors.As(err, &large) || large.Limit <= 0 {
		return false
	}
	d.storeLimit.Store(large.Limit)
	fewer, _ := d.next(b)
	return fewer < items
}

// done takes what has been appended off the batch, and returns its items.
func (b *batch) done(items int, part []events.Event, appended events.Appended) ([]*envelope, error) {
	hash, err := events.RecordedHash(part[len(part)-1].Metadata)
	if err != nil {
		return nil, err // it was sealed by encode
	}
	told := b.items[:items]
	b.items, b.events = b.items[items:], b.events[len(part):]
	b.durable, b.position, b.hash = appended.Revision, appended.Position, hash
	return told, nil
}

// write appends b, in several parts if it is large, and answers every command in it.
// It runs on a goroutine of its own, the only one that touches b until it sends it
// back to the actor. The actor is told first, so that the next batch is on its way
// while this one's callers are being woken.
func (e *entity) write(b *batch) {
	for last := false; !last; {
		items, part := e.desk.next(b)
		appended, err := e.append(b.durable, part)
		if err != nil && e.desk.shrinks(b, items, err) {
			continue
		}
		var told []*envelope
		if err == nil {
			told, err = b.done(items, part, appended)
			e.entry.known.Store(int64(b.durable) + 1)
		}
		if err != nil {
			b.err = err
			e.entry.tell(b)
			return
		}
		if last = len(b.items) == 0; last {
			e.entry.tell(b)
		}
		// Where positions have gaps, all are told the last one: a reader that waits for it
		// waits a little longer, and misses nothing.
		position, step := appended.Position, events.Position(0)
		if appended.Consecutive {
			position, step = position-events.Position(len(part)), 1
		}
		for _, p := range told {
			position += step * events.Position(len(p.outcome.facts))
			e.complete(p, position)
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
