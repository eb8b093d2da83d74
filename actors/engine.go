package actors

import (
	"fmt"
	"strconv"
	"sync/atomic"

	"github.com/anthdm/hollywood/actor"
)

// Engine hosts the actors of this process in Hollywood.
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

// Spawn starts an actor that calls receive with one message at a time, each sender's in order.
// send never blocks. stop ends the actor after the messages sent before it; nothing may be sent
// afterwards. receive must not panic.
func (e *Engine) Spawn(name string, receive func(msg any)) (send func(msg any), stop func()) {
	m := &mailbox{to: receiverFunc(receive)}
	e.spawn(m, "projection/"+name+"#"+strconv.FormatUint(e.spawned.Add(1), 10))
	return m.post, func() { e.stop(m) }
}

// receiverFunc adapts a function to receiver.
type receiverFunc func(msg any)

func (f receiverFunc) receive(msg any) { f(msg) }

// spawn starts an actor. name must be unique forever.
func (e *Engine) spawn(m *mailbox, name string) {
	m.pid.Address, m.pid.ID = e.hollywood.Address(), name
	e.hollywood.SpawnProc(m)
}

// stop removes an actor from the engine. It still receives earlier messages.
func (e *Engine) stop(m *mailbox) { e.hollywood.Registry.Remove(&m.pid) }
