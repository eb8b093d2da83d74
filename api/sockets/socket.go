package sockets

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"github.com/fasthttp/websocket"

	"admitone/actors/core"
	"admitone/api/codes"
	"admitone/api/connections"
	"admitone/events"
	"admitone/projections/live"
)

// Limits of one socket.
const (
	// maxMessage is the largest frame a client may send, in bytes.
	maxMessage = 4 << 10
	// maxTopics bounds the subscriptions of one socket.
	maxTopics = 1000
	// maxReplies bounds the buffered replies to a client that does not read them, in bytes.
	// Beyond it no further messages of the client are read.
	maxReplies = 32 << 10
	// maxDrain bounds the bytes of a client that are discarded when the socket ends.
	maxDrain = 1 << 20
)

// socket is the connection of one client. Its reader is the goroutine of [Hub.serve]. Frames are
// written by the goroutine that delivers them, as long as the kernel accepts them without
// blocking. A writer runs only while more is to be written, so an idle socket costs one
// goroutine. The reader returns last: nothing uses the connection afterwards.
type socket struct {
	hub  *Hub
	conn *websocket.Conn
	raw  net.Conn        // the connection under conn
	fd   syscall.RawConn // the descriptor of raw, nil if it has none
	id   string          // request id of the upgrade
	// network is the key under which it is counted in Hub.networks; immutable
	network netip.Prefix

	mu         sync.Mutex
	changed    sync.Cond           // replies were sent, or writing or finished has changed
	watches    map[watchKey]*watch // guarded by mu, changed by the reader only
	queue      []*watch            // watches with pending frames, oldest first; guarded by mu
	replies    [][]byte            // to messages of the client; guarded by mu
	replyBytes int                 // total length of replies; guarded by mu
	pong       []byte              // payload of the client's last ping, nil if none; guarded by mu
	pinging    bool                // a ping has to be sent; guarded by mu
	waitStream *waitStream         // nil if no visitor waits; guarded by mu
	visit      []byte              // message of waitStream to send, nil if none; guarded by mu
	closing    []byte              // close frame to send last; guarded by mu
	partial    []byte              // the rest of a partially written frame; guarded by mu
	writing    bool                // a writer runs; guarded by mu
	finished   bool                // nothing may be written any more; guarded by mu

	// backlog is an upper bound of the unacknowledged bytes. It is owned by the writer while one
	// runs, else guarded by mu.
	backlog int
}

// watchKey identifies a watch within a socket: a topic may be watched once per dialect.
type watchKey struct {
	topic        string
	shortDialect bool
}

// watch is a socket's subscription to one topic. It buffers at most a snapshot and one delta,
// into which further frames are merged while the client is slow.
type watch struct {
	watchKey
	socket  *socket
	sub     *live.Subscription // owned by the reader
	pending live.Pending       // guarded by socket.mu
	queued  bool               // guarded by socket.mu
	removed bool               // guarded by socket.mu
}

func newSocket(hub *Hub, conn *websocket.Conn, id string) *socket {
	conn.SetReadLimit(maxMessage)
	s := &socket{hub: hub, conn: conn, raw: conn.NetConn(), id: id, watches: map[watchKey]*watch{}}
	if hijacked, ok := s.raw.(interface{ UnsafeConn() net.Conn }); ok {
		s.raw = hijacked.UnsafeConn()
	}
	s.fd = rawConn(s.raw)
	if c, ok := s.raw.(*connections.Conn); ok {
		c.MarkUpgraded()
	}
	s.changed.L = &s.mu
	return s
}

// Deliver implements [live.Subscriber]. It never blocks: bytes that the kernel does not accept
// immediately are left to a writer.
func (w *watch) Deliver(f *live.Frame) {
	s := w.socket
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.finished || w.removed {
		return
	}
	if !s.writing && s.sendNow(outgoing{frame: f, shortDialect: w.shortDialect}) {
		return
	}
	if !w.pending.Empty() && f.Kind == live.DeltaFrame {
		s.hub.metrics.merged.Inc()
	}
	w.pending.Add(f)
	if !w.queued {
		w.queued = true
		s.queue = append(s.queue, w)
	}
	s.wake()
}

// reply queues a reply to the client. It blocks the reader while more than maxReplies bytes are
// queued.
func (s *socket) reply(message []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.replyBytes > maxReplies && !s.finished {
		s.changed.Wait()
	}
	if s.finished {
		return // the client may send more until it receives the close frame
	}
	s.replies = append(s.replies, message)
	s.replyBytes += len(message)
	s.wake()
}

func (s *socket) ping() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.finished || !s.writing && s.writeNow(pingFrame) {
		return
	}
	s.pinging = true
	s.wake()
}

// pingFrame is an encoded ping.
var pingFrame = []byte{0x80 | websocket.PingMessage, 0}

// closeWith sends a close frame after the message that is being written, and then ends the
// socket. A later call has no effect.
func (s *socket) closeWith(code int, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing == nil {
		s.closing = websocket.FormatCloseMessage(code, reason)
	}
	s.wake()
}

// extendReadDeadline extends the read deadline, unless the socket has ended.
func (s *socket) extendReadDeadline() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.finished {
		s.raw.SetReadDeadline(time.Now().Add(s.hub.config.PingEvery * 12 / 5))
	}
}

// abort closes the connection immediately, which ends the reader and the writer.
func (s *socket) abort() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.abortLocked()
}

// abortLocked is abort for callers that hold mu.
func (s *socket) abortLocked() {
	s.finish()
	s.raw.Close()
}

// finish forbids further writes. The caller holds mu.
func (s *socket) finish() {
	s.finished = true
	s.changed.Broadcast()
}

// read handles the client's messages until the connection ends.
func (s *socket) read() {
	s.conn.SetPongHandler(func(string) error { s.extendReadDeadline(); return nil })
	s.conn.SetPingHandler(func(payload string) error {
		s.extendReadDeadline()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.pong = append([]byte{}, payload...)
		s.wake()
		return nil
	})
	s.conn.SetCloseHandler(func(code int, _ string) error {
		s.closeWith(code, "")
		return nil
	})
	for {
		s.extendReadDeadline()
		kind, message, err := s.conn.ReadMessage()
		if errors.Is(err, websocket.ErrReadLimit) {
			s.sendTooLarge()
		}
		if err != nil {
			return
		}
		if kind != websocket.TextMessage {
			s.sendError(codes.MalformedJSON, "send text frames", "")
			continue
		}
		s.handle(message)
	}
}

// sendTooLarge sends the close frame for a message that is longer than maxMessage. The library sends it
// too, except when the announced length overflows; a second close frame has no effect.
func (s *socket) sendTooLarge() {
	frame := websocket.FormatCloseMessage(websocket.CloseMessageTooBig, "")
	_ = s.conn.WriteControl(websocket.CloseMessage, frame, time.Now().Add(closeTimeout))
}

// recoverPanic closes the socket if its reader panicked. It must be deferred.
func (s *socket) recoverPanic() {
	if cause := recover(); cause != nil {
		s.logPanic(cause)
		s.closeWith(websocket.CloseInternalServerErr, "internal error; connect again")
	}
}

// logPanic logs a recovered panic.
func (s *socket) logPanic(cause any) {
	s.hub.config.Logger.Error("a socket panicked",
		"request_id", s.id, "panic", cause, "stack", string(debug.Stack()))
}

// end releases all resources, once a close frame in progress has been sent. Nothing uses the connection
// afterwards.
func (s *socket) end() {
	s.mu.Lock()
	for s.closing != nil && s.writing {
		s.changed.Wait()
	}
	s.finish()
	s.stopWaiting()
	watches := s.watches
	s.watches = nil
	for _, w := range watches {
		w.removed = true
	}
	s.queue, s.replies = nil, nil
	s.mu.Unlock()
	for _, w := range watches {
		w.close()
	}
	s.drain()
	s.raw.Close() // a blocked write of the writer returns
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.writing {
		s.changed.Wait()
	}
}

// drain discards further messages of the client, so that a close frame arrives: closing a
// connection with unread bytes resets it, and the client loses the last frames.
func (s *socket) drain() {
	half, ok := s.raw.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	s.raw.SetReadDeadline(time.Now().Add(closeTimeout))
	io.CopyN(io.Discard, s.raw, maxDrain)
}

func (w *watch) close() {
	if w.sub != nil {
		w.sub.Close()
	}
}

// sendError sends an error message; the connection stays open.
func (s *socket) sendError(code core.Code, detail, topic string) {
	s.reply(errorMessage(code, detail, topic))
}

func errorMessage(code core.Code, detail, topic string) []byte {
	o := events.OpenObject(append([]byte(nil), `{"event":"error","data":`...))
	o.String("code", string(code))
	o.String("detail", detail)
	if topic != "" {
		o.String("topic", topic)
	}
	return append(o.Close(), '}')
}

// sendRefusal sends an error message for a [*core.Refusal], with the name of the field.
func (s *socket) sendRefusal(err error) {
	if refusal := (*core.Refusal)(nil); errors.As(err, &refusal) {
		detail := refusal.Detail
		if field := refusal.Fields.Field(); field != "" {
			detail += ": " + field
		}
		s.sendError(refusal.Code, detail, "")
	}
}
