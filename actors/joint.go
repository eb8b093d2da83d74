package actors

import (
	"context"
	"errors"
	"fmt"

	"admitone/actors/core"
	"admitone/events"
)

// ErrNotJoint is returned by [Desk.AskAll] where the commands have to be asked one after
// another. Nothing was done.
var ErrNotJoint = errors.New("the commands can't be taken together")

// JointDispatcher is a [Dispatcher] that can decide commands to several entities together. Its
// method behaves as that of Desk.
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

// AskAll hands in one command for each of several different entities, decides them in this
// order, and appends what they lead to together: all of it or nothing, also after a crash. After
// each decision but the last it calls decided, which may complete the commands behind it, with
// the facts and their time, which are not in the log yet. An error of decided ends it.
//
// It never waits for an entity that is busy: with a batch in flight, or a state that is to be
// loaded. So callers in whatever order never wait for each other.
//
// Errors: [*RefusedError], by a state that is on stable storage: nothing was done. ErrNotJoint,
// also where the store has no such append, where a command leads to no facts or is known by its
// key, or where another process appended first. ErrOverloaded, ErrStopping: nothing was done.
// ErrUnavailable: the outcome may be unknown, and a retry of each under the same keyed id is safe.
func (d *Desk) AskAll(
	_ context.Context,
	requests []Request,
	decided func(i int, answer Answer) error,
) ([]Answer, error) {
	store, ok := d.config.Store.(events.MultiAppender)
	if !ok {
		return nil, ErrNotJoint
	}
	parts := make([]jointPart, len(requests))
	for i := range parts {
		if err := d.join(&parts[i], requests[i]); err != nil {
			end(parts[:i], false)
			if refusal := (*core.Refusal)(nil); errors.As(err, &refusal) {
				return nil, &RefusedError{i, refusal}
			}
			return nil, err
		}
		if i == len(parts)-1 {
			break
		}
		if err := decided(i, Answer{Facts: parts[i].facts, At: parts[i].envelope.decided}); err != nil {
			end(parts[:i+1], false)
			return nil, err
		}
	}
	end(parts, true)
	return d.appendAll(store, parts)
}

// jointPart is one command of several that are decided together, on its way through its entity.
type jointPart struct {
	envelope *envelope
	entry    *entry
	// decision gets the error of the decision, and nil when the turn has ended.
	decision chan error
	facts    []events.Fact
	assumed  bool   // the state is an assumption of this part
	batch    *batch // nil if the entity broke
}

// jointEnd ends the turn of a part: its facts are evolved into the state and to be appended, or
// they are dropped.
type jointEnd struct {
	*jointPart
	commit bool
}

// join hands in one part and returns when it is decided. After an error its entity knows
// nothing of it.
func (d *Desk) join(part *jointPart, request Request) error {
	part.decision = make(chan error, 1)
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
	return <-part.decision
}

// end ends the turns of parts, in any order: nothing waits for them but what they keep waiting.
func end(parts []jointPart, commit bool) {
	for i := range parts {
		part := &parts[i]
		if part.entry.put(&jointEnd{part, commit}) {
			part.entry.runSome()
		}
		<-part.decision
	}
}

// appendAll appends the batches of parts that have been committed.
func (d *Desk) appendAll(store events.MultiAppender, parts []jointPart) ([]Answer, error) {
	appended, err := d.tryAppendAll(store, parts)
	answers := make([]Answer, len(parts))
	for i := range parts {
		part := &parts[i]
		if b := part.batch; b != nil {
			if b.err = err; err == nil {
				_, b.err = b.done(1, b.events, appended[i])
				part.entry.known.Store(int64(b.durable) + 1)
				answers[i] = Answer{Facts: part.facts, Revision: appended[i].Revision,
					Position: appended[i].Position, At: part.envelope.decided}
			}
			part.entry.tell(b)
		}
		d.answered(part.entry)
	}
	switch {
	case err == nil:
		return answers, nil
	case errors.Is(err, events.ErrConflict):
		return nil, ErrNotJoint
	case errors.Is(err, ErrBroken):
		return nil, err
	}
	return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
}

// tryAppendAll appends. A panic of the store leaves the outcome unknown.
func (d *Desk) tryAppendAll(store events.MultiAppender, parts []jointPart) (appended []events.Appended, err error) {
	appends := make([]events.StreamAppend, len(parts))
	for i := range parts {
		b := parts[i].batch
		if b == nil {
			return nil, ErrBroken
		}
		appends[i] = events.StreamAppend{Stream: parts[i].entry.stream, Expected: b.durable, Batch: b.events}
	}
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%w: the store panicked: %v", events.ErrUnknown, cause)
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), d.config.AppendTimeout)
	defer cancel()
	return store.AppendAll(ctx, appends)
}

// joinPart decides a part, and lets what arrives wait until its turn ends.
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

// decidePart decides a part on the state of the entity, or on an assumed one.
func (e *entity) decidePart(p *envelope, part *jointPart) error {
	now := e.now()
	if e.status == ready && e.joined == nil {
		e.expire(now)
		e.flush()
	}
	switch {
	case e.status == unloaded && e.assumable():
		e.assumeEmpty(e.kind.New())
		part.assumed = true
	case e.status != ready, e.writing != nil, e.joined != nil, p.request.conditional():
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

// dropAssumption forgets the state that a part has assumed and nothing rests on.
func (e *entity) dropAssumption(part *jointPart) {
	if part.assumed {
		e.core, e.window, e.status, e.assumed = nil, nil, unloaded, false
	}
}

// endPart ends the turn of a part and goes on with what has arrived meanwhile.
func (e *entity) endPart(m *jointEnd) {
	defer func() { m.decision <- nil }()
	e.joined = nil
	if m.commit {
		e.commitPart(m.jointPart)
	} else {
		e.dropAssumption(m.jointPart)
		e.desk.answered(e.entry)
	}
	if e.status == ready {
		e.handleStash()
	} else {
		e.loadIfAsked()
	}
}

// commitPart evolves the state by the facts of a part. They are the batch that is being
// written; whoever handed in the part writes it.
func (e *entity) commitPart(part *jointPart) {
	p := part.envelope
	for _, fact := range part.facts {
		e.core.Evolve(fact)
	}
	e.rememberKey(p)
	run := e.desk.run
	if part.assumed {
		run = NewID() // see assume
	}
	e.next = newBatch(run)
	e.accept(p, part.facts)
	p.reply = nil // its caller hears of it from whoever writes the batch
	e.startWriting()
	part.batch = e.writing
}
