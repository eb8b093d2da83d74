package esdb

import "sync"

// gate counts the calls under way, so that Close can wait for them.
type gate struct {
	mu    sync.Mutex
	calls int           // guarded by mu
	shut  bool          // guarded by mu
	idle  chan struct{} // closed when shut and the last call has left
}

func newGate() *gate { return &gate{idle: make(chan struct{})} }

// enter reports whether the call may go on; if so, it must leave.
func (g *gate) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.shut {
		g.calls++
	}
	return !g.shut
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.calls--; g.calls == 0 && g.shut {
		close(g.idle)
	}
}

// close lets nobody in any more. It is called once.
func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut = true; g.calls == 0 {
		close(g.idle)
	}
}
