package actors

import (
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// status of an entity's state.
type status int

const (
	unloaded status = iota // nothing is known; the next arrival starts a load
	loading                // a load is under way, or waits for the batch being written
	ready
)

// entity hosts the core of one stream. Everything in it is touched by its actor's
// goroutine only; what runs beside (writing, loading, saving) gets what it needs
// handed over and reports back with a message.
type entity struct {
	desk  *Desk
	entry *entry
	kind  Kind

	status   status
	core     core.Core
	window   *window
	revision events.Revision // of the state, with what is not durable yet
	durable  events.Revision
	position events.Position // of the durable revision
	hash     events.Hash     // of the durable revision
	tip      events.Hash     // of the revision of the state

	next    *batch     // decided, not handed to the store yet; nil if none
	writing *batch     // being written; its items belong to the writer; nil if none
	waiting []*pending // decided on the state that writing makes durable
	stash   []*pending // arrived while there is no state
	current *pending   // being decided: who hears of a panic

	unsaved  int64 // durable events since the last snapshot
	saved    int64 // bytes of the last snapshot
	saving   bool
	loads    int // loads begun; an older one's result is not wanted any more
	unknowns int // appends with an unknown outcome in a row
}

func newEntity(d *Desk, e *entry, kind Kind) *entity {
	return &entity{desk: d, entry: e, kind: kind, durable: events.NoStream}
}

// receive handles one message. No panic leaves it; see guard.
func (e *entity) receive(msg any) {
	defer e.guard()
	switch msg := msg.(type) {
	case *pending:
		e.arrive(msg)
	case *batch:
		e.written(msg)
	case *loaded:
		e.install(msg)
	case snapshotDone:
		e.saving, e.saved = false, msg.size
	}
}

// guard turns a panic of the core into an answer and a fresh start from the log.
func (e *entity) guard() {
	cause := recover()
	if cause == nil {
		return
	}
	e.panicked(cause)
	if p := e.current; p != nil {
		e.current = nil
		e.fail(p, ErrBroken)
	}
	e.startOver(nil)
}

func (e *entity) panicked(cause any) {
	e.desk.stats.panics.Add(1)
	e.desk.config.Logger.Error("the rules of an entity panicked",
		"stream", e.entry.stream, "panic", fmt.Sprint(cause), "stack", string(debug.Stack()))
}

func (e *entity) arrive(p *pending) {
	if e.status != ready {
		e.stash = append(e.stash, p)
		if e.status == unloaded {
			e.load()
		}
		return
	}
	e.handle(p, e.desk.now())
	e.flush()
}

// handle decides one pending on the present state, or looks at it.
func (e *entity) handle(p *pending, now time.Time) {
	e.current = p
	e.expire(now)
	switch {
	case p.save:
		e.saveNow(p)
	case p.view != nil:
		p.view(e.core)
		p.outcome = outcome{revision: e.revision}
		e.settle(p)
	default:
		e.decide(p, now)
	}
	e.current = nil
}

// expire lets go of everything that is due, so that the rules need not think of
// holds that have passed their deadline.
func (e *entity) expire(now time.Time) {
	for {
		next := e.core.NextDeadline()
		if next.IsZero() || !next.Before(now) {
			return
		}
		facts, err := e.core.Decide(&core.Expire{}, now)
		if err != nil || len(facts) == 0 {
			panic(fmt.Sprintf("%s has a deadline at %v but nothing that expires: %v", e.entry.stream, next, err))
		}
		id := NewCommandID()
		e.accept(&pending{decided: now, request: Request{
			ID: id, CorrelationID: string(id), CausationID: "deadline", Actor: "system",
		}}, facts)
	}
}

func (e *entity) decide(p *pending, now time.Time) {
	if p.decided.IsZero() {
		p.decided = now
	}
	key, body, keyed := p.request.ID.keyed()
	if keyed && !e.admitKey(p, key, body) {
		return
	}
	if want := p.request.IfRevision; want != nil && *want != e.revision && e.revision != events.NoStream {
		e.refuse(p, staleRevision(e.revision))
		return
	}
	facts, err := e.core.Decide(p.request.Command, p.decided)
	if err != nil {
		e.refuse(p, err.(*core.Refusal)) // anything else is a bug, and panics
		return
	}
	if len(facts) == 0 {
		p.outcome = outcome{revision: e.revision}
		e.settle(p)
		return
	}
	if keyed {
		e.window.put(key, done{revision: e.revision + 1, body: body}, p.decided)
	}
	e.accept(p, facts)
}

// admitKey looks a key up; it returns false if p has been dealt with.
func (e *entity) admitKey(p *pending, key commandKey, body uint64) bool {
	e.window.turn(p.decided)
	before, known := e.window.get(key)
	switch {
	case known && before.body != body:
		e.refuse(p, errKeyReused)
	case known:
		p.outcome = outcome{revision: e.revision, replay: before.revision, replayed: true}
		e.settle(p)
	case e.window.len() >= maxWindow:
		p.outcome = outcome{revision: e.revision, err: ErrOverloaded}
		e.settle(p)
	default:
		return true
	}
	return false
}

// accept takes facts into the state and queues them with whoever waits for them.
func (e *entity) accept(p *pending, facts []events.Fact) {
	for _, fact := range facts {
		e.core.Evolve(fact)
	}
	e.revision += events.Revision(len(facts))
	e.entry.empty.Store(false)
	p.outcome = outcome{facts: facts, revision: e.revision}
	if e.next == nil {
		e.next = newBatch(e.desk.run)
	}
	e.tip = e.next.encode(e.entry.stream, p, e.tip) // may panic, and then p is not in it
	e.next.add(p)
}

func (e *entity) refuse(p *pending, refusal *core.Refusal) {
	p.outcome = outcome{revision: e.revision, err: refusal}
	e.settle(p)
}

// settle answers p, which has no facts of its own, as soon as the state it was
// decided on is durable.
func (e *entity) settle(p *pending) {
	switch {
	case e.next != nil:
		e.next.add(p)
	case e.writing != nil:
		e.waiting = append(e.waiting, p)
	default:
		e.tell(p, e.position)
	}
}

// tell answers p, whose outcome is durable. position is that of its last fact, or
// of the entity. Called by the actor or by the writer of p's batch.
func (e *entity) tell(p *pending, position events.Position) {
	switch {
	case p.reply == nil: // nobody asked: a deadline
	case p.outcome.replayed:
		go e.replay(p)
	default:
		o := &p.outcome
		p.reply <- result{err: o.err, answer: Answer{
			Facts: o.facts, Revision: o.revision, Position: position, At: p.decided,
		}}
		e.desk.answered(e.entry)
	}
}

// fail tells p that it got no answer.
func (e *entity) fail(p *pending, err error) {
	if p.reply == nil {
		return
	}
	p.reply <- result{err: err}
	e.desk.answered(e.entry)
}

// flush hands the next batch to the store, if none is under way.
func (e *entity) flush() {
	if e.writing != nil || e.next == nil {
		return
	}
	b := e.next
	e.next, e.writing = nil, b
	b.durable, b.position, b.hash = e.durable, e.position, e.hash
	e.freezeIfDue(b)
	go e.write(b)
}

// written takes note of what became of the batch.
func (e *entity) written(b *batch) {
	defer func() { *b = batch{} }() // Hollywood's inbox holds on to what it has handed over
	e.writing = nil
	e.unsaved += int64(b.durable - e.durable)
	e.durable, e.position, e.hash = b.durable, b.position, b.hash
	e.entry.unsaved.Store(e.unsaved)
	if b.err != nil {
		e.failed(b)
		return
	}
	e.unknowns = 0
	if e.status != ready { // a panic meanwhile: the state is gone
		e.discard(b.frozen)
		e.loadIfAsked()
		return
	}
	e.save(b.frozen)
	for _, p := range e.waiting {
		e.tell(p, e.position)
	}
	clear(e.waiting)
	e.waiting = e.waiting[:0]
	e.flush()
}

// failed sorts out an append that did not succeed.
func (e *entity) failed(b *batch) {
	log := e.desk.config.Logger.With("stream", e.entry.stream, "expected", b.durable, "error", b.err)
	switch {
	case errors.Is(b.err, events.ErrConflict):
		e.desk.stats.conflicts.Add(1)
		log.Debug("somebody else appended first; deciding again")
		e.startOver(b.items)
	case errors.Is(b.err, events.ErrUnavailable), errors.Is(b.err, events.ErrClosed), errors.Is(b.err, events.ErrTooLarge):
		log.Warn("the log took nothing")
		e.forget(b.items)
		e.status = unloaded
		e.failStash(b.err)
	default:
		e.desk.stats.unknown.Add(1)
		e.unknowns++
		log.Warn("the outcome of an append is unknown; reading the log")
		e.startOver(b.items)
	}
	e.discard(b.frozen)
}

// startOver forgets the state and loads it again, now or when the batch that is
// being written is done. Whoever has no answer yet is decided again then, items
// first.
func (e *entity) startOver(items []*pending) {
	e.desk.stats.reloads.Add(1)
	e.forget(items)
	e.status = loading
	if e.writing != nil {
		return
	}
	e.loadIfAsked()
}

// loadIfAsked loads the state if somebody waits for it. If nobody does, nothing
// counts the entity as busy, and the next to arrive has it loaded.
func (e *entity) loadIfAsked() {
	if len(e.stash) == 0 {
		e.status = unloaded
		return
	}
	e.load()
}

// forget drops the state and puts whoever has no answer yet into the stash, in
// the order in which they were decided.
func (e *entity) forget(items []*pending) {
	again := append([]*pending{}, items...)
	again = append(again, e.waiting...)
	if e.next != nil {
		again = append(again, e.next.items...)
	}
	again = append(again, e.stash...)
	e.core, e.window, e.stash, e.waiting, e.next = nil, nil, nil, nil, nil
	now, patience := time.Now(), 2*e.desk.config.AppendTimeout
	for _, p := range again {
		if p.failed.IsZero() {
			p.failed = now
		}
		switch {
		case p.reply == nil: // a deadline: it will be found again
		case now.Sub(p.failed) > patience:
			e.fail(p, fmt.Errorf("%w: no outcome in %v", ErrUnavailable, patience))
		default:
			e.stash = append(e.stash, p)
		}
	}
}

func (e *entity) failStash(err error) {
	for _, p := range e.stash {
		e.fail(p, fmt.Errorf("%w: %w", ErrUnavailable, err))
	}
	e.stash = nil
}
