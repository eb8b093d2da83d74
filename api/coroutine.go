package api

import (
	"iter"
	"sync"
)

// coroutine runs commands, one after another, by turns with the batch that they are of: it gives
// the turn back when the command has ended, and in between when an entity has it. Only that batch
// may use it.
type coroutine struct {
	command *batchCommand
	ended   bool
	next    func() (struct{}, bool)
	stop    func()
}

func newCoroutine() *coroutine {
	co := &coroutine{}
	co.next, co.stop = iter.Pull(func(yield func(struct{}) bool) {
		submitted := func() { yield(struct{}{}) }
		for {
			co.command.run(submitted)
			co.command, co.ended = nil, true
			if !yield(struct{}{}) {
				return
			}
		}
	})
	return co
}

// start runs a command until it gives the turn back, and reports whether it has ended.
func (co *coroutine) start(c *batchCommand) (ended bool) {
	co.command, co.ended = c, false
	return co.resume()
}

// resume runs the command on.
func (co *coroutine) resume() (ended bool) {
	co.next()
	return co.ended
}

// coroutinePool keeps coroutines with the stacks that they have grown. The window and the
// turns of batches bound how many there are.
type coroutinePool struct {
	mu     sync.Mutex
	free   []*coroutine // guarded by mu
	closed bool         // guarded by mu
}

// get returns a free one, or a new one.
func (p *coroutinePool) get() *coroutine {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.free); n > 0 {
		co := p.free[n-1]
		p.free[n-1], p.free = nil, p.free[:n-1]
		return co
	}
	return newCoroutine()
}

// put gives back one whose command has ended.
func (p *coroutinePool) put(co *coroutine) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		co.stop()
		return
	}
	p.free = append(p.free, co)
}

// close ends the free ones, and the others when they are given back.
func (p *coroutinePool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, co := range p.free {
		co.stop()
	}
	p.free = nil
}
