package actors

import (
	"sync"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// envelope carries a command, a view or a request for a snapshot through an entity, which answers it
// exactly once. reply has room for two results, the answer and the timeout sent by waiters, so that
// sending never blocks.
type envelope struct {
	request Request
	view    func(core.Core) // set for a view
	save    bool            // requests a snapshot
	joint   *jointPart      // set for one of several commands that are decided together
	reply   chan result
	caller  callerID // of a keyed request

	// Guarded by waiters.mu.
	waiting      bool
	since        time.Time
	older, newer *envelope

	// The rest is used by the actor alone.
	decided time.Time // when it was first decided; kept, so that deciding it again gives the same result
	failed  time.Time // when an attempt first failed, by the machine's clock
	outcome outcome
	// searched is the number of events that the stream had when it was last searched for this
	// command; see Request.After.
	searched events.Revision
}

// outcome is the decision on an envelope, sent to the caller once it is durable.
type outcome struct {
	facts    []events.Fact
	revision events.Revision // of the last fact, or of the state it was decided on
	err      error           // a refusal, [KeysSpent] or ErrOverloaded
	replay   events.Revision // for a repeated key: the revision of its first event
	replayed bool
}

// metadata returns the metadata of the events that p causes.
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

// envelopePool reuses envelopes. Every desk has its own pool, so that no envelope outlives its
// desk: a test may run a desk in a synctest bubble.
type envelopePool struct{ pool sync.Pool }

func (l *envelopePool) get() *envelope {
	if p, ok := l.pool.Get().(*envelope); ok {
		return p
	}
	return &envelope{reply: make(chan result, 2)}
}

func (l *envelopePool) put(p *envelope) {
	*p = envelope{reply: p.reply}
	l.pool.Put(p)
}
