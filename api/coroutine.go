package api

import (
	"iter"
	"sync"
)

// coroutine runs commands one after another, and yields to the batch that started the command when an entity
// has received the command, and again when the command has ended. Only one batch may use it at a time.
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

// start runs a command until it yields, and reports whether it has ended.
func (co *coroutine) start(c *batchCommand) (ended bool) {
	co.command, co.ended = c, false
	return co.resume()
}

// resume continues the command until it yields, and reports whether it has ended.
func (co *coroutine) resume() (ended bool) {
	co.next()
	return co.ended
}

// coroutinePool keeps idle coroutines for reuse, because their stacks have already grown. batchWindow times
// maxSubmitting bounds the number of coroutines.
type coroutinePool struct {
	mu     sync.Mutex
	free   []*coroutine // guarded by mu
	closed bool         // guarded by mu
}

// get returns an idle coroutine, or a new one.
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

// put returns a coroutine whose command has ended to the pool.
func (p *coroutinePool) put(co *coroutine) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		co.stop()
		return
	}
	p.free = append(p.free, co)
}

// close stops the idle coroutines. The others are stopped when they are put back.
func (p *coroutinePool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, co := range p.free {
		co.stop()
	}
	p.free = nil
}
