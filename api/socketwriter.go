package api

import (
	"errors"
	"net"
	"time"

	"github.com/fasthttp/websocket"

	"admitone/projections"
)

const (
	// maxBacklog is how many bytes may wait in the kernel for the client to take
	// them. Above it frames are merged instead, and a close frame still fits.
	maxBacklog = 32 << 10
	// parting is how long a client may take to answer a close frame.
	parting = 2 * time.Second
)

// wake starts a writer if none runs. It needs mu.
func (s *socket) wake() {
	if s.writing || s.over {
		return
	}
	s.writing = true
	go s.write()
}

// write is the writer: it writes what there is and ends.
func (s *socket) write() {
	defer func() { // nothing else would catch it
		if cause := recover(); cause != nil {
			s.panicked(cause)
			s.mu.Lock()
			s.writing = false
			s.changed.Broadcast()
			s.mu.Unlock()
			s.fail(errors.New("the writer panicked"))
		}
	}()
	for {
		s.makeRoom()
		out, ok := s.next()
		if !ok {
			return
		}
		if err := s.send(out); err != nil {
			s.fail(err)
		}
		if out.control == websocket.CloseMessage {
			// The client answers with its own close, or the reader gives up soon.
			s.raw.SetReadDeadline(time.Now().Add(parting))
		}
	}
}

// makeRoom waits until the client has taken enough to be sent more. One that takes
// nothing for too long is said goodbye to: the frame waits behind the others until
// it reads again. Where nobody can tell how much was taken, a write that blocks
// for too long cuts the connection.
func (s *socket) makeRoom() {
	if s.backlog <= maxBacklog {
		return
	}
	stall := s.server.config.StallAfter
	least, since, pause := s.backlog, time.Now(), time.Millisecond
	for {
		unsent, known := unsentBytes(s.raw)
		s.backlog = unsent
		if !known || unsent <= maxBacklog || s.leaving() {
			return
		}
		if unsent < least {
			least, since = unsent, time.Now()
		}
		if time.Since(since) >= stall {
			s.server.config.Logger.Info("a socket took nothing for too long", "request_id", s.id)
			s.bye(closeStalled, "you are not reading; come back")
			return
		}
		time.Sleep(pause)
		pause = min(2*pause, stall/100)
	}
}

func (s *socket) leaving() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.over || s.closing != nil
}

// outgoing is one thing to write.
type outgoing struct {
	control int // a control frame of this type, if not 0
	data    []byte
	frame   *projections.Frame
	seed    bool
}

// next takes out what to write next; ok is false if there is nothing, and then the
// writer has ended.
func (s *socket) next() (out outgoing, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.over:
	case s.closing != nil:
		s.finish()
		return outgoing{control: websocket.CloseMessage, data: s.closing}, true
	case s.pong != nil:
		out = outgoing{control: websocket.PongMessage, data: s.pong}
		s.pong = nil
		return out, true
	case s.pinging:
		s.pinging = false
		return outgoing{control: websocket.PingMessage}, true
	case len(s.replies) > 0:
		return s.nextReply(), true
	case s.visit != nil:
		out = outgoing{data: s.visit}
		s.visit = nil
		return out, true
	case len(s.queue) > 0:
		return s.nextFrame(), true
	}
	s.writing = false
	s.changed.Broadcast()
	return out, false
}

// nextReply needs mu and replies.
func (s *socket) nextReply() outgoing {
	out := outgoing{data: s.replies[0]}
	s.replies[0] = nil
	if s.replies = s.replies[1:]; len(s.replies) == 0 {
		s.replies = nil
	}
	s.waiting -= len(out.data)
	s.changed.Broadcast()
	return out
}

// nextFrame needs mu and a queue that is not empty.
func (s *socket) nextFrame() outgoing {
	w := s.queue[0]
	s.queue[0] = nil
	if s.queue = s.queue[1:]; len(s.queue) == 0 {
		s.queue = nil
	}
	out := outgoing{frame: w.pending.Next(), seed: w.seed}
	w.queued = !w.pending.Empty()
	if w.queued {
		s.queue = append(s.queue, w)
	}
	return out
}

func (s *socket) send(out outgoing) error {
	deadline := time.Now().Add(s.server.config.StallAfter)
	switch {
	case out.control == websocket.CloseMessage:
		return s.conn.WriteControl(out.control, out.data, time.Now().Add(parting))
	case out.control != 0:
		s.backlog += len(out.data) + frameHead
		return s.conn.WriteControl(out.control, out.data, deadline)
	case out.data != nil:
		s.backlog += len(out.data) + frameHead
		s.conn.SetWriteDeadline(deadline)
		return s.conn.WriteMessage(websocket.TextMessage, out.data)
	case out.frame == nil:
		return nil // its topic has been left
	}
	form, encode := preparedForm, prepare
	if out.seed {
		form, encode = seedForm, prepareSeed
	}
	m, _ := out.frame.As(form, encode).(*prepared)
	if m == nil {
		return nil // nothing to say in that dialect
	}
	s.backlog += m.size
	s.server.metrics.frames.Inc()
	s.conn.SetWriteDeadline(deadline)
	return s.conn.WritePreparedMessage(m.message)
}

// fail ends a socket that can't be written to.
func (s *socket) fail(err error) {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		s.server.config.Logger.Info("a socket took nothing for too long and was cut", "request_id", s.id)
	}
	s.cut()
}

// The encodings of a frame that all sockets share; see projections.Frame.As.
const (
	preparedForm = 1
	seedForm     = 2
)

// frameHead is the most a WebSocket frame adds to a message, in bytes.
const frameHead = 10

// prepared is a message that is encoded once for all who get it.
type prepared struct {
	message *websocket.PreparedMessage
	size    int
}

func prepare(f *projections.Frame) any { return newPrepared(f.Bytes()) }

func newPrepared(message []byte) *prepared {
	p, err := websocket.NewPreparedMessage(websocket.TextMessage, message)
	if err != nil {
		panic(err) // it fails for unknown message types only
	}
	return &prepared{p, len(message) + frameHead}
}
