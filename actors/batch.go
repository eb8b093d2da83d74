package actors

import (
	"errors"
	"fmt"
	"time"

	"admitone/events"
)

// batch is the content of one write: the facts of some commands, in the order of decision, and
// between them the commands without facts whose answers depend on those facts. The first item has
// facts.
type batch struct {
	run   events.ID   // seeds the event ids: Desk.run, or a new id for an assumption
	items []*envelope // not durable yet
	// waiting holds commands without facts that were decided while the batch is being written. They are
	// answered once it is durable. Only the actor touches it.
	waiting []*envelope
	events  []events.Event // of items, encoded and chained
	arena   []byte         // where the next event is encoded
	// durable is the last revision before items; position and hash are those of the event at that
	// revision. They advance as appends succeed.
	durable  events.Revision
	position events.Position
	hash     events.Hash
	started  time.Time // when its first append began
	// frozen is the snapshot to write once the batch is durable; nil if none is due.
	frozen *frozen
	// err is why items could not be written.
	err error
}

// newBatch returns a batch with capacity for the given number of commands: 1 for a new stream.
func newBatch(run events.ID, commands int) *batch {
	return &batch{run: run, items: make([]*envelope, 0, commands)}
}

func (b *batch) add(p *envelope) { b.items = append(b.items, p) }

// eventSize is a generous estimate of one encoded event; arenaSize bounds the encoded data in one
// allocation.
const (
	eventSize = 640
	arenaSize = 32 << 10
)

// encode turns the facts of p into events, chained to hash, and returns the hash of the last. The
// actor calls it while the previous batch is being written, so that this one is ready when the
// store is free again.
//
// The event ids are derived from the command and from run. EventStoreDB treats an append
// of known event ids as a retry, without comparing contents: if two desks gave the same ids
// to their facts of one keyed command, the slower desk would wrongly conclude that its own
// facts had been appended, and chain the next ones to them.
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

// cut returns the number of leading items for one append of about limit bytes, and their events. It
// never splits a command, and exceeds limit by at most one command.
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

// fit returns the number of leading items that fit into an append of limit bytes, and their events. It
// never splits a command, and exceeds limit only if the first command with facts does; the store then
// refuses it. An event's type counts twice.
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

// next returns the content of the next append: about AppendBytes, and never more than the store's
// limit.
func (d *Desk) next(b *batch) (items int, part []events.Event) {
	if limit := d.storeLimit.Load(); limit > 0 {
		return b.fit(min(limit, d.config.AppendBytes))
	}
	return b.cut(d.config.AppendBytes)
}

// learnLimit records the limit that the store reported when it refused the first items of b as too
// large. It reports whether the next append of b is smaller.
func (d *Desk) learnLimit(b *batch, items int, err error) bool {
	var large *events.TooLargeError
	if !errors.As(err, &large) || large.Limit <= 0 {
		return false
	}
	d.storeLimit.Store(large.Limit)
	fewer, _ := d.next(b)
	return fewer < items
}

// removeAppended removes the appended items from the batch and returns them.
func (b *batch) removeAppended(items int, part []events.Event, appended events.Appended) ([]*envelope, error) {
	hash, err := events.RecordedHash(part[len(part)-1].Metadata)
	if err != nil {
		return nil, err // impossible: encode sealed it
	}
	durable := b.items[:items]
	b.items, b.events = b.items[items:], b.events[len(part):]
	b.durable, b.position, b.hash = appended.Revision, appended.Position, hash
	return durable, nil
}

// write appends b, in several parts if it is large, and answers every command in it. It runs on a
// goroutine of its own, which alone touches b until it sends b back to the actor. The actor is
// notified before the callers, so that the next batch is being written while they wake up.
func (e *entity) write(b *batch) {
	for last := false; !last; {
		items, part := e.desk.next(b)
		e.entry.claimed.Store(int64(b.durable) + 1 + int64(len(part)))
		appended, err := e.append(b.durable, part)
		if err != nil && e.desk.learnLimit(b, items, err) {
			continue
		}
		var durable []*envelope
		if err == nil {
			durable, err = b.removeAppended(items, part, appended)
			e.entry.known.Store(int64(b.durable) + 1)
		}
		if err != nil {
			b.err = err
			e.entry.post(b)
			return
		}
		if last = len(b.items) == 0; last {
			e.entry.post(b)
		}
		// If positions are not consecutive, every command gets the last position of the append: a
		// reader that waits for that position waits a little longer than necessary.
		position, step := appended.Position, events.Position(0)
		if appended.Consecutive {
			position, step = position-events.Position(len(part)), 1
		}
		for _, p := range durable {
			position += step * events.Position(len(p.outcome.facts))
			e.complete(p, position)
		}
	}
}

// append passes a part to the store. If the store panics, the outcome is unknown.
func (e *entity) append(expected events.Revision, facts []events.Event) (appended events.Appended, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%w: the store panicked: %v", events.ErrUnknown, cause)
		}
	}()
	return e.desk.config.Store.Append(e.desk.deadlines.get(), e.entry.stream, expected, facts)
}
