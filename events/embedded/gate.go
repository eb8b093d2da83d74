package embedded

import (
	"sync"
	"sync/atomic"
)

// gate counts the calls in progress, so that Close can wait for them. An RWMutex would deadlock: a handler of Follow
// may call Read while Close waits, and an RLock behind a waiting Lock blocks.
type gate struct {
	state atomic.Int64  // the number of calls in progress, plus gateShut once the gate is shut
	idle  chan struct{} // closed when the gate is shut and the last call has left
	once  sync.Once
}

const gateShut = 1 << 62

func newGate() *gate { return &gate{idle: make(chan struct{})} }

// enter reports whether the call may proceed. If so, the caller must call leave.
func (g *gate) enter() bool {
	if g.state.Add(1)&gateShut == 0 {
		return true
	}
	g.leave()
	return false
}

func (g *gate) leave() {
	if g.state.Add(-1) == gateShut {
		g.once.Do(func() { close(g.idle) })
	}
}

// shut makes enter refuse further calls. It must be called once.
func (g *gate) shut() {
	g.state.Add(gateShut + 1)
	g.leave()
}
