package actors

import (
	"sync"

	"github.com/anthdm/hollywood/actor"
)

// receiver takes the messages of a mailbox.
type receiver interface {
	// receive must not panic.
	receive(msg any)
}

// mailbox is an actor: it passes messages to its receiver one at a time, in the order of each
// sender. It is a process of Hollywood's engine without Hollywood's inbox, restarts and life-cycle
// events, which cost a short-lived entity more than its rules do.
type mailbox struct {
	pid actor.PID
	to  receiver

	mu      sync.Mutex
	queue   []any // guarded by mu
	spare   []any // the emptied queue, for reuse; guarded by mu
	running bool  // a goroutine is handling the queue; guarded by mu
}

var _ actor.Processer = &mailbox{}

// Start implements actor.Processer.
func (m *mailbox) Start() {}

// PID implements actor.Processer.
func (m *mailbox) PID() *actor.PID { return &m.pid }

// Send implements actor.Processer.
func (m *mailbox) Send(_ *actor.PID, msg any, _ *actor.PID) { m.post(msg) }

// post sends a message. It never blocks.
func (m *mailbox) post(msg any) {
	if m.put(msg) {
		go m.run()
	}
}

// Invoke implements actor.Processer.
func (m *mailbox) Invoke(msgs []actor.Envelope) {
	for _, msg := range msgs {
		m.post(msg.Msg)
	}
}

// Shutdown implements actor.Processer.
func (m *mailbox) Shutdown() {}

// put queues a message. If it returns true, the caller must call run or runSome.
func (m *mailbox) put(msg any) (idle bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.queue = append(m.queue, msg)
	idle, m.running = !m.running, true
	return idle
}

// run handles messages until the queue is empty.
func (m *mailbox) run() {
	for m.handOver() {
	}
}

// runSome handles the queued messages on the sender's goroutine. Later ones get their own
// goroutine, so that no sender works long for others.
func (m *mailbox) runSome() {
	if m.handOver() {
		go m.run()
	}
}

// idleQueueCapacity is the capacity of the queue that an idle mailbox keeps.
const idleQueueCapacity = 4

// handOver handles the queued messages and reports whether more have arrived. If not, the mailbox
// is idle again.
func (m *mailbox) handOver() (more bool) {
	m.mu.Lock()
	msgs := m.queue
	m.queue, m.spare = m.spare, nil
	m.mu.Unlock()
	for i, msg := range msgs {
		m.to.receive(msg)
		msgs[i] = nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.running = len(m.queue) > 0; m.running {
		m.spare = msgs[:0]
		return true
	}
	if m.queue = nil; cap(msgs) <= idleQueueCapacity {
		m.queue = msgs[:0]
	}
	return false
}
