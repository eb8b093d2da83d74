package sockets

import (
	"encoding/binary"
	"errors"
	"math"
	"net"
	"time"

	"github.com/fasthttp/websocket"

	"admitone/projections/live"
)

const (
	// maxBacklog bounds the unacknowledged bytes in the kernel's send queue. Beyond it frames
	// are merged instead, so that a close frame still fits.
	maxBacklog = 32 << 10
	// closeTimeout bounds the wait for a client's answer to a close frame.
	closeTimeout = 2 * time.Second
)

// wake starts a writer if none runs. The caller holds mu.
func (s *socket) wake() {
	if s.writing || s.finished {
		return
	}
	s.writing = true
	go s.runWriter()
}

// sendNow writes a frame without blocking. It returns false, and has written nothing, if the
// backlog is too large for it. The caller holds mu, and no writer runs.
func (s *socket) sendNow(out outgoing) bool {
	defer func() { // a panic must not stop the delivery to other sockets
		if cause := recover(); cause != nil {
			s.logPanic(cause)
			s.abortLocked()
		}
	}()
	message := out.encode()
	if message == nil {
		return true // the dialect has no message for it
	}
	if !s.writeNow(message) {
		return false
	}
	s.hub.metrics.frames.Inc()
	return true
}

// writeNow writes an encoded message without blocking. It returns false, and has written
// nothing, if the backlog is too large for it. The caller holds mu, and no writer runs.
func (s *socket) writeNow(message []byte) bool {
	if s.backlog+len(message) > maxBacklog {
		unsent, known := sendQueueBytes(s.fd)
		if !known || unsent+len(message) > maxBacklog {
			return false
		}
		s.backlog = unsent
	}
	n, err := writeSome(s.fd, message)
	switch {
	case err != nil:
		s.abortLocked()
		return true
	case n == 0:
		return false
	}
	s.backlog += len(message)
	if n < len(message) {
		s.partial = message[n:]
		s.wake()
	}
	return true
}

// runWriter is the writer. It returns once nothing is left to write.
func (s *socket) runWriter() {
	defer func() { // nothing else recovers on this goroutine
		if cause := recover(); cause != nil {
			s.logPanic(cause)
			s.mu.Lock()
			s.writing = false
			s.changed.Broadcast()
			s.mu.Unlock()
			s.fail(errors.New("the writer panicked"))
		}
	}()
	for {
		s.awaitBacklog()
		out, ok := s.next()
		if !ok {
			return
		}
		if err := s.send(out); err != nil {
			s.fail(err)
		}
		if out.control == websocket.CloseMessage {
			// The client answers with its own close frame, or the reader times out.
			s.raw.SetReadDeadline(time.Now().Add(closeTimeout))
		}
	}
}

// awaitBacklog waits until the backlog is small enough to write more. If the client reads nothing for
// StallAfter, the socket is closed; the close frame arrives when the client reads again. Where the
// backlog is not known, a write that blocks for StallAfter aborts the connection.
func (s *socket) awaitBacklog() {
	if s.backlog <= maxBacklog {
		return
	}
	stall := s.hub.config.StallAfter
	lowest, lastProgress, pause := s.backlog, time.Now(), time.Millisecond
	for {
		unsent, known := sendQueueBytes(s.fd)
		s.backlog = unsent
		if !known || unsent <= maxBacklog || s.isClosing() {
			return
		}
		if unsent < lowest {
			lowest, lastProgress = unsent, time.Now()
		}
		if time.Since(lastProgress) >= stall {
			s.hub.config.Logger.Info("a socket is closed because its client does not read", "request_id", s.id)
			s.closeWith(closeStalled, "you are not reading; connect again")
			return
		}
		time.Sleep(pause)
		pause = min(2*pause, stall/100)
	}
}

func (s *socket) isClosing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.finished || s.closing != nil
}

// outgoing is one item to write. At most one of control, data, frame and partial is set.
type outgoing struct {
	control      int // a control frame of this type, if not 0
	data         []byte
	frame        *live.Frame
	shortDialect bool
	partial      []byte // the rest of a partially written frame
}

// encode returns the message of a frame in its dialect, nil if the dialect has no message for it.
func (out *outgoing) encode() []byte {
	form, encoder := wireForm, wire
	if out.shortDialect {
		form, encoder = shortForm, wireShort
	}
	message, _ := out.frame.As(form, encoder).([]byte)
	return message
}

// next removes and returns the next item to write. If there is none, it marks the writer as ended and
// returns false.
func (s *socket) next() (out outgoing, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.finished:
	case s.partial != nil:
		out = outgoing{partial: s.partial}
		s.partial = nil
		return out, true
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

// nextReply removes and returns the oldest reply; there must be one. The caller holds mu.
func (s *socket) nextReply() outgoing {
	out := outgoing{data: s.replies[0]}
	s.replies[0] = nil
	if s.replies = s.replies[1:]; len(s.replies) == 0 {
		s.replies = nil
	}
	s.replyBytes -= len(out.data)
	s.changed.Broadcast()
	return out
}

// nextFrame removes and returns a frame of the first watch in queue; there must be one. The
// caller holds mu.
func (s *socket) nextFrame() outgoing {
	w := s.queue[0]
	s.queue[0] = nil
	if s.queue = s.queue[1:]; len(s.queue) == 0 {
		s.queue = nil
	}
	out := outgoing{frame: w.pending.Next(), shortDialect: w.shortDialect}
	w.queued = !w.pending.Empty()
	if w.queued {
		s.queue = append(s.queue, w)
	}
	return out
}

func (s *socket) send(out outgoing) error {
	deadline := time.Now().Add(s.hub.config.StallAfter)
	switch {
	case out.control == websocket.CloseMessage:
		return s.conn.WriteControl(out.control, out.data, time.Now().Add(closeTimeout))
	case out.control != 0:
		s.backlog += len(out.data) + frameHead
		return s.conn.WriteControl(out.control, out.data, deadline)
	case out.data != nil:
		s.backlog += len(out.data) + frameHead
		s.conn.SetWriteDeadline(deadline)
		return s.conn.WriteMessage(websocket.TextMessage, out.data)
	case out.partial != nil:
		return s.write(out.partial, deadline)
	case out.frame == nil:
		return nil // the client has unsubscribed meanwhile
	}
	message := out.encode()
	if message == nil {
		return nil // the dialect has no message for it
	}
	s.backlog += len(message)
	s.hub.metrics.frames.Inc()
	return s.write(message, deadline)
}

// write writes an encoded message, bypassing the library. No other write can interleave, since
// the library is used by the same goroutine and writes whole messages too.
func (s *socket) write(message []byte, deadline time.Time) error {
	s.raw.SetWriteDeadline(deadline)
	_, err := s.raw.Write(message)
	return err
}

// fail ends the socket after a write error.
func (s *socket) fail(err error) {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		s.hub.config.Logger.Info("a socket is aborted because its client does not read", "request_id", s.id)
	}
	s.abort()
}

// Encodings of a frame that all sockets share; see [live.Frame.As].
const (
	wireForm  = 1
	shortForm = 2
)

// frameHead is the maximum size of the header of a WebSocket frame that a server sends.
const frameHead = 10

// wire encodes a frame in the standard dialect.
func wire(f *live.Frame) any { return textMessage(f.Bytes()) }

// textMessage encodes a text message as one WebSocket frame.
func textMessage(text []byte) []byte {
	message := make([]byte, 0, len(text)+frameHead)
	message = append(message, 0x80|websocket.TextMessage)
	switch {
	case len(text) < 126:
		message = append(message, byte(len(text)))
	case len(text) <= math.MaxUint16:
		message = binary.BigEndian.AppendUint16(append(message, 126), uint16(len(text)))
	default:
		message = binary.BigEndian.AppendUint64(append(message, 127), uint64(len(text)))
	}
	return append(message, text...)
}
