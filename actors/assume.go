package actors

import (
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// assume decides the first command of an entity as if its stream were empty, without reading
// it, and reports whether that led to facts. Most streams are new when their first command
// comes, and a read that finds nothing costs as much as a write.
//
// The append expects an empty stream, so a wrong assumption causes a conflict; then the state is
// loaded and everything is decided again. Without an append nothing checks the assumption, so
// refusals, commands without facts, views and conditional edits wait for the state to be loaded from
// the log.
//
// The event ids are new for every assumption. EventStoreDB treats events whose ids it knows as a
// retry and reports no conflict, and this desk may already have written the same keyed command
// before the entity was last unloaded.
func (e *entity) assume(p *envelope) bool {
	if !e.assumable() || p.view != nil || p.save || p.request.conditional() || e.late(p) {
		return false
	}
	e.current = p // stays set if decide panics, so that guard answers it
	state, now := e.kind.New(), e.timeOf(p)
	facts, err := core.Step(state, p.request.Command, now, func([]events.Fact) {})
	if err != nil || len(facts) == 0 {
		e.current = nil
		return false
	}
	p.decided = now
	e.assumeEmpty(state)
	e.rememberID(p)
	e.next = newBatch(NewID(), 1)
	e.accept(p, facts)
	e.current = nil
	return true
}

// assumable reports whether nothing is known about the stream yet.
func (e *entity) assumable() bool { return e.loads == 0 && e.durable == events.NoStream }

// assumeEmpty installs state as the state of an empty stream. state may already have evolved by the
// facts that are accepted next.
func (e *entity) assumeEmpty(state core.Core) {
	e.core, e.window, e.revision, e.status, e.assumed = state, nil, events.NoStream, ready, true
	e.forwarded = forwarded{since: events.NoStream}
	e.tip = events.Hash{} // an earlier assumption may have sealed events that were never appended
}

// dropWrongAssumption handles the conflict that shows that the stream is not empty. Nothing that was
// decided on the assumption has been written or answered, so all of it is decided again as if it had
// just arrived, without searching the log for it.
func (e *entity) dropWrongAssumption(items []*envelope) {
	e.stash = e.takeUnanswered(items)
	for _, p := range e.stash {
		p.decided = time.Time{}
	}
	e.status = loading
	e.loadIfNeeded()
}
