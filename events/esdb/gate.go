package esdb

import "sync"

// gate counts the calls in progress, so that Close can wait for them.
type gate struct {
	mu     sync.Mutex
	calls  int           // guarded by mu
	closed bool          // guarded by mu
	idle   chan struct{} // closed once no call is left after close
}

func newGate() *gate { return &gate{idle: make(chan struct{})} }

// enter reports whether a call may proceed. If so, the caller must call leave at the end.
func (g *gate) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed {
		g.calls++
	}
	return !g.closed
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.calls--; g.calls == 0 && g.closed {
		close(g.idle)
	}
}

// close refuses further calls. It is called once.
func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed = true; g.calls == 0 {
		close(g.idle)
	}
}
