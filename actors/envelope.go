package actors

import (
	"sync"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// envelope is a command, a view or a request for a snapshot on its way through an entity.
// It is answered exactly once; reply has room for that answer, so the entity never waits
// for the caller.
type envelope struct {
	request Request
	view    func(core.Core) // set for a view
	save    bool            // set for a snapshot
	joint   *jointPart      // set for one of several that are decided together
	reply   chan result
	caller  callerID // of a keyed request

	// The rest belongs to the entity.
	decided time.Time // when it was decided first; stays, so that again gives the same
	failed  time.Time // when it first came to nothing, by the machine's clock
	outcome outcome
}

// outcome is what an entity has decided on a pending, to be told when durable.
type outcome struct {
	facts    []events.Fact
	revision events.Revision // of the last fact, or of the state it was decided on
	err      error           // a refusal, [KeysSpent] or ErrOverloaded
	replay   events.Revision // for a repeated key: where its first event is
	replayed bool
}

// metadata of the events that p leads to.
func (p *envelope) metadata() events.Metadata {
	return events.Metadata{
		CommandID: string(p.request.ID), CorrelationID: p.request.CorrelationID,
		CausationID: p.request.CausationID, Actor: p.request.Actor, At: p.decided,
	}
}

type result struct {
	answer Answer
	err    error
}

// envelopePool lends pendings. A desk has one of its own, so that nothing outlives it:
// a test may run a desk in a time of its own.
type envelopePool struct{ pool sync.Pool }

func (l *envelopePool) get() *envelope {
	if p, ok := l.pool.Get().(*envelope); ok {
		return p
	}
	return &envelope{reply: make(chan result, 1)}
}

func (l *envelopePool) put(p *envelope) {
	*p = envelope{reply: p.reply}
	l.pool.Put(p)
}
