package actors

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
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
	kind  core.Kind

	status   status
	assumed  bool // the state rests on an assumption that no append has proved; see assume
	core     core.Core
	window   *keyWindow
	revision events.Revision // of the state, with what is not durable yet
	durable  events.Revision
	position events.Position // of the durable revision
	hash     events.Hash     // of the durable revision
	latest   time.Time       // of the decision of the newest event in the state
	tip      events.Hash     // of the revision of the state

	next    *batch      // decided, not handed to the store yet; nil if none
	writing *batch      // being written; its items belong to the writer; nil if none
	waiting []*envelope // decided on the state that writing makes durable
	stash   []*envelope // arrived while there is no state
	joined  *jointPart  // has the turn: what arrives waits in stash until it ends; see AskAll
	current *envelope   // being decided: it is answered if the core panics

	unsaved  int64 // durable events since the last snapshot
	saved    int64 // bytes of the last snapshot
	saving   bool
	loads    int // loads begun; an older one's result is not wanted any more
	unknowns int // appends with an unknown outcome in a row
}

func newEntity(d *Desk, e *entry, kind core.Kind) *entity {
	return &entity{desk: d, entry: e, kind: kind, durable: events.NoStream}
}

// receive handles one message. No panic leaves it; see guard.
func (e *entity) receive(msg any) {
	defer e.guard()
	switch msg := msg.(type) {
	case *envelope:
		e.arrive(msg)
	case *batch:
		e.written(msg)
	case *loaded:
		e.install(msg)
	case *jointEnd:
		e.endPart(msg)
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

func (e *entity) arrive(p *envelope) {
	switch {
	case p.joint != nil:
		e.joinPart(p)
		return
	case e.joined != nil:
		e.stash = append(e.stash, p)
		return
	}
	if e.status == unloaded && e.assume(p) {
		e.flush()
		return
	}
	if e.status != ready {
		e.stash = append(e.stash, p)
		if e.status == unloaded {
			e.load()
		}
		return
	}
	e.handle(p, e.now())
	e.flush()
}

// handle decides one pending on the present state, or looks at it.
func (e *entity) handle(p *envelope, now time.Time) {
	e.current = p
	e.expire(now)
	switch {
	case p.save:
		e.saveNow(p)
	case p.view != nil:
		p.decided = now
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
	_, err := core.Step(e.core, nil, now, func(facts []events.Fact) { e.expired(facts, now) })
	if err != nil {
		panic(fmt.Sprintf("%s: %v", e.entry.stream, err))
	}
}

// expired queues the facts of a deadline.
func (e *entity) expired(facts []events.Fact, now time.Time) {
	id := NewCommandID()
	e.accept(&envelope{decided: now, request: Request{
		ID: id, CorrelationID: string(id), CausationID: "deadline", Actor: "system",
	}}, facts)
}

func (e *entity) decide(p *envelope, now time.Time) {
	if p.decided.IsZero() {
		p.decided = now
	}
	p.decided = later(p.decided, e.latest)
	key, body, keyed := p.request.ID.keyed()
	if keyed && !e.admitKey(p, key, body) {
		return
	}
	if e.stale(&p.request) {
		e.refuse(p, core.StaleRevision(e.revision))
		return
	}
	facts, err := core.Step(
		e.core,
		p.request.Command,
		p.decided,
		func(facts []events.Fact) { e.expired(facts, p.decided) },
	)
	if err != nil {
		e.refuse(p, err.(*core.Refusal)) // anything else is a bug, and panics
		return
	}
	if len(facts) == 0 {
		p.outcome = outcome{revision: e.revision}
		e.settle(p)
		return
	}
	e.rememberKey(p)
	e.accept(p, facts)
}

// rememberKey puts the key of p, if it has one, into the window, before its facts are accepted.
func (e *entity) rememberKey(p *envelope) {
	if key, body, keyed := p.request.ID.keyed(); keyed {
		e.window.put(key, p.caller, done{revision: e.revision + 1, body: body}, p.decided)
	}
}

// admitKey looks a key up; it returns false if p has been dealt with.
func (e *entity) admitKey(p *envelope, key commandKey, body uint64) bool {
	before, known := e.window.get(key, p.decided)
	switch {
	case known && before.body != body:
		e.refuse(p, errKeyReused)
	case known:
		p.outcome = outcome{revision: e.revision, replay: before.revision, replayed: true}
		e.settle(p)
	case e.window.len(p.decided) >= maxKeyWindow:
		p.outcome = outcome{revision: e.revision, err: ErrOverloaded}
		e.settle(p)
	default:
		until := e.window.spent(p.caller, p.decided)
		if until.IsZero() || !p.request.Bounded {
			return true
		}
		p.outcome = outcome{revision: e.revision, err: &KeysSpent{Wait: until.Sub(p.decided)}}
		e.settle(p)
	}
	return false
}

// accept queues facts that the state has evolved by, with the command that waits for them.
func (e *entity) accept(p *envelope, facts []events.Fact) {
	e.revision += events.Revision(len(facts))
	e.latest = later(p.decided, e.latest)
	e.entry.empty.Store(false)
	p.outcome = outcome{facts: facts, revision: e.revision}
	if e.next == nil {
		e.next = newBatch(e.desk.run)
	}
	e.tip = e.next.encode(e.entry.stream, p, e.tip) // may panic, and then p is not in it
	e.next.add(p)
}

func (e *entity) refuse(p *envelope, refusal *core.Refusal) {
	p.outcome = outcome{revision: e.revision, err: refusal}
	e.settle(p)
}

// settle answers p, which has no facts of its own, as soon as the state it was
// decided on is durable.
func (e *entity) settle(p *envelope) {
	switch {
	case e.next != nil:
		e.next.add(p)
	case e.writing != nil:
		e.waiting = append(e.waiting, p)
	default:
		e.complete(p, e.position)
	}
}

// complete answers p, whose outcome is durable. position is that of its last fact, or
// of the entity. Called by the actor or by the writer of p's batch.
func (e *entity) complete(p *envelope, position events.Position) {
	switch {
	case p.reply == nil: // a deadline, without a caller
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
func (e *entity) fail(p *envelope, err error) {
	switch {
	case p.reply == nil:
		return
	case p.joint != nil:
		p.joint.decision <- err
	default:
		p.reply <- result{err: err}
	}
	e.desk.answered(e.entry)
}

// flush hands the next batch to the store, if none is under way.
func (e *entity) flush() {
	if e.writing != nil || e.next == nil {
		return
	}
	e.startWriting()
	e.freezeIfDue(e.writing)
	go e.write(e.writing)
}

// startWriting makes the next batch the one that is being written.
func (e *entity) startWriting() {
	b := e.next
	e.next, e.writing = nil, b
	b.durable, b.position, b.hash = e.durable, e.position, e.hash
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
	e.unknowns, e.assumed = 0, false
	if e.status != ready { // a panic meanwhile: the state is gone
		e.discard(b.frozen)
		e.loadIfAsked()
		return
	}
	e.save(b.frozen)
	for _, p := range e.waiting {
		e.complete(p, e.position)
	}
	clear(e.waiting)
	e.waiting = e.waiting[:0]
	e.flush()
}

// failed sorts out an append that did not succeed.
func (e *entity) failed(b *batch) {
	log := e.desk.config.Logger.With("stream", e.entry.stream, "expected", b.durable, "error", b.err)
	switch {
	case errors.Is(b.err, events.ErrConflict) && e.assumed && b.durable == events.NoStream:
		e.disprove(b.items)
	case errors.Is(b.err, events.ErrConflict):
		e.desk.stats.conflicts.Add(1)
		log.Debug("another process appended first; deciding again")
		e.startOver(b.items)
	case errors.Is(b.err, events.ErrTooLarge) && e.refuseFirst(b):
		log.Warn("the facts of one command are larger than the log takes")
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
// being written is done. Commands without an answer are decided again then, items first.
func (e *entity) startOver(items []*envelope) {
	e.desk.stats.reloads.Add(1)
	e.forget(items)
	e.status = loading
	if e.writing != nil {
		return
	}
	e.loadIfAsked()
}

// loadIfAsked loads the state if a command waits for it. Else nothing counts the entity as
// busy, and the next to arrive has it loaded.
func (e *entity) loadIfAsked() {
	if len(e.stash) == 0 {
		e.status = unloaded
		return
	}
	e.load()
}

// forget drops the state and puts the commands without an answer into the stash, in the
// order in which they were decided. Their outcome may be in the log.
func (e *entity) forget(items []*envelope) {
	now, patience := time.Now(), 2*e.desk.config.AppendTimeout
	for _, p := range e.undecided(items) {
		if p.failed.IsZero() {
			p.failed = now
		}
		if now.Sub(p.failed) > patience {
			e.fail(p, fmt.Errorf("%w: no outcome in %v", ErrUnavailable, patience))
		} else {
			e.stash = append(e.stash, p)
		}
	}
}

// undecided drops the state and the stash, and returns the commands that wait for an answer,
// items first. A deadline is not among them: it will be found again.
func (e *entity) undecided(items []*envelope) []*envelope {
	all := [][]*envelope{items, e.waiting, nil, e.stash}
	if e.next != nil {
		all[2] = e.next.items
	}
	again := slices.DeleteFunc(slices.Concat(all...), func(p *envelope) bool { return p.reply == nil })
	e.core, e.window, e.stash, e.waiting, e.next, e.assumed = nil, nil, nil, nil, nil, false
	return again
}
