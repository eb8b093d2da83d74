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
type status uint8

const (
	unloaded status = iota // nothing is known; the next message starts a load
	loading                // a load is in progress, or waits for the batch being written
	ready
)

// entity hosts the core of one stream. Only its actor's goroutine touches its fields: concurrent
// work (writing, loading, saving) is given copies and reports back by message.
type entity struct {
	desk  *Desk
	entry *entry
	kind  *core.Kind

	status   status
	assumed  bool  // the state rests on an assumption that no append has confirmed; see assume
	saving   bool  // a snapshot is being written
	unknowns int32 // consecutive appends with an unknown outcome
	core     core.Core
	window   *keyWindow      // nil if it has no keys
	revision events.Revision // of the state, including facts that are not durable yet
	durable  events.Revision
	position events.Position // of the durable revision
	hash     events.Hash     // of the durable revision
	latest   time.Time       // decision time of the newest event in the state
	tip      events.Hash     // of the event at revision, even if that is not durable yet

	forwarded forwarded

	next    *batch      // decided, not passed to the store yet; nil if none
	writing *batch      // being written: its items belong to the writer; nil if none
	stash   []*envelope // arrived while no state was available
	joined  *jointPart  // has the turn, until whose end arrivals wait in stash; nil if none; see AskAll
	current *envelope   // being decided: answered by guard if the core panics
	unsaved int64       // durable events since the last snapshot
	saved   int64       // bytes of the last snapshot
	cached  *loaded     // the state that the next load begins with; nil if none; see catchUp
	copied  *loaded     // a copy of the durable state; nil if none; see keepCopy
	pauses  int64       // number of pauses so far; see beginPause
	loads   int         // number of loads so far; only the result of the latest is used
}

func newEntity(d *Desk, e *entry, kind *core.Kind) *entity {
	return &entity{desk: d, entry: e, kind: kind, durable: events.NoStream}
}

// receive handles one message. It never panics; see guard.
func (e *entity) receive(msg any) {
	defer e.guard()
	switch msg := msg.(type) {
	case *envelope:
		e.arrive(msg)
	case *batch:
		e.handleWritten(msg)
	case *loaded:
		e.install(msg)
	case *searchResult:
		e.handleSearch(msg)
	case pauseEnded:
		e.resume()
	case *jointEnd:
		e.endPart(msg)
	case snapshotDone:
		e.saving, e.saved = false, msg.size
	}
}

// guard recovers a panic of the core: it answers the current command with ErrBroken and reloads the
// state from the log.
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
	case p.joint != nil && (e.joined == nil || !p.joint.single):
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
	if e.status == ready && e.outdated() {
		e.catchUp()
	}
	if e.status != ready || p.view == nil && !p.save && e.mustWait() {
		e.stash = append(e.stash, p)
		if e.status == unloaded {
			e.load()
		}
		return
	}
	e.handle(p)
	e.flush()
}

// handle decides one command on the current state, or reads or saves the state.
func (e *entity) handle(p *envelope) {
	e.keepCopy()
	e.current = p
	now := e.timeOf(p)
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

// expire applies every expiry that is due, so that cores need not consider holds that have passed
// their deadline.
func (e *entity) expire(now time.Time) {
	_, err := core.Step(e.core, nil, now, func(facts []events.Fact) { e.acceptExpiry(facts, now) })
	if err != nil {
		panic(fmt.Sprintf("%s: %v", e.entry.stream, err))
	}
}

// acceptExpiry queues the facts of an expiry, as a command of the system.
func (e *entity) acceptExpiry(facts []events.Fact, now time.Time) {
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
	if keyed && !e.admitKey(p, key, body) || !keyed && p.request.After != nil && !e.admitForwarded(p) {
		return
	}
	if e.late(p) {
		p.outcome = outcome{revision: e.revision, err: errLate}
		e.settle(p)
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
		func(facts []events.Fact) { e.acceptExpiry(facts, p.decided) },
	)
	if err != nil {
		e.refuse(p, err.(*core.Refusal)) // a core returns no other error: a panic here is a bug
		return
	}
	if len(facts) == 0 {
		p.outcome = outcome{revision: e.revision}
		e.settle(p)
		return
	}
	e.rememberID(p)
	e.accept(p, facts)
}

// accept queues facts that are already applied to the state, with the command that waits for them.
func (e *entity) accept(p *envelope, facts []events.Fact) {
	e.revision += events.Revision(len(facts))
	e.latest = later(p.decided, e.latest)
	e.entry.empty.Store(false)
	p.outcome = outcome{facts: facts, revision: e.revision}
	if e.next == nil {
		e.next = newBatch(e.desk.run, 16)
	}
	e.tip = e.next.encode(e.entry.stream, p, e.tip) // may panic: p is not in the batch then
	e.next.add(p)
}

func (e *entity) refuse(p *envelope, refusal *core.Refusal) {
	p.outcome = outcome{revision: e.revision, err: refusal}
	e.settle(p)
}

// settle answers p, which has led to no facts, once the state on which it was decided is
// durable.
func (e *entity) settle(p *envelope) {
	switch {
	case e.next != nil:
		e.next.add(p)
	case e.writing != nil:
		e.writing.waiting = append(e.writing.waiting, p)
	default:
		e.complete(p, e.position)
	}
}

// complete answers p, whose outcome is durable. position is that of its last fact, or of the entity's
// last event if it has none. It is called by the actor or by the writer of p's batch.
func (e *entity) complete(p *envelope, position events.Position) {
	switch {
	case p.reply == nil: // an expiry has no caller
	case p.outcome.replayed:
		go e.replay(p)
	default:
		o := &p.outcome
		p.reply <- result{err: o.err, answer: Answer{
			Facts: o.facts, Revision: o.revision, Position: position, At: p.decided,
		}}
		e.desk.release(e.entry)
	}
}

// fail answers p with a failure.
func (e *entity) fail(p *envelope, err error) {
	switch {
	case p.reply == nil:
		return
	case p.joint != nil:
		p.joint.decision <- err
	default:
		p.reply <- result{err: err}
	}
	e.desk.release(e.entry)
}

// flush starts writing the next batch, unless one is being written or the entity pauses.
func (e *entity) flush() {
	if e.writing != nil || e.next == nil || e.entry.pausing() {
		return
	}
	e.startWriting()
	e.freezeIfDue(e.writing)
	go e.write(e.writing)
}

// startWriting makes the next batch the one being written.
func (e *entity) startWriting() {
	b := e.next
	e.next, e.writing = nil, b
	b.durable, b.position, b.hash, b.started = e.durable, e.position, e.hash, time.Now()
}

// handleWritten handles a batch that the writer has returned.
func (e *entity) handleWritten(b *batch) {
	defer func() { *b = batch{} }() // the engine may keep a reference to the message
	e.writing = nil
	e.unsaved += int64(b.durable - e.durable)
	e.durable, e.position, e.hash = b.durable, b.position, b.hash
	e.entry.unsaved.Store(e.unsaved)
	if b.err != nil {
		e.handleAppendError(b)
		return
	}
	e.unknowns, e.assumed = 0, false
	if e.status != ready { // a panic has dropped the state meanwhile
		e.discard(b.frozen)
		e.loadIfNeeded()
		return
	}
	e.save(b.frozen)
	for _, p := range b.waiting {
		e.complete(p, e.position)
	}
	e.beginPause(time.Since(b.started))
	e.handleStash()
}

// handleAppendError handles an append that did not succeed.
func (e *entity) handleAppendError(b *batch) {
	b.items = append(b.items, b.waiting...)
	log := e.desk.config.Logger.With("stream", e.entry.stream, "expected", b.durable, "error", b.err)
	switch {
	case errors.Is(b.err, events.ErrConflict) && e.assumed && b.durable == events.NoStream:
		e.dropWrongAssumption(b.items)
	case errors.Is(b.err, events.ErrConflict):
		e.desk.stats.conflicts.Add(1)
		e.entry.recordRival()
		log.Debug("another process appended first; deciding again")
		e.restoreCopy(b.durable)
		e.startOver(b.items)
	case errors.Is(b.err, events.ErrTooLarge) && e.refuseFirst(b):
		log.Warn("the facts of one command are larger than the log takes")
		e.startOver(b.items)
	case errors.Is(b.err, events.ErrUnavailable), errors.Is(b.err, events.ErrClosed), errors.Is(b.err, events.ErrTooLarge):
		log.Warn("the log rejected an append; nothing was written")
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

// startOver drops the state and loads it again, once the batch being written, if any, has ended. Then
// the unanswered commands are decided again, items first.
func (e *entity) startOver(items []*envelope) {
	e.desk.stats.reloads.Add(1)
	e.forget(items)
	e.status = loading
	if e.writing != nil {
		return
	}
	e.loadIfNeeded()
}

// loadIfNeeded loads the state if a command waits for it. Otherwise the next command loads it.
func (e *entity) loadIfNeeded() {
	if len(e.stash) == 0 {
		e.status = unloaded
		return
	}
	e.load()
}

// forget drops the state and stashes the unanswered commands, in the order in which they were
// decided. Their facts may be in the log.
func (e *entity) forget(items []*envelope) {
	now, limit := time.Now(), 2*e.desk.config.AppendTimeout
	for _, p := range e.takeUnanswered(items) {
		if p.failed.IsZero() {
			p.failed = now
		}
		if now.Sub(p.failed) > limit {
			e.fail(p, fmt.Errorf("%w: no outcome in %v", ErrUnavailable, limit))
		} else {
			e.stash = append(e.stash, p)
		}
	}
}

// takeUnanswered drops the state and the stash, and returns the unanswered commands, items first. It
// omits expiries, which the next decision repeats.
func (e *entity) takeUnanswered(items []*envelope) []*envelope {
	all := [][]*envelope{items, nil, nil, e.stash}
	if e.writing != nil {
		all[1], e.writing.waiting = e.writing.waiting, nil
	}
	if e.next != nil {
		all[2] = e.next.items
	}
	again := slices.DeleteFunc(slices.Concat(all...), func(p *envelope) bool { return p.reply == nil })
	e.core, e.window, e.stash, e.next, e.assumed = nil, nil, nil, nil, false
	return again
}
