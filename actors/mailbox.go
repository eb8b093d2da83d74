package actors

import (
	"sync"

	"github.com/anthdm/hollywood/actor"
)

// mailbox is an actor: it hands receive one message at a time, in the order of each sender.
// It is a process of Hollywood's engine without Hollywood's inbox, restarts and life-cycle
// events, which cost a short-lived entity more than its rules do.
type mailbox struct {
	pid     *actor.PID
	receive func(msg any) // must not panic

	mu      sync.Mutex
	queue   []any // guarded by mu
	spare   []any // emptied, to be queue again; guarded by mu
	running bool  // somebody takes from queue; guarded by mu
}

var _ actor.Processer = &mailbox{}

// Start implements actor.Processer.
func (m *mailbox) Start() {}

// PID implements actor.Processer.
func (m *mailbox) PID() *actor.PID { return m.pid }

// Send implements actor.Processer.
func (m *mailbox) Send(_ *actor.PID, msg any, _ *actor.PID) { m.tell(msg) }

// tell sends a message. It never blocks.
func (m *mailbox) tell(msg any) {
	if m.put(msg) {
		go m.run()
	}
}

// Invoke implements actor.Processer.
func (m *mailbox) Invoke(msgs []actor.Envelope) {
	for _, msg := range msgs {
		m.tell(msg.Msg)
	}
}

// Shutdown implements actor.Processer.
func (m *mailbox) Shutdown() {}

// put queues a message. If it returns true, the caller has to call run or runSome.
func (m *mailbox) put(msg any) (idle bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.queue = append(m.queue, msg)
	idle, m.running = !m.running, true
	return idle
}

// run hands over messages until there are none.
func (m *mailbox) run() {
	for m.handOver() {
	}
}

// runSome hands over those that are there, on the goroutine of a sender. What has come
// meanwhile is left to a goroutine of its own, so that no sender works long for others.
func (m *mailbox) runSome() {
	if m.handOver() {
		go m.run()
	}
}

// keptQueue is up to how many messages an idle mailbox keeps room for.
const keptQueue = 4

// handOver hands over what is queued and reports whether more has come; if not, nobody
// takes from the queue any more.
func (m *mailbox) handOver() (more bool) {
	m.mu.Lock()
	msgs := m.queue
	m.queue, m.spare = m.spare, nil
	m.mu.Unlock()
	for i, msg := range msgs {
		m.receive(msg)
		msgs[i] = nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.running = len(m.queue) > 0; m.running {
		m.spare = msgs[:0]
		return true
	}
	if m.queue = nil; cap(msgs) <= keptQueue {
		m.queue = msgs[:0]
	}
	return false
}
