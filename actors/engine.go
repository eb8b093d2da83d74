package actors

import (
	"fmt"
	"strconv"
	"sync/atomic"

	"github.com/anthdm/hollywood/actor"
)

// inboxSize is the inbox an actor starts with; it grows when needed. Hollywood's
// own default costs 28 KB an actor.
const inboxSize = 4

// Engine runs the actors of this process, on Hollywood.
type Engine struct {
	hollywood *actor.Engine
	spawned   atomic.Uint64
}

// NewEngine starts one.
func NewEngine() (*Engine, error) {
	hollywood, err := actor.NewEngine(actor.NewEngineConfig())
	if err != nil {
		return nil, fmt.Errorf("actors: %w", err)
	}
	return &Engine{hollywood: hollywood}, nil
}

// Spawn starts an actor that calls receive with one message at a time, in the
// order of each sender. send never blocks; stop ends the actor after what was
// sent before, and nothing may be sent afterwards. receive must not panic.
func (e *Engine) Spawn(name string, receive func(msg any)) (send func(msg any), stop func()) {
	pid := e.spawn("projection", name+"#"+strconv.FormatUint(e.spawned.Add(1), 10), receive)
	return func(msg any) { e.send(pid, msg) }, func() { e.stop(pid) }
}

func (e *Engine) spawn(kind, id string, receive func(msg any)) *actor.PID {
	return e.hollywood.Spawn(func() actor.Receiver { return receiver(receive) }, kind,
		actor.WithID(id), actor.WithInboxSize(inboxSize))
}

func (e *Engine) send(pid *actor.PID, msg any) { e.hollywood.SendLocal(pid, msg, nil) }

func (e *Engine) stop(pid *actor.PID) { e.hollywood.Poison(pid) }

// receiver drops Hollywood's life-cycle messages: an actor here has nothing to do
// when it starts, and must not do anything when it stops.
type receiver func(msg any)

func (r receiver) Receive(c *actor.Context) {
	switch msg := c.Message().(type) {
	case actor.Initialized, actor.Started, actor.Stopped:
	default:
		r(msg)
	}
}
