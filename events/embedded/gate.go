package embedded

import (
	"sync"
	"sync/atomic"
)

// gate counts the calls in progress, so that Close can wait for them. It is not an RWMutex: a
// handler of Follow may call Read while Close waits, and a second RLock after a waiting Lock would
// never return.
type gate struct {
	state atomic.Int64 // calls in progress, plus gateShut once shut
	idle  chan struct{}
	once  sync.Once
}

const gateShut = 1 << 62

func newGate() *gate { return &gate{idle: make(chan struct{})} }

// enter reports whether the call may proceed; if so, it must call leave.
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

// shut refuses further calls. It is called once; idle is closed when the last call has left.
func (g *gate) shut() {
	g.state.Add(gateShut + 1)
	g.leave()
}
