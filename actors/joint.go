package actors

import (
	"context"
	"errors"
	"fmt"

	"admitone/actors/core"
	"admitone/events"
)

// ErrNotJoint is returned by [Desk.AskAll] if the commands must be sent one by one. Nothing was
// done.
var ErrNotJoint = errors.New("the commands can't be appended together")

// JointDispatcher is a [Dispatcher] that can decide commands to several entities together. Its
// method behaves like Desk's.
type JointDispatcher interface {
	Dispatcher
	AskAll(ctx context.Context, requests []Request, decided func(i int, answer Answer) error) ([]Answer, error)
}

var _ JointDispatcher = &Desk{}

// RefusedError is the refusal of one of several commands.
type RefusedError struct {
	At int // which of the commands
	*core.Refusal
}

// Unwrap returns the refusal.
func (r *RefusedError) Unwrap() error { return r.Refusal }

// AskAll decides one command for each of several different entities, in this order, and appends
// their facts together: all or none, even after a crash. After each decision but the last it calls
// decided with the facts, which are not in the log yet, and their time; decided may complete the
// later commands. An error of decided aborts it.
//
// It never waits for a busy entity (one with a batch in flight, or a state to be loaded), so
// callers never deadlock, independent of the order of their entities.
//
// Errors: [*RefusedError], decided on a state that is on stable storage: nothing was done.
// ErrNotJoint: nothing was done; an entity is busy, the store has no such append, a command has no
// facts or its key is known, or another process appended first. ErrOverloaded, ErrStopping: nothing
// was done. ErrUnavailable: the outcome may be unknown, and retrying each under the same keyed id
// is safe.
func (d *Desk) AskAll(
	_ context.Context,
	requests []Request,
	decided func(i int, answer Answer) error,
) ([]Answer, error) {
	store, ok := d.config.Store.(events.MultiAppender)
	if !ok {
		return nil, ErrNotJoint
	}
	parts := newParts(len(requests))
	for i := range parts {
		if err := d.join(&parts[i], requests[i]); err != nil {
			d.end(parts[:i], false)
			if refusal := (*core.Refusal)(nil); errors.As(err, &refusal) {
				return nil, &RefusedError{i, refusal}
			}
			return nil, err
		}
		if i == len(parts)-1 {
			break
		}
		if err := decided(i, Answer{Facts: parts[i].facts, At: parts[i].envelope.decided}); err != nil {
			d.end(parts[:i+1], false)
			return nil, err
		}
	}
	d.end(parts, true)
	return d.appendAll(store, parts)
}

// jointPart is one of several commands that are decided together, on its way through its entity.
type jointPart struct {
	envelope *envelope
	entry    *entry
	// decision receives the error of the decision, and nil when the turn has ended. The parts share it: they
	// are sent and ended one by one.
	decision chan error
	reply    chan result // of envelope, whose own is nil once it is committed
	facts    []events.Fact
	assumed  bool      // this part assumed the state to be empty
	batch    *batch    // nil if the core panicked
	single   bool      // appended by itself; see AskEach
	core     core.Core // the core on which a single part was decided
}

// newParts returns the parts of n commands.
func newParts(n int) []jointPart {
	parts, decision := make([]jointPart, n), make(chan error, 1)
	for i := range parts {
		parts[i].decision = decision
	}
	return parts
}

// jointEnd ends the turn of a part. Its facts are applied to the state and appended, or they are
// dropped.
type jointEnd struct {
	*jointPart
	commit bool
}

// join sends one part to its entity and returns once it is decided. After an error the entity has
// no record of it.
func (d *Desk) join(part *jointPart, request Request) error {
	p := d.envelopes.get()
	p.request, p.joint = request, part
	if _, _, keyed := request.ID.keyed(); keyed {
		p.caller = callerOf(request.Actor)
	}
	part.envelope = p
	e, idle, err := d.enqueue(p)
	if err != nil {
		d.envelopes.put(p)
		return err
	}
	part.entry = e
	if idle {
		e.runSome()
	}
	if err := <-part.decision; err != nil {
		d.envelopes.put(p)
		return err
	}
	return nil
}

// end ends the turns of parts. Their order does not matter: only commands that they delay wait for them.
func (d *Desk) end(parts []jointPart, commit bool) {
	for i := range parts {
		part := &parts[i]
		if part.entry.put(&jointEnd{part, commit}) {
			part.entry.runSome()
		}
		<-part.decision
		if !commit {
			d.envelopes.put(part.envelope)
		}
	}
}

// appendAll appends the batches of committed parts and answers their commands.
func (d *Desk) appendAll(store events.MultiAppender, parts []jointPart) ([]Answer, error) {
	appended, err := d.tryAppendAll(store, parts)
	answers := make([]Answer, len(parts))
	for i := range parts {
		part := &parts[i]
		if b := part.batch; b != nil {
			if b.err = err; err == nil {
				_, b.err = b.removeAppended(1, b.events, appended[i])
				part.entry.known.Store(int64(b.durable) + 1)
				answers[i] = Answer{Facts: part.facts, Revision: appended[i].Revision,
					Position: appended[i].Position, At: part.envelope.decided}
			}
			if b.err == nil { // nothing refers to the envelope any more
				part.envelope.reply = part.reply
				d.envelopes.put(part.envelope)
			}
			if part.entry.put(b) {
				part.entry.runSome()
			}
		}
		d.release(part.entry)
	}
	switch {
	case err == nil:
		return answers, nil
	case errors.Is(err, events.ErrConflict):
		return nil, ErrNotJoint
	case errors.Is(err, ErrBroken):
		return nil, err
	}
	return nil, Unavailable(err)
}

// tryAppendAll appends. If the store panics, the outcome is unknown.
func (d *Desk) tryAppendAll(store events.MultiAppender, parts []jointPart) (appended []events.Appended, err error) {
	appends := make([]events.StreamAppend, len(parts))
	for i := range parts {
		b := parts[i].batch
		if b == nil {
			return nil, ErrBroken
		}
		parts[i].entry.claimed.Store(int64(b.durable) + 1 + int64(len(b.events)))
		appends[i] = events.StreamAppend{Stream: parts[i].entry.stream, Expected: b.durable, Batch: b.events}
	}
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%w: the store panicked: %v", events.ErrUnknown, cause)
		}
	}()
	return store.AppendAll(d.deadlines.get(), appends)
}

// joinPart decides a part. Arrivals wait until its turn ends.
func (e *entity) joinPart(p *envelope) {
	part := p.joint
	e.current = p
	err := e.decidePart(p, part)
	e.current = nil
	if err == nil {
		e.joined = part
		part.decision <- nil
		return
	}
	e.dropAssumption(part)
	e.fail(p, err)
}

// decidePart decides a part on the state of the entity, or on an assumed empty one.
func (e *entity) decidePart(p *envelope, part *jointPart) error {
	if part.single {
		return e.decideSingle(p, part)
	}
	if e.status == ready && e.outdated() {
		return ErrNotJoint
	}
	now := e.timeOf(p)
	if e.status == ready && e.joined == nil {
		e.expire(now)
		e.flush()
	}
	switch {
	case e.status == unloaded && e.assumable():
		e.assumeEmpty(e.kind.New())
		part.assumed = true
	case e.status != ready,
		e.writing != nil,
		e.next != nil,
		e.joined != nil,
		p.request.conditional(),
		p.request.After != nil:
		return ErrNotJoint
	}
	p.decided = now
	if key, _, keyed := p.request.ID.keyed(); keyed {
		if _, known := e.window.get(key, now); known || e.window.len(now) >= maxKeyWindow {
			return ErrNotJoint
		}
	}
	facts, err := e.core.Decide(p.request.Command, now)
	if part.assumed && err != nil || err == nil && len(facts) == 0 {
		return ErrNotJoint
	}
	part.facts = facts
	return err
}

// dropAssumption drops the state that a part has assumed, if nothing depends on it.
func (e *entity) dropAssumption(part *jointPart) {
	if part.assumed {
		e.core, e.window, e.status, e.assumed = nil, nil, unloaded, false
	}
}

// endPart ends the turn of a part and handles the messages that arrived meanwhile.
func (e *entity) endPart(m *jointEnd) {
	defer func() { m.decision <- nil }()
	e.joined = nil
	switch {
	case !m.commit:
		e.dropAssumption(m.jointPart)
		e.desk.release(e.entry)
	case m.single:
		e.commitSingle(m.jointPart)
	default:
		e.commitPart(m.jointPart)
	}
	if e.status == ready {
		e.handleStash()
	} else {
		e.loadIfNeeded()
	}
}

// commitPart applies the facts of a part to the state and makes them the batch being written. The
// caller of AskAll writes it.
func (e *entity) commitPart(part *jointPart) {
	p := part.envelope
	for _, fact := range part.facts {
		e.core.Evolve(fact)
	}
	e.rememberID(p)
	run := e.desk.run
	if part.assumed {
		run = NewID() // see assume
	}
	e.next = newBatch(run, 1)
	e.accept(p, part.facts)
	part.reply, p.reply = p.reply, nil // appendAll answers its caller
	e.startWriting()
	part.batch = e.writing
}
