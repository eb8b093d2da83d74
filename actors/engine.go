package actors

import (
	"fmt"
	"strconv"
	"sync/atomic"

	"github.com/anthdm/hollywood/actor"
)

// Engine runs the actors of this process, on Hollywood.
type Engine struct {
	hollywood *actor.Engine
	spawned   atomic.Uint64
}

// NewEngine starts an Engine.
func NewEngine() (*Engine, error) {
	hollywood, err := actor.NewEngine(actor.NewEngineConfig())
	if err != nil {
		return nil, fmt.Errorf("starting the actors: %w", err)
	}
	return &Engine{hollywood: hollywood}, nil
}

// Spawn starts an actor that calls receive with one message at a time, in the
// order of each sender. send never blocks; stop ends the actor after what was
// sent before, and nothing may be sent afterwards. receive must not panic.
func (e *Engine) Spawn(name string, receive func(msg any)) (send func(msg any), stop func()) {
	m := e.spawn("projection", name+"#"+strconv.FormatUint(e.spawned.Add(1), 10), receive)
	return m.tell, func() { e.stop(m) }
}

// spawn starts an actor under a name that is never used again.
func (e *Engine) spawn(kind, id string, receive func(msg any)) *mailbox {
	m := &mailbox{pid: actor.NewPID(e.hollywood.Address(), kind+"/"+id), receive: receive}
	e.hollywood.SpawnProc(m)
	return m
}

// stop removes an actor from the engine. It still receives what was sent to it before.
func (e *Engine) stop(m *mailbox) { e.hollywood.Registry.Remove(m.pid) }
