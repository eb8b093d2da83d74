package actors

import (
	"context"
	"errors"

	"admitone/actors/core"
	"admitone/events"
)

// TurnDispatcher is a [Dispatcher] that can decide commands to several entities in one turn, for a
// log that can't append to several streams at once. Its method behaves like Desk's.
type TurnDispatcher interface {
	Dispatcher
	AskEach(ctx context.Context, requests []Request) ([]Result, error)
	// AppendsTogether reports whether the log can append to several streams at once; see AskAll.
	AppendsTogether() bool
}

var _ TurnDispatcher = &Desk{}

// AppendsTogether implements TurnDispatcher.
func (d *Desk) AppendsTogether() bool {
	_, ok := d.config.Store.(events.MultiAppender)
	return ok
}

// Result has the results of [Desk.Ask].
type Result struct {
	Answer Answer
	Err    error
}

// errUnsettled: the refusal was decided on a state that is not on stable storage yet.
var errUnsettled = errors.New("the refusal is not durable yet")

// maxTurnAttempts bounds how often commands are decided again after a refusal on a state that is not
// durable yet.
const maxTurnAttempts = 8

// AskEach decides one command for each of several different entities in one turn, in this order,
// and then lets every entity append its own facts, all concurrently. Among the callers on this node,
// the commands of one are thus all accepted or all refused. If another process is first to append to
// an entity, the command to that entity is decided again alone, as by Ask.
//
// A turn waits at an entity for the previous turn to end. To avoid deadlock, all callers must name
// entities in the same order.
//
// Errors: [*RefusedError], decided on a state that is on stable storage: nothing was done.
// ErrNotJoint: nothing was done, and the commands must be sent one by one: one of them was sent before, an
// entity has no state and can't be assumed to be empty, or another process has appended to one.
// ErrOverloaded, ErrStopping, ErrUnavailable, ErrBroken: nothing was done. Otherwise there is a result for
// each command.
func (d *Desk) AskEach(ctx context.Context, requests []Request) ([]Result, error) {
	for range maxTurnAttempts {
		parts := newParts(len(requests))
		at, err := d.takeTurn(parts, requests)
		if err == nil {
			return d.results(ctx, parts), nil
		}
		if refusal := (*core.Refusal)(nil); errors.As(err, &refusal) {
			return nil, &RefusedError{at, refusal}
		}
		if !errors.Is(err, errUnsettled) {
			return nil, err
		}
		if _, err := d.View(ctx, requests[at].Stream, func(core.Core) {}); err != nil { // returns once the state is durable
			return nil, err
		}
	}
	return nil, ErrNotJoint
}

// takeTurn decides all parts and commits all or none. Its error belongs to the part at index at.
func (d *Desk) takeTurn(parts []jointPart, requests []Request) (at int, err error) {
	for i := range parts {
		parts[i].single = true
		if err := d.join(&parts[i], requests[i]); err != nil {
			d.end(parts[:i], false)
			return i, err
		}
	}
	d.end(parts, true)
	return 0, nil
}

// results waits for the answers to committed parts.
func (d *Desk) results(ctx context.Context, parts []jointPart) []Result {
	results := make([]Result, len(parts))
	for i := range parts {
		p := parts[i].envelope
		r, err := d.receive(ctx, p)
		if err != nil { // p is still used by its entity
			results[i].Err = err
			continue
		}
		d.envelopes.put(p)
		results[i] = Result{r.answer, r.err}
	}
	return results
}

// decideSingle decides a part that is appended by itself. Like any command, it is decided on the
// current state, even while a batch is being written.
func (e *entity) decideSingle(p *envelope, part *jointPart) error {
	switch {
	case p.request.conditional(), p.request.After != nil:
		return ErrNotJoint
	case e.status == unloaded && e.assumable():
		e.assumeEmpty(e.kind.New())
		part.assumed = true
	case e.status != ready, e.outdated():
		return ErrNotJoint
	}
	now := e.timeOf(p)
	e.expire(now)
	e.flush()
	p.decided = now
	if key, _, keyed := p.request.ID.keyed(); keyed {
		if _, known := e.window.get(key, now); known || e.window.len(now) >= maxKeyWindow {
			return ErrNotJoint
		}
	}
	facts, err := e.core.Decide(p.request.Command, now)
	switch {
	case part.assumed && err != nil, err == nil && len(facts) == 0:
		return ErrNotJoint
	case err != nil && (e.next != nil || e.writing != nil):
		return errUnsettled
	}
	part.facts, part.core = facts, e.core
	return err
}

// commitSingle queues the facts of a part that is already decided. If the state was dropped since the
// decision, the command is decided again.
func (e *entity) commitSingle(part *jointPart) {
	p := part.envelope
	p.joint = nil
	if e.status != ready || e.core != part.core {
		e.stash = append(e.stash, p)
		return
	}
	e.keepCopy()
	e.current = p
	for _, fact := range part.facts {
		e.core.Evolve(fact)
	}
	e.rememberID(p)
	if part.assumed && e.next == nil {
		e.next = newBatch(NewID(), 1) // see assume
	}
	e.accept(p, part.facts)
	e.current = nil
}
