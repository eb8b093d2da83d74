package api

import (
	"errors"
	"io"
	"net"
	"runtime/debug"
	"sync"
	"time"

	"github.com/fasthttp/websocket"

	"admitone/events"
	"admitone/projections"
)

// Bounds of one socket.
const (
	// maxMessage is the largest frame a client may send, in bytes.
	maxMessage = 4 << 10
	// maxTopics is how many topics one socket may watch.
	maxTopics = 1000
	// maxReplies is how many bytes of answers wait for a client that does not read
	// them. Then nothing is read of it either.
	maxReplies = 32 << 10
	// maxLinger is how much of what a client still says is read away at the end.
	maxLinger = 1 << 20
)

// socket is one client. Its reader is the handler's goroutine. A writer runs only
// while there is something to write, so an idle socket costs one goroutine. The
// reader returns last: nothing touches the connection after it.
type socket struct {
	server *Server
	conn   *websocket.Conn
	raw    net.Conn // beneath conn
	id     string   // request id of the upgrade

	mu      sync.Mutex
	changed sync.Cond           // replies have gone out, or writing or over has changed
	watches map[watchKey]*watch // guarded by mu, changed by the reader only
	queue   []*watch            // with something pending, oldest first; guarded by mu
	replies [][]byte            // answers to the client; guarded by mu
	waiting int                 // bytes of replies; guarded by mu
	pong    []byte              // what the client's last ping said, nil if none; guarded by mu
	pinging bool                // guarded by mu
	waiter  *waiter             // nil if no visitor waits; guarded by mu
	visit   []byte              // what is to be said of it, nil if nothing; guarded by mu
	closing []byte              // close frame to send last; guarded by mu
	writing bool                // a writer runs; guarded by mu
	over    bool                // nothing may be written any more; guarded by mu

	backlog int // bytes the client may not have taken yet, at most; owned by the writer
}

// watchKey: a socket may watch a topic once in each of the two dialects.
type watchKey struct {
	topic string
	seed  bool // the first seed's dialect
}

// watch is a socket's subscription to one topic. It has room for a snapshot and
// one delta, into which the topic's frames are merged while the client is slow.
type watch struct {
	watchKey
	socket  *socket
	sub     *projections.Subscription // owned by the reader
	pending projections.Pending       // guarded by socket.mu
	queued  bool                      // guarded by socket.mu
	gone    bool                      // guarded by socket.mu
}

func newSocket(server *Server, conn *websocket.Conn, id string) *socket {
	conn.SetReadLimit(maxMessage)
	s := &socket{server: server, conn: conn, raw: conn.NetConn(), id: id, watches: map[watchKey]*watch{}}
	if hijacked, ok := s.raw.(interface{ UnsafeConn() net.Conn }); ok {
		s.raw = hijacked.UnsafeConn()
		if c, ok := s.raw.(*connection); ok {
			s.raw = c.Conn
		}
	}
	s.changed.L = &s.mu
	return s
}

// Deliver takes a frame of the topic; it never waits.
func (w *watch) Deliver(f *projections.Frame) {
	s := w.socket
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over || w.gone {
		return
	}
	if !w.pending.Empty() && f.Kind == projections.DeltaFrame {
		s.server.metrics.merged.Inc()
	}
	w.pending.Add(f)
	if !w.queued {
		w.queued = true
		s.queue = append(s.queue, w)
	}
	s.wake()
}

// reply queues an answer to the client. It waits while there are too many: a
// client that does not read is not read either.
func (s *socket) reply(message []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.waiting > maxReplies && !s.over {
		s.changed.Wait()
	}
	if s.over {
		return // it may go on asking until it has taken the close frame
	}
	s.replies = append(s.replies, message)
	s.waiting += len(message)
	s.wake()
}

func (s *socket) ping() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pinging = true
	s.wake()
}

// bye sends a close frame behind what is being written, and then ends the socket.
func (s *socket) bye(code int, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing == nil {
		s.closing = websocket.FormatCloseMessage(code, reason)
	}
	s.wake()
}

// alive gives the client time until its next sign of life, unless its time is up.
func (s *socket) alive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.over {
		s.raw.SetReadDeadline(time.Now().Add(s.server.config.PingEvery * 12 / 5))
	}
}

// cut ends the connection at once, and with it the reader and a writer.
func (s *socket) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finish()
	s.raw.Close()
}

// finish needs mu.
func (s *socket) finish() {
	s.over = true
	s.changed.Broadcast()
}

// read handles what the client says until the connection ends.
func (s *socket) read() {
	s.conn.SetPongHandler(func(string) error { s.alive(); return nil })
	s.conn.SetPingHandler(func(said string) error {
		s.alive()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.pong = append([]byte{}, said...)
		s.wake()
		return nil
	})
	s.conn.SetCloseHandler(func(code int, _ string) error {
		s.bye(code, "")
		return nil
	})
	for {
		s.alive()
		kind, message, err := s.conn.ReadMessage()
		if err != nil {
			return
		}
		if kind != websocket.TextMessage {
			s.complain("malformed_json", "send text frames", "")
			continue
		}
		s.handle(message)
	}
}

// recovered ends a socket whose reader panicked; it is deferred.
func (s *socket) recovered() {
	if cause := recover(); cause != nil {
		s.panicked(cause)
		s.bye(websocket.CloseInternalServerErr, "this is a bug; come back")
	}
}

func (s *socket) panicked(cause any) {
	s.server.config.Logger.Error("a socket panicked", "request_id", s.id, "panic", cause, "stack", string(debug.Stack()))
}

// end takes everything down. A close frame that is on its way still goes out.
// Afterwards nobody touches the connection.
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
		w.gone = true
	}
	s.queue, s.replies = nil, nil
	s.mu.Unlock()
	for _, w := range watches {
		w.close()
	}
	s.linger()
	s.raw.Close() // and a writer stuck in a write comes back
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.writing {
		s.changed.Wait()
	}
}

// linger lets a close frame arrive: a connection that is closed while the client's
// bytes lie unread is reset, and what was sent to it lost.
func (s *socket) linger() {
	half, ok := s.raw.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	s.raw.SetReadDeadline(time.Now().Add(parting))
	io.CopyN(io.Discard, s.raw, maxLinger)
}

func (w *watch) close() {
	if w.sub != nil {
		w.sub.Close()
	}
}

// complain sends an error message; the connection stays.
func (s *socket) complain(code, detail, topic string) {
	s.reply(errorMessage(code, detail, topic))
}

func errorMessage(code, detail, topic string) []byte {
	o := events.OpenObject(append([]byte(nil), `{"event":"error","data":`...))
	o.String("code", code)
	o.String("detail", detail)
	if topic != "" {
		o.String("topic", topic)
	}
	return append(o.Close(), '}')
}

func (s *socket) complainOf(err error) {
	if p := (*problem)(nil); errors.As(err, &p) {
		detail := p.detail
		if field, ok := p.fields["field"].(string); ok && field != "" {
			detail += ": " + field
		}
		s.complain(p.code, detail, "")
	}
}
